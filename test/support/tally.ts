// Counts what the test runner reports, and writes what a person has to read: failures in full, slow
// tests, the closing line. Easy to get wrong: a suite that failed only because a test inside it did
// is not a second failure, and a file that ran no test at all is one.
import { inspect } from 'node:util';
import type { TestEvent } from 'node:test/reporters';

/** Slower tests are named at the end. */
const SLOW_MS = 3000;
const SLOW_SHOWN = 10;
/** Last output of a file that is kept in case one of its tests fails. */
const OUTPUT_CHARS_MAX = 8000;

type Ended = Extract<TestEvent, { type: 'test:pass' | 'test:fail' }>['data'];

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

  take(event: TestEvent): void {
    switch (event.type) {
      case 'test:stdout':
      case 'test:stderr':
        this.#keep(event.data.file, event.data.message);
        break;
      case 'test:start':
        this.#file(event.data.file).path[event.data.nesting] = event.data.name;
        break;
      case 'test:pass':
      case 'test:fail':
        this.#ended(event.data, event.type === 'test:pass');
        break;
      default:
    }
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

  #ended(data: Ended, passed: boolean): void {
    const file = this.#file(data.file);
    const isFile = data.nesting === 0 && data.file !== undefined && data.name === data.file;
    const name = isFile ? 'the file itself' : this.#fullName(data, file);
    if (isFile) {
      if (passed && file.tests === 0) this.#fail(data, name, 'no test ran in this file');
      if (!passed && !isInner(data)) this.#fail(data, name, errorText(data));
      return;
    }
    file.tests++;
    const duration = data.details.duration_ms;
    const suite = data.details.type === 'suite';
    if (!suite && duration > SLOW_MS) this.#slow.push({ name, ms: duration });
    if (!passed) {
      if (!isInner(data)) this.#fail(data, name, errorText(data));
    } else if (data.skip !== undefined && data.skip !== false) {
      this.#skip(data, name);
    } else if (!suite) {
      this.#passed++;
    }
  }

  #skip(data: Ended, name: string): void {
    const reason = typeof data.skip === 'string' ? data.skip : 'no reason given';
    if (this.#isRequired(reason)) {
      this.#fail(data, name, `skipped: ${reason}; MON_TEST_REQUIRE forbids it`);
      return;
    }
    this.#skipped++;
    this.#skips.set(reason, (this.#skips.get(reason) ?? 0) + 1);
  }

  #isRequired(reason: string): boolean {
    if (!reason.startsWith('needs ')) return false;
    return this.#options.required.some((word) => word === 'all' || reason.includes(word));
  }

  #fail(data: Ended, name: string, why: string): void {
    this.#failed++;
    const { write } = this.#options;
    const file = this.#file(data.file);
    write(`\nFAILED  ${shortPath(data.file)}\n        ${name}\n${indent(why)}\n`);
    if (file.output.trim() !== '') write(`  its output:\n${indent(file.output.trimEnd())}\n`);
    file.output = '';
    write('\n');
  }

  #fullName(data: Ended, file: FileState): string {
    return [...file.path.slice(0, data.nesting), data.name].join(' > ');
  }

  #keep(name: string | undefined, message: string): void {
    const file = this.#file(name);
    file.output = (file.output + message).slice(-OUTPUT_CHARS_MAX);
  }

  #file(name = ''): FileState {
    let file = this.#files.get(name);
    if (file === undefined) {
      file = { output: '', tests: 0, path: [] };
      this.#files.set(name, file);
    }
    return file;
  }
}

/** True when the failure is only that of a test inside, which has been told already. */
function isInner(data: Ended): boolean {
  return failureType(data) === 'subtestsFailed';
}

function failureType(data: Ended): string {
  if (!('error' in data.details)) return '';
  return (data.details.error as Error & { failureType?: string }).failureType ?? '';
}

function errorText(data: Ended): string {
  if (!('error' in data.details)) return 'failed without an error';
  const error = data.details.error as Error & { exitCode?: number; signal?: string | null };
  const ended =
    error.exitCode === undefined ? '' : ` (exit code ${error.exitCode ?? error.signal})`;
  const cause = error.cause ?? error;
  return (typeof cause === 'string' ? cause : inspect(cause)) + ended;
}

function shortPath(file = 'no file'): string {
  const cut = file.lastIndexOf('/dist/');
  return cut < 0 ? file : file.slice(cut + 1);
}

function indent(text: string): string {
  return text.replace(/^/gm, '    ');
}
