// Writes a Batch as a log record: columns by the kernels, the small sections here, all into one
// piece of kernel memory that is reserved once. Easy to get wrong: nothing may grow the memory
// while the columns of a batch are views of it; columns from elsewhere are copied in after all
// addresses are taken.
import { assert } from '../errors.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { RECORD_UNFOLDED_BYTES_MAX } from '../limits.ts';
import type { Batch, ExemplarColumns, HistogramColumns, MetadataEntry } from '../model/batch.ts';
import { LATENESS } from '../model/sample.ts';
import {
  Area,
  HELD_DICTIONARY,
  RECORD_HEAD_BYTES,
  RECORD_VERSION,
  SECTION,
  SECTION_HEAD_BYTES,
} from './batch-layout.ts';
import type { Dictionary } from './record.ts';
import { RecordPen, recordTooLarge } from './record-bytes.ts';

type Column = Uint32Array | Float64Array;

/** Addresses of all columns of a batch, 0 where it has none, and how long they are. */
interface Places {
  floatCount: number;
  histogramCount: number;
  exemplarCount: number;
  floatRefs: number;
  floatTimes: number;
  floatValues: number;
  starts: number;
  histogramRefs: number;
  histogramTimes: number;
  exemplarRefs: number;
  exemplarTimes: number;
  exemplarValues: number;
}

/** The columns of a kind have one length. */
function checkLengths({ floats, starts, histograms, exemplars }: Batch): void {
  const same = (...columns: (ArrayLike<unknown> | undefined)[]): boolean =>
    columns.every((column) => column === undefined || column.length === columns[0]?.length);
  assert(same(floats?.refs, floats?.timestamps, floats?.values, starts), 'float columns differ');
  assert(same(histograms?.refs, histograms?.timestamps, histograms?.bodies), 'histograms differ');
  const { refs, timestamps, values, labels } = exemplars ?? {};
  assert(same(refs, timestamps, values, labels), 'exemplar columns differ');
}

export class BatchWriter {
  readonly #kernels: Kernels;
  readonly #start: number;
  readonly #end: number;
  readonly #foreign: Area;
  #words: DataView;

  constructor(kernels: Kernels, bytes: number) {
    this.#kernels = kernels;
    this.#start = kernels.exports.alloc(bytes) >>> 0;
    this.#end = this.#start + bytes;
    this.#foreign = new Area(kernels);
    this.#words = new DataView(kernels.memory.buffer);
  }

  write(batch: Batch, target: Dictionary): Uint8Array {
    const places = this.#places(batch);
    this.#kernels.exports.writeLimit(this.#end);
    const held = batch.lateness === LATENESS.held;
    // What nobody else opens must not define series for the others.
    const sequence = held ? (target.sequence | HELD_DICTIONARY) >>> 0 : target.sequence;
    this.#head(batch, target.epoch, sequence);
    const from = this.#start + RECORD_HEAD_BYTES;
    let at = this.#definitions(places, sequence);
    const defined = this.#kernels.exports.definedCount();
    try {
      at = this.#floats(batch, places, at);
      if (batch.histograms) at = this.#histograms(batch.histograms, places, at);
      if (batch.exemplars) at = this.#exemplars(batch.exemplars, places, at);
      if (batch.metadata?.length) at = this.#metadata(batch.metadata, at);
      if (batch.tick) at = this.#tick(batch.tick.timeMs, batch.tick.watermarkMs, at);
    } catch (failure) {
      this.#kernels.exports.undefine(from + SECTION_HEAD_BYTES + 4, defined);
      throw failure;
    }
    assert(at > from, 'a batch has at least one section');
    return this.#kernels.bytes.slice(this.#start, at);
  }

