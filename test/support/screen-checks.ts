// What every screen has to pass in a real terminal: it fills its size, comes through a storm of
// resizes whole, and gives the terminal back however it is left. A screen says how it is opened,
// when it is there and what it looks like when it is whole; the tests stand here once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertRestored, holds } from './screen-term.ts';
import type { ScreenOptions } from './screen-term.ts';
import { crashOnSignal } from './terminal.ts';
import type { Term } from './terminal.ts';

export type ScreenSize = readonly [cols: number, rows: number];

export interface CheckedScreen {
  open(options?: ScreenOptions): Term;
  /** Resolves when the first answer is painted. */
  live(term: Term): Promise<void>;
  /** Throws an AssertionError where the screen is not as it should be. */
  assertWhole(term: Term, cols: number, rows: number): void;
}

/** Leaves a screen and looks whether the terminal is as it was. */
export async function leave(term: Term, key = 'q', code = 0): Promise<void> {
  term.press(key);
  assert.equal(await term.exit, code);
  assertRestored(term);
}

/** At each size it is whole, and `q` leaves it. */
export function testFills(screen: CheckedScreen, sizes: readonly ScreenSize[]): void {
  for (const [cols, rows] of sizes) {
    test(`fills ${cols}x${rows} and leaves with q`, async () => {
      const term = screen.open({ cols, rows });
      await screen.live(term);
      await term.settled();
      screen.assertWhole(term, cols, rows);
      assert.ok(term.alternate());
      await leave(term);
    });
  }
}

/** A terminal that is too small is told what it takes, and the screen comes when there is room. */
export function testTooSmall(
  screen: CheckedScreen,
  [cols, rows]: ScreenSize,
  needs: ScreenSize,
): void {
  test(`${cols}x${rows} is too small, says so, and is left with q`, async () => {
    const term = screen.open({ cols, rows });
    await term.waitFor('terminal too small', 30_000);
    assert.ok(term.text().includes(`need ${needs.join('x')}, have ${cols}x${rows}`), term.text());
    await leave(term);
  });
}

/** Resizes quickly through `storm`, then looks at each size of `calm`. */
export async function assertWholeAfter(
  screen: CheckedScreen,
  term: Term,
  storm: readonly ScreenSize[],
  calm: readonly ScreenSize[],
): Promise<void> {
  for (const size of storm) {
    term.resize(...size);
    await sleep(15);
  }
  for (const [cols, rows] of calm) {
    term.resize(cols, rows);
    // A busy machine takes its time to paint it, and then it has to stay.
    await term.waitFor(() => holds(() => screen.assertWhole(term, cols, rows)), 20_000);
    await term.settled(300);
    await screen.live(term);
    screen.assertWhole(term, cols, rows);
  }
}

/** Ctrl-C and signals leave with their codes, and all of them give the terminal back. */
export function testLeaving(
  screen: CheckedScreen,
  ways: readonly (readonly [how: string, code: number])[] = [
    ['ctrl-c', 130],
    ['SIGTERM', 143],
  ],
): void {
  for (const [how, code] of ways) {
    test(`${how} leaves with ${code}`, async () => {
      const term = screen.open();
      await screen.live(term);
      if (how.startsWith('SIG')) process.kill(term.childPid(), how as NodeJS.Signals);
      else term.press(how);
      assert.equal(await term.exit, code);
      assertRestored(term);
    });
  }
}

/** What a bug does: an exception out of a timer, while the screen is up. */
export function testCrash(screen: CheckedScreen): void {
  test('a crash restores the terminal, then says what happened, and is 70', async () => {
    const term = screen.open({ env: crashOnSignal() });
    await screen.live(term);
    process.kill(term.childPid(), 'SIGUSR2');
    assert.equal(await term.exit, 70);
    assertRestored(term);
    assert.match(term.text(), /BUG: Error: a bug went off/);
  });
}
