// Time for tests and simulations: stands still until it is told to advance, then runs the timers
// that fall due in their order, each at its own instant, and lets promises settle in between.
import { assert } from '../../src/engine/errors.ts';
import type { Clock, Timer } from '../../src/engine/runtime/clock.ts';

interface Due {
  readonly at: number;
  readonly order: number;
  readonly call: () => void;
}

/** Turns of the event loop that a settling takes: promises need one, real files some more. */
const SETTLE_TURNS = 2;

/** Lets everything run that needs no time to pass. */
export async function settle(turns = SETTLE_TURNS): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
}

export class VirtualClock implements Clock {
  #now: number;
  #elapsed = 0;
  #order = 0;
  #due: Due[] = [];

  /** Begins at this wall time, ms since 1970. */
  constructor(startMs = 1_700_000_000_000) {
    this.#now = startMs;
  }

  now(): number {
    return Math.floor(this.#now);
  }

  monotonic(): number {
    return this.#elapsed;
  }

  after(ms: number, call: () => void): Timer {
    const due: Due = { at: this.#elapsed + Math.max(ms, 0), order: this.#order++, call };
    this.#due.push(due);
    return {
      cancel: () => {
        this.#due = this.#due.filter((one) => one !== due);
      },
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = (): void => {
        timer.cancel();
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = this.after(ms, done);
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  /** Timers that wait. */
  get waiting(): number {
    return this.#due.length;
  }

  /** Ms until the next timer; undefined when none waits. */
  untilNext(): number | undefined {
    const next = this.#next();
    return next && Math.max(next.at - this.#elapsed, 0);
  }

  /** Moves the wall clock alone, as an operator or NTP does; timers do not notice. */
  jump(ms: number): void {
    this.#now += ms;
  }

  /** Lets `ms` pass: timers due until then run in order, also those that they set. */
  async advance(ms: number): Promise<void> {
    assert(ms >= 0, 'time only moves on');
    const end = this.#elapsed + ms;
    await settle();
    for (let next = this.#next(); next && next.at <= end; next = this.#next()) {
      this.#moveTo(next.at);
      const now = next;
      this.#due = this.#due.filter((one) => one !== now);
      now.call();
      await settle();
    }
    this.#moveTo(end);
    await settle();
  }

  #next(): Due | undefined {
    let next: Due | undefined;
    for (const one of this.#due) {
      const sooner = !next || one.at < next.at || (one.at === next.at && one.order < next.order);
      if (sooner) next = one;
    }
    return next;
  }

  #moveTo(at: number): void {
    const step = Math.max(at - this.#elapsed, 0);
    this.#elapsed += step;
    this.#now += step;
  }
}
