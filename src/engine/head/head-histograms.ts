// The native histograms of a head. Each is a sample of its series like any other, stored in the
// chunks with its sum as value: order, doubles, late ones, the floor, finding and counting are
// theirs alone. Here are the bodies that belong to those samples. Easy to get wrong: a body is kept
// only for a sample that was accepted as a histogram, so that a float at the same time, whichever
// came first, is never taken for one.
import { decodeHistogram, type HistogramMessage } from '../codec/histogram.ts';
import type { OpenRecord } from '../codec/record.ts';
import { assert, MonError } from '../errors.ts';
import type { Kernels } from '../kernels/kernels.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { RowEvaluator, RowWork } from '../model/row-block.ts';
import { STALE_HIGH, STALE_LOW } from '../model/sample.ts';
import type { ApplyCounts, SampleBuffer } from '../ports.ts';
import { HintStamper } from '../promql/histogram-hints.ts';
import { HistogramList } from './histogram-list.ts';
import { scratchOf } from './scratch.ts';

/** A histogram of a record, and the words of the value that stands for it in the chunks. */
export interface OpenHistogram {
  readonly ref: number;
  readonly timestampMs: number;
  readonly body: Uint8Array;
  readonly words: Uint32Array;
}

const QUIET_NAN_HIGH = 0x7ff80000;
type LoadedRow = Omit<OpenHistogram, 'ref'>;

/** A row of a checkpoint: time (f64) and length of the body (u32) before it. */
const ROW_HEADER = 12;
/** A series of a checkpoint: id and number of rows (u32 each) before them. */
const LIST_HEADER = 8;

/** The words of a histogram's sum: the stale marker's where it is stale. */
function wordsOf({ histogram, stale }: HistogramMessage): Uint32Array {
  if (stale) return Uint32Array.of(STALE_LOW, STALE_HIGH);
  // One NaN for all others, so that decoding a body twice answers the same bits.
  if (Number.isNaN(histogram.sum)) return Uint32Array.of(0, QUIET_NAN_HIGH);
  return new Uint32Array(Float64Array.of(histogram.sum).buffer);
}

/**
 * The histograms of a record, each decoded once so that no read ever fails.
 * @throws MonError MON_RECORD_MALFORMED.
 */
export function openHistograms(open: OpenRecord): OpenHistogram[] {
  if (open.histogramCount === 0) return [];
  const { refs, timestamps, bodies } = open.histograms();
  return bodies.map((body, i) => {
    const words = wordsOf(decodeHistogram(body));
    return { ref: refs[i], timestampMs: timestamps[i], body, words };
  });
}

/** Adds what headAppend counted. */
export function addTold(counts: ApplyCounts, told: Uint32Array): void {
  counts.accepted += told[0];
  counts.duplicate += told[1];
  counts.outOfOrder += told[2];
  counts.tooOld += told[3];
}

export class HeadHistograms {
  readonly #kernels: Kernels;
  readonly #head: number;
  /** By series id. */
  readonly #lists = new Map<number, HistogramList>();
  #count = 0;
  #bytes = 0;

