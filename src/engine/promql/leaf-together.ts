// Several fragments over the same series, such as one counter in eight windows of an SLO: each
// series is decoded once, as far back as the widest window reaches, and every fragment is given its
// part of that. Stands between the store and the leaf. Easy to get wrong: a fragment may write into
// what it is given when it drops stale markers, so where there are any it gets a copy.
import { gridSize } from '../model/fragment.ts';
import type { Fragment, FragmentResult } from '../model/fragment.ts';
import type { Labels } from '../model/labels.ts';
import { STALE_HIGH, STALE_LOW } from '../model/sample.ts';
import type { SampleBuffer, SeriesReader } from '../ports.ts';
import { beginFragment, reachOfFragment } from './leaf.ts';
import type { FragmentRun } from './leaf.ts';
import { makeSampleBuffer } from './leaf-samples.ts';

/** Fragments that share a key read the same series up to the same instant. */
function keyOf(fragment: Fragment): string | undefined {
  const { matchers, grid, extend, fn, rollup } = fragment;
  // Others have faster ways of their own, in which no sample is decoded at all.
  if (extend === undefined || fn === 'raw' || rollup?.prefer === 'rows') return undefined;
  if (gridSize(grid) !== 1) return undefined;
  return JSON.stringify([grid.start, matchers.map(({ name, op, value }) => [name, op, value])]);
}

/** Places of fragments that are worth running together, in the order of their first ones. */
export function groupsOf(fragments: readonly Fragment[]): number[][] {
  const groups = new Map<string, number[]>();
  const out: number[][] = [];
  fragments.forEach((fragment, i) => {
    const key = keyOf(fragment);
    const known = key === undefined ? undefined : groups.get(key);
    if (known !== undefined) return void known.push(i);
    const group = [i];
    if (key !== undefined) groups.set(key, group);
    out.push(group);
  });
  return out;
}

/** The fragment of a group that looks back furthest. */
export function widestOf(fragments: readonly Fragment[]): Fragment {
  const reach = (one: Fragment): number => reachOfFragment(one).first;
  return fragments.reduce((widest, one) => (reach(one) < reach(widest) ? one : widest));
}

/** A run of all fragments of a group at once. */
export class TogetherRun implements FragmentRun {
  readonly #leaves: readonly FragmentRun[];
  readonly #shared: SharedSamples;
  readonly #widest: number;

  /** @throws MonError as beginFragment(). */
  constructor(fragments: readonly Fragment[], series: number) {
    this.#leaves = fragments.map((one) => beginFragment(one, series));
    const reaches = fragments.map(reachOfFragment);
    const first = Math.min(...reaches.map((one) => one.first));
    this.#shared = new SharedSamples(first, Math.max(...reaches.map((one) => one.last)));
    this.#widest = reaches.findIndex((one) => one.first === first);
  }

  add(reader: SeriesReader, ids: Uint32Array): void {
    for (let i = 0; i < ids.length; i++) {
      const one = ids.subarray(i, i + 1);
      if (!this.#shared.load(reader, one[0])) continue;
      for (const leaf of this.#leaves) leaf.add(this.#shared, one);
    }
  }

  /** The answer of the widest one. */
  result(): FragmentResult {
    return this.#leaves[this.#widest].result();
  }

  /** The answers of all, in the order of the fragments. */
  results(): FragmentResult[] {
    return this.#leaves.map((leaf) => leaf.result());
  }
}

/** The samples of one series at a time, read by many. */
class SharedSamples implements SeriesReader {
  readonly #first: number;
  readonly #last: number;
  readonly #buffer = makeSampleBuffer(0);
  #reader: SeriesReader | undefined;
  #count = 0;
  #stale = false;

  constructor(first: number, last: number) {
    this.#first = first;
    this.#last = last;
  }

  /** False when the series has no samples in reach. */
  load(reader: SeriesReader, id: number): boolean {
    this.#reader = reader;
    this.#count = reader.read(id, this.#first, this.#last, this.#buffer);
    this.#stale = hasStale(this.#buffer.words, this.#count);
    return this.#count > 0;
  }

  read(_id: number, minMs: number, maxMs: number, into: SampleBuffer): number {
    const { timestamps, values, words, histograms, bodies, starts } = this.#buffer;
    const from = firstAt(timestamps, this.#count, minMs);
    const to = firstAt(timestamps, this.#count, maxMs + 1);
    into.timestamps = timestamps.subarray(from, to);
    into.values = values.subarray(from, to);
    into.words = words.subarray(from * 2, to * 2);
    into.histograms = histograms?.slice(from, to);
    into.bodies = bodies?.slice(from, to);
    into.starts = starts?.subarray(from, to);
    if (this.#stale) {
      into.timestamps = into.timestamps.slice();
      into.values = into.values.slice();
      into.words = new Uint32Array(into.values.buffer);
      into.starts = into.starts?.slice();
    }
    into.clean = !this.#stale;
    // A window without histograms must look as if the series had none.
    if (into.histograms?.every((one) => one === undefined) === true) into.histograms = undefined;
    return to - from;
  }

  labels(id: number): Labels {
    return this.#reader?.labels(id) ?? [];
  }

  match(): Uint32Array {
    return new Uint32Array(0);
  }

  labelNames(): string[] {
    return [];
  }

  labelValues(): string[] {
    return [];
  }
}

function hasStale(words: Uint32Array, count: number): boolean {
  for (let i = 0; i < count; i++) {
    if (words[i * 2 + 1] === STALE_HIGH && words[i * 2] === STALE_LOW) return true;
  }
  return false;
}

/** Place of the first time at or after `ms`. */
function firstAt(timestamps: Float64Array, count: number, ms: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timestamps[middle] < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
