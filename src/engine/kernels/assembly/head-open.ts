// The open chunk of a series: takes the newest sample, and is closed into one exact piece when it
// has enough of them, when it would outgrow a small piece of memory, or after a very long pause.
// Easy to get wrong: whoever links or frees closed chunks must say lateMoved().
import { appendFirst, appendNext } from './gorilla-append';
import { COUNT, LAST_TIME } from './gorilla-state';
import {
  CHUNK_COUNT,
  CHUNKS,
  copyOpen,
  DELTA_MAX,
  dropOpen,
  gather,
  NEWEST,
  OLDER,
  openBytes,
  openFirst,
  PAYLOAD,
  PAYLOAD_BYTES,
  putWords,
  SPAN,
  take,
  UNITS,
  WORDS,
  WORDS_MAX,
} from './head-layout';

/** Samples after which a chunk is closed: Prometheus' number; more make late inserts dearer. */
export const CHUNK_SAMPLES: u32 = 120;

// The chunk that took the last late sample, and the newer one beside it (0: none); see
// head-late.ts.
export let hotSeries: usize = 0;
export let hotNewer: usize = 0;
export let hotChunk: usize = 0;

/** Remembers where the last late sample went. */
export function lateAt(series: usize, newer: usize, chunk: usize): void {
  hotSeries = series;
  hotNewer = newer;
  hotChunk = chunk;
}

/** Grows when samples other than the newest of any series may have gone. */
let past: u32 = 1;
/** The same for samples that came to the series of a stretch: a late one ends few entries only. */
const STRETCHES: u32 = 1 << 10;
const stretches: usize = memory.data(4096, 16);

// @ts-ignore: decorator
@inline
function stretchOf(series: usize): usize {
  const hash = (<u32>series >> 4) * 0x9e3779b1;
  return stretches + <usize>((hash & (STRETCHES - 1)) << 2);
}

/** Another number whenever samples other than the newest of the series may have changed. */
// @ts-ignore: decorator
@inline
export function pastOf(series: usize): u32 {
  return past + load<u32>(stretchOf(series));
}

/** A sample of the series came that is not its newest. */
export function pastChanged(series: usize): void {
  const at = stretchOf(series);
  store<u32>(at, load<u32>(at) + 1);
}

/** Forgets where the last late sample went. */
export function lateForgotten(): void {
  hotSeries = 0;
}

/** The same, and samples of any series may be gone. */
export function lateMoved(): void {
  hotSeries = 0;
  past++;
}

/** Closes the open chunk: its payload moves into one exact piece. */
export function closeChunk(head: usize, series: usize): void {
  const bytes = openBytes(series);
  const size = (<u32>PAYLOAD + bytes + 15) & ~15;
  copyOpen(series, gather);
  const chunk = take(head, size);
  memory.copy(chunk + PAYLOAD, gather, bytes);
  store<u32>(chunk, load<usize>(series, NEWEST), OLDER);
  store<u32>(chunk, <u32>(load<i64>(series, LAST_TIME) - openFirst(series)), SPAN);
  store<u16>(chunk, <u16>bytes, PAYLOAD_BYTES);
  store<u8>(chunk, load<u8>(series, COUNT), CHUNK_COUNT);
  store<u8>(chunk, <u8>(size >> 4), UNITS);
  dropOpen(head, series);
  store<u32>(series, <u32>chunk, NEWEST);
  store<u32>(head, load<u32>(head, CHUNKS) + 1, CHUNKS);
  // The samples stay what they are, so that nothing of the past has changed.
  hotSeries = 0;
}

/** Appends a sample newer than all others of the series. */
export function appendNewest(head: usize, series: usize, time: i64, value: u64): void {
  let count = <u32>load<u8>(series, COUNT);
  if (count != 0 && time - load<i64>(series, LAST_TIME) > DELTA_MAX) {
    closeChunk(head, series);
    count = 0;
  }
  if (count == 0) {
    store<u32>(head, load<u32>(head, CHUNKS) + 1, CHUNKS);
    putWords(head, series, appendFirst(series, time, value));
    return;
  }
  const words = appendNext(series, time, value);
  if (words != 0) putWords(head, series, words);
  if (count + 1 >= CHUNK_SAMPLES || load<u8>(series, WORDS) > <u8>WORDS_MAX) {
    closeChunk(head, series);
  }
}
