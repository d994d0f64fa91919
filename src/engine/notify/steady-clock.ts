// Time for everything that waits: it begins with the wall clock and then follows the monotonic one,
// so that a clock that is set an hour forth expires no silence and pages nobody. What is left
// between the two is made up slowly, at a twentieth of the speed of time. Easy to get wrong: times
// from outside are wall times; `fromWall` brings them here.
import type { Clock } from '../runtime/clock.ts';

const SLEW = 0.05;

export class SteadyClock {
  readonly #clock: Clock;
  #now: number;
  #seen: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#now = clock.now();
    this.#seen = clock.monotonic();
  }

  /** Ms since 1970; never goes back. */
  now(): number {
    const elapsed = Math.max(0, this.#clock.monotonic() - this.#seen);
    this.#seen += elapsed;
    const plain = this.#now + elapsed;
    const gap = this.#clock.now() - plain;
    const most = elapsed * SLEW;
    this.#now = plain + Math.min(most, Math.max(-most, gap));
    return Math.floor(this.#now);
  }

  /** A wall time as this clock will show it. */
  fromWall(ms: number): number {
    const now = this.now();
    const wall = this.#clock.now();
    return ms <= wall ? Math.min(ms, now) : now + (ms - wall);
  }
}
