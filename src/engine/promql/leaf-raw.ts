// The samples of a window themselves: an instant query of a range selector, and whatever the root
// has to compute because its arguments vary. Values are copied as blocks of bytes, so that NaN
// payloads survive.
import { assert } from '../errors.ts';
import { dropStale, makeSampleBuffer } from './leaf-samples.ts';
import { tooManySamples } from './query-failure.ts';
import type { Fragment, FragmentResult } from '../model/fragment.ts';
import type { Labels } from '../model/labels.ts';
import type { SeriesReader } from '../ports.ts';

/** Answers a 'raw' fragment for the series given. */
export function runRaw(fragment: Fragment, reader: SeriesReader, ids: Uint32Array): FragmentResult {
  const { grid, windowMs } = fragment;
  assert(grid.start === grid.end, 'raw samples are asked for one window');
  const buffer = makeSampleBuffer();
  const labels: Labels[] = [];
  const from: number[] = [0];
  let timestamps = new Float64Array(1024);
  let values = new Float64Array(1024);
  let total = 0;
  let read = 0;
  for (const id of ids) {
    const found = reader.read(id, grid.start - windowMs + 1, grid.end, buffer);
    read += found;
    if (read > fragment.maxSamples) throw tooManySamples();
    const count = dropStale(buffer, found);
    if (count === 0) continue;
    if (total + count > values.length) {
      timestamps = grown(timestamps, total, count);
      values = grown(values, total, count);
    }
    timestamps.set(buffer.timestamps.subarray(0, count), total);
    values.set(buffer.values.subarray(0, count), total);
    total += count;
    labels.push(reader.labels(id));
    from.push(total);
  }
  const raw = {
    labels,
    from: Uint32Array.from(from),
    timestamps: timestamps.slice(0, total),
    values: values.slice(0, total),
  };
  const { length: seriesRead } = labels;
  return { raw, seriesRead, samplesRead: read, warnings: [], infos: [] };
}

function grown(array: Float64Array, used: number, more: number): Float64Array<ArrayBuffer> {
  const out = new Float64Array(Math.max(used + more, array.length * 2));
  out.set(array.subarray(0, used));
  return out;
}
