// Counts what test files report, and writes what a person has to read: failures in full, slow
// tests, the closing line. Easy to get wrong: a suite that failed only because a test inside it did
// is not a second failure, and a file that ran no test at all is one.
import type { TestEnd, TestReport } from './test-report.ts';

/** Slower tests are named at the end. */
const SLOW_MS = 3000;
const SLOW_SHOWN = 10;
/** Last output of a file that is kept in case one of its tests fails. */
const OUTPUT_CHARS_MAX = 8000;

interface FileState {
  output: string;
  tests: number;
  /** Names of the suites and tests around the one that runs, by nesting. */
  path: string[];
}

export interface TallyOptions {
  /**
   * What this machine is known to have: a skip that says it "needs …" one of these words counts as
   * a failure. `all` stands for everything.
   */
  readonly required: readonly string[];
  readonly write: (text: string) => void;
}

export class Tally {
  readonly #options: TallyOptions;
  readonly #files = new Map<string, FileState>();
  readonly #slow: { readonly name: string; readonly ms: number }[] = [];
  readonly #skips = new Map<string, number>();
  #passed = 0;
  #failed = 0;
  #skipped = 0;

  constructor(options: TallyOptions) {
    this.#options = options;
  }

  take(file: string, report: TestReport): void {
    if (report.kind === 'start') {
      const { path } = this.#file(file);
      path.length = report.nesting;
      path.push(report.name);
    } else if (report.kind === 'end') {
      this.#ended(file, report);
    }
  }

  output(name: string, text: string): void {
    const file = this.#file(name);
    file.output = (file.output + text).slice(-OUTPUT_CHARS_MAX);
  }

  /** The file's process has ended; `why` when it failed beyond what its tests told. */
  fileEnded(name: string, why: string | undefined): void {
    const file = this.#file(name);
    if (why !== undefined) {
      const last = file.path.length === 0 ? '' : `\nbegun last: ${file.path.join(' > ')}`;
      this.#fail(name, 'the file itself', why + last);
    } else if (file.tests === 0) {
      this.#fail(name, 'the file itself', 'no test ran in this file');
    }
    this.#files.delete(name);
  }

  /** Writes the closing lines; true when all is well. */
  finish(): boolean {
    const { write } = this.#options;
    this.#slow.sort((a, b) => b.ms - a.ms);
    for (const { name, ms } of this.#slow.slice(0, SLOW_SHOWN)) {
      write(`slow  ${(ms / 1000).toFixed(1)} s  ${name}\n`);
    }
    for (const [reason, count] of this.#skips) write(`skipped ${count}: ${reason}\n`);
    const skipped = this.#skipped > 0 ? `, ${this.#skipped} skipped` : '';
    write(`${this.#passed} passed, ${this.#failed} failed${skipped}\n`);
    return this.#failed === 0 && this.#passed > 0;
  }

  #ended(file: string, end: TestEnd): void {
    const state = this.#file(file);
    const name = [...state.path.slice(0, end.nesting), end.name].join(' > ');
    state.tests++;
    if (!end.suite && end.ms > SLOW_MS) this.#slow.push({ name, ms: end.ms });
    if (end.failure !== undefined) {
      if (!end.failure.inner) this.#fail(file, name, end.failure.text);
    } else if (end.skip !== undefined) {
      this.#skip(file, name, end.skip);
    } else if (!end.suite) {
      this.#passed++;
    }
  }

  #skip(file: string, name: string, reason: string): void {
    if (this.#isRequired(reason)) {
      this.#fail(file, name, `skipped: ${reason}; MON_TEST_REQUIRE forbids it`);
      return;
    }
    this.#skipped++;
    this.#skips.set(reason, (this.#skips.get(reason) ?? 0) + 1);
  }

  #isRequired(reason: string): boolean {
    if (!reason.startsWith('needs ')) return false;
    return this.#options.required.some((word) => word === 'all' || reason.includes(word));
  }

  #fail(name: string, test: string, why: string): void {
    this.#failed++;
    const { write } = this.#options;
    const file = this.#file(name);
    write(`\nFAILED  ${shortPath(name)}\n        ${test}\n${indent(why)}\n`);
    if (file.output.trim() !== '') write(`  its output:\n${indent(file.output.trimEnd())}\n`);
    file.output = '';
    write('\n');
  }

  #file(name: string): FileState {
    let file = this.#files.get(name);
    if (file === undefined) {
      file = { output: '', tests: 0, path: [] };
      this.#files.set(name, file);
    }
    return file;
  }
}

function shortPath(file: string): string {
  const cut = file.lastIndexOf('/dist/');
  return cut < 0 ? file : file.slice(cut + 1);
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}
