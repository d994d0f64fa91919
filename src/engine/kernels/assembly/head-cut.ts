// Takes samples out of a head: those that a sealed block holds now, and those that somebody
// deletes. Stands beside head-truncate.ts, which only forgets whole chunks and refuses what is
// older. Easy to get wrong: the floor stays where it is, so late samples of the cut range are
// taken again; and the appender's last time must be that of a sample which is still there.
import { COUNT, LAST_TIME } from './gorilla-state';
import { gorillaColumns } from './gorilla';
import { gorillaDecode } from './gorilla-decode';
import {
  CHUNK_COUNT,
  chunkLast,
  CHUNKS,
  DIRECTORY,
  dropOpen,
  FIRST_TIME,
  forgetLast,
  give,
  hasChunks,
  NEWEST,
  NEXT_ID,
  OLDER,
  openFirst,
  PAYLOAD,
  PAYLOAD_BYTES,
  SAMPLES,
  seriesAt,
  UNITS,
} from './head-layout';
import { bits, decodeOpen, encodeRange, insertLate, link, times } from './head-late';
import { appendNewest, lateMoved } from './head-open';

/** Index of the first of `count` times in the columns that is above `time`, or not below it. */
function bound(count: u32, time: f64, above: bool): u32 {
  let i: u32 = 0;
  while (i < count) {
    const t = load<f64>(times + ((<usize>i) << 3));
    if (t > time || (!above && t == time)) break;
    i++;
  }
  return i;
}

/** Takes samples out of the open chunk; answers how many. */
function cutOpen(head: usize, series: usize, from: f64, to: f64): u32 {
  if (load<u8>(series, COUNT) == 0) return 0;
  if (<f64>openFirst(series) > to || <f64>load<i64>(series, LAST_TIME) < from) return 0;
  const count = decodeOpen(series);
  const low = bound(count, from, false);
  const high = bound(count, to, true);
  if (low == high) return 0;
  dropOpen(head, series);
  for (let i: u32 = 0; i < count; i++) {
    if (i == low) i = high;
    if (i >= count) break;
    const at = (<usize>i) << 3;
    appendNewest(head, series, <i64>load<f64>(times + at), load<u64>(bits + at));
  }
  return high - low;
}

/** Takes samples out of a closed chunk, which goes or is replaced; answers how many. */
function cutClosed(head: usize, series: usize, newer: usize, chunk: usize): u32 {
  const count = <u32>load<u8>(chunk, CHUNK_COUNT);
  gorillaColumns(times, bits, count);
  if (gorillaDecode(chunk + PAYLOAD, <u32>load<u16>(chunk, PAYLOAD_BYTES)) < 0) unreachable();
  const low = bound(count, cutFrom, false);
  const high = bound(count, cutTo, true);
  if (low == high) return 0;
  let made: usize = load<usize>(chunk, OLDER);
  if (low > 0) made = encodeRange(head, 0, low, made);
  if (high < count) made = encodeRange(head, high, count - high, made);
  link(series, newer, made);
  store<u32>(head, load<u32>(head, CHUNKS) - 1, CHUNKS);
  give(head, chunk, (<u32>load<u8>(chunk, UNITS)) << 4);
  return high - low;
}

let cutFrom: f64 = 0;
let cutTo: f64 = 0;

/** Takes the samples with from <= t <= to out of a series. Answers how many. */
export function headCut(head: usize, id: u32, from: f64, to: f64): u32 {
  const series = seriesAt(head, id);
  if (series == 0 || from > to) return 0;
  cutFrom = from;
  cutTo = to;
  lateMoved();
  let cut = cutOpen(head, series, from, to);
  let newer: usize = 0;
  let chunk: usize = load<usize>(series, NEWEST);
  while (chunk != 0) {
    const older: usize = load<usize>(chunk, OLDER);
    if (<f64>chunkLast(chunk) < from) break;
    if (<f64>load<i64>(chunk, FIRST_TIME) <= to) {
      cut += cutClosed(head, series, newer, chunk);
      // What is left of it, in one chunk or more, lies between `newer` and `older`.
      let at: usize = newer == 0 ? load<usize>(series, NEWEST) : load<usize>(newer, OLDER);
      while (at != older) {
        newer = at;
        at = load<usize>(at, OLDER);
      }
    } else {
      newer = chunk;
    }
    chunk = older;
  }
  if (cut == 0) return 0;
  store<u64>(head, load<u64>(head, SAMPLES) - cut, SAMPLES);
  chunk = load<usize>(series, NEWEST);
  if (load<u8>(series, COUNT) == 0 && chunk != 0) {
    store<i64>(series, chunkLast(chunk), LAST_TIME);
  }
  forgetLast(series);
  lateMoved();
  return cut;
}

/**
 * Puts samples back by the ids of their series, in order; a time that is there already stays as it
 * is. Answers how many were put.
 */
export function headPut(head: usize, ids: usize, at: usize, values: usize, count: u32): u32 {
  let put: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const series = seriesAt(head, load<u32>(ids + ((<usize>i) << 2)));
    if (series == 0) continue;
    const time = <i64>load<f64>(at + ((<usize>i) << 3));
    const value = load<u64>(values + ((<usize>i) << 3));
    const last = load<i64>(series, LAST_TIME);
    if (time > last) appendNewest(head, series, time, value);
    else if (time == last || !insertLate(head, series, time, value)) continue;
    put++;
  }
  store<u64>(head, load<u64>(head, SAMPLES) + put, SAMPLES);
  return put;
}

/** The oldest time at or after `from`, to the chunk; infinite when there is none. */
export function headOldest(head: usize, from: f64): f64 {
  let oldest: f64 = Infinity;
  const end = load<u32>(head, NEXT_ID);
  for (let id: u32 = 0; id < end; id++) {
    const series = seriesAt(head, id);
    if (series == 0) {
      if ((id & 255) == 0) {
        const slot = load<usize>(head, DIRECTORY) + ((<usize>(id >> 8)) << 2);
        if (load<u32>(slot) == 0) id |= 255;
      }
      continue;
    }
    if (load<u8>(series, COUNT) != 0 && <f64>load<i64>(series, LAST_TIME) >= from) {
      oldest = min<f64>(oldest, max<f64>(from, <f64>openFirst(series)));
    }
    for (let c = load<usize>(series, NEWEST); c != 0; c = load<usize>(c, OLDER)) {
      if (<f64>chunkLast(c) < from) break;
      oldest = min<f64>(oldest, max<f64>(from, <f64>load<i64>(c, FIRST_TIME)));
    }
  }
  return oldest;
}

/** The newest time of all series; -infinite when there is none. */
export function headNewest(head: usize): f64 {
  let newest: f64 = -Infinity;
  const end = load<u32>(head, NEXT_ID);
  for (let id: u32 = 0; id < end; id++) {
    const series = seriesAt(head, id);
    if (series == 0 || !hasChunks(series)) continue;
    newest = max<f64>(newest, <f64>load<i64>(series, LAST_TIME));
  }
  return newest;
}
