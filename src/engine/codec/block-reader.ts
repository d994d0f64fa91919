// Reads a sealed block: finds series by matchers and decodes their samples, as the head does for
// the recent window. Nothing is believed before its checksum was right; a section that is damaged
// throws MON_BLOCK_CORRUPT when it is touched, and the rest of the block can still be read. Easy
// to get wrong: ids are the rank of a series in this block only, and decoded bits lie in kernel
// memory just until the next decode.
import { messageOf, MonError } from '../errors.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { compareText, type Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { SampleBuffer, SeriesReader } from '../ports.ts';
import { PIECE_KINDS, type BlockSummary, type BytesPiece, type RandomAccess } from './block.ts';
import type { BlockCache } from './block-cache.ts';
import { BlockDirectory, sectionOf } from './block-directory.ts';
import { BlockIndex } from './block-index.ts';
import { SECTION } from './block-layout.ts';
import { selectSeries } from './block-match.ts';
import { withRows } from './mixed-rows.ts';
import { columnOf, TimesReader, type BlockParts } from './block-times-read.ts';
import { codecOf } from './column.ts';
import { intersectIds } from '../head/id-sets.ts';

export interface BlockReaderOptions {
  /** Columns are decoded in this memory. */
  readonly kernels: Kernels;
  /** What is unpacked stays here; blocks share one. */
  readonly cache: BlockCache;
  /** Rows are histograms, and read() answers them among the floats; otherwise they are opaque. */
  readonly histograms?: boolean;
}

/** The pieces of the series of one chunk. `places` are ordinals among columns, or among rows. */
interface PieceChunk {
  readonly starts: Uint32Array;
  readonly kinds: Uint8Array;
  readonly refs: Uint32Array;
  readonly places: Uint32Array;
}

interface PieceRange {
  readonly chunk: PieceChunk;
  readonly from: number;
  readonly end: number;
}

export class BlockReader implements SeriesReader {
  readonly summary: BlockSummary;
  readonly #parts: BlockParts;
  readonly #index: BlockIndex;
  readonly #times: TimesReader;
  readonly #mixed: boolean;

  /** Reads trailer, header and directory. @throws MonError MON_BLOCK_CORRUPT */
  constructor(source: RandomAccess, options: BlockReaderOptions) {
    const directory = new BlockDirectory(source);
    const { cache, kernels, histograms = false } = options;
    this.#mixed = histograms;
    this.#parts = { directory, cache, codec: codecOf(kernels), file: cache.register() };
    this.summary = directory.summary;
    this.#index = new BlockIndex(this.#parts);
    this.#times = new TimesReader(this.#parts);
  }

  /** Ids are 0 to series - 1, in the order of labels. */
  get series(): number {
    return this.summary.series;
  }

