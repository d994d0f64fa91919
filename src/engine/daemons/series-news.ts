// Knows when names may have appeared that a list of names does not have yet: a series that was
// never heard of writes, or one that was silent for minutes does. Fed by the watched log, asked by
// the cache of names. Easy to get wrong: the number has to grow after the samples are durable and
// before their sender hears of it; grown earlier, a list without them could still be kept.
import { CATALOG_SILENT_MS } from '../limits.ts';
import type { Batch } from '../model/batch.ts';
import { LATENESS } from '../model/sample.ts';

const SILENT_S = Math.floor(CATALOG_SILENT_MS / 1000);

export class SeriesNews {
  /** The newest second of each series by its ref; 0 for one that is not known. */
  #newest: Uint32Array = new Uint32Array(1024);
  #number = 0;

  /** Grows when lists may lack a name. */
  get number(): number {
    return this.#number;
  }

  /**
   * Whether a series of these begins, or begins again. Read before the columns are used again.
   * Samples that change the past are news in any case and teach nothing about the present.
   */
  seen(batches: readonly Batch[]): boolean {
    let news = false;
    for (const { lateness, floats, histograms } of batches) {
      if (lateness === LATENESS.late || lateness === LATENESS.backfill) continue;
      if (floats !== undefined) news = this.#look(floats.refs, floats.timestamps) || news;
      if (histograms !== undefined) {
        news = this.#look(histograms.refs, histograms.timestamps) || news;
      }
    }
    return news;
  }

  /** What was seen is durable, or names may be back in another way. */
  happened(): void {
    this.#number++;
  }

  /** Samples were deleted, or were seen and not taken: whoever writes now begins again. */
  forget(): void {
    this.#newest.fill(0);
    this.#number++;
  }

  #look(refs: Uint32Array, timestamps: Float64Array): boolean {
    let news = false;
    let newest = this.#newest;
    for (let i = 0; i < refs.length; i++) {
      const ref = refs[i];
      if (ref >= newest.length) newest = this.#grown(ref);
      const second = Math.max(0, Math.floor(timestamps[i] / 1000));
      const before = newest[ref];
      if (second <= before) continue;
      if (second - before >= SILENT_S) news = true;
      newest[ref] = second;
    }
    return news;
  }

  #grown(ref: number): Uint32Array {
    const larger = new Uint32Array(Math.max(ref + 1, this.#newest.length * 2));
    larger.set(this.#newest);
    return (this.#newest = larger);
  }
}
