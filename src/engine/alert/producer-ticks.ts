// What time it is in one partition by the ticks of its producers: that of the slowest, since only
// who has ticked has sent all that came before. Under the rules' feed. Easy to get wrong: a
// producer that has died must not hold the time up for ever, and which ones count has to follow
// from the records alone, or a replay would decide something else.

/** A producer that is so far behind the newest tick of its partition is silent, ms. */
const SILENT_MS = 3000;

export class ProducerTicks {
  /** NaN before the first tick. */
  timeMs = NaN;
  /** Producers that were taken out because they were silent. */
  silenced = 0;
  readonly #many: boolean;
  readonly #last = new Map<number, number>();

  /** @param many whether there may be more than one; the newest tick counts otherwise. */
  constructor(many: boolean) {
    this.#many = many;
  }

  take(producer: number, timeMs: number): void {
    if (!this.#many) return void (this.timeMs = timeMs);
    this.#last.set(producer, timeMs);
    let least = timeMs;
    for (const [other, ms] of this.#last) {
      // A clock that was set back far is a silent one to all others.
      if (Math.abs(timeMs - ms) > SILENT_MS) {
        this.#last.delete(other);
        this.silenced++;
      } else if (ms < least) least = ms;
    }
    this.timeMs = least;
  }
}
