// Batches for property tests of the record: every section, values of every kind, refs in every
// order. Columns are of JavaScript's own memory or, on wish, of the kernels'.
import { canonicalOf } from '../../src/engine/codec/canonical.ts';
import type { Kernels } from '../../src/engine/kernels/kernels.ts';
import type { SeriesBook } from '../../src/engine/kernels/series-book.ts';
import type { Batch } from '../../src/engine/model/batch.ts';
import type { Lateness } from '../../src/engine/model/sample.ts';
import type { Random } from '../../src/engine/runtime/random.ts';
import { below, pick, randomBytes, randomLabels } from './random-labels.ts';

const SPECIAL_BITS = [
  0x0000000000000000n,
  0x8000000000000000n,
  0x7ff0000000000000n,
  0xfff0000000000000n,
  0x7ff8000000000000n,
  0x7ff0000000000002n,
  0xffffffffffffffffn,
  0x0000000000000001n,
  0x7fefffffffffffffn,
  0x433fffffffffffffn,
  0x4340000000000000n,
  0x43e0000000000000n,
  0xc3e0000000000000n,
];

/** Value bits as samples have them, and as they should never be. */
function randomValues(random: Random, count: number): Float64Array {
  const values = new Float64Array(count);
  const bits = new BigUint64Array(values.buffer);
  const kind = below(random, 6);
  for (let i = 0; i < count; i++) {
    const which = kind === 5 ? below(random, 5) : kind;
    if (which === 0) values[i] = below(random, 1000);
    else if (which === 1) values[i] = Math.round((random() - 0.5) * 2 ** below(random, 62));
    else if (which === 2) values[i] = below(random, 100) / 10;
    else if (which === 3) bits[i] = pick(random, SPECIAL_BITS);
    else bits[i] = randomBytes(random, 8).reduce((all, byte) => (all << 8n) | BigInt(byte), 0n);
  }
  return values;
}

/** Whole ms: one time, a few, steps, or anything up to 2^53. */
export function randomTimes(random: Random, count: number): Float64Array {
  const kind = below(random, 5);
  const base = 1_700_000_000_000 + below(random, 1e9);
  return Float64Array.from({ length: count }, (_, i) => {
    if (kind === 0) return base;
    if (kind === 1) return base + below(random, 3) * 15_000;
    if (kind === 2) return base + i * 10_000 + below(random, 5);
    if (kind === 3) return 0;
    return Math.round((random() - 0.5) * 2 ** 53);
  });
}

/** Refs of the book: rising, one run, with doubles, or in any order. */
function randomRefs(random: Random, count: number, refs: number): Uint32Array {
  const kind = below(random, 4);
  const start = below(random, refs);
  return Uint32Array.from({ length: count }, (_, i) => {
    if (kind === 0) return (start + i) % refs;
    if (kind === 1) return (start + i * 3 + below(random, 2)) % refs;
    if (kind === 2) return start;
    return below(random, refs);
  });
}

/** A batch with at least one section; `refs` series are in the book. */
export function randomBatch(random: Random, refs: number): Batch {
  const count = 1 + below(random, pick(random, [1, 3, 20, 300]));
  const side = 1 + below(random, 10);
  const has = (chance: number): boolean => random() < chance;
  const floats = {
    refs: randomRefs(random, count, refs),
    timestamps: randomTimes(random, count),
    values: randomValues(random, count),
  };
  const histograms = {
    refs: randomRefs(random, side, refs),
    timestamps: randomTimes(random, side),
    bodies: Array.from({ length: side }, () => randomBytes(random, below(random, 200))),
  };
  const exemplars = {
    refs: randomRefs(random, side, refs),
    timestamps: randomTimes(random, side),
    values: randomValues(random, side),
    labels: Array.from({ length: side }, () => canonicalOf(randomLabels(random))),
  };
  const texts = ['', 'a', 'requests_total', 'ü 日本 👩‍🚀', 'x'.repeat(300)];
  const text = (): string => pick(random, texts);
  const metadata = Array.from({ length: side }, () => {
    return { family: text(), type: text(), help: text(), unit: text() };
  });
  const withFloats = has(0.8);
  return {
    partition: below(random, 4096),
    receivedMs: 1_700_000_000_000 + below(random, 1e9),
    lateness: below(random, 3) as Lateness,
    ...(withFloats ? { floats } : {}),
    ...(withFloats && has(0.2) ? { starts: randomTimes(random, count) } : {}),
    ...(has(0.2) ? { histograms } : {}),
    ...(has(0.2) ? { exemplars } : {}),
    ...(has(0.2) ? { metadata } : {}),
    ...(has(0.2) || !withFloats ? { tick: { timeMs: 1_700_000_000_123, watermarkMs: -5 } } : {}),
  };
}

/** The same batch with its float columns in kernel memory, as the door has them. */
export function inKernel(batch: Batch, kernels: Kernels): Batch {
  if (batch.floats === undefined) return batch;
  const { refs, timestamps, values } = batch.floats;
  const at = kernels.exports.alloc(refs.length * 20 + 16) >>> 0;
  const { buffer } = kernels.memory;
  const count = refs.length;
  const floats = {
    values: new Float64Array(buffer, at, count),
    timestamps: new Float64Array(buffer, at + count * 8, count),
    refs: new Uint32Array(buffer, at + count * 16, count),
  };
  floats.refs.set(refs);
  floats.timestamps.set(timestamps);
  kernels.bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
  return { ...batch, floats };
}

/** Numbers `count` random series and answers how many refs there are. */
export function fillBook(random: Random, book: SeriesBook, count: number): number {
  for (let i = 0; i < count; i++) book.refOfLabels(randomLabels(random));
  return book.refs;
}