  match(matchers: readonly Matcher[], minMs: number, maxMs: number): Uint32Array {
    if (this.#outside(minMs, maxMs)) return new Uint32Array(0);
    const ids = selectSeries(this.#index, matchers);
    if (this.#covered(minMs, maxMs)) return ids;
    return ids.filter((id) => {
      const { chunk, from, end } = this.#pieces(id);
      for (let i = from; i < end; i++) {
        if (this.#times.overlaps(chunk.refs[i], minMs, maxMs)) return true;
      }
      return false;
    });
  }

  labels(id: number): Labels {
    return this.#index.labels(id);
  }

  /** Reads floats, and histograms from their rows where the reader was told that they are such. */
  read(id: number, minMs: number, maxMs: number, into: SampleBuffer): number {
    const { chunk, from, end } = this.#pieces(id);
    into.histograms = undefined;
    into.bodies = undefined;
    into.starts = undefined;
    let count = 0;
    for (let i = from; i < end; i++) {
      const ref = chunk.refs[i];
      if (chunk.kinds[i] !== PIECE_KINDS.float) continue;
      if (!this.#times.overlaps(ref, minMs, maxMs)) continue;
      const times = this.#times.times(ref);
      const first = firstFrom(times, minMs);
      const last = firstFrom(times, maxMs, true);
      if (last <= first) continue;
      const place = { ordinal: chunk.places[i], samples: times.length };
      grow(into, count, count + last - first);
      const words = columnOf(this.#parts, SECTION.values, place);
      into.timestamps.set(times.subarray(first, last), count);
      into.words.set(words.subarray(first * 2, last * 2), count * 2);
      count += last - first;
    }
    const rows = this.#mixed ? this.readRows(id, minMs, maxMs) : [];
    return rows.length === 0 ? count : withRows(into, count, rows);
  }

  /** No fewer samples than read() would answer. */
  room(id: number, minMs: number, maxMs: number): number {
    const { chunk, from, end } = this.#pieces(id);
    let room = 0;
    for (let i = from; i < end; i++) {
      if (!this.#mixed && chunk.kinds[i] !== PIECE_KINDS.float) continue;
      if (this.#times.overlaps(chunk.refs[i], minMs, maxMs)) {
        room += this.#times.count(chunk.refs[i]);
      }
    }
    return room;
  }

  /** The pieces of a series that are rows of bytes, with only the rows in [minMs, maxMs]. */
  readRows(id: number, minMs: number, maxMs: number): BytesPiece[] {
    const { chunk, from, end } = this.#pieces(id);
    const out: BytesPiece[] = [];
    for (let i = from; i < end; i++) {
      const ref = chunk.refs[i];
      if (chunk.kinds[i] === PIECE_KINDS.float) continue;
      if (!this.#times.overlaps(ref, minMs, maxMs)) continue;
      const times = this.#times.times(ref);
      const first = firstFrom(times, minMs);
      const last = firstFrom(times, maxMs, true);
      if (last <= first) continue;
      const bodies = this.#rows(chunk.places[i], times.length).slice(first, last);
      const kind = chunk.kinds[i] === PIECE_KINDS.histogram ? 'histogram' : 'floatHistogram';
      out.push({ kind, timestamps: times.slice(first, last), bodies });
    }
    return out;
  }

  labelNames(matchers: readonly Matcher[], minMs: number, maxMs: number): string[] {
    const { names } = this.#index;
    if (this.#outside(minMs, maxMs)) return [];
    if (matchers.length === 0 && this.#covered(minMs, maxMs)) return [...names];
    const found = new Set<number>();
    for (const id of this.match(matchers, minMs, maxMs)) {
      for (const pair of this.#index.pairs(id)) found.add(this.#index.nameOf(pair));
    }
    return [...found].map((number) => names[number]).sort(compareText);
  }

  labelValues(name: string, matchers: readonly Matcher[], minMs: number, maxMs: number): string[] {
    if (this.#outside(minMs, maxMs)) return [];
    const all = matchers.length === 0 && this.#covered(minMs, maxMs);
    const ids = all ? undefined : this.match(matchers, minMs, maxMs);
    const [from, end] = this.#index.pairsOf(name);
    const out: string[] = [];
    for (let pair = from; pair < end; pair++) {
      if (ids !== undefined && intersectIds(this.#index.postings(pair), ids).length === 0) continue;
      out.push(this.#index.value(pair));
    }
    return out;
  }

  /**
   * Reads everything and answers what is damaged, one failure a section or series; none when the
   * block is whole.
   */
  verify(): MonError[] {
    const found: MonError[] = [];
    const attempt = (check: () => void): void => {
      try {
        check();
      } catch (thrown) {
        if (!(thrown instanceof MonError)) throw thrown;
        if (!found.some((f) => f.message === messageOf(thrown))) found.push(thrown);
      }
    };
    const { directory } = this.#parts;
    for (const kind of Object.values(SECTION)) {
      const { count } = directory.list(kind);
      for (let index = 0; index < count; index++) attempt(() => directory.body(kind, index));
    }
    const into = { timestamps: new Float64Array(0), values: new Float64Array(0) };
    const buffer = { ...into, words: new Uint32Array(into.values.buffer) };
    for (let id = 0; id < this.series; id++) {
      attempt(() => this.labels(id));
      attempt(() => this.read(id, -Infinity, Infinity, buffer));
      attempt(() => this.readRows(id, -Infinity, Infinity));
    }
    return found;
  }

  /** Forgets what is cached of the block. The file is its owner's to close. */
  close(): void {
    this.#parts.cache.drop(this.#parts.file);
  }

  #outside(minMs: number, maxMs: number): boolean {
    return maxMs < this.summary.minMs || minMs > this.summary.maxMs || minMs > maxMs;
  }

  #covered(minMs: number, maxMs: number): boolean {
    return minMs <= this.summary.minMs && maxMs >= this.summary.maxMs;
  }

  #pieces(id: number): PieceRange {
    const { directory, cache, file } = this.#parts;
    const list = directory.list(SECTION.pieces);
    if (!(id >= 0 && id < list.starts[list.count])) {
      throw directory.corrupt(`series ${id} is not there`, SECTION.pieces, 0);
    }
    const index = sectionOf(list, id);
    const chunk = cache.get(file, list.numbers[index], () => this.#openPieces(index));
    const row = id - list.starts[index];
    return { chunk, from: chunk.starts[row], end: chunk.starts[row + 1] };
  }

  #openPieces(index: number): { value: PieceChunk; bytes: number } {
    const { directory } = this.#parts;
    const list = directory.list(SECTION.pieces);
    const rows = list.starts[index + 1] - list.starts[index];
    const from = directory.reader(SECTION.pieces, index);
    const next = [from.varint(), from.varint()];
    const starts = [0];
    const kinds: number[] = [];
    const refs: number[] = [];
    const places: number[] = [];
    let ref = 0;
    for (let row = 0; row < rows; row++) {
      for (let left = from.count(2); left > 0; left--) {
        const kind = from.u8();
        if (kind > PIECE_KINDS.floatHistogram) throw from.fail('a piece of an unknown kind');
        ref += from.signed();
        kinds.push(kind);
        refs.push(ref);
        places.push(next[kind === PIECE_KINDS.float ? 0 : 1]++);
      }
      starts.push(kinds.length);
    }
    from.done();
    const value = {
      starts: Uint32Array.from(starts),
      kinds: Uint8Array.from(kinds),
      refs: Uint32Array.from(refs),
      places: Uint32Array.from(places),
    };
    return { value, bytes: starts.length * 4 + kinds.length * 9 + 256 };
  }

  /** The bodies of one piece of rows, views of the unpacked page. */
  #rows(ordinal: number, count: number): Uint8Array[] {
    const { directory, cache, file } = this.#parts;
    const list = directory.list(SECTION.rows);
    if (!(ordinal < list.starts[list.count])) {
      throw directory.corrupt('rows are not there', SECTION.rows, 0);
    }
    const index = sectionOf(list, ordinal);
    const pieces = cache.get(file, list.numbers[index], () => {
      const body = directory.body(SECTION.rows, index);
      const from = directory.readerOf(SECTION.rows, index, body);
      const value: Uint8Array[][] = [];
      let rows = 0;
      for (let left = list.starts[index + 1] - list.starts[index]; left > 0; left--) {
        const lengths = Array.from({ length: from.count() }, () => from.varint());
        value.push(lengths.map((length) => from.raw(length)));
        rows += lengths.length;
      }
      from.done();
      return { value, bytes: body.length + rows * 96 };
    });
    const bodies = pieces[ordinal - list.starts[index]];
    if (bodies.length === count) return bodies;
    throw directory.corrupt('rows are missing', SECTION.rows, list.positions[index]);
  }
}

/** Index of the first time at or after `ms`; after it when `behind` is set. */
function firstFrom(times: Float64Array, ms: number, behind = false): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (behind ? times[middle] <= ms : times[middle] < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Makes room for `need` samples and keeps the first `count`. */
function grow(into: SampleBuffer, count: number, need: number): void {
  if (need <= into.timestamps.length) return;
  const size = Math.max(need, into.timestamps.length * 2, 256);
  const { timestamps, words } = into;
  into.timestamps = new Float64Array(size);
  into.values = new Float64Array(size);
  into.words = new Uint32Array(into.values.buffer);
  into.timestamps.set(timestamps.subarray(0, count));
  into.words.set(words.subarray(0, count * 2));
}
