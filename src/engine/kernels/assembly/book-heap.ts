// Bytes of the series book, laid one behind the other in blocks: the arena gives whole pages to
// pieces over 1 KiB, and label sets are often a little larger. Nothing is freed singly; the book
// copies what lives into new blocks when too much is dead.
import { alloc, free } from './arena';

const BLOCK: u32 = 65536 * 4;
/** A block: 0 the block before it, 4 its size; bytes from 8 on. */
const HEAD: u32 = 8;

let block: usize = 0;
let next: usize = 0;
let end: usize = 0;
/** Bytes of all blocks. */
export let heapBytes: u32 = 0;

/** Copies bytes into the heap and answers where they are. */
export function heapPut(at: usize, length: u32): usize {
  if (next + length > end || block == 0) {
    const size = length + HEAD > BLOCK ? length + HEAD : BLOCK;
    const fresh = alloc(size);
    store<u32>(fresh, <u32>block);
    store<u32>(fresh, size, 4);
    block = fresh;
    next = fresh + HEAD;
    end = fresh + size;
    heapBytes += size;
  }
  const to = next;
  memory.copy(to, at, length);
  next += length;
  return to;
}

/** Begins anew and answers the old blocks, for heapSweep when all that lives has been copied. */
export function heapRenew(): usize {
  const old = block;
  block = 0;
  next = 0;
  end = 0;
  heapBytes = 0;
  return old;
}

/** Gives old blocks back to the arena. */
export function heapSweep(old: usize): void {
  let at = old;
  while (at != 0) {
    const before: usize = load<u32>(at);
    free(at, load<u32>(at, 4));
    at = before;
  }
}
