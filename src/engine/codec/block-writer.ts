// Writes a sealed block as a stream of bytes: pages of columns as soon as they are full, the index
// at the end. Stands between the store (which seals, compacts, and owns the files) and the disk.
// Easy to get wrong: the pieces must be written in the order in which they are yielded, to an
// empty file, and the file counts only when all of them are durable.
import { assert } from '../errors.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { BLOCK_PAGE_BYTES, COLUMN_SAMPLES_MAX } from '../limits.ts';
import { compareLabels, type Labels } from '../model/labels.ts';
import {
  PIECE_KINDS,
  type BlockSeries,
  type BlockSummary,
  type BlockTitle,
  type BytesPiece,
  type FloatPiece,
  type Piece,
} from './block.ts';
import { BlockIndexWriter } from './block-index-write.ts';
import { ID_BYTES, SECTION, TRAILER_BYTES } from './block-layout.ts';
import { PageWriter } from './block-page.ts';
import { BlockSections } from './block-sections.ts';
import { TimesWriter } from './block-times-write.ts';
import { BytePen } from './byte-pen.ts';
import { codecOf, type ColumnCodec } from './column.ts';

export interface BlockOptions {
  readonly kernels: Kernels;
  readonly title: BlockTitle;
  /** zstd's level for tokens and index; BLOCK_LEVEL when left out. */
  readonly level?: number;
  readonly pageBytes?: number;
}

/** Above this zstd finds 1 byte in 1,000 and takes up to four times as long (block.bench.ts). */
const BLOCK_LEVEL = 6;
/** Series of one chunk of pieces. */
const PIECES_CHUNK = 2048;
const NOTE_BYTES_MAX = 64 * 1024;

/** A block series by series, for who writes several at once; writeBlock() says what has to hold. */
export class BlockWriter {
  readonly #title: BlockTitle;
  readonly #level: number;
  readonly #pageBytes: number;
  readonly #codec: ColumnCodec;
  readonly #sections: BlockSections;
  readonly #times: TimesWriter;
  readonly #values = new PageWriter();
  readonly #rows = new BytePen(4096);
  readonly #pieces = new BytePen(16 * 1024);
  readonly #index = new BlockIndexWriter();
  #valueColumns = 0;
  #rowPieces = 0;
  /** Row pieces in the section at hand. */
  #rowsHeld = 0;
  #seriesHeld = 0;
  #lastRef = 0;
  #before: Labels | undefined;
  #lastMs = -Infinity;
  #minMs = Infinity;
  #maxMs = -Infinity;
  #samples = 0;

