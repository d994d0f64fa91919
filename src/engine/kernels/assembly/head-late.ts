// Sorts a sample in that is older than the series' newest: the chunk that covers its time is
// decoded, the sample inserted, and the chunk encoded anew, in two when it has grown too long. Any
// number of such samples works; a run of them into one chunk finds it without walking the list
// again. Easy to get wrong: links run from the newest to the oldest, so a chunk is replaced through
// the one that is newer than it.
import {
  CHUNK_COUNT,
  chunkLast,
  CHUNKS,
  copyOpen,
  dropOpen,
  FIRST_TIME,
  gather,
  give,
  NEWEST,
  OLDER,
  openBytes,
  openFirst,
  PAYLOAD,
  PAYLOAD_BYTES,
  PAYLOAD_MAX,
  SPAN,
  SPAN_MAX,
  take,
  UNITS,
} from './head-layout';
import { appendNewest, hotChunk, hotNewer, hotSeries } from './head-open';
import { lateAt, lateForgotten, pastChanged } from './head-open';
import { gorillaColumns, gorillaEncode } from './gorilla';
import { gorillaDecode } from './gorilla-decode';
import { COUNT } from './gorilla-state';

/** A chunk is cut in two when a late sample makes it longer. */
const SAMPLES_MAX: u32 = 180;

export const times: usize = memory.data(256 * 8, 16);
export const bits: usize = memory.data(256 * 8, 16);
const coded: usize = memory.data(4096, 16);

/** Index of the first of `count` times that is not before `time`. */
function place(time: i64, count: u32): u32 {
  let low: u32 = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (<i64>load<f64>(times + ((<usize>middle) << 3)) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Puts a sample among `count` in the columns; false when its time is there already. */
function insert(series: usize, time: i64, value: u64, count: u32): bool {
  const index = place(time, count);
  const t = times + ((<usize>index) << 3);
  const v = bits + ((<usize>index) << 3);
  if (index < count) {
    if (<i64>load<f64>(t) == time) return false;
    memory.copy(t + 8, t, (count - index) << 3);
    memory.copy(v + 8, v, (count - index) << 3);
  }
  pastChanged(series);
  store<f64>(t, <f64>time);
  store<u64>(v, value);
  return true;
}

/** Chunks of the samples from `low` on, in front of `older`; answers the newest of them. */
export function encodeRange(head: usize, low: u32, count: u32, older: usize): usize {
  const t = times + ((<usize>low) << 3);
  const first = <i64>load<f64>(t);
  const span = <i64>load<f64>(t + ((<usize>(count - 1)) << 3)) - first;
  let bytes: u32 = 0;
  if (count <= SAMPLES_MAX && span <= SPAN_MAX) {
    gorillaColumns(t, bits + ((<usize>low) << 3), count);
    bytes = (gorillaEncode(coded, 4096) + 7) >> 3;
  }
  if (bytes == 0 || bytes > PAYLOAD_MAX) {
    const half = count >> 1;
    const left = encodeRange(head, low, half, older);
    return encodeRange(head, low + half, count - half, left);
  }
  const size = (<u32>PAYLOAD + bytes + 15) & ~15;
  const chunk = take(head, size);
  memory.copy(chunk + PAYLOAD, coded, bytes);
  store<u32>(chunk, <u32>older, OLDER);
  store<u32>(chunk, <u32>span, SPAN);
  store<u16>(chunk, <u16>bytes, PAYLOAD_BYTES);
  store<u8>(chunk, <u8>count, CHUNK_COUNT);
  store<u8>(chunk, <u8>(size >> 4), UNITS);
  store<u32>(head, load<u32>(head, CHUNKS) + 1, CHUNKS);
  return chunk;
}

/** Decodes the open chunk into the columns. */
export function decodeOpen(series: usize): u32 {
  const count = <u32>load<u8>(series, COUNT);
  copyOpen(series, gather);
  gorillaColumns(times, bits, count);
  if (gorillaDecode(gather, openBytes(series)) < 0) unreachable();
  return count;
}

function insertOpen(head: usize, series: usize, time: i64, value: u64): bool {
  const count = decodeOpen(series);
  if (!insert(series, time, value, count)) return false;
  dropOpen(head, series);
  for (let i: usize = 0; i <= <usize>count; i++) {
    appendNewest(head, series, <i64>load<f64>(times + (i << 3)), load<u64>(bits + (i << 3)));
  }
  return true;
}

export function link(series: usize, newer: usize, chunk: usize): void {
  if (newer == 0) store<u32>(series, <u32>chunk, NEWEST);
  else store<u32>(newer, <u32>chunk, OLDER);
}

/** Inserts into a closed chunk, which is replaced. */
function insertClosed(head: usize, series: usize, newer: usize, chunk: usize): void {
  const count = <u32>load<u8>(chunk, CHUNK_COUNT) + 1;
  const older: usize = load<usize>(chunk, OLDER);
  const made = encodeRange(head, 0, count, older);
  give(head, chunk, (<u32>load<u8>(chunk, UNITS)) << 4);
  store<u32>(head, load<u32>(head, CHUNKS) - 1, CHUNKS);
  link(series, newer, made);
  const single = load<usize>(made, OLDER) == <u32>older;
  if (single) lateAt(series, newer, made);
  else lateForgotten();
}

/** A chunk of one sample between `newer` and `older`. */
function insertAlone(head: usize, series: usize, newer: usize, older: usize): void {
  const made = encodeRange(head, 0, 1, older);
  link(series, newer, made);
  lateAt(series, newer, made);
}

/** True when the remembered chunk is where `time` belongs. */
function isHot(series: usize, time: i64): bool {
  if (hotSeries != series || time < load<i64>(hotChunk, FIRST_TIME)) return false;
  return hotNewer == 0 || time < load<i64>(hotNewer, FIRST_TIME);
}

/** Sorts in a sample older than the last one; false when its time is there already. */
export function insertLate(head: usize, series: usize, time: i64, value: u64): bool {
  const open = load<u8>(series, COUNT) != 0;
  let chunk: usize = load<usize>(series, NEWEST);
  if (open && (time >= openFirst(series) || chunk == 0)) {
    return insertOpen(head, series, time, value);
  }
  let newer: usize = 0;
  if (isHot(series, time)) {
    newer = hotNewer;
    chunk = hotChunk;
  } else {
    while (chunk != 0 && time < load<i64>(chunk, FIRST_TIME)) {
      newer = chunk;
      chunk = load<usize>(chunk, OLDER);
    }
  }
  // What lies between two chunks, or before all, goes to a neighbour whose span can reach so far.
  if (chunk == 0 || time - load<i64>(chunk, FIRST_TIME) > SPAN_MAX) {
    if (newer == 0) return insertOpen(head, series, time, value);
    if (chunkLast(newer) - time > SPAN_MAX) {
      insert(series, time, value, 0);
      insertAlone(head, series, newer, chunk);
      return true;
    }
    chunk = newer;
    newer = newerThan(series, chunk);
  }
  const count = <u32>load<u8>(chunk, CHUNK_COUNT);
  const size = <u32>load<u16>(chunk, PAYLOAD_BYTES);
  gorillaColumns(times, bits, count);
  if (gorillaDecode(chunk + PAYLOAD, size) < 0) unreachable();
  if (!insert(series, time, value, count)) return false;
  insertClosed(head, series, newer, chunk);
  return true;
}

function newerThan(series: usize, chunk: usize): usize {
  let newer: usize = 0;
  for (let at = load<usize>(series, NEWEST); at != chunk; at = load<usize>(at, OLDER)) newer = at;
  return newer;
}
