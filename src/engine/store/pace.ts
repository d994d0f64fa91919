// The rhythm of long work in a shard's thread: large fragments, seals and compactions run in steps,
// and queries have their turn in between. Easy to get wrong: after every breath the head and the
// list of blocks may have changed.
import { MonError } from '../errors.ts';
import { FRAGMENT_TURN_MS } from '../limits.ts';
import type { Clock } from '../runtime/clock.ts';

export class Pace {
  /** When due() last looked, or the last turn of others ended; ms of the clock. */
  now: number;
  readonly #clock: Clock | undefined;
  readonly #signal: AbortSignal | undefined;
  #since: number;

  /** Without a clock nobody else gets a turn. */
  constructor(clock?: Clock, signal?: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
    this.now = this.#since = clock?.monotonic() ?? 0;
  }

  /** Whether the last turn of others is some ms ago. */
  due(): boolean {
    if (this.#clock === undefined) return false;
    this.now = this.#clock.monotonic();
    return this.now - this.#since >= FRAGMENT_TURN_MS;
  }

  /** The others' turn. @throws MonError MON_ABORTED by the signal. */
  async rest(): Promise<void> {
    const clock = this.#clock;
    if (clock === undefined) return;
    await clock.sleep(0);
    if (this.#signal?.aborted === true) {
      throw new MonError('MON_ABORTED', 'the query was given up');
    }
    this.now = this.#since = clock.monotonic();
  }

  /** Lets others go first when it is their turn. */
  async breathe(): Promise<void> {
    if (this.due()) await this.rest();
  }
}
