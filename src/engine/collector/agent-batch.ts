// Records of a log gathered into one remote-write request: rows of the same series together, each
// series with its labels once. It stands between a log's reader and what sends or takes requests.
// Easy to get wrong: refs mean something only within one sequence of one epoch in one partition,
// and several producers take turns; rows of a series keep the order of the log; a value is its
// bits.
import { BatchCodec } from '../codec/batch.ts';
import { canonicalOf, labelsOf } from '../codec/canonical.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { BATCH_DICTIONARIES_MAX } from '../limits-regions.ts';
import type { MetadataEntry } from '../model/batch.ts';
import { makeLabels } from '../model/labels.ts';
import { LATENESS } from '../model/sample.ts';
import type { Delivery } from '../ports.ts';
import { WritePen } from '../wire/write-pen.ts';
import type { RecordFacts } from './region-place.ts';

interface HistogramRow {
  readonly timestampMs: number;
  readonly body: Uint8Array;
}

/** One series of the request that is being gathered. */
interface Gathered {
  readonly canonical: Uint8Array;
  /** Its last float row; each row names the one before it. */
  last: number;
  readonly histograms: HistogramRow[];
}

/** The series of one dictionary. */
interface Known {
  readonly sequence: number;
  readonly series: Map<number, Uint8Array>;
}

/** How canonical bytes of the log become those of the request; may be the same bytes. */
export type Spell = (canonical: Uint8Array) => Uint8Array;

const FIRST_ROWS = 4096;
function factsOf({ partition, epoch, sequence, receivedMs }: RecordFacts): RecordFacts {
  return { partition, epoch, sequence, receivedMs };
}

const NOBODY = new Uint8Array(0);
/** Older dictionaries of a producer that records may still lean on when they come again. */
const SEQUENCES_KEPT = 3;

/** Adds labels to series that have none of that name. */
export function withLabels(external: Readonly<Record<string, string>>): Spell {
  const added = Object.entries(external);
  if (added.length === 0) return (canonical) => canonical;
  return (canonical) => {
    const own = labelsOf(canonical);
    const labels = new Map(added);
    for (let i = 0; i < own.length; i += 2) labels.set(own[i], own[i + 1]);
    return canonicalOf(makeLabels(labels));
  };
}

export class AgentBatch {
  readonly #codec: BatchCodec;
  readonly #kernels: Kernels;
  readonly #spell: Spell;
  readonly #pen = new WritePen();
  /** The newest dictionaries of each producer in each partition, the one used last at the end. */
  readonly #known = new Map<string, Known[]>();
  /** When the newest record that was taken had been received, wall ms; 0 before the first. */
  receivedMs = 0;
  #lost = 0;
  #series = new Map<Uint8Array, Gathered>();
  #metadata: MetadataEntry[] = [];
  #rows = 0;
  #histograms = 0;
  #times = new Float64Array(FIRST_ROWS);
  #words = new Uint32Array(FIRST_ROWS * 2);
  #before = new Int32Array(FIRST_ROWS);

  constructor(kernels: Kernels, spell: Spell = (canonical) => canonical) {
    this.#kernels = kernels;
    this.#codec = new BatchCodec(kernels, 'reader');
    this.#spell = spell;
  }

  /** Samples gathered since the last request. */
  get samples(): number {
    return this.#rows + this.#histograms;
  }

  get empty(): boolean {
    return this.samples === 0 && this.#metadata.length === 0;
  }

  /** Rows since the last call whose series nobody has defined: their dictionary is gone. */
  takeLost(): number {
    const lost = this.#lost;
    this.#lost = 0;
    return lost;
  }

