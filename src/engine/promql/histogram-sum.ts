// A running sum or mean of histograms, compensated like sums of floats: for sum, avg and their
// *_over_time. It remembers what has to be said at the end: contradicting reset hints, bounds
// that were reduced, schemas that cannot be added at all. A mean is sum by count until the sum
// overflows; then a mean that moves with each histogram.
import { HINT } from '../model/histogram.ts';
import {
  combine,
  compacted,
  divided,
  multiplied,
  overflows,
  restored,
  scaledLoss,
} from './histogram-math.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { HistogramLoss } from './histogram-lists.ts';

export class HistogramSum {
  count = 1;
  sawReset = false;
  sawNoReset = false;
  reconciled = false;
  /** Exponential and custom buckets met: there is no sum any more. */
  incompatible = false;
  #value: FloatHistogram;
  #lost: HistogramLoss | undefined;
  #moving = false;
  readonly #mean: boolean;

  constructor(first: FloatHistogram, mean: boolean) {
    this.#value = first;
    this.#mean = mean;
    this.#note(first);
  }

  #note({ hint }: FloatHistogram): void {
    if (hint === HINT.reset) this.sawReset = true;
    if (hint === HINT.notReset) this.sawNoReset = true;
  }

  /** Adds one more; false when that is the first that cannot be added. */
  add(histogram: FloatHistogram): boolean {
    if (this.incompatible) return true;
    this.#note(histogram);
    this.count++;
    const added = this.#moving ? this.#move(histogram) : this.#sum(histogram);
    if (!added) this.incompatible = true;
    return added;
  }

  #sum(histogram: FloatHistogram): boolean {
    const next = combine(this.#value, histogram, 1, this.#lost);
    if (next === undefined) return false;
    if (next.reconciled) this.reconciled = true;
    if (this.#mean && overflows(next.histogram)) {
      const before = this.count - 1;
      this.#value = divided(this.#value, before);
      if (this.#lost !== undefined) this.#lost = scaledLoss(this.#lost, 1 / before);
      this.#moving = true;
      return this.#move(histogram);
    }
    this.#value = next.histogram;
    this.#lost = next.lost;
    return true;
  }

  #move(histogram: FloatHistogram): boolean {
    const share = (this.count - 1) / this.count;
    const lost = this.#lost === undefined ? undefined : scaledLoss(this.#lost, share);
    const part = divided(histogram, this.count);
    const next = combine(multiplied(this.#value, share), part, 1, lost);
    if (next === undefined) return false;
    if (next.reconciled) this.reconciled = true;
    this.#value = next.histogram;
    this.#lost = next.lost;
    return true;
  }

  /** Both hints were seen, so the sum is doubtful. */
  get collision(): boolean {
    return this.sawReset && this.sawNoReset;
  }

  /** The sum or mean without empty buckets. */
  result(): FloatHistogram {
    let value = this.#value;
    let lost = this.#lost;
    if (this.#mean && !this.#moving) {
      value = divided(value, this.count);
      if (lost !== undefined) lost = scaledLoss(lost, 1 / this.count);
    }
    return compacted(lost === undefined ? value : restored(value, lost));
  }
}
