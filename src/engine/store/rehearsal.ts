// A few made-up series in a store of their own: what a shard's thread rehearses queries on before
// the first real one comes, so that its code has been compiled by then. Nothing of it is stored.
// Easy to get wrong: V8 compiles for the objects that it has seen, so this is a store like the
// shard's, in the memory of the same kernels, whose functions are objects too.
import { canonicalOf } from '../codec/canonical.ts';
import type { OpenRecord } from '../codec/record.ts';
import type { Head } from '../head/head.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { NAME, makeLabels } from '../model/labels.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Disk } from '../runtime/disk.ts';
import { Store } from './store.ts';
import { StoreSource } from './store-source.ts';

/** The metrics of the rehearsal, a counter and a gauge, and when their samples end. */
export const REHEARSAL = {
  counter: 'rehearsal_total',
  gauge: 'rehearsal',
  endMs: 1_700_000_000_000,
} as const;

const SERIES = 160;
const SAMPLES = 180;
const INTERVAL_MS = 10_000;
/** As many as an embedded log has: answers are put together from several heads. */
const PARTITIONS = [0, 1, 2, 3];
/** Series of a partition; they differ in all labels. */
const EACH = SERIES / PARTITIONS.length;

/** A source over the made-up series, and how to give their memory back. */
export interface Rehearsal {
  readonly source: StoreSource;
  end(): void;
}

/** The source goes the ways that the shard's own goes. */
export async function openRehearsal(clock: Clock, kernels: Kernels): Promise<Rehearsal> {
  const more = { partitions: PARTITIONS, generation: 1, clock, kernels };
  const store = await Store.open({ ...more, folder: '/', disk: NOWHERE as Disk });
  for (const head of store.heads.values()) {
    define(kernels, head);
    fill(kernels, head);
  }
  return {
    source: new StoreSource(store, clock),
    end: () => store.heads.forEach((head) => head.close()),
  };
}

/** A disk on which nothing is. */
const NOWHERE: Pick<Disk, 'makeFolder' | 'exists'> = {
  makeFolder: () => Promise.resolve(),
  exists: () => Promise.resolve(false),
};

/** Of all series the n-th of a partition. */
function refOf({ partition }: Head, n: number): number {
  return n * PARTITIONS.length + partition;
}

/** Each host has a counter and a gauge, in different partitions. */
function labelsOf(ref: number): readonly string[] {
  return makeLabels([
    [NAME, ref % 2 === 0 ? REHEARSAL.counter : REHEARSAL.gauge],
    ['host', `host-${ref >> 1}`],
    ['zone', `zone-${(ref >> 1) % 3}`],
  ]);
}

function define(kernels: Kernels, head: Head): void {
  const all = Array.from({ length: EACH }, (_, n) => canonicalOf(labelsOf(refOf(head, n))));
  const bytes = Uint8Array.from(all.flatMap((one) => [...one]));
  const text = kernels.put(bytes);
  const definitionsAt = kernels.exports.alloc(EACH * 12) >>> 0;
  let at = text;
  all.forEach(({ length }, n) => {
    kernels.u32.set([n, at, length], definitionsAt / 4 + n * 3);
    at += length;
  });
  head.applyOpen(record(head, { definitionCount: EACH, definitionsAt }));
  kernels.exports.free(definitionsAt, EACH * 12);
  kernels.exports.free(text, bytes.length);
}

function fill(kernels: Kernels, head: Head): void {
  const at = kernels.exports.alloc(EACH * 20) >>> 0;
  const columns = { timestampsAt: at, valuesAt: at + EACH * 8, refsAt: at + EACH * 16 };
  for (let step = 0; step < SAMPLES; step++) {
    const time = REHEARSAL.endMs - (SAMPLES - 1 - step) * INTERVAL_MS;
    for (let n = 0; n < EACH; n++) {
      const ref = refOf(head, n);
      kernels.f64[columns.timestampsAt / 8 + n] = time;
      // Counters that are reset, gauges with decimals.
      const value = ref % 2 === 0 ? ((step + ref) % 100) * ref : ((step * ref) % 97) / 10;
      kernels.f64[columns.valuesAt / 8 + n] = value;
      kernels.u32[columns.refsAt / 4 + n] = n;
    }
    head.applyOpen(record(head, { floatCount: EACH, ...columns }));
  }
  kernels.exports.free(at, EACH * 20);
}

const noRefs = new Uint32Array(0);
const noNumbers = new Float64Array(0);

function record({ partition }: Head, more: Partial<OpenRecord>): OpenRecord {
  return {
    ...{ epoch: 1, sequence: 0, partition, receivedMs: 0, lateness: 0, metadata: [] },
    ...{ floatCount: 0, refsAt: 0, timestampsAt: 0, valuesAt: 0 },
    ...{ definitionCount: 0, definitionsAt: 0, histogramCount: 0, exemplarCount: 0 },
    forEachDefinition: () => undefined,
    histograms: () => ({ refs: noRefs, timestamps: noNumbers, bodies: [] }),
    exemplars: () => ({ refs: noRefs, timestamps: noNumbers, values: noNumbers, labels: [] }),
    ...more,
  };
}
