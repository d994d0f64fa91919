// The series of a head: made from the definitions of a record, found again by their labels. A
// series is the list of its label pairs' ids; the hash of its canonical bytes only finds
// candidates. Ids rise and are never given again, so that lists stay sorted and nobody's id comes
// to mean another series.
import { alloc } from './arena';
import { CELL, giveCell, takeCell } from './cells';
import { LAST_TIME } from './gorilla-state';
import { xxh64 } from './hash';
import {
  countBytes,
  DIRECTORY,
  DIRECTORY_ROOM,
  FLOOR,
  give,
  HASH,
  HEAD_BYTES,
  ID,
  LABEL_COUNT,
  LABELS,
  NEVER,
  NEXT_ID,
  SERIES_LIVE,
  seriesAt,
  TABLE,
  TABLE_SLOTS,
  take,
} from './head-layout';
import { pairBytes, pairEnd, pairFor, pairLength } from './head-pairs';
import { listAdd, pairAt } from './head-postings';
import { REF_MAX, refPut, refSeries } from './head-refs';
import { sameBytes } from './hash';

const LABELS_MAX: u32 = 250;
const BLOCK_BYTES: u32 = 1024;
/** Pair ids of the series that is being looked up or made. */
export const pairIds: usize = memory.data(1024, 16);

/** A head without series. */
export function headNew(): usize {
  const head = alloc(HEAD_BYTES);
  memory.fill(head, 0, HEAD_BYTES);
  store<i64>(head, NEVER, FLOOR);
  countBytes(head, HEAD_BYTES);
  return head;
}

function putSlot(head: usize, series: usize): void {
  const slots = load<usize>(head, TABLE);
  const mask = load<u32>(head, TABLE_SLOTS) - 1;
  let i = load<u32>(series, HASH) & mask;
  while (load<u32>(slots + ((<usize>i) << 2)) != 0) i = (i + 1) & mask;
  store<u32>(slots + ((<usize>i) << 2), <u32>series);
}

/** Fills the table anew with all living series. */
export function rebuildTable(head: usize, count: u32): void {
  const old = load<u32>(head, TABLE_SLOTS);
  if (old != 0) give(head, load<usize>(head, TABLE), old << 2);
  store<u32>(head, <u32>take(head, count << 2), TABLE);
  store<u32>(head, count, TABLE_SLOTS);
  memory.fill(load<usize>(head, TABLE), 0, count << 2);
  const end = load<u32>(head, NEXT_ID);
  for (let id: u32 = 0; id < end; id++) {
    const series = seriesAt(head, id);
    if (series != 0) putSlot(head, series);
  }
}

/** Makes room for the address of series `id`. */
export function directorySlot(head: usize, id: u32): usize {
  const index = id >> 8;
  const room = load<u32>(head, DIRECTORY_ROOM);
  if (index >= room) {
    const wider = max(index + 1, room + (room >> 1) + 64);
    const blocks = take(head, wider << 2);
    memory.fill(blocks, 0, wider << 2);
    if (room != 0) {
      memory.copy(blocks, load<usize>(head, DIRECTORY), room << 2);
      give(head, load<usize>(head, DIRECTORY), room << 2);
    }
    store<u32>(head, <u32>blocks, DIRECTORY);
    store<u32>(head, wider, DIRECTORY_ROOM);
  }
  const slot = load<usize>(head, DIRECTORY) + ((<usize>index) << 2);
  if (load<u32>(slot) == 0) {
    const block = take(head, BLOCK_BYTES);
    memory.fill(block, 0, BLOCK_BYTES);
    store<u32>(slot, <u32>block);
  }
  return load<usize>(slot) + (((<usize>id) & 255) << 2);
}

/** Makes a series of `count` pair ids, which stand in `pairIds`; `id` is not below the next id. */
export function newSeries(head: usize, id: u32, hash: u32, count: u32): usize {
  const live = load<u32>(head, SERIES_LIVE) + 1;
  const slots = load<u32>(head, TABLE_SLOTS);
  if (live + (live >> 2) >= slots) rebuildTable(head, slots == 0 ? 4096 : slots << 1);
  const slot = directorySlot(head, id);
  const series = takeCell();
  countBytes(head, CELL);
  memory.fill(series, 0, CELL);
  const labels = take(head, count << 2);
  memory.copy(labels, pairIds, count << 2);
  store<i64>(series, NEVER, LAST_TIME);
  store<u32>(series, id, ID);
  store<u32>(series, hash, HASH);
  store<u32>(series, <u32>labels, LABELS);
  store<u8>(series, <u8>count, LABEL_COUNT);
  store<u32>(slot, <u32>series);
  store<u32>(head, id + 1, NEXT_ID);
  store<u32>(head, live, SERIES_LIVE);
  putSlot(head, series);
  for (let i: u32 = 0; i < count; i++) {
    listAdd(head, pairAt(head, load<u32>(labels + ((<usize>i) << 2))), id);
  }
  return series;
}

