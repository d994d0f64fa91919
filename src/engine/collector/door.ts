// The door: where samples enter. Pushed bodies and scraped columns are validated, numbered by the
// series book, split by partition and lateness, and appended to the log in one call; the promise
// resolves when they are durable. Easy to get wrong: a malformed body must leave nothing behind,
// so the log and the book hear of it only when all of it has been read.
import { assert, MonError } from '../errors.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { SnappyBlocks } from '../kernels/snappy.ts';
import { refusalOf, type SeriesBook } from '../kernels/series-book.ts';
import { BOOK_IDLE_MS } from '../limits.ts';
import type { Batch, MetadataEntry } from '../model/batch.ts';
import type { Labels } from '../model/labels.ts';
import type { Intake, Log, PushOutcome } from '../ports.ts';
import { fromRemoteWrite2 } from '../wire/remote-write2.ts';
import { WritePen } from '../wire/write-pen.ts';
import type { Clock } from '../runtime/clock.ts';
import { DEFAULT_LIMITS, type DoorCounts, type DoorLimits } from './door-limits.ts';
import type { Row as HistogramRow } from './histogram-rows.ts';
import { splitBatches } from './door-batches.ts';
import { admitNotes, NOTE, NOTE_WORDS } from './door-notes.ts';
import { HistogramRows } from './histogram-rows.ts';
import { MetadataNews } from './metadata-news.ts';
import { readJsonPush } from './push-json.ts';
import { describeSeries, Refusals } from './refusals.ts';
import {
  checkBlock,
  notSnappy,
  readLabels,
  readMetadata,
  wireFailureWords,
  WIRE_SAMPLES,
} from './remote-write.ts';

export type { DoorCounts, DoorLimits } from './door-limits.ts';

/** Reads exposition text and appends it through the door. */
export type ReadExposition = (
  door: Door,
  body: Uint8Array,
  contentType: string,
) => Promise<PushOutcome>;

export interface DoorOptions {
  readonly log: Log;
  readonly book: SeriesBook;
  readonly kernels: Kernels;
  readonly clock: Clock;
  readonly limits?: Partial<DoorLimits>;
  readonly exposition?: ReadExposition;
}

/** Samples 0 to count - 1 of three columns; timestamps are whole ms, refs the book's. */
export interface DoorColumns {
  readonly refs: Uint32Array;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  readonly count: number;
  /** Beside the rows: histograms as a record holds them. */
  readonly histograms?: readonly HistogramRow[];
  /** Nothing of it is held back for aggregation. */
  readonly plain?: boolean;
}

/**
 * A series is forgotten after this many turns, each a third of the time that limits.ts gives it.
 */
const IDLE_TURNS = 4;

export class Door implements Intake {
  readonly book: SeriesBook;
  readonly kernels: Kernels;
  readonly counts: DoorCounts;
  /** Knows which series go into aggregates only. */
  held: { use(hold: boolean): void } | undefined;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #limits: DoorLimits;
  readonly #exposition: ReadExposition | undefined;
  readonly #news = new MetadataNews();
  readonly #pen = new WritePen();
  readonly #blocks: SnappyBlocks;
  #scratch = 0;
  #scratchSize = 0;
  #watermarkMs = -Infinity;
  #turnedAt: number;

  constructor({ log, book, kernels, clock, limits, exposition }: DoorOptions) {
    assert(log.partitions === book.partitions, 'log and book have the same partitions');
    this.#log = log;
    this.book = book;
    this.kernels = kernels;
    this.#blocks = new SnappyBlocks(kernels);
    this.#clock = clock;
    this.#limits = { ...DEFAULT_LIMITS, ...limits };
    this.#exposition = exposition;
    this.#turnedAt = clock.monotonic();
    this.counts = {
      acceptedSamples: 0,
      acceptedHistograms: 0,
      refused: Object.create(null) as Record<string, number>,
      get newSeries() {
        return book.numbered;
      },
      requests: 0,
      bytes: 0,
    };
  }

