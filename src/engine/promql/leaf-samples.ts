// The buffer a leaf decodes series into, and what is done to it before a range function looks:
// stale markers are no samples of a window.
import { STALE_HIGH, STALE_LOW } from '../model/sample.ts';
import type { SampleBuffer } from '../ports.ts';

/** A buffer for SeriesReader.read that any number of series can share. */
export function makeSampleBuffer(capacity = 1024): SampleBuffer {
  const values = new Float64Array(capacity);
  const words = new Uint32Array(values.buffer);
  const timestamps = new Float64Array(capacity);
  return { timestamps, values, words, histograms: undefined, starts: undefined, clean: false };
}

/** Takes the stale markers out of the first `count` samples and says how many are left. */
export function dropStale(buffer: SampleBuffer, count: number): number {
  const { timestamps, words, histograms, starts } = buffer;
  let kept = 0;
  for (let i = 0; i < count; i++) {
    if (words[i * 2] === STALE_LOW && words[i * 2 + 1] === STALE_HIGH) continue;
    if (kept !== i) {
      timestamps[kept] = timestamps[i];
      // As words: a NaN's payload would not survive as a number.
      words[kept * 2] = words[i * 2];
      words[kept * 2 + 1] = words[i * 2 + 1];
      if (histograms !== undefined) histograms[kept] = histograms[i];
      if (starts !== undefined) starts[kept] = starts[i];
    }
    kept++;
  }
  return kept;
}
