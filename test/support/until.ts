// Waits in tests for what another process does in its own time. Easy to get wrong: a busy machine
// is slow, so a wait ends by what it waits for, and the time is only there to end a test that has
// failed already.
import { strict as assert } from 'node:assert';
import { setTimeout as pause } from 'node:timers/promises';

const LOOK_MS = 25;
const WAIT_MS = 60_000;

export interface UntilOptions {
  /** How long it may take, ms; a minute by default. */
  readonly ms?: number;
  /** What there is instead, for who reads the failure. */
  readonly seen?: () => unknown;
}

/** Waits until the fact holds; answers after how many ms it did. Fails with `what` was awaited. */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  { ms = WAIT_MS, seen }: UntilOptions = {},
): Promise<number> {
  const begun = performance.now();
  while (!(await holds())) {
    if (performance.now() - begun > ms) {
      const instead = seen === undefined ? '' : `, but ${String(await seen())}`;
      assert.fail(`not within ${ms / 1000} s: ${what}${instead}`);
    }
    await pause(LOOK_MS);
  }
  return performance.now() - begun;
}
