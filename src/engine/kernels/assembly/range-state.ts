// What the range kernels work on: the decoded samples of one series, the windows over them, and the
// row that a function fills. Windows are left-open and move forward only, so two indices that never
// go back find all of them. Twin of promql/windows.ts: results are equal to the last bit.
import { alloc, free } from './arena';
import { FLOOR, seriesAt } from './head-layout';
import { headRead, headReadFrom, headRoom, readColumns } from './head-read';
import { keep, recall, SAMPLES, STALE_THERE, TIMES, VALUES } from './range-cache';

const STALE: u64 = 0x7ff0000000000002;
/** Room for so many samples is kept from series to series; more is given back. */
const KEPT_SAMPLES: u32 = 1 << 16;
/** Longer series are not worth their place in the cache, nor is much that was not asked for. */
const KEPT_MAX: u32 = 8192;
const BEYOND_MAX: u32 = 240;

/** Samples of the series, stale markers left out unless the function asks for them. */
export let times: usize = 0;
export let values: usize = 0;
export let count: u32 = 0;

/** The windows: ends at first, first + step, …; sample indices lo to hi, hi excluded. */
export let steps: u32 = 0;
export let first: f64 = 0;
export let step: f64 = 0;
export let windowMs: f64 = 0;
let lows: usize = 0;
let highs: usize = 0;
/**
 * Four numbers a window that a function found from the times alone. Series that are scraped
 * together have the same times, so while those stay, windows and these are good for the next too.
 */
export let windowNotes: usize = 0;
/** False when windowNotes has to be filled for the times at hand. */
export let notesKept: bool = false;
const WINDOW_BYTES: u32 = 40;
let windowRoom: u32 = 0;

/** Further arguments of the function. */
export let argument: f64 = 0;
export let distance: f64 = 0;

/** The row: a float64 and a mark for each window. */
export let out: usize = 0;
export let marks: usize = 0;

/** As many words as there are samples, for whatever a function needs beside them; 8 bytes each. */
export let extra: usize = 0;

let columns: usize = 0;
let places: u32 = 0;

/** Names the windows of all series to come. */
export function rangeWindows(start: f64, stepMs: f64, number: u32, width: f64): void {
  first = start;
  step = stepMs;
  windowMs = width;
  steps = number;
  timesKept = NONE;
  if (number <= windowRoom) return;
  if (windowRoom != 0) free(windowNotes, windowRoom * WINDOW_BYTES);
  windowRoom = max<u32>(number, 512);
  windowNotes = alloc(windowRoom * WINDOW_BYTES);
  lows = windowNotes + ((<usize>windowRoom) << 5);
  highs = lows + ((<usize>windowRoom) << 2);
}

const NONE: u32 = 0xffffffff;
/** As many times of the series before stand at `kept`; NONE when its windows are of no use. */
let timesKept: u32 = NONE;
let kept: usize = 0;

/** A function has filled windowNotes for these times. */
export function notesFilled(): void {
  notesKept = true;
}

/** True when the times are those of the series before; otherwise they are kept from now on. */
function sameTimes(): bool {
  const bytes = (<usize>count) << 3;
  if (timesKept == count) {
    let i: usize = 0;
    while (i < bytes && load<u64>(times + i) == load<u64>(kept + i)) i += 8;
    if (i == bytes) return true;
  }
  memory.copy(kept, times, bytes);
  timesKept = count;
  return false;
}

/** Names what the function takes beside the range. */
export function rangeArguments(one: f64, two: f64): void {
  argument = one;
  distance = two;
}

export function rowAt(valuesAt: usize, marksAt: usize): void {
  out = valuesAt;
  marks = marksAt;
}

// @ts-ignore: decorator
@inline
export function timeOf(i: u32): f64 {
  return load<f64>(times + ((<usize>i) << 3));
}

// @ts-ignore: decorator
@inline
export function valueOf(i: u32): f64 {
  return load<f64>(values + ((<usize>i) << 3));
}

// @ts-ignore: decorator
@inline
export function bitsOf(i: u32): u64 {
  return load<u64>(values + ((<usize>i) << 3));
}

// @ts-ignore: decorator
@inline
export function low(i: u32): u32 {
  return load<u32>(lows + ((<usize>i) << 2));
}

// @ts-ignore: decorator
@inline
export function high(i: u32): u32 {
  return load<u32>(highs + ((<usize>i) << 2));
}

/** Puts the value of a window into the row. */
// @ts-ignore: decorator
@inline
export function put(i: u32, value: f64): void {
  store<f64>(out + ((<usize>i) << 3), value);
  store<u8>(marks + i, 1);
}