  constructor(kernels: Kernels, head: number) {
    this.#kernels = kernels;
    this.#head = head;
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes outside kernel memory. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Appends histograms of a record in log order; adds to the counts. */
  append(map: number, histograms: readonly OpenHistogram[], counts: ApplyCounts): void {
    const { exports } = this.#kernels;
    const at = scratchOf(this.#kernels).room(40);
    const told = at / 4;
    const row = told + 4;
    this.#kernels.u32.fill(0, told, told + 4);
    for (const { ref, timestampMs, body, words } of histograms) {
      const id = exports.refId(map, ref);
      assert(id >= 0, 'a histogram of a record is of a series that was defined');
      // The memory may have grown with the sample before: views are taken anew.
      const { u32, f64 } = this.#kernels;
      const accepted = u32[told];
      f64[row / 2] = timestampMs;
      u32.set(words, row + 2);
      u32[row + 4] = ref;
      exports.appendColumns(at + 32, at + 16, at + 24, 1);
      const unknown = exports.headAppend(this.#head, map, at);
      assert(unknown === 0, 'the map knows the ref');
      if (this.#kernels.u32[told] > accepted) this.keep(id, timestampMs, body);
    }
    addTold(counts, this.#kernels.u32.subarray(told, told + 4));
  }

  /** Keeps the body of a sample that was taken just now. */
  keep(id: number, timestampMs: number, body: Uint8Array): void {
    let list = this.#lists.get(id);
    if (list === undefined) {
      list = new HistogramList();
      this.#lists.set(id, list);
    } else {
      this.#bytes -= list.bytes;
    }
    list.insert(timestampMs, body);
    this.#bytes += list.bytes;
    this.#count++;
  }

  /** Puts histograms beside the first `count` samples of a series, where any of them is one. */
  fill(id: number, into: SampleBuffer, count: number): void {
    const list = this.#lists.get(id);
    if (list === undefined || count === 0) return;
    const { timestamps, words } = into;
    let row = list.rowAt(timestamps[0]);
    if (row === list.count || list.time(row) > timestamps[count - 1]) return;
    const histograms: (FloatHistogram | undefined)[] = [];
    const bodies: (Uint8Array | undefined)[] = [];
    const stamper = new HintStamper();
    for (let i = 0; i < count; i++) {
      const here = row < list.count && list.time(row) === timestamps[i];
      const stale = words[i * 2] === STALE_LOW && words[i * 2 + 1] === STALE_HIGH;
      if (!here || stale) stamper.interrupt();
      if (!here) {
        histograms.push(undefined);
        bodies.push(undefined);
        continue;
      }
      const body = list.body(row++);
      const { histogram, startMs } = decodeHistogram(body);
      bodies.push(body);
      histograms.push(stale ? histogram : stamper.stamp(histogram));
      if (startMs !== 0) {
        into.starts ??= new Float64Array(count);
        into.starts[i] = startMs;
      }
    }
    into.histograms = histograms;
    into.bodies = bodies;
  }

  #anyIn(id: number, minMs: number, maxMs: number): boolean {
    const list = this.#lists.get(id);
    if (list === undefined) return false;
    const row = list.rowAt(minMs);
    return row < list.count && list.time(row) <= maxMs;
  }

  /** An evaluator of floats that leaves series with histograms in its range to others. */
  besides(floats: RowEvaluator, work: RowWork): RowEvaluator {
    const first = work.first - work.windowMs + 1;
    const last = work.first + (work.steps - 1) * work.step;
    return {
      rowsMax: floats.rowsMax,
      block: (ids) => floats.block(ids),
      takes: (id) => !this.#anyIn(id, first, last),
    };
  }

  /** Forgets bodies before the floor. */
  truncateBefore(ms: number): void {
    for (const [id, list] of this.#lists) {
      this.#replace(id, list, list.since(ms));
    }
  }

  /** Forgets the bodies of a series with fromMs <= t <= toMs. */
  cut(id: number, fromMs: number, toMs: number): void {
    const list = this.#lists.get(id);
    if (list !== undefined) this.#replace(id, list, list.without(fromMs, toMs));
  }

  #replace(id: number, list: HistogramList, left: HistogramList): void {
    if (left === list) return;
    this.#count += left.count - list.count;
    this.#bytes -= list.bytes;
    if (left.count === 0) this.#lists.delete(id);
    else {
      this.#lists.set(id, left);
      this.#bytes += left.bytes;
    }
  }

  /** Bodies of checkpoint sections of about `size` bytes, series by rising ids. */
  *dump(size: number): Iterable<Uint8Array> {
    let parts: Uint8Array[] = [];
    let held = 0;
    for (const id of [...this.#lists.keys()].sort((a, b) => a - b)) {
      const list = this.#lists.get(id) as HistogramList;
      let row = 0;
      while (row < list.count) {
        const first = row;
        let bytes = LIST_HEADER;
        do bytes += ROW_HEADER + list.body(row++).length;
        while (row < list.count && held + bytes < size);
        parts.push(rowsOf(id, list, { first, end: row, bytes }));
        held += bytes;
        if (held < size) continue;
        yield Buffer.concat(parts);
        parts = [];
        held = 0;
      }
    }
    if (held > 0) yield Buffer.concat(parts);
  }

  /** Takes the body of a checkpoint section; answers what is wrong with it, if anything is. */
  load(body: Uint8Array): string | undefined {
    for (let at = 0; at < body.length;) {
      const read = readList(body, at);
      if (typeof read === 'string') return read;
      const { id, rows } = read;
      if (rows[0].timestampMs <= this.#lastOf(id)) return 'times of its histograms do not rise';
      if (!this.#areSamples(id, rows)) return 'a histogram is none of the samples';
      for (const row of rows) this.keep(id, row.timestampMs, row.body);
      at = read.end;
    }
    return undefined;
  }

  #lastOf(id: number): number {
    const list = this.#lists.get(id);
    return list === undefined ? -Infinity : list.time(list.count - 1);
  }

  /** True when each of the histograms stands among the samples, with its sum as value. */
  #areSamples(id: number, rows: readonly LoadedRow[]): boolean {
    const { exports } = this.#kernels;
    const from = rows[0].timestampMs;
    const to = (rows.at(-1) as LoadedRow).timestampMs;
    const room = exports.headRoom(this.#head, id, from, to) >>> 0;
    if (room === 0) return false;
    const times = scratchOf(this.#kernels).room(room * 16);
    const values = times + room * 8;
    exports.readColumns(times, values, room);
    const count = exports.headRead(this.#head, id, from, to) >>> 0;
    const first = exports.headReadFrom() >>> 0;
    const { f64, u32 } = this.#kernels;
    let found = 0;
    for (let i = first; i < first + count && found < rows.length; i++) {
      const { timestampMs, words } = rows[found];
      if (f64[times / 8 + i] !== timestampMs) continue;
      const word = values / 4 + i * 2;
      if (u32[word] !== words[0] || u32[word + 1] !== words[1]) return false;
      found++;
    }
    return found === rows.length;
  }
}

interface ReadList {
  readonly id: number;
  readonly rows: readonly LoadedRow[];
  readonly end: number;
}

/** Reads the histograms of one series from a checkpoint, or says what is wrong with them. */
function readList(body: Uint8Array, from: number): ReadList | string {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const room = body.length - from - LIST_HEADER;
  if (room < 0) return 'its histograms are cut off';
  const id = view.getUint32(from, true);
  const count = view.getUint32(from + 4, true);
  if (count === 0 || count > room / ROW_HEADER) return 'its histograms do not add up';
  const rows: LoadedRow[] = [];
  let at = from + LIST_HEADER;
  let last = -Infinity;
  for (let i = 0; i < count; i++) {
    if (body.length - at < ROW_HEADER) return 'its histograms are cut off';
    const timestampMs = view.getFloat64(at, true);
    const end = at + ROW_HEADER + view.getUint32(at + 8, true);
    if (end > body.length) return 'its histograms are cut off';
    if (!Number.isSafeInteger(timestampMs) || timestampMs <= last) {
      return 'times of its histograms do not rise';
    }
    const bytes = body.subarray(at + ROW_HEADER, end);
    const words = wordsIn(bytes);
    if (words === undefined) return 'a histogram is malformed';
    rows.push({ timestampMs, body: bytes, words });
    last = timestampMs;
    at = end;
  }
  return { id, rows, end: at };
}

function wordsIn(body: Uint8Array): Uint32Array | undefined {
  try {
    return wordsOf(decodeHistogram(body));
  } catch (thrown) {
    if (!(thrown instanceof MonError)) throw thrown;
    return undefined;
  }
}

function rowsOf(
  id: number,
  list: HistogramList,
  { first, end, bytes }: { first: number; end: number; bytes: number },
): Uint8Array {
  const out = new Uint8Array(bytes);
  const view = new DataView(out.buffer);
  view.setUint32(0, id, true);
  view.setUint32(4, end - first, true);
  let at = LIST_HEADER;
  for (let row = first; row < end; row++) {
    const body = list.body(row);
    view.setFloat64(at, list.time(row), true);
    view.setUint32(at + 8, body.length, true);
    out.set(body, at + ROW_HEADER);
    at += ROW_HEADER + body.length;
  }
  return out;
}