  async remoteWrite(body: Uint8Array): Promise<PushOutcome> {
    const receivedMs = this.#receive(body);
    const { at, size } = this.#inflate(body);
    return await this.#walk(at, size, receivedMs);
  }

  async remoteWrite2(body: Uint8Array): Promise<PushOutcome> {
    const receivedMs = this.#receive(body);
    const { at, size } = this.#inflate(body);
    const pen = this.#pen;
    pen.clear();
    fromRemoteWrite2(this.kernels.bytes.subarray(at, at + size), pen);
    return await this.#walk(this.scratch(pen.written), pen.written.length, receivedMs);
  }

  async writeRequest(body: Uint8Array): Promise<PushOutcome> {
    const receivedMs = this.#receive(body);
    return await this.#walk(this.scratch(body), body.length, receivedMs);
  }

  /** Where a snappy block's content lies in kernel memory until the next one. */
  #inflate(body: Uint8Array): { readonly at: number; readonly size: number } {
    const { elements, size } = checkBlock(body, this.#limits.bodyBytes);
    const at = this.#blocks.inflate(body, elements, size);
    if (at < 0) throw notSnappy();
    return { at, size };
  }

  /** Takes the samples of a WriteRequest that lies in kernel memory. */
  async #walk(at: number, size: number, receivedMs: number): Promise<PushOutcome> {
    const x = this.kernels.exports;
    if (!x.walk(at, size, this.#limits.bodySamples)) throw this.#walkFailure(at);
    const refusals = new Refusals();
    const histograms = new HistogramRows(this.book);
    if (x.notesCount() > 0) {
      const guarded = this.book.guard !== undefined;
      if (guarded) admitNotes(this.book);
      x.walkResolve(guarded);
      this.#takeNotes(receivedMs, histograms, refusals);
    }
    return this.#send(receivedMs, refusals, histograms);
  }

  async json(body: Uint8Array): Promise<PushOutcome> {
    const receivedMs = this.#receive(body);
    const { samples, metadata } = readJsonPush(body, receivedMs);
    const refusals = new Refusals();
    const count = samples.length;
    const timestamps = new Float64Array(count);
    const values = new Float64Array(count);
    const refs = new Uint32Array(count);
    let kept = 0;
    for (const sample of samples) {
      const ref = sample.refused ? 0 : this.book.refOfLabels(sample.labels);
      const refused = sample.refused ?? (ref < 0 ? refusalOf(ref) : undefined);
      if (refused !== undefined) {
        refusals.add(refused, 1, () => describeSeries(sample.labels));
        continue;
      }
      refs[kept] = ref;
      timestamps[kept] = sample.timestampMs;
      values[kept++] = sample.value;
    }
    this.#news.offer(metadata, receivedMs);
    this.#fill({ refs, timestamps, values, count: kept });
    return this.#send(receivedMs, refusals);
  }

  async exposition(body: Uint8Array, contentType: string): Promise<PushOutcome> {
    this.#receive(body);
    if (this.#exposition === undefined) {
      throw new MonError('MON_NOT_FOUND', 'this server takes no exposition text');
    }
    return this.#exposition(this, body, contentType);
  }

  /**
   * Appends samples of numbered series; the columns are read before the promise is returned.
   * Resolves when what is accepted is durable.
   * @throws MonError, kind 'retry' when the log takes nothing now.
   */
  async append(columns: DoorColumns, receivedMs: number): Promise<PushOutcome> {
    this.#fill(columns);
    const given = columns.histograms ?? [];
    const rows = given.length === 0 ? undefined : new HistogramRows(this.book);
    for (const row of given) rows?.put(row);
    this.held?.use(columns.plain !== true);
    const sent = this.#send(receivedMs, new Refusals(), rows);
    this.held?.use(true);
    return sent;
  }

  /**
   * The ref of a series, numbered if it is new; negative when it is refused (refusalOf says why).
   * The caller may keep it: a series asked for by this call is not forgotten until release().
   */
  refOf(labels: Labels): number {
    const ref = this.book.refOfLabels(labels);
    if (ref >= 0) this.book.hold(ref);
    return ref;
  }

  /** The caller keeps these refs no longer. */
  release(refs: Iterable<number>): void {
    for (const ref of refs) if (ref >= 0) this.book.release(ref);
  }

  /** Takes notice of metadata; what is news goes into the log with the next append or tick. */
  metadata(entries: readonly MetadataEntry[]): void {
    this.#news.offer(entries, this.#clock.now());
  }

  /**
   * Copies bytes into kernel memory and answers where, good until the next call of this kind. A
   * word behind them is readable.
   */
  scratch(bytes: Uint8Array): number {
    const need = bytes.length + 16;
    if (need > this.#scratchSize) {
      const x = this.kernels.exports;
      if (this.#scratchSize > 0) x.free(this.#scratch, this.#scratchSize);
      this.#scratchSize = Math.max(need, 1 << 20);
      this.#scratch = x.alloc(this.#scratchSize) >>> 0;
    }
    this.kernels.bytes.set(bytes, this.#scratch);
    return this.#scratch;
  }

  /**
   * Appends a tick to every partition: from now on nothing live will come that is older than the
   * watermark. Due every TICK_MS. @throws MonError when the log does not take it.
   */
  async tick(): Promise<void> {
    this.#age();
    const timeMs = this.#clock.now();
    // A clock that was set back must not take back a promise.
    this.#watermarkMs = Math.max(this.#watermarkMs, timeMs - this.#limits.liveMs);
    const tick = { timeMs, watermarkMs: this.#watermarkMs };
    const batches: Batch[] = [];
    for (let partition = 0; partition < this.#log.partitions; partition++) {
      batches.push({ partition, receivedMs: timeMs, lateness: 0, tick });
    }
    await this.#appendAll(batches, timeMs);
  }

  #receive(body: Uint8Array): number {
    this.counts.requests++;
    this.counts.bytes += body.length;
    return this.#clock.now();
  }

  /** Lets the book forget series that nobody has sent for BOOK_IDLE_MS. */
  #age(): void {
    const now = this.#clock.monotonic();
    if (now - this.#turnedAt < BOOK_IDLE_MS / (IDLE_TURNS - 1)) return;
    this.#turnedAt = now;
    this.book.turn();
    this.book.forget(IDLE_TURNS);
  }

  #walkFailure(start: number): MonError {
    const x = this.kernels.exports;
    const code = x.wireFailure();
    if (code === WIRE_SAMPLES) {
      const words = `remote write: more than ${this.#limits.bodySamples} samples`;
      return new MonError('MON_BODY_TOO_LARGE', words);
    }
    const byte = (x.wireFailureAt() >>> 0) - start;
    const words = `remote write: ${wireFailureWords(code)} at byte ${byte}`;
    return new MonError('MON_BODY_MALFORMED', words, { fields: { byte } });
  }

  /** Goes through what the walk left: odd labels, metadata, histograms. */
  #takeNotes(receivedMs: number, histograms: HistogramRows, refusals: Refusals): void {
    const x = this.kernels.exports;
    const first = x.notesAt() >>> 2;
    // A copy: numbering series may grow the memory under a view.
    const notes = this.kernels.u32.slice(first, first + x.notesCount() * NOTE_WORDS);
    const metadata: MetadataEntry[] = [];
    for (let i = 0; i < notes.length; i += NOTE_WORDS) {
      const [kind, at, length, from, count] = notes.subarray(i, i + NOTE_WORDS);
      const end = at + length;
      if (kind === NOTE.metadata) {
        const entry = readMetadata(this.kernels.bytes, at, end);
        if (entry !== undefined) metadata.push(entry);
      } else if (kind === NOTE.histograms) {
        histograms.take(at, end, refusals);
      } else {
        const ref = this.#numberSlowly(kind, at, length);
        if (typeof ref === 'number') x.fillRefs(from, count, ref);
        else refusals.add(ref, count, () => this.#describe(at, end));
      }
    }
    this.#news.offer(metadata, receivedMs);
  }

  /** The ref of labels in an odd spelling, or the reason why they get none. */
  #numberSlowly(kind: number, at: number, length: number): number | string {
    const read = readLabels(this.kernels.bytes, at, at + length);
    if ('refused' in read) return read.refused;
    const ref =
      kind === NOTE.unknown && length > 0
        ? this.book.insert(at, length, 0, read.labels)
        : this.book.refOfLabels(read.labels);
    return ref < 0 ? refusalOf(ref) : ref;
  }

  #describe(at: number, end: number): string {
    const read = readLabels(this.kernels.bytes, at, end);
    return 'refused' in read ? 'a series' : describeSeries(read.labels);
  }

