// Opened log records made by hand in kernel memory, so that tests of the head can say exactly which
// refs, timestamps and value bits it is given, in which order. Values are 64-bit patterns as
// bigint, because a NaN's payload would not survive a JavaScript number.
import { canonicalOf } from '../../src/engine/codec/canonical.ts';
import type { OpenRecord } from '../../src/engine/codec/record.ts';
import type { Kernels } from '../../src/engine/kernels/kernels.ts';
import type { HistogramColumns, MetadataEntry } from '../../src/engine/model/batch.ts';
import { NAME } from '../../src/engine/model/labels.ts';

export interface HandSample {
  readonly ref: number;
  readonly time: number;
  readonly bits: bigint;
}

export interface HandHistogram {
  readonly ref: number;
  readonly time: number;
  /** A Histogram message. */
  readonly body: Uint8Array;
}

export interface HandRecord {
  readonly epoch?: number;
  readonly partition?: number;
  readonly definitions?: readonly (readonly [number, readonly string[]])[];
  readonly samples?: readonly HandSample[];
  readonly histograms?: readonly HandHistogram[];
  readonly metadata?: readonly MetadataEntry[];
}

/** The 64 bits of a float. */
export function bitsOf(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0);
}

/** Labels from a name and pairs, sorted. */
export function labelsOf(name: string, pairs: Readonly<Record<string, string>> = {}): string[] {
  const all = Object.entries({ ...pairs, [NAME]: name });
  return all.sort((a, b) => (a[0] < b[0] ? -1 : 1)).flat();
}

function histogramColumns(histograms: readonly HandHistogram[]): HistogramColumns {
  return {
    refs: Uint32Array.from(histograms, ({ ref }) => ref),
    timestamps: Float64Array.from(histograms, ({ time }) => time),
    bodies: histograms.map(({ body }) => body),
  };
}

/** Calls `use` with the record and frees its memory after. */
export function withOpen<T>(kernels: Kernels, hand: HandRecord, use: (r: OpenRecord) => T): T {
  const definitions = (hand.definitions ?? []).map(([ref, labels]) => ({
    ref,
    bytes: canonicalOf(labels),
  }));
  const samples = hand.samples ?? [];
  const columns = samples.length * 20 + 16;
  const triples = definitions.length * 12 + 16;
  const text = definitions.reduce((sum, { bytes }) => sum + bytes.length, 0) + 16;
  const size = columns + triples + text;
  const at = kernels.exports.alloc(size) >>> 0;
  const { timestampsAt, valuesAt, refsAt } = {
    timestampsAt: at,
    valuesAt: at + samples.length * 8,
    refsAt: at + samples.length * 16,
  };
  const longs = new BigUint64Array(kernels.memory.buffer);
  samples.forEach(({ ref, time, bits }, i) => {
    kernels.f64[timestampsAt / 8 + i] = time;
    longs[valuesAt / 8 + i] = bits;
    kernels.u32[refsAt / 4 + i] = ref;
  });
  const definitionsAt = at + columns - (columns % 4);
  let textAt = definitionsAt + triples;
  definitions.forEach(({ ref, bytes }, i) => {
    kernels.u32.set([ref, textAt, bytes.length], definitionsAt / 4 + i * 3);
    kernels.bytes.set(bytes, textAt);
    textAt += bytes.length;
  });
  try {
    return use({
      epoch: hand.epoch ?? 1,
      sequence: 0,
      partition: hand.partition ?? 0,
      receivedMs: 0,
      lateness: 0,
      floatCount: samples.length,
      refsAt,
      timestampsAt,
      valuesAt,
      definitionCount: definitions.length,
      definitionsAt,
      forEachDefinition: () => undefined,
      metadata: hand.metadata ?? [],
      histogramCount: hand.histograms?.length ?? 0,
      histograms: () => histogramColumns(hand.histograms ?? []),
      exemplarCount: 0,
      exemplars: () => ({
        refs: new Uint32Array(0),
        timestamps: new Float64Array(0),
        values: new Float64Array(0),
        labels: [],
      }),
    });
  } finally {
    kernels.exports.free(at, size);
  }
}
