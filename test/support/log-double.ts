// A log in memory for tests of what writes into it: it encodes batches as the real one does, and
// reads its records back with a codec of its own, so that a test sees what a head would see. It
// can be told to fail. It has no readers.
import { BatchCodec } from '../../src/engine/codec/batch.ts';
import { labelsOf } from '../../src/engine/codec/canonical.ts';
import { assert, MonError } from '../../src/engine/errors.ts';
import { Kernels } from '../../src/engine/kernels/kernels.ts';
import type { SeriesBook } from '../../src/engine/kernels/series-book.ts';
import type { Batch, MetadataEntry, Tick } from '../../src/engine/model/batch.ts';
import { labelsKey, type Labels } from '../../src/engine/model/labels.ts';
import type { Appended, Log, LogReader } from '../../src/engine/ports.ts';

/** A sample as a reader of the log sees it; `bits` are the value's. */
export interface LoggedSample {
  readonly partition: number;
  readonly lateness: number;
  readonly receivedMs: number;
  readonly labels: Labels;
  readonly timestampMs: number;
  readonly value: number;
  readonly bits: bigint;
}

/** A histogram as a reader of the log sees it. */
export interface LoggedHistogram {
  readonly partition: number;
  readonly lateness: number;
  readonly labels: Labels;
  readonly timestampMs: number;
  readonly body: Uint8Array;
}

export class LogDouble implements Log {
  readonly partitions: number;
  readonly generation = 0;
  readonly records: Uint8Array[][];
  readonly #codec: BatchCodec;
  readonly #book: SeriesBook;
  /** Goes on with every failure, as the real log's does. */
  sequence = 0;
  appends = 0;
  /** Answers the failure of the batch at this index of the next append; cleared by it. */
  failNext: ((index: number) => MonError | undefined) | undefined;

  constructor(book: SeriesBook) {
    this.partitions = book.partitions;
    this.records = Array.from({ length: book.partitions }, () => []);
    this.#book = book;
    this.#codec = new BatchCodec(book.kernels);
  }

  append(batches: readonly Batch[]): Promise<readonly Appended[]> {
    this.appends++;
    const fail = this.failNext;
    this.failNext = undefined;
    const answers = batches.map((batch, i): Appended => {
      const dictionary = { epoch: 7, sequence: this.sequence, book: this.#book };
      const bytes = this.#codec.encode(batch, dictionary);
      const error = fail?.(i);
      if (error !== undefined) {
        this.sequence++;
        return { error };
      }
      return { offset: this.records[batch.partition].push(bytes) - 1 };
    });
    return Promise.resolve(answers);
  }

  /** All samples of all partitions, in log order within each. */
  samples(): LoggedSample[] {
    return this.#read().samples;
  }

  histograms(): LoggedHistogram[] {
    return this.#read().histograms;
  }

  metadata(): MetadataEntry[] {
    return this.#read().metadata;
  }

  ticks(): (Tick & { readonly partition: number })[] {
    return this.#read().ticks;
  }

  #read() {
    const kernels = new Kernels();
    const codec = new BatchCodec(kernels, 'reader');
    const samples: LoggedSample[] = [];
    const histograms: LoggedHistogram[] = [];
    const metadata: MetadataEntry[] = [];
    const ticks: (Tick & { readonly partition: number })[] = [];
    this.records.forEach((records, partition) => {
      const known = new Map<number, Labels>();
      for (const record of records) {
        const open = codec.open(record);
        assert(open.partition === partition, 'a record says its partition');
        open.forEachDefinition((ref, canonical) => known.set(ref, labelsOf(canonical)));
        metadata.push(...open.metadata);
        if (open.tick) ticks.push({ ...open.tick, partition });
        const { lateness } = open;
        const { refs, timestamps, bodies } = open.histograms();
        bodies.forEach((body, i) => {
          const labels = known.get(refs[i]);
          assert(labels !== undefined, 'a series is defined before it is used');
          histograms.push({ partition, lateness, labels, timestampMs: timestamps[i], body });
        });
        const view = new DataView(kernels.memory.buffer);
        for (let i = 0; i < open.floatCount; i++) {
          const labels = known.get(view.getUint32(open.refsAt + i * 4, true));
          assert(labels !== undefined, 'a series is defined before it is used');
          samples.push({
            partition,
            lateness: open.lateness,
            receivedMs: open.receivedMs,
            labels,
            timestampMs: view.getFloat64(open.timestampsAt + i * 8, true),
            value: view.getFloat64(open.valuesAt + i * 8, true),
            bits: view.getBigUint64(open.valuesAt + i * 8, true),
          });
        }
      }
    });
    return { samples, histograms, metadata, ticks };
  }

  start(): Promise<number> {
    return Promise.resolve(0);
  }

  end(partition: number): Promise<number> {
    return Promise.resolve(this.records[partition].length);
  }

  read(): Promise<LogReader> {
    return Promise.reject(new MonError('MON_LOG_CLOSED', 'the double has no readers'));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Samples as sorted lines of text, for comparisons that do not care about partitions. */
export function sampleLines(samples: readonly LoggedSample[]): string[] {
  return samples
    .map((s) => `${labelsKey(s.labels)} ${s.timestampMs} ${s.bits.toString(16)}`)
    .sort();
}
