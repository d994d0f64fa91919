// What each series of a head costs and when it lived, one row a series: for those who look for
// what grew. Walks chunk headers only, decodes nothing. Easy to get wrong: the oldest time is that
// of the oldest chunk still held, which may begin before the floor.
import { CELL } from './cells';
import { COUNT, LAST_TIME } from './gorilla-state';
import {
  CHUNK_COUNT,
  chunkLast,
  FIRST_TIME,
  FLOOR,
  hasChunks,
  LABEL_COUNT,
  LABELS,
  NEWEST,
  OLDER,
  openFirst,
  seriesAt,
  UNITS,
  WORDS,
} from './head-layout';
import { pairName } from './head-pairs';

/** Row: 0 pair of the name + 1, 4 samples, 8 bytes, 16 oldest ms, 24 newest ms, 32 per second. */
export const FIGURE_BYTES: u32 = 40;

/** Number + 1 of the pair whose name is `name`, or 0. */
function pairOf(head: usize, series: usize, name: u32): u32 {
  const labels = load<usize>(series, LABELS);
  const count = <u32>load<u8>(series, LABEL_COUNT);
  for (let i: u32 = 0; i < count; i++) {
    const pair = load<u32>(labels + ((<usize>i) << 2));
    if (<u32>pairName(head, pair) == name) return pair + 1;
  }
  return 0;
}

function rate(count: u32, first: i64, last: i64): f64 {
  return count < 2 || last <= first ? 0 : (<f64>(count - 1) * 1000) / <f64>(last - first);
}

function figure(head: usize, series: usize, to: usize): void {
  let samples: u32 = 0;
  let bytes: u32 = CELL + ((<u32>load<u8>(series, LABEL_COUNT)) << 2);
  let perSecond: f64 = 0;
  let oldest: f64 = Infinity;
  let newest: f64 = -Infinity;
  if (hasChunks(series)) newest = <f64>load<i64>(series, LAST_TIME);
  const open = <u32>load<u8>(series, COUNT);
  if (open != 0) {
    samples = open;
    bytes += ((<u32>load<u8>(series, WORDS) + 6) / 7) * CELL;
    oldest = <f64>openFirst(series);
    perSecond = rate(open, openFirst(series), load<i64>(series, LAST_TIME));
  }
  for (let c = load<usize>(series, NEWEST); c != 0; c = load<usize>(c, OLDER)) {
    samples += load<u8>(c, CHUNK_COUNT);
    bytes += (<u32>load<u8>(c, UNITS)) << 4;
    oldest = <f64>load<i64>(c, FIRST_TIME);
    if (perSecond == 0) {
      perSecond = rate(load<u8>(c, CHUNK_COUNT), load<i64>(c, FIRST_TIME), chunkLast(c));
    }
  }
  store<u32>(to, samples, 4);
  store<u32>(to, bytes, 8);
  store<f64>(to, max<f64>(oldest, <f64>load<i64>(head, FLOOR)), 16);
  store<f64>(to, newest, 24);
  store<f64>(to, perSecond, 32);
}

/** Writes a row for each of `count` living series; `name` is the record of the metric's name. */
export function headFigures(head: usize, name: u32, ids: usize, count: u32, to: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const row = to + <usize>(i * FIGURE_BYTES);
    memory.fill(row, 0, FIGURE_BYTES);
    const series = seriesAt(head, load<u32>(ids + ((<usize>i) << 2)));
    if (series == 0) continue;
    store<u32>(row, pairOf(head, series, name));
    figure(head, series, row);
  }
}

/** Adds one to the count of each pair of `count` living series; counts are u32 by pair. */
export function headCountPairs(head: usize, ids: usize, count: u32, counts: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const series = seriesAt(head, load<u32>(ids + ((<usize>i) << 2)));
    if (series == 0) continue;
    const labels = load<usize>(series, LABELS);
    const pairs = <u32>load<u8>(series, LABEL_COUNT);
    for (let j: u32 = 0; j < pairs; j++) {
      const at = counts + ((<usize>load<u32>(labels + ((<usize>j) << 2))) << 2);
      store<u32>(at, load<u32>(at) + 1);
    }
  }
}
