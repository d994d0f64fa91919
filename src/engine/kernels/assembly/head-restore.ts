// Takes series and refs back out of a checkpoint (docs/format/checkpoint.md). Checksums have been
// tested before, yet every length is checked and every chunk decoded once, so that what is refused
// is refused here and not when a query reads it. The open chunk is appended anew, sample by sample,
// because the encoder's state is not in the file.
import { appendNewest } from './head-open';
import { CHUNK_HEADER, SERIES_HEADER } from './head-dump';
import {
  CHUNK_COUNT,
  CHUNKS,
  FIRST_TIME,
  NEWEST,
  NEXT_ID,
  OLDER,
  PAYLOAD,
  PAYLOAD_BYTES,
  PAYLOAD_MAX,
  SAMPLES,
  seriesAt,
  SPAN,
  SPAN_MAX,
  take,
  UNITS,
} from './head-layout';
import { LAST_TIME } from './gorilla-state';
import { gorillaColumns } from './gorilla';
import { gorillaDecode } from './gorilla-decode';
import { pairEnd, pairFor } from './head-pairs';
import { REF_MAX, refPut } from './head-refs';
import { directorySlot, newSeries, pairIds } from './head-series';

const times: usize = memory.data(256 * 8, 16);
const bits: usize = memory.data(256 * 8, 16);
/** Ids above would make a directory of 16 MB. */
const ID_MAX: u32 = 1 << 30;

/** Decodes a chunk into the columns; false when it is none or its times do not rise. */
function check(payload: usize, bytes: u32, count: u32): bool {
  gorillaColumns(times, bits, count);
  if (gorillaDecode(payload, bytes) != <i32>count) return false;
  for (let i: u32 = 1; i < count; i++) {
    const at = times + ((<usize>i) << 3);
    if (!(load<f64>(at) > load<f64>(at - 8))) return false;
  }
  const last = load<f64>(times + ((<usize>(count - 1)) << 3));
  return abs(load<f64>(times)) < 9e15 && abs(last) < 9e15;
}

/** Makes the closed chunk that `check` has just decoded, behind `newer` (0: the newest). */
function loadClosed(head: usize, series: usize, newer: usize, from: usize): usize {
  const bytes = <u32>load<u16>(from);
  const count = <u32>load<u8>(from, 2);
  const first = <i64>load<f64>(times);
  const last = <i64>load<f64>(times + ((<usize>(count - 1)) << 3));
  if (last - first > SPAN_MAX) return 0;
  if (newer != 0 && last >= load<i64>(newer, FIRST_TIME)) return 0;
  const size = (<u32>PAYLOAD + bytes + 15) & ~15;
  const chunk = take(head, size);
  memory.copy(chunk + PAYLOAD, from + CHUNK_HEADER, bytes);
  store<u32>(chunk, 0, OLDER);
  store<u32>(chunk, <u32>(last - first), SPAN);
  store<u16>(chunk, <u16>bytes, PAYLOAD_BYTES);
  store<u8>(chunk, <u8>count, CHUNK_COUNT);
  store<u8>(chunk, <u8>(size >> 4), UNITS);
  if (newer == 0) {
    store<u32>(series, <u32>chunk, NEWEST);
    store<i64>(series, last, LAST_TIME);
  } else {
    store<u32>(newer, <u32>chunk, OLDER);
  }
  store<u32>(head, load<u32>(head, CHUNKS) + 1, CHUNKS);
  store<u64>(head, load<u64>(head, SAMPLES) + count, SAMPLES);
  return chunk;
}

/** Appends the open chunk at `at`, after all closed ones; false when it is not newer than they. */
function loadOpen(head: usize, series: usize, at: usize): bool {
  const count = <u32>load<u8>(at, 2);
  if (!check(at + CHUNK_HEADER, load<u16>(at), count)) return false;
  if (<i64>load<f64>(times) <= load<i64>(series, LAST_TIME)) return false;
  for (let i: usize = 0; i < <usize>count; i++) {
    appendNewest(head, series, <i64>load<f64>(times + (i << 3)), load<u64>(bits + (i << 3)));
  }
  store<u64>(head, load<u64>(head, SAMPLES) + count, SAMPLES);
  return true;
}

