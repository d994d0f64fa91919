// The columns of a DuckDB chunk as the typed arrays that they are. The library keeps its arrays to
// itself and offers a value at a time, with a bigint for each BIGINT; a sample must not cost an
// object. Pinned to the version of package.json, and checked where a column is opened.
import type { DuckDBBlobVector, DuckDBDataChunk } from '@duckdb/node-api';
import { assert } from '../errors.ts';

type Items = Float64Array | BigInt64Array | BigUint64Array | Uint32Array | Uint8Array | Int32Array;

const TWO_32 = 2 ** 32;

function itemsOf(chunk: DuckDBDataChunk, column: number): Items {
  const { items } = chunk.getColumnVector(column) as unknown as { readonly items?: Items };
  assert(ArrayBuffer.isView(items), 'a column of numbers is a typed array');
  return items;
}

/** A column of numbers that fit a JavaScript number. */
export function numbersOf(
  chunk: DuckDBDataChunk,
  column: number,
): Float64Array | Uint32Array | Uint8Array | Int32Array {
  return itemsOf(chunk, column) as Float64Array;
}

/** A column of 64-bit items as words, low word first. */
export function wordsOf(chunk: DuckDBDataChunk, column: number): Uint32Array {
  const items = itemsOf(chunk, column);
  return new Uint32Array(items.buffer, items.byteOffset, items.byteLength / 4);
}

/** Whole ms into the words of a BIGINT; negative ones too. */
export function putMs(words: Uint32Array, i: number, ms: number): void {
  words[i * 2] = ms;
  words[i * 2 + 1] = Math.floor(ms / TWO_32);
}

/** The number that putMs wrote. */
export function msAt(words: Uint32Array, i: number): number {
  return (words[i * 2 + 1] | 0) * TWO_32 + words[i * 2];
}

/** Marks all items as missing; those that are set afterwards are there. */
export function allMissing(vector: DuckDBBlobVector): void {
  if (vector.itemCount === 0) return;
  vector.setItem(0, null);
  const { data } = (vector as unknown as { validity: { data: BigUint64Array | null } }).validity;
  assert(data !== null, 'an item that is missing has a bit');
  new Uint32Array(data.buffer, data.byteOffset, data.length * 2).fill(0);
}

/** Hands a filled chunk over; its vectors were made for the most rows that there may be. */
export function flush(chunk: DuckDBDataChunk, rows: number): void {
  for (let c = 0; c < chunk.columnCount; c++) chunk.getColumnVector(c).flush();
  chunk.rowCount = rows;
}
