// The rhythm of long work in a shard's thread: seals and compactions run in steps, and queries have
// their turn in between. Easy to get wrong: after every breath the head and the list of blocks may
// have changed.
import { FRAGMENT_TURN_MS } from '../limits.ts';
import type { Clock } from '../runtime/clock.ts';

export class Pace {
  readonly #clock: Clock | undefined;
  #since: number;

  /** Without a clock every breath gives up one turn of the queue of promises. */
  constructor(clock?: Clock) {
    this.#clock = clock;
    this.#since = clock?.monotonic() ?? 0;
  }

  /** Lets others go first when the last breath is some ms ago. */
  async breathe(): Promise<void> {
    const clock = this.#clock;
    if (clock === undefined) return;
    if (clock.monotonic() - this.#since < FRAGMENT_TURN_MS) return;
    await clock.sleep(0);
    this.#since = clock.monotonic();
  }
}
