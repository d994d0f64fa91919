// A log with a scribe: every batch that is appended goes into the model, and so does every answer.
// It stands between the door and the log. Easy to get wrong: the columns are views of kernel
// memory and must be read before append is called.
import { strict as assert } from 'node:assert';
import type { SeriesBook } from '../../src/engine/kernels/series-book.ts';
import type { Batch, HistogramColumns } from '../../src/engine/model/batch.ts';
import { labelsKey } from '../../src/engine/model/labels.ts';
import type { Appended, Log, LogReader, Offset } from '../../src/engine/ports.ts';
import { sentHistogram } from './latency.ts';
import type { Model, SentRecord } from './model.ts';
import type { Sent } from './sent.ts';

export interface ScribeOptions {
  readonly log: Log;
  readonly model: Model;
  readonly book: SeriesBook;
  /** Told of an answer that cannot be. */
  readonly broke: (thrown: unknown) => void;
}

export class ScribeLog implements Log {
  /** Records of the newest calls of append; whoever wants to know empties it before. */
  taken: SentRecord[] = [];
  /** Calls of append that have not been answered. */
  inFlight = 0;
  /** Batches that were refused, by code. */
  readonly refusals = new Map<string, number>();
  readonly #log: Log;
  readonly #model: Model;
  readonly #book: SeriesBook;
  readonly #broke: (thrown: unknown) => void;
  readonly #keys = new Map<number, string>();

  constructor({ log, model, book, broke }: ScribeOptions) {
    this.#log = log;
    this.#model = model;
    this.#book = book;
    this.#broke = broke;
  }

  get partitions(): number {
    return this.#log.partitions;
  }

  get generation(): number {
    return this.#log.generation;
  }

  append(batches: readonly Batch[]): Promise<readonly Appended[]> {
    const records = batches.map((batch) => this.#record(batch));
    for (const record of records) this.#model.ask(record);
    this.taken.push(...records);
    this.inFlight++;
    return this.#log.append(batches).then((answers) => {
      this.inFlight--;
      try {
        assert.equal(answers.length, records.length, 'one answer a batch');
        answers.forEach((answer, i) => this.#answered(records[i], answer));
      } catch (thrown) {
        // Whoever appended may have nobody who hears of a bug: the life hears of it itself.
        this.#broke(thrown);
      }
      return answers;
    });
  }

  start(partition: number): Promise<Offset> {
    return this.#log.start(partition);
  }

  end(partition: number): Promise<Offset> {
    return this.#log.end(partition);
  }

  read(reader: string, from: ReadonlyMap<number, Offset>): Promise<LogReader> {
    return this.#log.read(reader, from);
  }

  close(): Promise<void> {
    return this.#log.close();
  }

  /** The key of a ref's series, remembered until the book may have forgotten it. */
  keyOf(ref: number): string {
    let key = this.#keys.get(ref);
    if (key === undefined) this.#keys.set(ref, (key = labelsKey(this.#book.labels(ref))));
    return key;
  }

  /** Rows of columns as samples. */
  rows(refs: Uint32Array, timestamps: Float64Array, values: Float64Array): Sent[] {
    const bits = new BigUint64Array(values.buffer, values.byteOffset, values.length);
    return Array.from(refs, (ref, i) => ({
      series: this.keyOf(ref),
      t: timestamps[i],
      bits: bits[i],
    }));
  }

  #record(batch: Batch): SentRecord {
    const { partition, receivedMs, lateness, floats, histograms, metadata = [], tick } = batch;
    if (tick) this.#keys.clear();
    const samples = floats ? this.rows(floats.refs, floats.timestamps, floats.values) : [];
    if (histograms) samples.push(...this.#histograms(histograms));
    return { partition, receivedMs, lateness, samples, metadata, ...(tick ? { tick } : {}) };
  }

  #histograms({ refs, timestamps, bodies }: HistogramColumns): Sent[] {
    return bodies.map((body, i) => sentHistogram(this.keyOf(refs[i]), timestamps[i], body));
  }

  #answered(record: SentRecord, answer: Appended): void {
    if ('offset' in answer) return this.#model.stands(record, answer.offset);
    const { code, fields } = answer.error;
    this.refusals.set(code, (this.refusals.get(code) ?? 0) + 1);
    if (fields['certain'] !== 0) this.#model.refused(record);
  }
}
