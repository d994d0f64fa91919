// Forgets what is older than the floor: chunks wholly before it, then series without chunks that no
// ref of a living epoch stands for, then label pairs without series. Linear in the series of the
// head; called every few minutes. Easy to get wrong: a series whose ref may still come is kept, or
// a sample of a long silent series would find nothing.
import { COUNT, LAST_TIME } from './gorilla-state';
import { alloc, free } from './arena';
import {
  CHUNK_COUNT,
  chunkLast,
  CHUNKS,
  DIRECTORY,
  DIRECTORY_ROOM,
  dropOpen,
  FLOOR,
  forgetLast,
  give,
  hasChunks,
  HEAD_BYTES,
  LABEL_COUNT,
  LABELS,
  NEWEST,
  NEXT_ID,
  OLDER,
  PAIR_NEXT,
  PAIR_ROOM,
  PAIR_SLOTS,
  PAIR_TABLE,
  PAIRS,
  REFS,
  SAMPLES,
  seriesAt,
  TABLE,
  TABLE_SLOTS,
  UNITS,
} from './head-layout';
import { lateMoved } from './head-open';
import { dropEmptyPairs, pairBytes, pairLength } from './head-pairs';
import { listFilter, PAIR_SHIFT, pairAt } from './head-postings';
import { dropSeries, rebuildTable } from './head-series';

/** Frees a closed chunk and all that are older. */
function freeChain(head: usize, newest: usize): void {
  let chunk = newest;
  while (chunk != 0) {
    const older: usize = load<usize>(chunk, OLDER);
    const count = <u64>load<u8>(chunk, CHUNK_COUNT);
    store<u64>(head, load<u64>(head, SAMPLES) - count, SAMPLES);
    store<u32>(head, load<u32>(head, CHUNKS) - 1, CHUNKS);
    give(head, chunk, (<u32>load<u8>(chunk, UNITS)) << 4);
    chunk = older;
  }
}

function truncateSeries(head: usize, series: usize, floor: i64): void {
  if (load<u8>(series, COUNT) != 0 && load<i64>(series, LAST_TIME) < floor) {
    const count = <u64>load<u8>(series, COUNT);
    store<u64>(head, load<u64>(head, SAMPLES) - count, SAMPLES);
    dropOpen(head, series);
  }
  let newer: usize = 0;
  let chunk: usize = load<usize>(series, NEWEST);
  while (chunk != 0 && chunkLast(chunk) >= floor) {
    newer = chunk;
    chunk = load<usize>(chunk, OLDER);
  }
  if (chunk != 0) {
    freeChain(head, chunk);
    if (newer == 0) store<u32>(series, 0, NEWEST);
    else store<u32>(newer, 0, OLDER);
  }
  forgetLast(series);
}

/** Marks the pairs of a series in a set of bits. */
function markPairs(series: usize, marks: usize): void {
  const labels = load<usize>(series, LABELS);
  const count = <u32>load<u8>(series, LABEL_COUNT);
  for (let i: u32 = 0; i < count; i++) {
    const pair = load<u32>(labels + ((<usize>i) << 2));
    const byte = marks + ((<usize>pair) >> 3);
    store<u8>(byte, load<u8>(byte) | ((<u8>1) << (<u8>(pair & 7))));
  }
}

function filterMarked(head: usize, marks: usize): void {
  const end = load<u32>(head, PAIR_NEXT);
  for (let pair: u32 = 0; pair < end; pair++) {
    if ((load<u8>(marks + ((<usize>pair) >> 3)) & ((<u8>1) << (<u8>(pair & 7)))) == 0) continue;
    listFilter(head, pairAt(head, pair));
  }
}

/** Frees directory blocks without a living series. */
function tidyDirectory(head: usize): void {
  const full = load<u32>(head, NEXT_ID) >> 8;
  for (let index: u32 = 0; index < full; index++) {
    const slot = load<usize>(head, DIRECTORY) + ((<usize>index) << 2);
    const block: usize = load<u32>(slot);
    if (block == 0) continue;
    let used: u64 = 0;
    for (let at = block; at < block + 1024; at += 8) used |= load<u64>(at);
    if (used != 0) continue;
    give(head, block, 1024);
    store<u32>(slot, 0);
  }
}

/** Raises the floor (it never sinks) and frees what lies before. Answers how many series went. */
export function headTruncate(head: usize, before: f64): u32 {
  const floor = max<i64>(load<i64>(head, FLOOR), <i64>before);
  store<i64>(head, floor, FLOOR);
  lateMoved();
  const end = load<u32>(head, NEXT_ID);
  const markBytes = (load<u32>(head, PAIR_NEXT) >> 3) + 1;
  const marks = alloc(markBytes);
  memory.fill(marks, 0, markBytes);
  let dropped: u32 = 0;
  for (let id: u32 = 0; id < end; id++) {
    const series = seriesAt(head, id);
    if (series == 0) {
      // Whole blocks of removed series are stepped over.
      if ((id & 255) == 0 && !hasBlock(head, id)) id |= 255;
      continue;
    }
    truncateSeries(head, series, floor);
    if (hasChunks(series) || load<u16>(series, REFS) != 0) continue;
    markPairs(series, marks);
    dropSeries(head, series);
    dropped++;
  }
  if (dropped != 0) {
    filterMarked(head, marks);
    dropEmptyPairs(head);
    rebuildTable(head, load<u32>(head, TABLE_SLOTS));
    tidyDirectory(head);
  }
  free(marks, markBytes);
  return dropped;
}

function hasBlock(head: usize, id: u32): bool {
  return load<u32>(load<usize>(head, DIRECTORY) + (((<usize>id) >> 8) << 2)) != 0;
}

/** Frees all of a head; its ref maps must have been freed before. */
export function headFree(head: usize): void {
  const end = load<u32>(head, NEXT_ID);
  for (let id: u32 = 0; id < end; id++) {
    const series = seriesAt(head, id);
    if (series == 0) continue;
    dropOpen(head, series);
    freeChain(head, load<usize>(series, NEWEST));
    dropSeries(head, series);
  }
  const pairs = load<u32>(head, PAIR_NEXT);
  for (let pair: u32 = 0; pair < pairs; pair++) {
    if (pairBytes(head, pair) == 0) continue;
    listFilter(head, pairAt(head, pair));
    give(head, pairBytes(head, pair), pairLength(head, pair));
  }
  tidyDirectory(head);
  if (end != 0 && hasBlock(head, end - 1)) {
    const slot = load<usize>(head, DIRECTORY) + (((<usize>(end - 1)) >> 8) << 2);
    give(head, load<usize>(slot), 1024);
  }
  freeArray(head, DIRECTORY, DIRECTORY_ROOM, 2);
  freeArray(head, TABLE, TABLE_SLOTS, 2);
  freeArray(head, PAIR_TABLE, PAIR_SLOTS, 2);
  freeArray(head, PAIRS, PAIR_ROOM, PAIR_SHIFT);
  lateMoved();
  free(head, HEAD_BYTES);
}

function freeArray(head: usize, address: usize, room: usize, shift: u32): void {
  const count = load<u32>(head + room);
  if (count != 0) give(head, load<u32>(head + address), count << shift);
}
