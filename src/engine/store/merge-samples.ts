// Several runs of samples of one series as one run: those of blocks, in order of the log, and the
// head's. For a time that stands in several the first run wins, as in the head. Easy to get wrong:
// values move as words, so that no NaN changes on its way.
import type { SampleBuffer } from '../ports.ts';

/** `count` samples with rising times. */
export interface SampleRun {
  readonly buffer: SampleBuffer;
  readonly count: number;
}

export function makeBuffer(): SampleBuffer {
  const values = new Float64Array(0);
  return { timestamps: new Float64Array(0), values, words: new Uint32Array(values.buffer) };
}

/** Makes room for `size` samples; what was in the buffer is gone when it grows. */
export function makeRoom(into: SampleBuffer, size: number): void {
  if (size <= into.timestamps.length) return;
  const room = Math.max(size, into.timestamps.length * 2, 256);
  into.timestamps = new Float64Array(room);
  into.values = new Float64Array(room);
  into.words = new Uint32Array(into.values.buffer);
}

/** Gives the arrays of one buffer to the other, and takes its own in return. */
export function swapBuffers(a: SampleBuffer, b: SampleBuffer): void {
  const { timestamps, values, words, histograms, bodies, starts } = a;
  [a.timestamps, a.values, a.words] = [b.timestamps, b.values, b.words];
  [b.timestamps, b.values, b.words] = [timestamps, values, words];
  [a.histograms, a.bodies, a.starts] = [b.histograms, b.bodies, b.starts];
  [b.histograms, b.bodies, b.starts] = [histograms, bodies, starts];
}

/** Places from, and one past the last. */
type Range = readonly [from: number, to: number];

/** Copies the samples [from, to) of a run to `at` and answers where the next one goes. */
function copy(into: SampleBuffer, at: number, run: SampleRun, range: Range): number {
  const [from, to] = range;
  into.timestamps.set(run.buffer.timestamps.subarray(from, to), at);
  into.words.set(run.buffer.words.subarray(from * 2, to * 2), at * 2);
  for (let i = from; into.histograms !== undefined && i < to; i++) {
    into.histograms[at + i - from] = run.buffer.histograms?.[i];
    if (into.bodies !== undefined) into.bodies[at + i - from] = run.buffer.bodies?.[i];
    if (into.starts !== undefined) into.starts[at + i - from] = run.buffer.starts?.[i] ?? 0;
  }
  return at + to - from;
}

/** Merges runs, the one that wins in front; answers how many samples `into` holds. */
export function mergeRuns(runs: readonly SampleRun[], into: SampleBuffer): number {
  const size = runs.reduce((sum, run) => sum + run.count, 0);
  makeRoom(into, size);
  const any = (what: 'histograms' | 'bodies' | 'starts'): boolean =>
    runs.some(({ buffer }) => buffer[what] !== undefined);
  into.histograms = any('histograms') ? [] : undefined;
  into.bodies = any('bodies') ? [] : undefined;
  // Only histograms have starts.
  into.starts = any('starts') ? new Float64Array(size) : undefined;
  const ordered = [...runs].sort((a, b) => a.buffer.timestamps[0] - b.buffer.timestamps[0]);
  const apart = ordered.every((run, i) => {
    const before = ordered[i - 1];
    if (before === undefined) return true;
    return before.buffer.timestamps[before.count - 1] < run.buffer.timestamps[0];
  });
  if (apart) {
    let at = 0;
    for (const run of ordered) at = copy(into, at, run, [0, run.count]);
    return at;
  }
  return interleave(runs, into);
}

/** The general case: always the smallest time next, of equal ones the first run's. */
function interleave(runs: readonly SampleRun[], into: SampleBuffer): number {
  const places = runs.map(() => 0);
  let at = 0;
  for (;;) {
    let best = -1;
    let time = Infinity;
    for (let r = 0; r < runs.length; r++) {
      const { buffer, count } = runs[r];
      if (places[r] < count && buffer.timestamps[places[r]] < time) {
        best = r;
        time = buffer.timestamps[places[r]];
      }
    }
    if (best < 0) return at;
    at = copy(into, at, runs[best], [places[best], places[best] + 1]);
    for (let r = 0; r < runs.length; r++) {
      const { buffer, count } = runs[r];
      if (places[r] < count && buffer.timestamps[places[r]] === time) places[r]++;
    }
  }
}
