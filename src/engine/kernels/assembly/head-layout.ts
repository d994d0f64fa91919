// Where things lie in a head: the head itself, a series (one cell), an open chunk (linked cells)
// and a closed chunk (one exact piece). docs/format/chunk.md draws the last two. Chunks of a series
// are disjoint and linked from the newest to the oldest. Easy to get wrong: the first 36 bytes of a
// series belong to gorilla-append.ts.
import { alloc, free, pieceSize } from './arena';
import { CELL, giveCell, takeCell } from './cells';
import { ACC, COUNT, FILL, LAST_TIME, staged } from './gorilla-state';

// The head, 128 bytes.
export const HEAD_BYTES: u32 = 128;
/** Samples before this time are refused and not shown. */
export const FLOOR: usize = 0;
export const SAMPLES: usize = 8;
/** Bytes of all that belongs to this head, as f64. */
export const BYTES: usize = 16;
export const SERIES_LIVE: usize = 24;
export const NEXT_ID: usize = 28;
export const CHUNKS: usize = 32;
/** Array of blocks of 256 series addresses by id, and how many blocks it has room for. */
export const DIRECTORY: usize = 36;
export const DIRECTORY_ROOM: usize = 40;
/** Open addressing table of series addresses by hash. */
export const TABLE: usize = 44;
export const TABLE_SLOTS: usize = 48;
/** Open addressing table of pair id + 1, and the pair records. */
export const PAIR_TABLE: usize = 52;
export const PAIR_SLOTS: usize = 56;
export const PAIRS: usize = 60;
export const PAIR_ROOM: usize = 64;
/** One past the highest pair id ever in use; free ids are linked from PAIR_FREE (id + 1). */
export const PAIR_NEXT: usize = 68;
export const PAIR_FREE: usize = 72;
export const PAIRS_LIVE: usize = 76;

// A series: the appender's state, then these.
/** The next free word of the open chunk's last cell; a multiple of 64 when that cell is full. */
export const WORD_AT: usize = 36;
export const FIRST_CELL: usize = 40;
export const NEWEST: usize = 44;
export const ID: usize = 48;
/** Piece of LABEL_COUNT pair ids. */
export const LABELS: usize = 52;
export const HASH: usize = 56;
/** Whole words in the open chunk. */
export const WORDS: usize = 60;
export const LABEL_COUNT: usize = 61;
/** How many refs of living epochs stand for this series; stays at 65535 once there. */
export const REFS: usize = 62;

// A closed chunk: this header, then the payload; the payload begins with the first timestamp.
export const OLDER: usize = 0;
/** Last minus first timestamp. */
export const SPAN: usize = 4;
export const PAYLOAD_BYTES: usize = 8;
export const CHUNK_COUNT: usize = 10;
/** Size of the piece in units of 16 bytes. */
export const UNITS: usize = 11;
export const PAYLOAD: usize = 12;
export const FIRST_TIME: usize = 12;

/** An open chunk is cut before it could outgrow a small piece: 118 + 3 words, 8 and 12 bytes. */
export const WORDS_MAX: u32 = 118;
export const PAYLOAD_MAX: u32 = 1012;
/** Longer pauses cut the chunk, so that SPAN fits 32 bits: 120 times this does. */
export const DELTA_MAX: i64 = 1 << 25;
export const SPAN_MAX: i64 = 0xffffffff;
/** Before any time. */
export const NEVER: i64 = -0x4000000000000000;

/** Adds to the byte count of a head. */
// @ts-ignore: decorator
@inline
export function countBytes(head: usize, bytes: i32): void {
  store<f64>(head, load<f64>(head, BYTES) + <f64>bytes, BYTES);
}

/** A piece that is counted for the head. */
export function take(head: usize, size: u32): usize {
  countBytes(head, <i32>pieceSize(size));
  return alloc(size);
}

