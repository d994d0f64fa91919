// Takes records of the log into the state of aggregation: definitions, samples, ticks, metadata.
// The hot loop of aggregation. Easy to get wrong: numbers of series mean something within one epoch
// only, and what is held back has a dictionary of its own.
import { BatchReader } from '../../codec/batch-reader.ts';
import type { OpenRecord } from '../../codec/record.ts';
import { MonError } from '../../errors.ts';
import type { Kernels } from '../../kernels/kernels.ts';
import { HEAD_EPOCHS_MAX } from '../../limits.ts';
import { LATENESS, STALE_HIGH, STALE_LOW } from '../../model/sample.ts';
import type { Delivery } from '../../ports.ts';
import type { FoldSeries, FoldState } from './fold-state.ts';

/** Partition 0 carries metadata. */
const METADATA_PARTITION = 0;

export class RecordFold {
  readonly #kernels: Kernels;
  readonly #reader: BatchReader;
  readonly #state: FoldState;
  /** Number of the series + 1 by ref; by epoch and whether it is held back. */
  readonly #tables = new Map<number, Int32Array>();
  /** Records that could not be read. */
  malformed = 0;

  constructor(kernels: Kernels, state: FoldState) {
    this.#kernels = kernels;
    this.#reader = new BatchReader(kernels);
    this.#state = state;
  }

  take({ bytes, partition, definitionsOnly }: Delivery): void {
    let record: OpenRecord;
    try {
      record = this.#reader.open(bytes);
    } catch (thrown) {
      // The store counts what is malformed; here it is only passed.
      if (!(thrown instanceof MonError) || thrown.kind !== 'data') throw thrown;
      this.malformed++;
      return;
    }
    const held = record.lateness === LATENESS.held;
    if (record.definitionCount > 0) this.#define(record, held);
    if (definitionsOnly) return;
    const state = this.#state;
    if (record.metadata.length > 0) {
      state.kinds.learn(record.metadata, state.clocks[METADATA_PARTITION]);
    }
    if (record.floatCount > 0) this.#samples(record, partition, held);
    if (record.tick !== undefined) state.tick(partition, record.tick.timeMs);
  }

  /** Shows living series of a producer to rules that came after their definitions. */
  showAgain(epoch: number, canonicals: Iterable<readonly [number, Uint8Array]>): void {
    let table = this.#tableOf(epoch, false);
    for (const [ref, canonical] of canonicals) table = this.#put(table, ref, canonical, false);
    this.#tables.set(epoch * 2, table);
  }

  #define(record: OpenRecord, held: boolean): void {
    let table = this.#tableOf(record.epoch, held);
    record.forEachDefinition((ref, canonical) => {
      table = this.#put(table, ref, canonical, held);
    });
    this.#tables.set(record.epoch * 2 + (held ? 1 : 0), table);
  }

  #put(given: Int32Array, ref: number, canonical: Uint8Array, held: boolean): Int32Array {
    let table = given;
    const series = this.#state.seriesOf(canonical, held);
    if (ref >= table.length) {
      if (series < 0) return table;
      const wider = new Int32Array(Math.max(table.length * 2, ref + 1));
      wider.set(table);
      table = wider;
    }
    const before = table[ref] - 1;
    if (before === series) return table;
    if (before >= 0) this.#seriesAt(before).refs--;
    if (series >= 0) this.#seriesAt(series).refs++;
    table[ref] = series + 1;
    return table;
  }

  #tableOf(epoch: number, held: boolean): Int32Array {
    const key = epoch * 2 + (held ? 1 : 0);
    const known = this.#tables.get(key);
    if (known !== undefined) return known;
    if (this.#tables.size >= HEAD_EPOCHS_MAX * 2) {
      const [[oldest, table]] = this.#tables;
      for (const entry of table) if (entry > 0) this.#seriesAt(entry - 1).refs--;
      this.#tables.delete(oldest);
    }
    return new Int32Array(1024);
  }

  #seriesAt(number: number): FoldSeries {
    return this.#state.series[number] as FoldSeries;
  }

  #samples(record: OpenRecord, partition: number, held: boolean): void {
    const table = this.#tables.get(record.epoch * 2 + (held ? 1 : 0));
    if (table === undefined) return;
    const { floatCount: count, refsAt, timestampsAt, valuesAt } = record;
    const { u32, f64 } = this.#kernels;
    const [refs, times, words] = [refsAt >>> 2, timestampsAt >>> 3, valuesAt >>> 2];
    const state = this.#state;
    state.from(partition, held);
    for (let i = 0; i < count; i++) {
      const ref = u32[refs + i];
      const number = ref < table.length ? table[ref] : 0;
      if (number === 0) continue;
      const low = u32[words + i * 2];
      const high = u32[words + i * 2 + 1];
      // The end of a series is no sample of it.
      if (low === STALE_LOW && high === STALE_HIGH) continue;
      state.take(number - 1, f64[times + i], low, high);
    }
  }
}
