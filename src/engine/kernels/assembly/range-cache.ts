// Decoded samples of the series that were asked for lately, so that the queries of a dashboard do
// not decode the same chunks again. Under range-state.ts. An entry is good while its series has the
// same last time and nothing was changed in its past. Easy to get wrong: whoever changes samples
// that are not the newest must say pastChanged() or lateMoved(), or a query answers what is gone.
import { alloc } from './arena';
import { LAST_TIME } from './gorilla-state';
import { pastOf } from './head-open';

const SLOTS: u32 = 1 << 15;
const SLOT_BYTES: u32 = 40;
/** Bytes of all samples that are kept, in each shard. */
const ROOM: u32 = 16 << 20;

// A slot: whose it is, when it was made, what it covers, where its columns lie.
const SERIES: usize = 0;
const VERSION: usize = 4;
const LAST: usize = 8;
const FROM: usize = 16;
export const TIMES: usize = 24;
export const VALUES: usize = 28;
export const SAMPLES: usize = 32;
/** 1 when a stale marker is among them. */
export const STALE_THERE: usize = 36;

const STALE: u64 = 0x7ff0000000000002;

let slots: usize = 0;
let room: usize = 0;
let used: u32 = 0;
/** The times kept last: series that are scraped together share them. */
let sharedAt: usize = 0;
let sharedCount: u32 = 0;

// @ts-ignore: decorator
@inline
function slotOf(series: usize): usize {
  const hash = (<u32>series >> 4) * 0x9e3779b1;
  return slots + <usize>((hash >> 17) * SLOT_BYTES);
}

// @ts-ignore: decorator
@inline
function besides(slot: usize): usize {
  const index = <u32>(slot - slots) / SLOT_BYTES;
  return slots + <usize>((index ^ 1) * SLOT_BYTES);
}

// @ts-ignore: decorator
@inline
function covers(slot: usize, series: usize, low: f64): bool {
  if (load<u32>(slot, SERIES) != <u32>series) return false;
  if (load<u32>(slot, VERSION) != pastOf(series)) return false;
  return load<i64>(slot, LAST) == load<i64>(series, LAST_TIME) && load<f64>(slot, FROM) <= low;
}

/** Whether it may still be of use to its series. */
// @ts-ignore: decorator
@inline
function isGood(slot: usize): bool {
  return load<u32>(slot, VERSION) == pastOf(load<u32>(slot, SERIES));
}

/** The slot with all samples of a series from `low` on, or 0. */
export function recall(series: usize, low: f64): usize {
  if (slots == 0) return 0;
  const slot = slotOf(series);
  if (covers(slot, series, low)) return slot;
  const other = besides(slot);
  return covers(other, series, low) ? other : 0;
}

function same(a: usize, b: usize, bytes: usize): bool {
  for (let i: usize = 0; i < bytes; i += 8) if (load<u64>(a + i) != load<u64>(b + i)) return false;
  return true;
}

/** Makes place for so many bytes; all goes when there is none. */
function place(bytes: u32): usize {
  const at = room + <usize>used;
  used += bytes;
  return at;
}

/** Keeps all samples of a series from `low` on. */
export function keep(series: usize, low: f64, times: usize, values: usize, count: u32): void {
  const bytes = count << 3;
  if (slots == 0) {
    slots = alloc(SLOTS * SLOT_BYTES);
    room = alloc(ROOM);
    memory.fill(slots, 0, SLOTS * SLOT_BYTES);
  }
  if (used + bytes + bytes > ROOM) {
    memory.fill(slots, 0, SLOTS * SLOT_BYTES);
    used = 0;
    sharedCount = 0;
  }
  let slot = slotOf(series);
  if (load<u32>(slot, SERIES) != <u32>series && isGood(slot)) {
    const other = besides(slot);
    if (load<u32>(other, SERIES) == <u32>series || !isGood(other)) slot = other;
  }
  if (sharedCount != count || !same(sharedAt, times, bytes)) {
    sharedAt = place(bytes);
    sharedCount = count;
    memory.copy(sharedAt, times, bytes);
  }
  const at = place(bytes);
  memory.copy(at, values, bytes);
  let stale: u32 = 0;
  for (let i: usize = 0; i < <usize>bytes; i += 8) stale |= <u32>(load<u64>(at + i) == STALE);
  store<u32>(slot, <u32>series, SERIES);
  store<u32>(slot, pastOf(series), VERSION);
  store<i64>(slot, load<i64>(series, LAST_TIME), LAST);
  store<f64>(slot, low, FROM);
  store<u32>(slot, <u32>sharedAt, TIMES);
  store<u32>(slot, <u32>at, VALUES);
  store<u32>(slot, count, SAMPLES);
  store<u32>(slot, stale, STALE_THERE);
}
