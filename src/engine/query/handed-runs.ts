// How far a reading of a partition came, series by series, so that another store can go on where
// one broke off. Under replica-readings.ts. Easy to get wrong: a reading hands out a series in
// order of time and each sample once, so all up to the last one that came is done with; stores
// order their series differently, so nothing can be said of a place in between.
import { READING_SERIES_MAX } from '../limits-sql.ts';
import { labelsKey } from '../model/labels.ts';
import type { SamplePage } from '../ports-sql.ts';

export class HandedRuns {
  readonly #seriesMax: number;
  /** The last time of each series that came. */
  readonly #last = new Map<string, number>();
  #begun = false;
  #again = false;
  #forgot = false;

  constructor(seriesMax = READING_SERIES_MAX) {
    this.#seriesMax = seriesMax;
  }

  /** False when something came of which too much would have had to be remembered. */
  get canGoOn(): boolean {
    return !this.#forgot;
  }

  /** Another reading of the same begins. */
  begin(): void {
    this.#again = this.#begun;
  }

  /** The page without what came before; what is in it has come then. */
  take(page: SamplePage): SamplePage {
    this.#begun = true;
    const rest = this.#again ? this.#rest(page) : page;
    this.#note(rest);
    return rest;
  }

  #note({ labels, from, timestamps }: SamplePage): void {
    if (this.#forgot) return;
    for (let r = 0; r < labels.length; r++) {
      if (from[r + 1] > from[r]) this.#last.set(labelsKey(labels[r]), timestamps[from[r + 1] - 1]);
    }
    if (this.#last.size <= this.#seriesMax) return;
    this.#forgot = true;
    this.#last.clear();
  }

  #rest(page: SamplePage): SamplePage {
    const { labels, from, timestamps, values, bodies, warnings } = page;
    const kept: number[] = [];
    const begins: number[] = [];
    const ends = [0];
    for (let r = 0; r < labels.length; r++) {
      const last = this.#last.get(labelsKey(labels[r])) ?? -Infinity;
      let at = from[r];
      while (at < from[r + 1] && timestamps[at] <= last) at++;
      if (at === from[r + 1]) continue;
      kept.push(r);
      begins.push(at);
      ends.push((ends.at(-1) ?? 0) + from[r + 1] - at);
    }
    if (ends.at(-1) === timestamps.length) return page;
    const count = ends.at(-1) ?? 0;
    const [times, numbers] = [new Float64Array(count), new Float64Array(count)];
    const some: (Uint8Array | undefined)[] | undefined = bodies && [];
    kept.forEach((r, k) => {
      const [begin, end] = [begins[k], from[r + 1]];
      times.set(timestamps.subarray(begin, end), ends[k]);
      numbers.set(values.subarray(begin, end), ends[k]);
      for (let i = begin; i < end; i++) some?.push(bodies?.[i]);
    });
    return {
      labels: kept.map((r) => labels[r]),
      ...{ from: Uint32Array.from(ends), timestamps: times, values: numbers },
      ...(some === undefined ? {} : { bodies: some }),
      ...(warnings === undefined ? {} : { warnings }),
    };
  }
}
