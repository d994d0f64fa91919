// The head of one partition: gives series their identity, orders and deduplicates their samples,
// holds the recent window in kernel memory, and finds and reads series. The log's records go in,
// leaf fragments read. Easy to get wrong: refs mean something only within their epoch, and a
// checkpoint is the head at one moment: nothing may be applied until its last piece has been taken.
import { assert, MonError } from '../errors.ts';
import { BatchCodec } from '../codec/batch.ts';
import type { OpenRecord } from '../codec/record.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { kernelRuns, RowKernel } from '../kernels/range.ts';
import type { MetadataEntry } from '../model/batch.ts';
import { compareText, type Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import { LATENESS } from '../model/sample.ts';
import type { RowEvaluator, RowWork } from '../model/row-block.ts';
import type { ApplyCounts, SampleBuffer, SeriesReader } from '../ports.ts';
import { Epochs } from './epochs.ts';
import { addTold, HeadHistograms, openHistograms, type OpenHistogram } from './head-histograms.ts';
import { checkpointPieces } from './checkpoint-write.ts';
import { readCheckpoint } from './checkpoint-read.ts';
import { HEAD_BYTE_COUNT, HEAD_CHUNKS, HEAD_SAMPLES, HEAD_SERIES_LIVE } from './head-fields.ts';
import { PairText } from './pair-text.ts';
import { scratchOf } from './scratch.ts';
import { SeriesIndex } from './series-index.ts';
import type { PairCount } from './series-index.ts';
import type { SeriesCount } from './series-count.ts';

export interface HeadOptions {
  readonly partition: number;
  /** How many producers' epochs live at once; the embedded log has one. */
  readonly epochs?: number;
  /** Opens records in the same kernel memory; heads of one memory may share it. */
  readonly codec?: BatchCodec;
}

/** Plain figures of a head. `bytes` is all of it that lies in kernel memory. */
export interface HeadStats {
  readonly series: number;
  readonly samples: number;
  /** Native histograms among the samples, and what their bodies take outside kernel memory. */
  readonly histograms: number;
  readonly histogramBytes: number;
  readonly chunks: number;
  readonly bytes: number;
}

function noCounts(): ApplyCounts {
  return { accepted: 0, duplicate: 0, outOfOrder: 0, tooOld: 0, newSeries: 0 };
}

/** Samples that were appended while somebody watched: by series, in log order. */
export interface WatchedSamples {
  readonly ids: number[];
  readonly times: number[];
  /** Two a sample, low word first. */
  readonly words: number[];
  /** Histograms have one. */
  readonly bodies: (Uint8Array | undefined)[];
}

/** Who is told the time of each sample of a record at or before an edge, stored or not. */
export interface EarlyTimes {
  readonly edgeMs: number;
  note(timeMs: number): void;
}

export class Head implements SeriesReader {
  readonly partition: number;
  /** Set by who keeps something derived from samples that were there before. */
  early: EarlyTimes | undefined;
  readonly #kernels: Kernels;
  readonly #head: number;
  readonly #codec: BatchCodec;
  readonly #epochs: Epochs;
  readonly #pairs: PairText;
  readonly #index: SeriesIndex;
  readonly #histograms: HeadHistograms;
  readonly #metadata = new Map<string, MetadataEntry>();
  #floorMs = -Infinity;
  #changes = 0;
  #watchBefore = -Infinity;
  #watched: WatchedSamples | undefined;
  #newestMs = -Infinity;

  constructor(kernels: Kernels, options: HeadOptions) {
    this.partition = options.partition;
    this.#kernels = kernels;
    this.#head = kernels.exports.headNew() >>> 0;
    this.#codec = options.codec ?? new BatchCodec(kernels, 'reader');
    this.#epochs = new Epochs(kernels, this.#head, options.epochs ?? 1);
    this.#pairs = new PairText(kernels, this.#head);
    this.#histograms = new HeadHistograms(kernels, this.#head);
    this.#index = new SeriesIndex(kernels, this.#head, this.#pairs);
  }

  /**
   * A head from the bytes of a checkpoint, in order and whole.
   * @throws MonError MON_CHECKPOINT_CORRUPT; nothing stays behind in the memory then.
   */
  static restore(
    kernels: Kernels,
    bytes: Uint8Array,
    options: Omit<HeadOptions, 'partition'> = {},
  ): Head {
    let head: Head | undefined;
    try {
      readCheckpoint(kernels, bytes, (partition, floorMs) => {
        head = new Head(kernels, { ...options, partition });
        if (floorMs > -Infinity) head.truncateBefore(floorMs);
        const { metadata, histograms, epochs } = head.#parts();
        return { head: head.#head, epochs, metadata, histograms };
      });
    } catch (error) {
      head?.close();
      throw error;
    }
    assert(head !== undefined, 'a checkpoint that was read has a header');
    head.#newestMs = kernels.exports.headNewest(head.#head);
    return head;
  }

  /**
   * Applies one record, the next in log order. `accepted` counts all samples that were stored,
   * those sorted in (`outOfOrder`) among them. @throws MonError MON_RECORD_MALFORMED: no sample of
   * it was taken.
   */
  apply(record: Uint8Array, definitionsOnly = false): ApplyCounts {
    return this.applyOpen(this.#codec.open(record), definitionsOnly);
  }

  /** The same with a record that is open already, in the memory of this head's kernels. */
  applyOpen(open: OpenRecord, definitionsOnly = false): ApplyCounts {
    assert(open.partition === this.partition, 'a record goes to the head of its partition');
    const { exports } = this.#kernels;
    if (open.lateness === LATENESS.held) return noCounts();
    if (definitionsOnly && this.#epochs.isPast(open.epoch)) return noCounts();
    this.#changes++;
    const map = this.#epochs.mapOf(open.epoch);
    const defined = open.definitionsAt;
    const fresh = exports.headDefine(this.#head, map, defined, open.definitionCount);
    if (fresh < 0) {
      throw new MonError(
        'MON_RECORD_MALFORMED',
        'a record defines a series without proper labels',
        {
          fields: { partition: this.partition },
        },
      );
    }
    const counts = { ...noCounts(), newSeries: fresh };
    if (definitionsOnly) return counts;
    // Before any sample is taken; definitions stay, because later records lean on them.
    const histograms = openHistograms(open);
    for (const entry of open.metadata) this.#metadata.set(entry.family, entry);
    if (open.floatCount > 0) this.#append(map, open, counts);
    if (histograms.length > 0) this.#histograms.append(map, histograms, counts);
    this.#look(map, open, histograms);
    return counts;
  }

  #parts() {
    const { partition } = this;
    const [metadata, histograms, epochs] = [this.#metadata, this.#histograms, this.#epochs];
    return { head: this.#head, partition, floorMs: this.#floorMs, epochs, metadata, histograms };
  }

  #append(map: number, open: OpenRecord, counts: ApplyCounts): void {
    const { exports } = this.#kernels;
    const at = scratchOf(this.#kernels).room(16);
    this.#kernels.u32.fill(0, at / 4, at / 4 + 4);
    exports.appendColumns(open.refsAt, open.timestampsAt, open.valuesAt, open.floatCount);
    const unknown = exports.headAppend(this.#head, map, at);
    assert(unknown === 0, `sample ${unknown - 1} of a record is of a series that nobody defined`);
    const told = this.#kernels.u32.subarray(at / 4, at / 4 + 4);
    addTold(counts, told);
  }

  /** Keeps the newest time, and what a watch asks for. */
  #look(map: number, open: OpenRecord, histograms: readonly OpenHistogram[]): void {
    const { f64, u32, exports } = this.#kernels;
    const first = open.timestampsAt / 8;
    const watched = this.#watched;
    const listener = this.early;
    const edge = listener?.edgeMs ?? -Infinity;
    let newest = this.#newestMs;
    for (let i = 0; i < open.floatCount; i++) {
      const time = f64[first + i];
      if (time > newest) newest = time;
      if (time <= edge) listener?.note(time);
      if (time >= this.#watchBefore || watched === undefined || time < this.#floorMs) continue;
      watched.ids.push(exports.seriesOfRef(map, u32[open.refsAt / 4 + i]));
      watched.times.push(time);
      const word = open.valuesAt / 4 + i * 2;
      watched.words.push(u32[word], u32[word + 1]);
      watched.bodies.push(undefined);
    }
    for (const { ref, timestampMs, words, body } of histograms) {
      if (timestampMs > newest) newest = timestampMs;
      if (timestampMs <= edge) listener?.note(timestampMs);
      const early = timestampMs < this.#watchBefore && timestampMs >= this.#floorMs;
      if (!early || watched === undefined) continue;
      watched.ids.push(exports.seriesOfRef(map, ref));
      watched.times.push(timestampMs);
      watched.words.push(...words);
      watched.bodies.push(body);
    }
    this.#newestMs = newest;
  }

  /** The newest time that was appended, or was there when the head was restored. */
  get newestMs(): number {
    return this.#newestMs;
  }

  /**
   * From now on, samples before `ms` that are appended are kept in the answer too, those that stood
   * already among them; until unwatch().
   */
  watch(ms: number): WatchedSamples {
    assert(this.#watched === undefined, 'one watch at a time');
    this.#watchBefore = ms;
    this.#watched = { ids: [], times: [], words: [], bodies: [] };
    return this.#watched;
  }

  unwatch(): void {
    this.#watchBefore = -Infinity;
    this.#watched = undefined;
  }

  /** Takes the samples with fromMs <= t <= toMs out of a series; answers how many those were. */
  cut(id: number, fromMs: number, toMs: number): number {
    this.#changes++;
    this.#histograms.cut(id, fromMs, toMs);
    return this.#kernels.exports.headCut(this.#head, id, fromMs, toMs) >>> 0;
  }

  /** Puts watched samples back in their order; a time that is there stays as it is. */
  putBack({ ids, times, words, bodies }: WatchedSamples): number {
    if (ids.length === 0) return 0;
    this.#changes++;
    const at = scratchOf(this.#kernels).room(ids.length * 20);
    const valuesAt = at + ids.length * 8;
    const idsAt = valuesAt + ids.length * 8;
    this.#kernels.f64.set(times, at / 8);
    this.#kernels.u32.set(words, valuesAt / 4);
    this.#kernels.u32.set(ids, idsAt / 4);
    const { exports } = this.#kernels;
    let put = 0;
    // One by one, since a body is kept only for a sample that was taken.
    for (let i = 0; i < ids.length; i++) {
      const [id, time, value] = [idsAt + i * 4, at + i * 8, valuesAt + i * 8];
      const taken = exports.headPut(this.#head, id, time, value, 1) >>> 0;
      const body = bodies[i];
      if (taken > 0 && body !== undefined) this.#histograms.keep(ids[i], times[i], body);
      put += taken;
    }
    return put;
  }

  /** The oldest time at or after `ms`, or one a little older; Infinity when there is none. */
  oldestMs(ms: number): number {
    return this.#kernels.exports.headOldest(this.#head, Math.max(ms, this.#floorMs));
  }

  /** Lets go of series that are left without samples and without a ref; answers how many went. */
  sweep(): number {
    return this.truncateBefore(Math.max(this.#floorMs, Number.MIN_SAFE_INTEGER));
  }

  match(matchers: readonly Matcher[], minMs: number, maxMs: number): Uint32Array {
    return this.#index.match(matchers, minMs, maxMs);
  }

  labels(id: number, once?: boolean): Labels {
    return this.#pairs.labels(id, once);
  }

  labelsOnly(id: number, names: ReadonlySet<string>): Labels {
    return this.#pairs.only(id, names);
  }

  read(id: number, minMs: number, maxMs: number, into: SampleBuffer): number {
    const { exports } = this.#kernels;
    into.histograms = undefined;
    into.bodies = undefined;
    into.starts = undefined;
    const room = exports.headRoom(this.#head, id, minMs, maxMs) >>> 0;
    if (room === 0) return 0;
    const times = scratchOf(this.#kernels).room(room * 16);
    const values = times + room * 8;
    exports.readColumns(times, values, room);
    const count = exports.headRead(this.#head, id, minMs, maxMs) >>> 0;
    if (count > into.timestamps.length) {
      const size = Math.max(count, into.timestamps.length * 2, 256);
      into.timestamps = new Float64Array(size);
      into.values = new Float64Array(size);
      into.words = new Uint32Array(into.values.buffer);
    }
    const from = exports.headReadFrom();
    const firstTime = times / 8 + from;
    into.timestamps.set(this.#kernels.f64.subarray(firstTime, firstTime + count));
    // Words, so that no NaN passes through a float on its way.
    const firstWord = values / 4 + from * 2;
    into.words.set(this.#kernels.u32.subarray(firstWord, firstWord + count * 2));
    this.#histograms.fill(id, into, count);
    return count;
  }

  room(id: number, minMs: number, maxMs: number): number {
    return this.#kernels.exports.headRoom(this.#head, id, minMs, maxMs) >>> 0;
  }

  rows(work: RowWork): RowEvaluator | undefined {
    if (!kernelRuns(work)) return undefined;
    const scratch = scratchOf(this.#kernels);
    const room = (bytes: number): number => scratch.room(bytes);
    const kernel = new RowKernel(this.#kernels, this.#head, room, work);
    return this.#histograms.count === 0 ? kernel : this.#histograms.besides(kernel, work);
  }

  labelNames(matchers: readonly Matcher[], minMs: number, maxMs: number): string[] {
    return this.#index.labelNames(matchers, minMs, maxMs);
  }

  labelValues(name: string, matchers: readonly Matcher[], minMs: number, maxMs: number): string[] {
    return this.#index.labelValues(name, matchers, minMs, maxMs);
  }

  /** Every label pair with the number of its series, name by name. */
  pairCounts(): Generator<PairCount, void, void> {
    return this.#index.pairCounts();
  }

  /** Adds the series that match, or all, to a count. */
  count(matchers: readonly Matcher[], into: SeriesCount): void {
    const { bytes } = this.stats();
    const from = { kernels: this.#kernels, head: this.#head, pairs: this.#pairs };
    const ids = this.#index.match(matchers, -Infinity, Infinity);
    into.take({ ...from, floorMs: this.#floorMs, bytes }, ids);
  }

  /** What is known of metric families, the newest word for each, sorted by family. */
  metadata(): MetadataEntry[] {
    return [...this.#metadata.values()].sort((a, b) => compareText(a.family, b.family));
  }

  stats(): HeadStats {
    const words = this.#kernels.u32;
    const at = this.#head / 4;
    return {
      series: words[at + HEAD_SERIES_LIVE / 4],
      samples: words[at + HEAD_SAMPLES / 4] + words[at + HEAD_SAMPLES / 4 + 1] * 2 ** 32,
      histograms: this.#histograms.count,
      histogramBytes: this.#histograms.bytes,
      chunks: words[at + HEAD_CHUNKS / 4],
      bytes: this.#kernels.f64[(this.#head + HEAD_BYTE_COUNT) / 8],
    };
  }

  /** Samples before this time are neither taken nor shown; -Infinity at first. */
  get floorMs(): number {
    return this.#floorMs;
  }

  /**
   * Raises the floor to `ms` (it never sinks), frees chunks wholly before it and series that are
   * left without samples and without a ref. Answers how many series went.
   */
  truncateBefore(ms: number): number {
    assert(Number.isSafeInteger(ms), 'the floor is a whole millisecond');
    this.#changes++;
    this.#floorMs = Math.max(this.#floorMs, ms);
    this.#histograms.truncateBefore(this.#floorMs);
    const gone = this.#kernels.exports.headTruncate(this.#head, this.#floorMs);
    if (gone > 0) this.#pairs.forget();
    return gone;
  }

  /**
   * The head as bytes (docs/format/checkpoint.md). Take all pieces before the next apply() or
   * truncateBefore(): the generator asserts it.
   */
  *writeCheckpoint(): Iterable<Uint8Array> {
    const changes = this.#changes;
    const pieces = checkpointPieces(this.#kernels, this.#parts());
    for (const piece of pieces) {
      yield piece;
      assert(this.#changes === changes, 'a head rests while its checkpoint is written');
    }
  }

  /** Gives all kernel memory back; the head must not be used after. */
  close(): void {
    this.#changes++;
    this.#epochs.clear();
    this.#kernels.exports.headFree(this.#head);
  }
}
