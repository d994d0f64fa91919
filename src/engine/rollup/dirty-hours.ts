// Hours whose samples changed after they were folded: noted by the head as records come in, taken
// up again once they rest. Of rollup-partition.ts, which keeps them in its state. Easy to get
// wrong: the time of a sample that ends an hour belongs to that hour, windows are left-open.
import { ROLLUP_RESTLESS_MS } from '../limits.ts';
import { DAY_MS, HOUR_MS } from './hour-fold.ts';

/** Start of the hour in whose windows a sample at this time lies. */
export function hourOf(ms: number): number {
  return Math.ceil(ms / HOUR_MS) * HOUR_MS - HOUR_MS;
}

/** Start of the day in which an hour that starts then lies. */
export function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS) * DAY_MS;
}

export class DirtyHours {
  /** Samples up to here are noted. */
  edgeMs: number;
  readonly #hours: Set<number>;
  #last = NaN;
  /** Calls of note() ever, how many there were when somebody last looked, and since when. */
  #noted = 0;
  #seen = 0;
  #restless: number | undefined;

  constructor(edgeMs: number, hours: Iterable<number>) {
    this.edgeMs = edgeMs;
    this.#hours = new Set(hours);
  }

  get size(): number {
    return this.#hours.size;
  }

  [Symbol.iterator](): Iterator<number> {
    return this.#hours[Symbol.iterator]();
  }

  /** A sample at this time came in, or was told again. */
  note(ms: number): void {
    if (ms > this.edgeMs) return;
    this.#noted++;
    const hour = hourOf(ms);
    if (hour === this.#last) return;
    this.#last = hour;
    this.#hours.add(hour);
  }

  add(hour: number): void {
    this.#hours.add(hour);
  }

  /** Takes hours out, and answers those that were there. */
  take(hours: readonly number[]): number[] {
    // What is noted from now on is another change.
    this.#last = NaN;
    return hours.filter((hour) => this.#hours.delete(hour));
  }

  /** Drops hours outside of [fromMs, toMs). */
  keepWithin(fromMs: number, toMs: number): void {
    this.#last = NaN;
    for (const hour of this.#hours) {
      if (hour < fromMs || hour >= toMs) this.#hours.delete(hour);
    }
  }

  /** True when nobody noted anything since the last time, or that goes on for too long. */
  quiet(nowMs: number): boolean {
    const still = this.#noted === this.#seen;
    this.#seen = this.#noted;
    this.#restless ??= nowMs;
    if (!still && nowMs - this.#restless < ROLLUP_RESTLESS_MS) return false;
    this.#restless = undefined;
    return true;
  }

  /** The oldest hours of one day that follow one another. */
  firstRun(): number[] {
    const sorted = [...this.#hours].toSorted((a, b) => a - b);
    const run = sorted.slice(0, 1);
    for (const hour of sorted.slice(1)) {
      if (hour !== run[run.length - 1] + HOUR_MS || dayOf(hour) !== dayOf(run[0])) break;
      run.push(hour);
    }
    return run;
  }
}

/** Starts of the hours in [from, to). */
export function hoursOf(from: number, to: number): number[] {
  return Array.from({ length: (to - from) / HOUR_MS }, (_, i) => from + i * HOUR_MS);
}