  constructor(options: BlockOptions) {
    const { id, note } = options.title;
    assert(id.length === ID_BYTES, 'the id of a block has 16 bytes');
    assert(Buffer.byteLength(note) <= NOTE_BYTES_MAX, 'the note of a block is short');
    this.#title = options.title;
    this.#level = options.level ?? BLOCK_LEVEL;
    this.#pageBytes = options.pageBytes ?? BLOCK_PAGE_BYTES;
    this.#codec = codecOf(options.kernels);
    this.#sections = new BlockSections(options.title.id, this.#level);
    this.#times = new TimesWriter({
      codec: this.#codec,
      sections: this.#sections,
      pageBytes: this.#pageBytes,
      level: this.#level,
    });
  }

  *write(series: Iterable<BlockSeries>): Generator<Uint8Array, BlockSummary> {
    yield this.header();
    for (const one of series) yield* this.add(one);
    return yield* this.end();
  }

  /** The first bytes. */
  header(): Uint8Array {
    return this.#sections.header();
  }

  /** The last bytes, and what the block is. */
  *end(): Generator<Uint8Array, BlockSummary> {
    yield* this.#times.sections(true);
    yield* this.#full(true);
    yield* this.#index.sections(this.#sections);
    const position = this.#sections.position;
    const directory = this.#sections.add(SECTION.directory, 0, this.#directory());
    yield directory;
    yield this.#sections.trailer({ position, length: directory.length });
    return this.#summary();
  }

  /** The next series; yields the pages that are full. All of them have to be taken. */
  *add(series: BlockSeries): Iterable<Uint8Array> {
    const { labels } = series;
    assert(
      this.#before === undefined || compareLabels(this.#before, labels) < 0,
      'the series of a block come sorted, each once',
    );
    this.#before = labels;
    this.#lastMs = -Infinity;
    this.#index.add(labels);
    if (this.#seriesHeld++ === 0) {
      this.#pieces.varint(this.#valueColumns);
      this.#pieces.varint(this.#rowPieces);
      this.#lastRef = 0;
    }
    const told: number[] = [];
    for (const piece of series.pieces) {
      for (const part of cut(piece, this.#pageBytes)) {
        told.push(PIECE_KINDS[part.kind], this.#add(part));
        yield* this.#times.sections(false);
        yield* this.#full(false);
      }
    }
    assert(told.length > 0, 'a series of a block has samples');
    this.#pieces.varint(told.length / 2);
    for (let i = 0; i < told.length; i += 2) {
      this.#pieces.u8(told[i]);
      this.#pieces.signed(told[i + 1] - this.#lastRef);
      this.#lastRef = told[i + 1];
    }
    if (this.#seriesHeld === PIECES_CHUNK) yield this.#takePieces();
  }

  #takePieces(): Uint8Array {
    const held = this.#seriesHeld;
    this.#seriesHeld = 0;
    return this.#sections.add(SECTION.pieces, held, this.#pieces.take());
  }

  /** Adds a piece that is short enough and answers the ref of its times. */
  #add(piece: Piece): number {
    const times =
      piece.kind === 'float' ? piece.timestamps.subarray(0, piece.count) : piece.timestamps;
    for (const t of times) {
      assert(Number.isSafeInteger(t) && t > this.#lastMs, 'the times of a series rise');
      this.#lastMs = t;
    }
    this.#samples += times.length;
    this.#minMs = Math.min(this.#minMs, times[0]);
    this.#maxMs = Math.max(this.#maxMs, this.#lastMs);
    const ref = this.#times.ref(times);
    if (piece.kind === 'float') {
      this.#values.add(this.#codec.encode(piece.words.subarray(0, piece.count * 2)));
      this.#valueColumns++;
    } else {
      this.#rows.varint(piece.bodies.length);
      for (const body of piece.bodies) this.#rows.varint(body.length);
      for (const body of piece.bodies) this.#rows.raw(body);
      this.#rowPieces++;
      this.#rowsHeld++;
    }
    return ref;
  }

  /** Pages that are full; at the end all that is left. */
  *#full(ending: boolean): Iterable<Uint8Array> {
    const { columns } = this.#values;
    if (columns > 0 && (ending || this.#values.full(this.#pageBytes))) {
      yield this.#sections.add(SECTION.values, columns, this.#values.take(this.#level), false);
    }
    if (this.#rowsHeld > 0 && (ending || this.#rows.length >= this.#pageBytes)) {
      const held = this.#rowsHeld;
      this.#rowsHeld = 0;
      yield this.#sections.add(SECTION.rows, held, this.#rows.take());
    }
    if (ending && this.#seriesHeld > 0) yield this.#takePieces();
  }

  #directory(): Uint8Array {
    const pen = new BytePen();
    const { partition, level, origin, note } = this.#title;
    for (const number of [partition, level, origin.generation, origin.from, origin.to]) {
      pen.varint(number);
    }
    pen.f64(this.#minMs);
    pen.f64(this.#maxMs);
    pen.varint(this.#index.series);
    pen.varint(this.#samples);
    pen.text(note);
    this.#sections.table(pen);
    return pen.take();
  }

  #summary(): BlockSummary {
    const bytes = this.#sections.position + TRAILER_BYTES;
    const dataBytes = this.#sections.bytesOf(SECTION.times, SECTION.values, SECTION.rows);
    return {
      ...this.#title,
      minMs: this.#minMs,
      maxMs: this.#maxMs,
      series: this.#index.series,
      samples: this.#samples,
      bytes,
      dataBytes,
      indexBytes: bytes - dataBytes,
    };
  }
}

/** The piece in parts that a column, or a page of rows, can take. */
function* cut(piece: Piece, pageBytes: number): Iterable<Piece> {
  if (piece.kind !== 'float') {
    yield* cutRows(piece, pageBytes);
    return;
  }
  if (piece.count <= COLUMN_SAMPLES_MAX) {
    if (piece.count > 0) yield piece;
    return;
  }
  for (let from = 0; from < piece.count; from += COLUMN_SAMPLES_MAX) {
    const to = Math.min(piece.count, from + COLUMN_SAMPLES_MAX);
    yield floatPart(piece, from, to);
  }
}

function floatPart(piece: FloatPiece, from: number, to: number): FloatPiece {
  return {
    kind: 'float',
    count: to - from,
    timestamps: piece.timestamps.subarray(from, to),
    words: piece.words.subarray(from * 2, to * 2),
  };
}

function* cutRows(piece: BytesPiece, pageBytes: number): Iterable<BytesPiece> {
  const { kind, timestamps, bodies } = piece;
  assert(timestamps.length === bodies.length, 'every row has its time');
  let from = 0;
  let bytes = 0;
  for (let i = 0; i < bodies.length; i++) {
    bytes += bodies[i].length;
    const last = i + 1 === bodies.length;
    if (!last && bytes < pageBytes && i + 1 - from < COLUMN_SAMPLES_MAX) continue;
    yield {
      kind,
      timestamps: timestamps.subarray(from, i + 1),
      bodies: bodies.slice(from, i + 1),
    };
    from = i + 1;
    bytes = 0;
  }
}

/**
 * Writes a block. Yields its bytes piece by piece, each to be written where the last one ended,
 * and returns what the block is. Series come sorted by compareLabels, each once and with samples,
 * times rising; else it is a bug. A block has at least one series. Memory: a page of each kind,
 * the shared timestamps (BLOCK_TIMES_BYTES) and about 8 bytes a label of every series, with each
 * distinct label once.
 */
export function writeBlock(
  options: BlockOptions,
  series: Iterable<BlockSeries>,
): Generator<Uint8Array, BlockSummary> {
  return new BlockWriter(options).write(series);
}
