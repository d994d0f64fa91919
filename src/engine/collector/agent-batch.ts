// Records of an agent's log gathered into one remote-write request: rows of the same series
// together, each series with its labels once. It stands between the log's reader and the sender.
// Easy to get wrong: refs mean something only within one sequence of one epoch; rows of a series
// keep the order of the log; a value is its bits.
import { BatchCodec } from '../codec/batch.ts';
import { canonicalOf, labelsOf } from '../codec/canonical.ts';
import type { Kernels } from '../kernels/kernels.ts';
import type { MetadataEntry } from '../model/batch.ts';
import { makeLabels } from '../model/labels.ts';
import { LATENESS } from '../model/sample.ts';
import type { Delivery } from '../ports.ts';
import { WritePen } from '../wire/write-pen.ts';

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

const FIRST_ROWS = 4096;

export class AgentBatch {
  readonly #codec: BatchCodec;
  readonly #kernels: Kernels;
  readonly #external: readonly (readonly [string, string])[];
  readonly #pen = new WritePen();
  /** Canonical bytes of the refs of one sequence. */
  #known = new Map<number, Uint8Array>();
  #place = '';
  #series = new Map<Uint8Array, Gathered>();
  #metadata: MetadataEntry[] = [];
  #rows = 0;
  #histograms = 0;
  #times = new Float64Array(FIRST_ROWS);
  #words = new Uint32Array(FIRST_ROWS * 2);
  #before = new Int32Array(FIRST_ROWS);

  /** `external` are labels for series that have none of that name. */
  constructor(kernels: Kernels, external: Readonly<Record<string, string>> = {}) {
    this.#kernels = kernels;
    this.#codec = new BatchCodec(kernels, 'reader');
    this.#external = Object.entries(external);
  }

  /** Samples gathered since the last request. */
  get samples(): number {
    return this.#rows + this.#histograms;
  }

  get empty(): boolean {
    return this.samples === 0 && this.#metadata.length === 0;
  }

  /** @throws MonError MON_RECORD_MALFORMED. */
  take(delivery: Delivery): void {
    const record = this.#codec.open(delivery.bytes);
    // What is held back goes nowhere but into aggregates, which are records of their own.
    if (record.lateness === LATENESS.held) return;
    const place = `${record.epoch} ${record.sequence}`;
    if (place !== this.#place) {
      this.#known = new Map();
      this.#place = place;
    }
    record.forEachDefinition((ref, canonical) => this.#known.set(ref, this.#spelled(canonical)));
    if (delivery.definitionsOnly) return;
    const { floatCount, refsAt, timestampsAt, valuesAt } = record;
    this.#reserve(floatCount);
    const refs = this.#kernels.u32.subarray(refsAt >>> 2, (refsAt >>> 2) + floatCount);
    const from = timestampsAt >>> 3;
    this.#times.set(this.#kernels.f64.subarray(from, from + floatCount), this.#rows);
    const words = this.#kernels.u32.subarray(valuesAt >>> 2, (valuesAt >>> 2) + floatCount * 2);
    this.#words.set(words, this.#rows * 2);
    for (let i = 0; i < floatCount; i++) {
      const series = this.#seriesOf(refs[i]);
      const row = this.#rows++;
      this.#before[row] = series.last;
      series.last = row;
    }
    if (record.histogramCount > 0) {
      const { refs: owners, timestamps, bodies } = record.histograms();
      bodies.forEach((body, i) => {
        this.#seriesOf(owners[i]).histograms.push({ timestampMs: timestamps[i], body });
        this.#histograms++;
      });
    }
    this.#metadata.push(...record.metadata);
  }

  /** The request of all that was gathered; a view until the next call. Gathering begins anew. */
  finish(): Uint8Array {
    const pen = this.#pen;
    pen.clear();
    for (const { canonical, last, histograms } of this.#series.values()) {
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
    this.#series = new Map();
    this.#metadata = [];
    this.#rows = 0;
    this.#histograms = 0;
    return pen.written;
  }

  /** The rows of a series in their order; they are linked from the last to the first. */
  #forward(last: number): number[] {
    const rows: number[] = [];
    for (let row = last; row >= 0; row = this.#before[row]) rows.push(row);
    return rows.reverse();
  }

  #seriesOf(ref: number): Gathered {
    const canonical = this.#known.get(ref) ?? new Uint8Array(0);
    const found = this.#series.get(canonical);
    if (found !== undefined) return found;
    const made: Gathered = { canonical, last: -1, histograms: [] };
    this.#series.set(canonical, made);
    return made;
  }

  #spelled(canonical: Uint8Array): Uint8Array {
    if (this.#external.length === 0) return canonical.slice();
    const own = labelsOf(canonical);
    const labels = new Map(this.#external);
    for (let i = 0; i < own.length; i += 2) labels.set(own[i], own[i + 1]);
    return canonicalOf(makeLabels(labels));
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
