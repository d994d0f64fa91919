// A few made-up series in a memory of their own: what a shard's thread rehearses queries on before
// the first real one comes, so that its code has been compiled by then. Nothing of it is stored.
import { canonicalOf } from '../codec/canonical.ts';
import type { OpenRecord } from '../codec/record.ts';
import { BugError } from '../errors.ts';
import { Head } from '../head/head.ts';
import { Kernels } from '../kernels/kernels.ts';
import { NAME, makeLabels } from '../model/labels.ts';
import type { Clock } from '../runtime/clock.ts';
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

/** A source over the made-up series; it goes the ways that the store's own goes. */
export function rehearsalSource(clock: Clock): StoreSource {
  const kernels = new Kernels();
  const head = new Head(kernels, { partition: 0 });
  define(kernels, head);
  fill(kernels, head);
  const none = {
    ...{ partitions: new Map(), cold: undefined, handedOver: 0, truncations: 0 },
    ...{ blocksTouched: () => 0, lost: () => [], setAside: () => Promise.resolve(false) },
    stats: (): never => unasked(),
  };
  return new StoreSource({ ...none, heads: new Map([[0, head]]), readers: () => [head] }, clock);
}

function unasked(): never {
  throw new BugError('nobody asks a rehearsal for its figures');
}

function labelsOf(ref: number): readonly string[] {
  return makeLabels([
    [NAME, ref % 2 === 0 ? REHEARSAL.counter : REHEARSAL.gauge],
    ['host', `host-${ref >> 1}`],
    ['zone', `zone-${(ref >> 1) % 3}`],
  ]);
}

function define(kernels: Kernels, head: Head): void {
  const all = Array.from({ length: SERIES }, (_, ref) => canonicalOf(labelsOf(ref)));
  const text = kernels.put(Uint8Array.from(all.flatMap((bytes) => [...bytes])));
  const definitionsAt = kernels.exports.alloc(SERIES * 12) >>> 0;
  let at = text;
  all.forEach(({ length }, ref) => {
    kernels.u32.set([ref, at, length], definitionsAt / 4 + ref * 3);
    at += length;
  });
  head.applyOpen(record({ definitionCount: SERIES, definitionsAt }));
}

function fill(kernels: Kernels, head: Head): void {
  const at = kernels.exports.alloc(SERIES * 20) >>> 0;
  const columns = { timestampsAt: at, valuesAt: at + SERIES * 8, refsAt: at + SERIES * 16 };
  for (let step = 0; step < SAMPLES; step++) {
    const time = REHEARSAL.endMs - (SAMPLES - 1 - step) * INTERVAL_MS;
    for (let ref = 0; ref < SERIES; ref++) {
      kernels.f64[columns.timestampsAt / 8 + ref] = time;
      // Counters that are reset, gauges with decimals.
      const value = ref % 2 === 0 ? ((step + ref) % 100) * ref : ((step * ref) % 97) / 10;
      kernels.f64[columns.valuesAt / 8 + ref] = value;
      kernels.u32[columns.refsAt / 4 + ref] = ref;
    }
    head.applyOpen(record({ floatCount: SERIES, ...columns }));
  }
}

const noRefs = new Uint32Array(0);
const noNumbers = new Float64Array(0);

function record(more: Partial<OpenRecord>): OpenRecord {
  return {
    ...{ epoch: 1, sequence: 0, partition: 0, receivedMs: 0, lateness: 0, metadata: [] },
    ...{ floatCount: 0, refsAt: 0, timestampsAt: 0, valuesAt: 0 },
    ...{ definitionCount: 0, definitionsAt: 0, histogramCount: 0, exemplarCount: 0 },
    forEachDefinition: () => undefined,
    histograms: () => ({ refs: noRefs, timestamps: noNumbers, bodies: [] }),
    exemplars: () => ({ refs: noRefs, timestamps: noNumbers, values: noNumbers, labels: [] }),
    ...more,
  };
}