export function give(head: usize, at: usize, size: u32): void {
  countBytes(head, -<i32>pieceSize(size));
  free(at, size);
}

/** The struct of a living series, or 0. */
// @ts-ignore: decorator
@inline
export function seriesAt(head: usize, id: u32): usize {
  if (id >= load<u32>(head, NEXT_ID)) return 0;
  const block = load<usize>(load<usize>(head, DIRECTORY) + ((<usize>id >> 8) << 2));
  if (block == 0) return 0;
  return load<u32>(<usize>block + ((<usize>id & 255) << 2));
}

/** First timestamp of the open chunk (there must be one). */
// @ts-ignore: decorator
@inline
export function openFirst(series: usize): i64 {
  return load<i64>(load<usize>(series, FIRST_CELL), 8);
}

// @ts-ignore: decorator
@inline
export function chunkLast(chunk: usize): i64 {
  return load<i64>(chunk, FIRST_TIME) + <i64>load<u32>(chunk, SPAN);
}

/** Moves `words` staged words into the open chunk, in new cells where need be. */
export function putWords(head: usize, series: usize, words: u32): void {
  let to: usize = load<u32>(series, WORD_AT);
  for (let i: u32 = 0; i < words; i++) {
    if ((to & (CELL - 1)) == 0) {
      const cell = takeCell();
      countBytes(head, CELL);
      if (to == 0) store<u32>(series, <u32>cell, FIRST_CELL);
      else store<u32>(to - CELL, <u32>cell);
      to = cell + 8;
    }
    store<u64>(to, load<u64>(staged + (<usize>i << 3)));
    to += 8;
  }
  store<u32>(series, <u32>to, WORD_AT);
  store<u8>(series, <u8>(load<u8>(series, WORDS) + words), WORDS);
}

/** Payload bytes of the open chunk. */
// @ts-ignore: decorator
@inline
export function openBytes(series: usize): u32 {
  return (<u32>load<u8>(series, WORDS) << 3) + ((<u32>load<u8>(series, FILL) + 7) >> 3);
}

/** Room for one payload and a word. */
export const gather: usize = memory.data(1040, 16);

/** Copies the open chunk's payload to where 8 bytes more than its length may be overwritten. */
export function copyOpen(series: usize, to: usize): void {
  let left = <u32>load<u8>(series, WORDS) << 3;
  let cell: usize = load<usize>(series, FIRST_CELL);
  let at = to;
  while (left != 0) {
    const bytes = min<u32>(left, CELL - 8);
    memory.copy(at, cell + 8, bytes);
    at += bytes;
    left -= bytes;
    cell = load<u32>(cell);
  }
  store<u64>(at, load<u64>(series, ACC));
}

/** Gives the open chunk's cells back; the series has no open chunk then. */
export function dropOpen(head: usize, series: usize): void {
  if (load<u8>(series, COUNT) == 0) return;
  const words = <u32>load<u8>(series, WORDS);
  let cell: usize = load<usize>(series, FIRST_CELL);
  for (let left = <i32>words; left > 0; left -= 7) {
    const next: usize = load<u32>(cell);
    giveCell(cell);
    countBytes(head, -<i32>CELL);
    cell = next;
  }
  store<u32>(series, 0, WORD_AT);
  store<u32>(series, 0, FIRST_CELL);
  store<u8>(series, 0, COUNT);
  store<u8>(series, 0, FILL);
  store<u8>(series, 0, WORDS);
  store<u32>(head, load<u32>(head, CHUNKS) - 1, CHUNKS);
}

/** True when the series holds samples. */
// @ts-ignore: decorator
@inline
export function hasChunks(series: usize): bool {
  return load<u8>(series, COUNT) != 0 || load<usize>(series, NEWEST) != 0;
}

/** The last timestamp is forgotten when the last chunk is gone. */
export function forgetLast(series: usize): void {
  if (!hasChunks(series)) store<i64>(series, NEVER, LAST_TIME);
}
