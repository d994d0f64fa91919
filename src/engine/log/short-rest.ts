// A wait of some milliseconds that somebody may end early: commits and hand-overs rest so that more
// comes together. Easy to get wrong: who ends it may come when nobody rests, which does nothing and
// is not remembered.
import type { Clock } from '../runtime/clock.ts';

export class ShortRest {
  readonly #clock: Clock;
  #wake: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get resting(): boolean {
    return this.#wake !== undefined;
  }

  /** Resolves after `ms`, or at once when it is ended. One at a time. */
  async rest(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = this.#clock.after(ms, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
    this.#wake = undefined;
  }

  /** Ends the rest, if there is one. */
  end(): void {
    this.#wake?.();
  }
}
