// What a block is to those who write and read one: an immutable file of the samples of one
// partition and one range of time (docs/format/block.md). Bytes in and bytes out; files are the
// store's matter. Easy to get wrong: series come sorted by compareLabels, each once, and the times
// of a series rise strictly over all its pieces.
import type { Labels } from '../model/labels.ts';

/** What a piece of a series holds; the number is its tag in the file. */
export const PIECE_KINDS = { float: 0, histogram: 1, floatHistogram: 2 } as const;
export type PieceKind = keyof typeof PIECE_KINDS;

/** Float samples. `words` are the bits of the values, low word first; both may be reused after. */
export interface FloatPiece {
  readonly kind: 'float';
  readonly count: number;
  readonly timestamps: Float64Array;
  readonly words: Uint32Array;
}

/** Rows of bytes that the block does not look into: one histogram each. */
export interface BytesPiece {
  readonly kind: 'histogram' | 'floatHistogram';
  readonly timestamps: Float64Array;
  readonly bodies: readonly Uint8Array[];
}

export type Piece = FloatPiece | BytesPiece;

/** One series of a block to be. Pieces come in order of time; long ones are cut by the writer. */
export interface BlockSeries {
  readonly labels: Labels;
  readonly pieces: Iterable<Piece>;
}

/** The records of the log whose samples a block holds: offsets from `from` to below `to`. */
export interface BlockOrigin {
  readonly generation: number;
  readonly from: number;
  readonly to: number;
}

/** What the caller says of a block; the writer adds what it counted. */
export interface BlockTitle {
  /** 16 bytes that no other file has: checksums cover them. */
  readonly id: Uint8Array;
  readonly partition: number;
  /** 0 as sealed from the head, one more with each compaction. */
  readonly level: number;
  readonly origin: BlockOrigin;
  /** The owner's own words, at most 64 KiB: names of the blocks this one was made of, and so on. */
  readonly note: string;
}

/** What a block tells of itself. Times are those of its first and last sample, both within. */
export interface BlockSummary extends BlockTitle {
  readonly minMs: number;
  readonly maxMs: number;
  readonly series: number;
  readonly samples: number;
  /** Size of the file, and of it what samples (values, rows, times) and what the index takes. */
  readonly bytes: number;
  readonly dataBytes: number;
  readonly indexBytes: number;
}

/** A file that can be read anywhere, at once. The bytes of an answer belong to the caller. */
export interface RandomAccess {
  /** For messages: the path. */
  readonly name: string;
  readonly size: number;
  /** Exactly `length` bytes, fewer only behind the end of the file. */
  read(position: number, length: number): Uint8Array;
}
