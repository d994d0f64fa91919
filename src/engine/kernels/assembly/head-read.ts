// Reads a time range of a series back into columns, and answers which series have samples in one.
// Chunks are linked from the newest to the oldest, so columns are filled from their end. Nothing
// older than the head's floor is shown, whether its chunk is still there or not.
import { COUNT, LAST_TIME } from './gorilla-state';
import { gorillaColumns } from './gorilla';
import { gorillaDecode } from './gorilla-decode';
import {
  CHUNK_COUNT,
  chunkLast,
  copyOpen,
  FIRST_TIME,
  FLOOR,
  gather,
  hasChunks,
  NEWEST,
  OLDER,
  openBytes,
  openFirst,
  PAYLOAD,
  PAYLOAD_BYTES,
  seriesAt,
} from './head-layout';

/** Index of the first sample of the last read. */
let readFrom: u32 = 0;

/** The larger of a time as float64, which may be infinite, and the floor. */
function notBefore(head: usize, from: f64): f64 {
  return max<f64>(from, <f64>load<i64>(head, FLOOR));
}

/** At most so many samples does a series have in the range: the room that headRead needs. */
export function headRoom(head: usize, id: u32, from: f64, to: f64): u32 {
  const series = seriesAt(head, id);
  if (series == 0) return 0;
  const low = notBefore(head, from);
  let room: u32 = 0;
  const open = <u32>load<u8>(series, COUNT);
  if (open != 0 && <f64>openFirst(series) <= to && <f64>load<i64>(series, LAST_TIME) >= low) {
    room = open;
  }
  for (let c = load<usize>(series, NEWEST); c != 0; c = load<usize>(c, OLDER)) {
    if (<f64>chunkLast(c) < low) break;
    if (<f64>load<i64>(c, FIRST_TIME) <= to) room += load<u8>(c, CHUNK_COUNT);
  }
  return room;
}

/** Index of the first of the times in [low, high) that is above `time`, or not below it. */
function bound(count: u32, time: f64, above: bool): u32 {
  let low: u32 = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    const t = load<f64>(times + ((<usize>middle) << 3));
    if (t < time || (above && t == time)) low = middle + 1;
    else high = middle;
  }
  return low;
}

let times: usize = 0;
let values: usize = 0;
let room: u32 = 0;

/** Names the columns that headRead fills, `places` each, which headRoom told for the same range. */
export function readColumns(timesAt: usize, valuesAt: usize, places: u32): void {
  times = timesAt;
  values = valuesAt;
  room = places;
}

/**
 * Decodes the samples with from <= t <= to into the columns. Answers how many; the first stands at
 * headReadFrom().
 */
export function headRead(head: usize, id: u32, from: f64, to: f64): u32 {
  const series = seriesAt(head, id);
  if (series == 0 || room == 0) return 0;
  const low = notBefore(head, from);
  if (to < low) return 0;
  let left = room;
  const open = <u32>load<u8>(series, COUNT);
  if (open != 0 && <f64>openFirst(series) <= to && <f64>load<i64>(series, LAST_TIME) >= low) {
    left -= open;
    copyOpen(series, gather);
    const at = (<usize>left) << 3;
    gorillaColumns(times + at, values + at, open);
    if (gorillaDecode(gather, openBytes(series)) < 0) unreachable();
  }
  for (let c = load<usize>(series, NEWEST); c != 0 && left != 0; c = load<usize>(c, OLDER)) {
    if (<f64>load<i64>(c, FIRST_TIME) > to) continue;
    const count = <u32>load<u8>(c, CHUNK_COUNT);
    left -= count;
    const at = (<usize>left) << 3;
    const bytes = <u32>load<u16>(c, PAYLOAD_BYTES);
    gorillaColumns(times + at, values + at, count);
    if (gorillaDecode(c + PAYLOAD, bytes) < 0) unreachable();
  }
  readFrom = bound(room, low, false);
  return bound(room, to, true) - readFrom;
}

export function headReadFrom(): u32 {
  return readFrom;
}

/** True when some sample may lie in [low, to]: exact to the chunk. */
function touches(series: usize, low: f64, to: f64): bool {
  if (!hasChunks(series)) return false;
  if (<f64>load<i64>(series, LAST_TIME) < low) return false;
  if (<f64>load<i64>(series, LAST_TIME) <= to) return true;
  if (load<u8>(series, COUNT) != 0 && <f64>openFirst(series) <= to) return true;
  for (let c = load<usize>(series, NEWEST); c != 0; c = load<usize>(c, OLDER)) {
    if (<f64>chunkLast(c) < low) return false;
    if (<f64>load<i64>(c, FIRST_TIME) <= to) return true;
  }
  return false;
}

let pruneFrom: f64 = 0;
let pruneTo: f64 = 0;

/** Names the range of headPrune. */
export function pruneRange(from: f64, to: f64): void {
  pruneFrom = from;
  pruneTo = to;
}

/** Keeps of `count` ids those of series that may have samples in the range; says how many. */
export function headPrune(head: usize, ids: usize, count: u32): u32 {
  const from = pruneFrom;
  const to = pruneTo;
  const low = notBefore(head, from);
  let kept: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const id = load<u32>(ids + ((<usize>i) << 2));
    const series = seriesAt(head, id);
    if (series == 0 || !touches(series, low, to)) continue;
    store<u32>(ids + ((<usize>kept) << 2), id);
    kept++;
  }
  return kept;
}