  #fill({ refs, timestamps, values, count }: DoorColumns): void {
    const x = this.kernels.exports;
    x.columnsReset();
    x.columnsRoom(count);
    this.#copy(refs, count, x.columnRefsAt());
    this.#copy(timestamps, count, x.columnTimesAt());
    this.#copy(values, count, x.columnValuesAt());
    x.columnsFilled(count);
  }

  /** Copies a column as bytes: a NaN keeps its bits. */
  #copy(column: Uint32Array | Float64Array, count: number, at: number): void {
    const size = count * column.BYTES_PER_ELEMENT;
    this.kernels.bytes.set(new Uint8Array(column.buffer, column.byteOffset, size), at >>> 0);
  }

  /** Splits the columns, appends them, and says what became of them. */
  async #send(
    receivedMs: number,
    refusals: Refusals,
    histograms?: HistogramRows,
  ): Promise<PushOutcome> {
    const x = this.kernels.exports;
    const { retentionMs, futureMs, lateMs, liveMs, recordBytes } = this.#limits;
    const form = { receivedMs, recordBytes };
    const window = {
      oldMs: receivedMs - retentionMs,
      lateMs: receivedMs - lateMs,
      liveMs: Math.max(receivedMs - liveMs, this.#watermarkMs),
      lastMs: receivedMs + futureMs,
    };
    x.splitWindow(window.oldMs, window.lateMs, window.liveMs, window.lastMs);
    const floats = x.splitColumns(this.#log.partitions);
    refusals.add('tooOld', x.splitTooOld(), () => this.#describeSample(x.splitFirstOld()));
    refusals.add('tooNew', x.splitTooNew(), () => this.#describeSample(x.splitFirstNew()));
    // Placed first: this may move the memory, which the other batches are views of.
    const rows = histograms?.place(window, refusals, (bytes) => this.scratch(bytes));
    const batches = floats > 0 ? splitBatches(this.kernels, this.#log.partitions, form) : [];
    batches.push(...(rows?.batches(receivedMs, recordBytes) ?? []));
    await this.#appendAll(batches, receivedMs);
    const { counts } = this;
    const taken = floats + (rows?.count ?? 0);
    counts.acceptedSamples += taken;
    counts.acceptedHistograms += rows?.count ?? 0;
    for (const [reason, count] of refusals.reasons) {
      counts.refused[reason] = (counts.refused[reason] ?? 0) + count;
    }
    return {
      accepted: taken,
      ...(rows === undefined ? {} : { histograms: rows.count }),
      refused: refusals.count,
      reasons: Object.fromEntries(refusals.reasons),
      examples: refusals.examples,
    };
  }

  #describeSample(index: number): string {
    const ref = this.kernels.u32[(this.kernels.exports.columnRefsAt() >>> 2) + index];
    return describeSeries(this.book.labels(ref));
  }

  /** One append of all batches and of the metadata that waits; fails if any of it failed. */
  async #appendAll(batches: Batch[], receivedMs: number): Promise<void> {
    const portions = this.#news.take();
    const news = portions.map((metadata): Batch => {
      return { partition: 0, receivedMs, lateness: 0, metadata };
    });
    if (batches.length + news.length === 0) return;
    try {
      const answers = await this.#log.append([...batches, ...news]);
      for (const answer of answers) if ('error' in answer) throw answer.error;
    } catch (failure) {
      this.#news.giveBack(portions.flat());
      throw failure;
    }
  }
}
