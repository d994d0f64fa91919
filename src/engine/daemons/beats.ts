// Work that comes back after a time. One that fails for a reason that may pass is logged and tried
// at its next beat; a bug ends the process. Stopping waits for what is under way.
import { MonError } from '../errors.ts';
import type { FailureCode } from '../errors.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';

/** A beat that comes less than this before its time comes too early. */
const EARLY_MS_MAX = 5;

export class Beats {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #abort = new AbortController();
  readonly #loops: Promise<void>[] = [];

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Does the work now and again `ms` after each end. */
  every(ms: number, work: () => Promise<unknown>): void {
    this.#loops.push(this.#loop(() => this.#sleep(ms), work));
  }

  /** Does the work whenever the wall clock passes a multiple of `ms`. */
  onTheSecond(ms: number, work: () => Promise<unknown>): void {
    const rest = async (): Promise<void> => {
      const begin = this.#clock.now();
      await this.#sleep(ms - (begin % ms));
      // A timer may go off a moment early: what is due at the multiple would wait for the next.
      const early = ms - (this.#clock.now() % ms);
      if (early <= EARLY_MS_MAX && early < ms) await this.#sleep(early);
    };
    this.#loops.push(this.#loop(rest, work));
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await Promise.all(this.#loops);
  }

  #sleep(ms: number): Promise<void> {
    return this.#clock.sleep(ms, this.#abort.signal);
  }

  async #loop(rest: () => Promise<void>, work: () => Promise<unknown>): Promise<void> {
    const { signal } = this.#abort;
    let failing: FailureCode | undefined;
    for (;;) {
      try {
        await work();
        if (failing !== undefined) this.#logger.info('all is well again', { after: failing });
        failing = undefined;
      } catch (thrown) {
        if (!(thrown instanceof MonError)) throw thrown;
        // A trouble that lasts is told once, not at every beat.
        if (thrown.code !== failing) this.#logger.warn(thrown.message, { hint: thrown.hint });
        failing = thrown.code;
      }
      await rest();
      if (signal.aborted) return;
    }
  }
}
