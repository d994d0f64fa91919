// The samples of a window themselves: an instant query of a range selector, and whatever the root
// has to compute because its arguments vary. Values are copied as blocks of bytes, so that NaN
// payloads survive.
import { assert } from '../errors.ts';
import { dropStale, makeSampleBuffer } from './leaf-samples.ts';
import { reachOf } from './windows.ts';
import { tooManySamples } from './query-failure.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { Fragment, FragmentResult, RawSamples } from '../model/fragment.ts';
import type { Labels } from '../model/labels.ts';
import type { SampleBuffer, SeriesReader } from '../ports.ts';

/** Answers a 'raw' fragment for the series given. */
export function runRaw(fragment: Fragment, reader: SeriesReader, ids: Uint32Array): FragmentResult {
  const { grid, windowMs, extend, lookbackMs = 0 } = fragment;
  assert(grid.start === grid.end, 'raw samples are asked for one window');
  const extension = extend === undefined ? undefined : { kind: extend, lookbackMs };
  const { before, after } = reachOf(extension);
  const buffer = makeSampleBuffer();
  const rows = new RawRows(fragment.starts === true);
  let read = 0;
  for (const id of ids) {
    const found = reader.read(id, grid.start - windowMs - before + 1, grid.end + after, buffer);
    read += found;
    if (read > fragment.maxSamples) throw tooManySamples();
    const count = dropStale(buffer, found);
    if (count > 0) rows.add(reader.labels(id), buffer, count);
  }
  const raw = rows.raw();
  const { length: seriesRead } = raw.labels;
  return { raw, seriesRead, samplesRead: read, warnings: [], infos: [] };
}

class RawRows {
  readonly #labels: Labels[] = [];
  readonly #from: number[] = [0];
  #timestamps = new Float64Array(1024);
  #values = new Float64Array(1024);
  #histograms: (FloatHistogram | undefined)[] | undefined;
  #starts: Float64Array<ArrayBuffer> | undefined;
  readonly #wantsStarts: boolean;
  #total = 0;

  constructor(wantsStarts: boolean) {
    this.#wantsStarts = wantsStarts;
  }

  add(labels: Labels, buffer: SampleBuffer, count: number): void {
    const total = this.#total;
    if (total + count > this.#values.length) {
      this.#timestamps = grown(this.#timestamps, total, count);
      this.#values = grown(this.#values, total, count);
      if (this.#starts !== undefined) this.#starts = grown(this.#starts, total, count);
    }
    this.#timestamps.set(buffer.timestamps.subarray(0, count), total);
    this.#values.set(buffer.values.subarray(0, count), total);
    const { histograms, starts } = buffer;
    for (let i = 0; histograms !== undefined && i < count; i++) {
      this.#histograms ??= [];
      this.#histograms[total + i] = histograms[i];
    }
    if (starts !== undefined && this.#wantsStarts) {
      this.#starts ??= new Float64Array(this.#values.length);
      this.#starts.set(starts.subarray(0, count), total);
    }
    this.#total += count;
    this.#labels.push(labels);
    this.#from.push(this.#total);
  }

  raw(): RawSamples {
    const length = this.#total;
    const found = this.#histograms;
    return {
      labels: this.#labels,
      from: Uint32Array.from(this.#from),
      timestamps: this.#timestamps.slice(0, length),
      values: this.#values.slice(0, length),
      ...(found === undefined ? {} : { histograms: Array.from({ length }, (_, i) => found[i]) }),
      ...(this.#starts === undefined ? {} : { starts: this.#starts.slice(0, length) }),
    };
  }
}

function grown(array: Float64Array, used: number, more: number): Float64Array<ArrayBuffer> {
  const out = new Float64Array(Math.max(used + more, array.length * 2));
  out.set(array.subarray(0, used));
  return out;
}