/** Frees a series without chunks and refs; its lists and the table are put right by the caller. */
export function dropSeries(head: usize, series: usize): void {
  store<u32>(directorySlot(head, load<u32>(series, ID)), 0);
  give(head, load<usize>(series, LABELS), (<u32>load<u8>(series, LABEL_COUNT)) << 2);
  giveCell(series);
  countBytes(head, -(<i32>CELL));
  store<u32>(head, load<u32>(head, SERIES_LIVE) - 1, SERIES_LIVE);
}

/** The pair ids of canonical bytes, into `pairIds`; -1 when they are no label set. */
function readPairs(head: usize, at: usize, end: usize): i32 {
  let count: u32 = 0;
  let from = at;
  while (from < end) {
    const pair = pairFor(head, from, end);
    if (pair < 0 || count == LABELS_MAX) return -1;
    store<u32>(pairIds + ((<usize>count) << 2), <u32>pair);
    count++;
    from = pairEnd();
  }
  return <i32>count;
}

function sameLabels(series: usize, count: u32): bool {
  if (<u32>load<u8>(series, LABEL_COUNT) != count) return false;
  return memory.compare(load<usize>(series, LABELS), pairIds, count << 2) == 0;
}

/** The series with these pairs, or 0. */
function findSeries(head: usize, hash: u32, count: u32): usize {
  const slots = load<usize>(head, TABLE);
  if (slots == 0) return 0;
  const mask = load<u32>(head, TABLE_SLOTS) - 1;
  let i = hash & mask;
  while (true) {
    const series: usize = load<u32>(slots + ((<usize>i) << 2));
    if (series == 0) return 0;
    if (load<u32>(series, HASH) == hash && sameLabels(series, count)) return series;
    i = (i + 1) & mask;
  }
}

/** True when the series' labels are exactly these canonical bytes. */
function isSpelled(head: usize, series: usize, at: usize, length: u32): bool {
  const labels = load<usize>(series, LABELS);
  const count = <u32>load<u8>(series, LABEL_COUNT);
  let from = at;
  const end = at + length;
  for (let i: u32 = 0; i < count; i++) {
    const pair = load<u32>(labels + ((<usize>i) << 2));
    const bytes = pairLength(head, pair);
    if (bytes > <u32>(end - from) || !sameBytes(pairBytes(head, pair), from, bytes)) return false;
    from += bytes;
  }
  return from == end;
}

/**
 * Takes `count` definitions, triples of u32: ref, address and length of canonical bytes. What the
 * map knows already is only compared. Answers how many series are new, or -1 when a definition is
 * broken (those before it have been taken).
 */
export function headDefine(head: usize, map: usize, definitions: usize, count: u32): i32 {
  let fresh: i32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const triple = definitions + <usize>i * 12;
    const ref = load<u32>(triple);
    const at: usize = load<u32>(triple, 4);
    const length = load<u32>(triple, 8);
    if (ref >= REF_MAX) return -1;
    const known = refSeries(map, ref);
    if (known != 0 && isSpelled(head, known, at, length)) continue;
    const pairs = readPairs(head, at, at + length);
    if (pairs < 0) return -1;
    const hash = <u32>xxh64(at, length, 0);
    let series = findSeries(head, hash, <u32>pairs);
    if (series == 0) {
      series = newSeries(head, load<u32>(head, NEXT_ID), hash, <u32>pairs);
      fresh++;
    }
    refPut(head, map, ref, series);
  }
  return fresh;
}

/** Address of the pair ids of a living series. */
export function seriesLabels(head: usize, id: u32): usize {
  return load<usize>(seriesAt(head, id), LABELS);
}

/** Number of labels of a series, or -1 when it does not live. */
export function seriesLabelCount(head: usize, id: u32): i32 {
  const series = seriesAt(head, id);
  return series == 0 ? -1 : <i32>load<u8>(series, LABEL_COUNT);
}

/** Copies the ids of all living series to where SERIES_LIVE of them have room; says how many. */
export function headIds(head: usize, to: usize): u32 {
  const end = load<u32>(head, NEXT_ID);
  let count: u32 = 0;
  for (let id: u32 = 0; id < end; id++) {
    if (seriesAt(head, id) == 0) continue;
    store<u32>(to + ((<usize>count) << 2), id);
    count++;
  }
  return count;
}

/** Sets the bit of each label pair that some of `count` living series have. */
export function headMarkPairs(head: usize, ids: usize, count: u32, marks: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const series = seriesAt(head, load<u32>(ids + ((<usize>i) << 2)));
    const labels = load<usize>(series, LABELS);
    const end = labels + ((<usize>load<u8>(series, LABEL_COUNT)) << 2);
    for (let at = labels; at < end; at += 4) {
      const pair = load<u32>(at);
      const byte = marks + ((<usize>pair) >> 3);
      store<u8>(byte, load<u8>(byte) | ((<u8>1) << (<u8>(pair & 7))));
    }
  }
}
