// Writes series and refs of a head as they stand in a checkpoint (docs/format/checkpoint.md). A
// series that does not fit any more is left for the next piece; nothing is changed. Little endian,
// unaligned.
import { COUNT } from './gorilla-state';
import {
  CHUNK_COUNT,
  copyOpen,
  gather,
  HASH,
  ID,
  LABEL_COUNT,
  LABELS,
  NEWEST,
  NEXT_ID,
  OLDER,
  openBytes,
  PAYLOAD,
  PAYLOAD_BYTES,
  seriesAt,
} from './head-layout';
import { REF_MAX, refMapNext, refSeries } from './head-refs';

/** A series: id, hash, chunks, labels (u32 each); then pair ids; then chunks, newest first. */
export const SERIES_HEADER: u32 = 16;
/** A chunk: payload bytes (u16), samples (u8), 1 when it was open (u8), payload. */
export const CHUNK_HEADER: u32 = 4;

let nextId: u32 = 0;
let need: u32 = 0;
let nextRef: u32 = 0;

function chunksOf(series: usize): u32 {
  let chunks: u32 = load<u8>(series, COUNT) != 0 ? 1 : 0;
  for (let c = load<usize>(series, NEWEST); c != 0; c = load<usize>(c, OLDER)) chunks++;
  return chunks;
}

function sizeOf(series: usize): u32 {
  let size = SERIES_HEADER + ((<u32>load<u8>(series, LABEL_COUNT)) << 2);
  if (load<u8>(series, COUNT) != 0) size += CHUNK_HEADER + openBytes(series);
  for (let c = load<usize>(series, NEWEST); c != 0; c = load<usize>(c, OLDER)) {
    size += CHUNK_HEADER + load<u16>(c, PAYLOAD_BYTES);
  }
  return size;
}

/** `count` has the samples, and 256 more for an open chunk. */
function putChunk(to: usize, payload: usize, bytes: u32, count: u32): usize {
  store<u16>(to, <u16>bytes);
  store<u16>(to, <u16>count, 2);
  memory.copy(to + CHUNK_HEADER, payload, bytes);
  return to + CHUNK_HEADER + bytes;
}

function putSeries(series: usize, to: usize): usize {
  const labels = <u32>load<u8>(series, LABEL_COUNT);
  store<u32>(to, load<u32>(series, ID));
  store<u32>(to, load<u32>(series, HASH), 4);
  store<u32>(to, chunksOf(series), 8);
  store<u32>(to, labels, 12);
  memory.copy(to + SERIES_HEADER, load<usize>(series, LABELS), labels << 2);
  let at = to + SERIES_HEADER + (labels << 2);
  if (load<u8>(series, COUNT) != 0) {
    copyOpen(series, gather);
    at = putChunk(at, gather, openBytes(series), <u32>load<u8>(series, COUNT) + 256);
  }
  for (let c = load<usize>(series, NEWEST); c != 0; c = load<usize>(c, OLDER)) {
    at = putChunk(at, c + PAYLOAD, load<u16>(c, PAYLOAD_BYTES), load<u8>(c, CHUNK_COUNT));
  }
  return at;
}

/**
 * Writes series from id `from` on into at most `capacity` bytes; answers how many bytes. When it
 * stopped for want of room headDumpNeed() tells what the next series takes, otherwise it is 0.
 */
export function headDump(head: usize, from: u32, to: usize, capacity: u32): u32 {
  const end = load<u32>(head, NEXT_ID);
  let at = to;
  need = 0;
  nextId = from;
  for (; nextId < end; nextId++) {
    const series = seriesAt(head, nextId);
    if (series == 0) continue;
    const size = sizeOf(series);
    if (size > capacity - <u32>(at - to)) {
      need = size;
      break;
    }
    at = putSeries(series, at);
  }
  return <u32>(at - to);
}

/** The id with which headDump goes on. */
export function headDumpNext(): u32 {
  return nextId;
}

export function headDumpNeed(): u32 {
  return need;
}

/** Writes up to `room` pairs of u32 (ref, series id) from ref `from` on; answers how many. */
export function refsDump(map: usize, from: u32, to: usize, room: u32): u32 {
  let count: u32 = 0;
  let ref = refMapNext(map, from);
  while (ref != REF_MAX && count < room) {
    store<u32>(to + ((<usize>count) << 3), ref);
    store<u32>(to + ((<usize>count) << 3), load<u32>(refSeries(map, ref), ID), 4);
    count++;
    ref = refMapNext(map, ref + 1);
  }
  nextRef = ref;
  return count;
}

/** The ref with which refsDump goes on; REF_MAX at the end. */
export function refsDumpNext(): u32 {
  return nextRef;
}