  /** Addresses of the columns. Columns outside kernel memory are copied in, aligned to 8. */
  #places(batch: Batch): Places {
    const { floats, starts, histograms, exemplars } = batch;
    const columns: (Column | undefined)[] = [
      floats?.refs,
      floats?.timestamps,
      floats?.values,
      starts,
      histograms?.refs,
      histograms?.timestamps,
      exemplars?.refs,
      exemplars?.timestamps,
      exemplars?.values,
    ];
    checkLengths(batch);
    const memory = this.#kernels.memory.buffer;
    // Counts too: a view of a memory that has grown since has no length any more.
    const floatCount = floats?.refs.length ?? 0;
    const histogramCount = histograms?.refs.length ?? 0;
    const exemplarCount = exemplars?.refs.length ?? 0;
    let size = 0;
    // Addresses first: room() may grow the memory, and then views of it say nothing any more.
    const at = columns.map((column) => {
      if (column === undefined) return 0;
      if (column.buffer === memory) return column.byteOffset;
      size += (column.byteLength + 7) & ~7;
      return -1;
    });
    if (size > 0) {
      let to = this.#foreign.room(size);
      const bytes = this.#kernels.bytes;
      columns.forEach((column, i) => {
        if (column === undefined || at[i] !== -1) return;
        at[i] = to;
        bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), to);
        to += (column.byteLength + 7) & ~7;
      });
    }
    return {
      floatCount,
      histogramCount,
      exemplarCount,
      floatRefs: at[0],
      floatTimes: at[1],
      floatValues: at[2],
      starts: at[3],
      histogramRefs: at[4],
      histogramTimes: at[5],
      exemplarRefs: at[6],
      exemplarTimes: at[7],
      exemplarValues: at[8],
    };
  }

  #view(): DataView {
    if (this.#words.buffer !== this.#kernels.memory.buffer) {
      this.#words = new DataView(this.#kernels.memory.buffer);
    }
    return this.#words;
  }

  #head(batch: Batch, epoch: number, sequence: number): void {
    const view = this.#view();
    const at = this.#start;
    view.setUint8(at, RECORD_VERSION);
    view.setUint8(at + 1, batch.lateness);
    view.setUint16(at + 2, batch.partition, true);
    view.setUint32(at + 4, epoch, true);
    view.setUint32(at + 8, sequence, true);
    view.setUint32(at + 12, 0, true);
    view.setBigInt64(at + 16, BigInt(batch.receivedMs), true);
  }

  /** Writes a section's head over the bytes before `from` and answers its end. */
  #close(tag: number, from: number, end: number): number {
    const view = this.#view();
    view.setUint8(from, tag);
    view.setUint32(from + 1, end - from - SECTION_HEAD_BYTES, true);
    return end;
  }

  /** The place behind a column, or the failure that its 0 means. */
  #wrote(end: number): number {
    if (end === 0) throw recordTooLarge();
    assert(end !== 1, 'timestamps are whole milliseconds');
    return end >>> 0;
  }

  /** Room for a section's head and a count of u32. */
  #open(at: number, count: number): number {
    const from = at + SECTION_HEAD_BYTES;
    if (from + 4 > this.#end) throw recordTooLarge();
    this.#view().setUint32(from, count, true);
    return from + 4;
  }

  #definitions(places: Places, sequence: number): number {
    const x = this.#kernels.exports;
    const from = this.#start + RECORD_HEAD_BYTES;
    const first = from + SECTION_HEAD_BYTES + 4;
    x.defineBegin();
    let at = first;
    const columns = [
      [places.floatRefs, places.floatCount],
      [places.histogramRefs, places.histogramCount],
      [places.exemplarRefs, places.exemplarCount],
    ];
    for (const [refs, count] of columns) {
      if (count === 0) continue;
      at = x.writeDefinitions(refs, count, sequence, at) >>> 0;
      if (at === 0 || x.definedBytes() > RECORD_UNFOLDED_BYTES_MAX) {
        x.undefine(first, x.definedCount());
        throw recordTooLarge();
      }
    }
    const count = x.definedCount();
    if (count === 0) return from;
    this.#open(from, count);
    return this.#close(SECTION.definitions, from, at);
  }

  #floats(batch: Batch, places: Places, start: number): number {
    const count = places.floatCount;
    if (count === 0) return start;
    const x = this.#kernels.exports;
    let at = this.#open(start, count);
    at = this.#wrote(x.writeRefs(places.floatRefs, count, at));
    at = this.#wrote(x.writeTimes(places.floatTimes, count, at));
    at = this.#wrote(x.writeValues(places.floatValues, count, at));
    at = this.#close(SECTION.floats, start, at);
    if (batch.starts === undefined) return at;
    const end = this.#wrote(x.writeTimes(places.starts, count, this.#open(at, count)));
    return this.#close(SECTION.starts, at, end);
  }

  #histograms(columns: HistogramColumns, places: Places, start: number): number {
    const count = places.histogramCount;
    if (count === 0) return start;
    const x = this.#kernels.exports;
    let at = this.#open(start, count);
    at = this.#wrote(x.writeRefs(places.histogramRefs, count, at));
    at = this.#wrote(x.writeTimes(places.histogramTimes, count, at));
    return this.#close(SECTION.histograms, start, this.#blobs(columns.bodies, at));
  }

  #exemplars(columns: ExemplarColumns, places: Places, start: number): number {
    const count = places.exemplarCount;
    if (count === 0) return start;
    const x = this.#kernels.exports;
    let at = this.#open(start, count);
    at = this.#wrote(x.writeRefs(places.exemplarRefs, count, at));
    at = this.#wrote(x.writeTimes(places.exemplarTimes, count, at));
    at = this.#wrote(x.writeValues(places.exemplarValues, count, at));
    return this.#close(SECTION.exemplars, start, this.#blobs(columns.labels, at));
  }

  #blobs(blobs: readonly Uint8Array[], at: number): number {
    const pen = new RecordPen(this.#kernels.bytes, at, this.#end);
    for (const blob of blobs) {
      pen.varint(blob.length);
      pen.bytes(blob);
    }
    return pen.at;
  }

  #metadata(entries: readonly MetadataEntry[], start: number): number {
    const at = this.#open(start, entries.length);
    const pen = new RecordPen(this.#kernels.bytes, at, this.#end);
    for (const entry of entries) {
      pen.text(entry.family);
      pen.text(entry.type);
      pen.text(entry.help);
      pen.text(entry.unit);
    }
    return this.#close(SECTION.metadata, start, pen.at);
  }

  #tick(timeMs: number, watermarkMs: number, start: number): number {
    const at = start + SECTION_HEAD_BYTES;
    if (at + 16 > this.#end) throw recordTooLarge();
    const view = this.#view();
    view.setBigInt64(at, BigInt(timeMs), true);
    view.setBigInt64(at + 8, BigInt(watermarkMs), true);
    return this.#close(SECTION.tick, start, at + 16);
  }
}
