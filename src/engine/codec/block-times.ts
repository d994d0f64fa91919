// The timestamp columns of a block. Series that were scraped together share one; a series that
// misses a few rows of a shared column, or has a few more, is told by the difference. Stands
// between the writer and its time pages. Easy to get wrong: columns are the same when their bytes
// are, the hash only finds the candidate; and what is remembered is bounded, so that a shared
// column may be written twice but never wrongly.
import { BytePen, type ByteReader } from './byte-pen.ts';

/** Every so many-th time of a column finds it again for columns that are nearly the same. */
const MARK_EVERY = 16;
/** A difference of more steps than this share of the rows is no better than a column of its own. */
const STEPS_SHARE = 8;

/** A column in the writer's memory. */
interface Known {
  readonly ref: number;
  readonly times: Float64Array;
}

/** What the writer says of a column: its own, the same as another's, or told by the difference. */
export type TimesPlan =
  | { readonly kind: 'same'; readonly ref: number }
  | { readonly kind: 'difference'; readonly base: number; readonly steps: Uint8Array }
  | { readonly kind: 'own' };

function hashOf(times: Float64Array): number {
  const words = new Uint32Array(times.buffer, times.byteOffset, times.length * 2);
  let hash = times.length;
  for (let i = 0; i < words.length; i++)
    hash = Math.imul(hash ^ words[i], 0x9e3779b1) ^ (hash >>> 15);
  return hash >>> 0;
}

function same(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/**
 * How `times` comes of `base`, as runs of (rows left out, rows taken, rows put in with their
 * times); undefined when that would be long.
 */
function differenceOf(times: Float64Array, base: Float64Array): Uint8Array | undefined {
  const pen = new BytePen(64);
  const stepsMax = Math.max(2, Math.floor(times.length / STEPS_SHARE));
  let steps = 0;
  let b = 0;
  let t = 0;
  let last = 0;
  while (t < times.length) {
    const skipFrom = b;
    while (b < base.length && base[b] < times[t]) b++;
    const takeFrom = t;
    const skip = b - skipFrom;
    while (t < times.length && b < base.length && base[b] === times[t]) {
      b++;
      t++;
    }
    if (t > takeFrom) last = times[t - 1];
    const putFrom = t;
    while (t < times.length && (b === base.length || times[t] < base[b])) t++;
    steps += 1 + (t - putFrom);
    if (steps > stepsMax) return undefined;
    pen.varint(skip);
    pen.varint(putFrom - takeFrom);
    pen.varint(t - putFrom);
    for (let i = putFrom; i < t; i++) {
      pen.signed(times[i] - last);
      last = times[i];
    }
  }
  return pen.bytes;
}

/** Puts `count` rows together from a base column and the steps of a difference. */
export function applyDifference(
  base: Float64Array,
  steps: ByteReader,
  count: number,
): Float64Array {
  const out = new Float64Array(count);
  let b = 0;
  let t = 0;
  let last = 0;
  while (t < count) {
    b += steps.varint();
    const take = steps.varint();
    const put = steps.varint();
    if (b + take > base.length || t + take + put > count) throw steps.fail('a difference is wrong');
    if (take + put === 0) throw steps.fail('a difference stands still');
    out.set(base.subarray(b, b + take), t);
    b += take;
    t += take;
    if (take > 0) last = out[t - 1];
    for (let i = 0; i < put; i++) {
      last += steps.signed();
      out[t++] = last;
    }
  }
  return out;
}

export class SharedTimes {
  readonly #bytesMax: number;
  #bytes = 0;
  readonly #byHash = new Map<number, Known[]>();
  readonly #byMark = new Map<number, Known>();

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** How to write this column. */
  plan(times: Float64Array): TimesPlan {
    for (const known of this.#byHash.get(hashOf(times)) ?? []) {
      if (same(known.times, times)) return { kind: 'same', ref: known.ref };
    }
    const tried = new Set<Known>();
    for (let i = 0; i < times.length && i < MARK_EVERY * 2; i++) {
      const known = this.#byMark.get(times[i]);
      if (known === undefined || tried.has(known)) continue;
      tried.add(known);
      const steps = differenceOf(times, known.times);
      if (steps !== undefined) return { kind: 'difference', base: known.ref, steps };
    }
    return { kind: 'own' };
  }

  /** Remembers a column under its ref; only `own` ones may be the base of a difference. */
  remember(times: Float64Array, ref: number, own: boolean): void {
    const cost = times.byteLength * 2 + 256;
    if (this.#bytes + cost > this.#bytesMax) {
      // Columns come sorted by series: what is far behind will hardly be shared again.
      this.#byHash.clear();
      this.#byMark.clear();
      this.#bytes = 0;
    }
    this.#bytes += cost;
    const known = { ref, times: times.slice() };
    const hash = hashOf(times);
    const list = this.#byHash.get(hash);
    if (list === undefined) this.#byHash.set(hash, [known]);
    else list.push(known);
    if (!own) return;
    for (let i = 0; i < times.length; i += MARK_EVERY) this.#byMark.set(times[i], known);
  }
}
