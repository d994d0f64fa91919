// Who goes first in a shard's thread: large fragments of a lane go one at a time, in order, and a
// lane behind another lets that one's fragments end before its own go on. Beside sliced-run.ts.
// Easy to get wrong: a fragment is large by the clock, so that the system may make any so; in one
// queue with costly ones, a dashboard's would then wait for seconds.
import { FRAGMENT_BEHIND_MS, FRAGMENT_TURN_MS, LANE_ABOUT_MS } from '../limits.ts';
import type { Clock } from '../runtime/clock.ts';

export class Turns {
  readonly #ahead: Turns | undefined;
  #last: Promise<void> = Promise.resolve();
  #underWay = 0;
  #enteredAt = -Infinity;
  readonly #waiting = new Set<() => void>();

  constructor(ahead?: Turns) {
    this.#ahead = ahead;
  }

  /** Counts a fragment as under way; call the answer when it has ended. */
  enter(clock: Clock | undefined): () => void {
    this.#underWay++;
    this.#enteredAt = clock?.monotonic() ?? -Infinity;
    return () => {
      if (--this.#underWay > 0) return;
      for (const wake of this.#waiting) wake();
    };
  }

  /** Resolves when the place of large fragments is free; call the answer to leave it. */
  async take(): Promise<() => void> {
    const before = this.#last;
    let leave = (): void => undefined;
    this.#last = new Promise((resolve) => {
      leave = resolve;
    });
    await before;
    return leave;
  }

  /**
   * Resolves when no fragment of the lane ahead is under way, or when that took too long. While
   * that lane is about it is also given as much time as a slice takes, in which the system may run
   * who else waits for a core.
   */
  async clear(clock: Clock): Promise<void> {
    const ahead = this.#ahead;
    if (ahead === undefined) return;
    if (clock.monotonic() - ahead.#enteredAt < LANE_ABOUT_MS) await clock.sleep(FRAGMENT_TURN_MS);
    if (ahead.#underWay === 0) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        timer.cancel();
        ahead.#waiting.delete(done);
        resolve();
      };
      const timer = clock.after(FRAGMENT_BEHIND_MS, done, true);
      ahead.#waiting.add(done);
    });
  }
}
