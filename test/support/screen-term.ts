// `mon` below a shell in a real terminal, for tests of its screens: what the shell writes before
// and after shows whether the terminal was given back as it was. Every terminal is killed at the
// end, because a test that fails must not leave one behind.
import assert from 'node:assert/strict';
import { after } from 'node:test';
import stringWidth from 'string-width';
import { nodeBin, openTerm as start } from './terminal.ts';
import type { Term, TermOptions } from './terminal.ts';

const opened: Term[] = [];
after(() => {
  for (const term of opened) term.kill();
});

/** A terminal that ends with the tests of this file. */
export function openTerm(options: TermOptions): Term {
  const term = start(options);
  opened.push(term);
  return term;
}

/** What tests of one screen vary. */
export interface ScreenOptions {
  /** 80 by default. */
  readonly cols?: number;
  /** 24 by default. */
  readonly rows?: number;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs `mon WORDS ARGS` between a line `before` and a line `after CODE`. */
export function openMon(words: readonly string[], options: ScreenOptions = {}): Term {
  const { cols = 80, rows = 24, args = [], env } = options;
  const shell = `printf 'before\\n'; "$0" "$@"; code=$?; printf 'after %s\\n' $code; exit $code`;
  const cmd = ['sh', '-c', shell, nodeBin, 'bin/run.js', ...words, ...args];
  return openTerm({ cmd, cols, rows, env });
}

/** Normal screen, visible cursor, autowrap and paste as before, and the shell goes on below. */
export function assertRestored(term: Term): void {
  assert.equal(term.alternate(), false);
  const raw = term.raw();
  const last = (on: string, off: string): boolean => raw.lastIndexOf(on) > raw.lastIndexOf(off);
  assert.ok(last('\u001b[?25h', '\u001b[?25l'), 'the cursor is shown again');
  assert.ok(!last('\u001b[?7l', '\u001b[?7h'), 'autowrap is on again');
  assert.ok(last('\u001b[?1049l', '\u001b[?1049h'), 'the alternate screen is left');
  assert.ok(!last('\u001b[?2004h', '\u001b[?2004l'), 'bracketed paste is off again');
  assert.match(term.text(), /^before\n/);
  assert.match(term.text(), /after \d+/);
  assert.doesNotMatch(term.text(), /╭/);
}

/** As many rows as the terminal has, none wider, nothing scrolled off: the rows. */
export function fittingRows(term: Term, cols: number, rows: number): string[] {
  const screen = term.screen();
  assert.equal(screen.length, rows);
  assert.equal(term.scrolled(), 0, 'nothing scrolled');
  for (const line of screen) assert.ok(stringWidth(line) <= cols, line);
  return screen;
}

/** Whether an assertion holds now; a busy machine takes its time to paint what it should. */
export function holds(assertion: () => void): boolean {
  try {
    assertion();
    return true;
  } catch (thrown) {
    if (thrown instanceof assert.AssertionError) return false;
    throw thrown;
  }
}
