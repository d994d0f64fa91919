// Bucket lists that are added up: every count has a twin that holds what rounding lost, so that a
// sum does not depend on its order. Merging, lowering the resolution and cutting empty buckets
// work on both at once. Lists are never changed in place.
import { isInfinite, lostBy } from './sum.ts';
import type { BucketList } from '../model/histogram.ts';

/** A bucket list and what its sums have lost. */
export interface TrackedList extends BucketList {
  readonly lost: Float64Array;
}

/** What a running sum of histograms has lost in rounding; lists stand beside the sum's buckets. */
export interface HistogramLoss {
  readonly zeroCount: number;
  readonly count: number;
  readonly sum: number;
  readonly positive: Float64Array;
  readonly negative: Float64Array;
}

/** One compensated sum; what `add` works on. */
export const pair = { sum: 0, lost: 0 };

/** Adds to `pair`; an infinite sum loses nothing. */
export function add(value: number): void {
  const next = pair.sum + value;
  pair.lost = isInfinite(next) ? 0 : pair.lost + lostBy(pair.sum, value, next);
  pair.sum = next;
}

export function tracked(list: BucketList): TrackedList {
  return { ...list, lost: new Float64Array(list.counts.length) };
}

/** Collects buckets by rising index; equal indexes are added up. */
class Collected {
  readonly #indexes: number[] = [];
  readonly #counts: number[] = [];
  readonly #lost: number[] = [];

  add(index: number, count: number, lost: number): void {
    const last = this.#indexes.length - 1;
    if (last < 0 || this.#indexes[last] !== index) {
      this.#indexes.push(index);
      this.#counts.push(count);
      this.#lost.push(lost);
      return;
    }
    pair.sum = this.#counts[last];
    pair.lost = this.#lost[last];
    add(count);
    if (lost !== 0) add(lost);
    this.#counts[last] = pair.sum;
    this.#lost[last] = pair.lost;
  }

  list(): TrackedList {
    return {
      indexes: Int32Array.from(this.#indexes),
      counts: Float64Array.from(this.#counts),
      lost: Float64Array.from(this.#lost),
    };
  }
}

/** a + sign * b. Leading buckets of b for which `covered` holds are left out. */
export function mergeLists(
  a: TrackedList,
  b: TrackedList,
  sign: number,
  covered: (index: number) => boolean,
): TrackedList {
  let from = 0;
  while (from < b.indexes.length && covered(b.indexes[from])) from++;
  if (sameLayout(a, b) && from === 0) return mergeSame(a, b, sign);
  const out = new Collected();
  let i = 0;
  let j = from;
  while (i < a.indexes.length || j < b.indexes.length) {
    const left = i < a.indexes.length ? a.indexes[i] : Infinity;
    const right = j < b.indexes.length ? b.indexes[j] : Infinity;
    if (left <= right) {
      out.add(left, a.counts[i], a.lost[i]);
      i++;
    }
    if (right <= left) {
      out.add(right, sign * b.counts[j], sign * b.lost[j]);
      j++;
    }
  }
  return out.list();
}

function sameLayout(a: BucketList, b: BucketList): boolean {
  if (a.indexes.length !== b.indexes.length) return false;
  for (let i = 0; i < a.indexes.length; i++) if (a.indexes[i] !== b.indexes[i]) return false;
  return true;
}

function mergeSame(a: TrackedList, b: TrackedList, sign: number): TrackedList {
  const counts = new Float64Array(a.counts.length);
  const lost = new Float64Array(a.counts.length);
  for (let i = 0; i < counts.length; i++) {
    pair.sum = a.counts[i];
    pair.lost = a.lost[i];
    add(sign * b.counts[i]);
    if (b.lost[i] !== 0) add(sign * b.lost[i]);
    counts[i] = pair.sum;
    lost[i] = pair.lost;
  }
  return { indexes: a.indexes, counts, lost };
}

/** The list in a lower resolution: `by` is how many schemas lower. */
export function coarser(list: TrackedList, by: number): TrackedList {
  if (by === 0 || list.indexes.length === 0) return list;
  const out = new Collected();
  for (let i = 0; i < list.indexes.length; i++) {
    out.add(((list.indexes[i] - 1) >> by) + 1, list.counts[i], list.lost[i]);
  }
  return out.list();
}

/** The list without empty buckets. */
export function withoutEmpty(list: TrackedList): TrackedList {
  const { indexes, counts, lost } = list;
  let kept = 0;
  for (let i = 0; i < counts.length; i++) if (counts[i] !== 0 || lost[i] !== 0) kept++;
  if (kept === counts.length) return list;
  const keep = (_: number, i: number): boolean => counts[i] !== 0 || lost[i] !== 0;
  return {
    indexes: indexes.filter(keep),
    counts: counts.filter(keep),
    lost: lost.filter(keep),
  };
}

/**
 * Both lists of custom buckets in the bounds that they share; the rest falls into the next bucket.
 */
export function mapToBounds(
  list: TrackedList,
  bounds: Float64Array,
  shared: Float64Array,
): TrackedList {
  const out = new Collected();
  let target = 0;
  for (let i = 0; i < list.indexes.length; i++) {
    const bound = list.indexes[i] < bounds.length ? bounds[list.indexes[i]] : Infinity;
    while (target < shared.length && shared[target] < bound) target++;
    out.add(target, list.counts[i], list.lost[i]);
  }
  return out.list();
}

/** The bounds that two sets of custom bounds share. */
export function sharedBounds(a: Float64Array, b: Float64Array): Float64Array {
  const other = new Set(b);
  return a.filter((bound) => other.has(bound));
}

export function sameNumbers(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