/** The same with the bits of a sample, which may be a NaN with a payload. */
// @ts-ignore: decorator
@inline
export function putBits(i: u32, bits: u64): void {
  store<u64>(out + ((<usize>i) << 3), bits);
  store<u8>(marks + i, 1);
}

// @ts-ignore: decorator
@inline
export function isStale(bits: u64): bool {
  return bits == STALE;
}

/** Room for `samples` in the columns; the piece of a giant goes when it has passed. */
function makeRoom(samples: u32): void {
  const tooLarge = places > KEPT_SAMPLES && samples <= KEPT_SAMPLES;
  if (samples <= places && !tooLarge) return;
  if (places != 0) free(columns, places << 5);
  places = max<u32>(samples, 4096);
  columns = alloc(places << 5);
  kept = columns + (<usize>places) * 24;
  timesKept = NONE;
}

let keeping: bool = false;

/** Says whether what is decoded from now on is worth keeping. */
export function rangeKeep(worth: bool): void {
  keeping = worth;
}

/** Index of the first of `many` times at `at` that is above `time`, or not below it. */
function boundIn(at: usize, many: u32, time: f64, above: bool): u32 {
  let low: u32 = 0;
  let high = many;
  while (low < high) {
    const middle = (low + high) >> 1;
    const t = load<f64>(at + ((<usize>middle) << 3));
    if (t < time || (above && t == time)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Takes the samples with low <= t <= to from a slot of the cache; answers how many. */
function recalled(slot: usize, low: f64, to: f64, windowed: bool): u32 {
  const many = load<u32>(slot, SAMPLES);
  const timesAt: usize = load<u32>(slot, TIMES);
  const valuesAt: usize = load<u32>(slot, VALUES);
  const begin = boundIn(timesAt, many, low, false);
  const end = boundIn(timesAt, many, to, true);
  if (end <= begin) return 0;
  count = end - begin;
  makeRoom(count);
  const half = (<usize>places) << 3;
  extra = columns + half + half;
  times = timesAt + ((<usize>begin) << 3);
  values = valuesAt + ((<usize>begin) << 3);
  if (windowed && load<u32>(slot, STALE_THERE) != 0) {
    memory.copy(columns, times, (<usize>count) << 3);
    memory.copy(columns + half, values, (<usize>count) << 3);
    times = columns;
    values = columns + half;
    dropStale();
  }
  laid();
  return end - begin;
}

/** Windows over the times at hand. */
function laid(): void {
  if (sameTimes()) return;
  notesKept = false;
  slide();
}

/** Loads the samples of a series with from <= t <= to. Answers how many it has, stale ones too. */
export function loadSeries(head: usize, id: u32, from: f64, to: f64, windowed: bool): u32 {
  const series = seriesAt(head, id);
  if (series == 0) return 0;
  const floor = max<f64>(from, <f64>load<i64>(head, FLOOR));
  const slot = recall(series, floor);
  if (slot != 0) return recalled(slot, floor, to, windowed);
  let room = headRoom(head, id, from, to);
  if (room == 0) return 0;
  // What is kept reaches to the newest sample, so that the next range finds it too.
  const whole = keeping ? headRoom(head, id, from, Infinity) : 0;
  const keeps = whole != 0 && whole <= min<u32>(KEPT_MAX, room + BEYOND_MAX);
  if (keeps) room = whole;
  makeRoom(room);
  const half = (<usize>places) << 3;
  extra = columns + half + half;
  readColumns(columns, columns + half, room);
  let found = headRead(head, id, from, keeps ? Infinity : to);
  const skipped = (<usize>headReadFrom()) << 3;
  times = columns + skipped;
  values = columns + half + skipped;
  if (keeps && found != 0) {
    keep(series, floor, times, values, found);
    found = boundIn(times, found, to, true);
  }
  count = found;
  if (windowed) dropStale();
  laid();
  return found;
}

function dropStale(): void {
  let left: u32 = 0;
  while (left < count && !isStale(bitsOf(left))) left++;
  for (let i = left; i < count; i++) {
    const bits = bitsOf(i);
    if (isStale(bits)) continue;
    store<f64>(times + ((<usize>left) << 3), timeOf(i));
    store<u64>(values + ((<usize>left) << 3), bits);
    left++;
  }
  count = left;
}

function slide(): void {
  let a: u32 = 0;
  let b: u32 = 0;
  for (let i: u32 = 0; i < steps; i++) {
    const end = first + <f64>i * step;
    const start = end - windowMs;
    while (a < count && timeOf(a) <= start) a++;
    if (b < a) b = a;
    while (b < count && timeOf(b) <= end) b++;
    const at = (<usize>i) << 2;
    store<u32>(lows + at, a);
    store<u32>(highs + at, b);
  }
}