  /** Answers what the record says of itself. @throws MonError MON_RECORD_MALFORMED. */
  take(delivery: Delivery): RecordFacts {
    const record = this.#codec.open(delivery.bytes);
    const known = this.#dictionary(`${record.partition} ${record.epoch}`, record.sequence);
    record.forEachDefinition((ref, canonical) => known.set(ref, this.#spell(canonical).slice()));
    // What is held back goes nowhere but into aggregates, which are records of their own.
    const held = record.lateness === LATENESS.held;
    if (delivery.definitionsOnly || held) return factsOf(record);
    this.receivedMs = Math.max(this.receivedMs, record.receivedMs);
    const { floatCount, refsAt, timestampsAt, valuesAt } = record;
    this.#reserve(floatCount);
    const refs = this.#kernels.u32.subarray(refsAt >>> 2, (refsAt >>> 2) + floatCount);
    const from = timestampsAt >>> 3;
    this.#times.set(this.#kernels.f64.subarray(from, from + floatCount), this.#rows);
    const words = this.#kernels.u32.subarray(valuesAt >>> 2, (valuesAt >>> 2) + floatCount * 2);
    this.#words.set(words, this.#rows * 2);
    for (let i = 0; i < floatCount; i++) {
      const series = this.#seriesOf(known, refs[i]);
      const row = this.#rows++;
      this.#before[row] = series.last;
      series.last = row;
    }
    if (record.histogramCount > 0) {
      const { refs: owners, timestamps, bodies } = record.histograms();
      bodies.forEach((body, i) => {
        this.#seriesOf(known, owners[i]).histograms.push({ timestampMs: timestamps[i], body });
        this.#histograms++;
      });
    }
    this.#metadata.push(...record.metadata);
    return factsOf(record);
  }

  /** The request of all that was gathered; a view until the next call. Gathering begins anew. */
  finish(): Uint8Array {
    const pen = this.#pen;
    pen.clear();
    for (const { canonical, last, histograms } of this.#series.values()) {
      // No series has no labels: these rows have lost theirs.
      if (canonical.length === 0) continue;
      pen.begin();
      pen.canonical(canonical);
      for (const row of this.#forward(last)) {
        pen.sampleBits(this.#words[row * 2], this.#words[row * 2 + 1], this.#times[row]);
      }
      for (const { body, timestampMs } of histograms) pen.histogramAt(body, timestampMs);
      pen.end();
    }
    for (const { family, type, help, unit } of this.#metadata) {
      pen.metadata(family, type, help, unit);
    }
    this.clear();
    return pen.written;
  }

  /** Forgets what was gathered; dictionaries stay. */
  clear(): void {
    this.#series = new Map();
    this.#metadata = [];
    this.#rows = 0;
    this.#histograms = 0;
  }

  /** The rows of a series in their order; they are linked from the last to the first. */
  #forward(last: number): number[] {
    const rows: number[] = [];
    for (let row = last; row >= 0; row = this.#before[row]) rows.push(row);
    return rows.reverse();
  }

  /** The series of a dictionary; one that is new drops the producer's oldest. */
  #dictionary(place: string, sequence: number): Map<number, Uint8Array> {
    const all = this.#known.get(place) ?? [];
    this.#known.delete(place);
    this.#known.set(place, all);
    while (this.#known.size > BATCH_DICTIONARIES_MAX) {
      this.#known.delete(this.#known.keys().next().value as string);
    }
    const found = all.find((one) => one.sequence === sequence);
    if (found !== undefined) return found.series;
    const series = new Map<number, Uint8Array>();
    all.push({ sequence, series });
    if (all.length > SEQUENCES_KEPT) all.shift();
    return series;
  }

  #seriesOf(known: ReadonlyMap<number, Uint8Array>, ref: number): Gathered {
    const canonical = known.get(ref) ?? NOBODY;
    if (canonical === NOBODY) this.#lost++;
    const found = this.#series.get(canonical);
    if (found !== undefined) return found;
    const made: Gathered = { canonical, last: -1, histograms: [] };
    this.#series.set(canonical, made);
    return made;
  }

  #reserve(more: number): void {
    const need = this.#rows + more;
    if (need <= this.#times.length) return;
    const size = Math.max(need, this.#times.length * 2);
    const times = this.#times;
    const words = this.#words;
    const before = this.#before;
    this.#times = new Float64Array(size);
    this.#times.set(times);
    this.#words = new Uint32Array(size * 2);
    this.#words.set(words);
    this.#before = new Int32Array(size);
    this.#before.set(before);
  }
}
