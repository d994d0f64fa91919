// The rhythm of long work in a shard's thread: large fragments, seals and compactions run in steps,
// and queries have their turn in between. Easy to get wrong: after every breath the head and the
// list of blocks may have changed.
import { MonError } from '../errors.ts';
import { FRAGMENT_TURN_MS } from '../limits.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Turns } from './turns.ts';

export class Pace {
  /** When due() last looked, or the last turn of others ended; ms of the clock. */
  now: number;
  readonly #clock: Clock | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #turns: Turns | undefined;
  #since: number;

  /** Without a clock nobody else gets a turn; with a lane, who is ahead of it gets more. */
  constructor(clock?: Clock, signal?: AbortSignal, turns?: Turns) {
    this.#clock = clock;
    this.#signal = signal;
    this.#turns = turns;
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
    await this.#turns?.clear(clock);
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