/** Reads the chunks of the series written at `from`; answers where they end, or 0. */
function loadChunks(head: usize, series: usize, from: usize, end: usize): usize {
  const chunks = load<u32>(from, 8);
  let at = from + SERIES_HEADER + (load<usize>(from, 12) << 2);
  let newer: usize = 0;
  let open: usize = 0;
  for (let i: u32 = 0; i < chunks; i++) {
    if (<u32>(end - at) < CHUNK_HEADER) return 0;
    const bytes = <u32>load<u16>(at);
    const count = <u32>load<u8>(at, 2);
    if (bytes > PAYLOAD_MAX || count == 0 || bytes > <u32>(end - at) - CHUNK_HEADER) return 0;
    if (load<u8>(at, 3) == 1 && i == 0) {
      open = at;
    } else {
      if (!check(at + CHUNK_HEADER, bytes, count)) return 0;
      newer = loadClosed(head, series, newer, at);
      if (newer == 0) return 0;
    }
    at += CHUNK_HEADER + bytes;
  }
  return open == 0 || loadOpen(head, series, open) ? at : 0;
}

let pairMap: usize = 0;
let pairCount: u32 = 0;

/** Names the array of `count` places that has the new pair id + 1 for each old id. */
export function loadMap(at: usize, count: u32): void {
  pairMap = at;
  pairCount = count;
}

/** Takes the series of one section. Answers how many, or -1 when the bytes are no such section. */
export function headLoad(head: usize, from: usize, length: u32): i32 {
  const end = from + length;
  let at = from;
  let loaded: i32 = 0;
  while (at < end) {
    if (<u32>(end - at) < SERIES_HEADER) return -1;
    const id = load<u32>(at);
    const labels = load<u32>(at, 12);
    if (id < load<u32>(head, NEXT_ID) || id >= ID_MAX || labels > 250) return -1;
    if (labels << 2 > <u32>(end - at) - SERIES_HEADER) return -1;
    for (let i: u32 = 0; i < labels; i++) {
      const old = load<u32>(at + SERIES_HEADER + ((<usize>i) << 2));
      const pair = old < pairCount ? load<u32>(pairMap + ((<usize>old) << 2)) : 0;
      if (pair == 0) return -1;
      store<u32>(pairIds + ((<usize>i) << 2), pair - 1);
    }
    const series = newSeries(head, id, load<u32>(at, 4), labels);
    at = loadChunks(head, series, at, end);
    if (at == 0) return -1;
    loaded++;
  }
  return loaded;
}

/** Takes label pairs (u32 old id, entry) until `length` is used up; false when they are none. */
export function headLoadPairs(head: usize, from: usize, length: u32): bool {
  const end = from + length;
  let at = from;
  while (at < end) {
    if (<u32>(end - at) < 4) return false;
    const old = load<u32>(at);
    if (old >= pairCount) return false;
    const pair = pairFor(head, at + 4, end);
    if (pair < 0) return false;
    store<u32>(pairMap + ((<usize>old) << 2), <u32>pair + 1);
    at = pairEnd();
  }
  return true;
}

/** Takes `count` pairs of u32 (ref, series id) into a map; false when a series is not there. */
export function refsLoad(head: usize, map: usize, from: usize, count: u32): bool {
  for (let i: u32 = 0; i < count; i++) {
    const ref = load<u32>(from + ((<usize>i) << 3));
    const series = seriesAt(head, load<u32>(from + ((<usize>i) << 3), 4));
    if (series == 0 || ref >= REF_MAX) return false;
    refPut(head, map, ref, series);
  }
  return true;
}

/** Sets the id that the next new series gets; false when it is below one in use or far too high. */
export function headReserve(head: usize, next: u32): bool {
  if (next < load<u32>(head, NEXT_ID) || next > ID_MAX) return false;
  if (next != 0) directorySlot(head, next - 1);
  store<u32>(head, next, NEXT_ID);
  return true;
}
