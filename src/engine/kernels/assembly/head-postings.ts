// Which series have a label pair: ids in rising order, one list a pair. A list of one lies in the
// pair's record itself; longer ones are blocks of 16 bytes that double up to 1 KiB, then further
// blocks, so that many short lists and a few long ones both stay tight. Ids are only ever added at
// the end, because series get rising ids.
import { give, PAIRS, seriesAt, take } from './head-layout';

// A pair's record: 0 bytes at (0: free), 4 their length, 8 hash, 12 id of the name's record, 16
// next pair of this name or next free one (id + 1), 20 length of the list, 24 its first, 28 last
// block.
export const PAIR_SHIFT: u32 = 5;
export const LIST_COUNT: usize = 20;
const FIRST: usize = 24;
const LAST: usize = 28;

// A block: 0 next, 4 ids used (u16), 6 ids that fit (u16), 8 the ids.
const BLOCK_MAX: u32 = 1024;

// @ts-ignore: decorator
@inline
export function pairAt(head: usize, pair: u32): usize {
  return load<usize>(head, PAIRS) + (<usize>pair << PAIR_SHIFT);
}

function newBlock(head: usize, size: u32): usize {
  const block = take(head, size);
  store<u32>(block, 0);
  store<u16>(block, 0, 4);
  store<u16>(block, <u16>((size - 8) >> 2), 6);
  return block;
}

// @ts-ignore: decorator
@inline
function blockSize(block: usize): u32 {
  return 8 + (<u32>load<u16>(block, 6) << 2);
}

// @ts-ignore: decorator
@inline
function pushId(block: usize, id: u32): void {
  const used = load<u16>(block, 4);
  store<u32>(block + 8 + (<usize>used << 2), id);
  store<u16>(block, used + 1, 4);
}

/** A last block with room, in place of a full one or behind it. */
function widen(head: usize, record: usize, last: usize): usize {
  const size = blockSize(last);
  if (size == BLOCK_MAX) {
    const block = newBlock(head, BLOCK_MAX);
    store<u32>(last, <u32>block);
    store<u32>(record, <u32>block, LAST);
    return block;
  }
  // Only the first block is ever smaller than the largest size.
  const block = newBlock(head, size << 1);
  memory.copy(block + 8, last + 8, size - 8);
  store<u16>(block, load<u16>(last, 4), 4);
  give(head, last, size);
  store<u32>(record, <u32>block, FIRST);
  store<u32>(record, <u32>block, LAST);
  return block;
}

/** Adds an id above all others of the list. */
export function listAdd(head: usize, record: usize, id: u32): void {
  const count = load<u32>(record, LIST_COUNT);
  store<u32>(record, count + 1, LIST_COUNT);
  if (count == 0) {
    store<u32>(record, id, FIRST);
    return;
  }
  let last: usize = load<u32>(record, LAST);
  if (count == 1) {
    last = newBlock(head, 16);
    pushId(last, load<u32>(record, FIRST));
    store<u32>(record, <u32>last, FIRST);
    store<u32>(record, <u32>last, LAST);
  } else if (load<u16>(last, 4) == load<u16>(last, 6)) {
    last = widen(head, record, last);
  }
  pushId(last, id);
}

/** Drops the ids of series that live no more. */
export function listFilter(head: usize, record: usize): void {
  const count = load<u32>(record, LIST_COUNT);
  const first: usize = load<u32>(record, FIRST);
  store<u32>(record, 0, LIST_COUNT);
  if (count == 0) return;
  if (count == 1) {
    if (seriesAt(head, <u32>first) != 0) listAdd(head, record, <u32>first);
    return;
  }
  let block = first;
  while (block != 0) {
    const next: usize = load<u32>(block);
    const end = block + 8 + (<usize>load<u16>(block, 4) << 2);
    for (let at = block + 8; at < end; at += 4) {
      if (seriesAt(head, load<u32>(at)) != 0) listAdd(head, record, load<u32>(at));
    }
    give(head, block, blockSize(block));
    block = next;
  }
}

/** Length of a pair's list. */
export function postingsCount(head: usize, pair: u32): u32 {
  return load<u32>(pairAt(head, pair), LIST_COUNT);
}

/** Copies a pair's list to where postingsCount ids have room. */
export function postingsCopy(head: usize, pair: u32, to: usize): void {
  const record = pairAt(head, pair);
  const count = load<u32>(record, LIST_COUNT);
  if (count == 0) return;
  if (count == 1) {
    store<u32>(to, load<u32>(record, FIRST));
    return;
  }
  let at = to;
  for (let block: usize = load<u32>(record, FIRST); block != 0; block = load<u32>(block)) {
    const bytes = <usize>load<u16>(block, 4) << 2;
    memory.copy(at, block + 8, bytes);
    at += bytes;
  }
}
