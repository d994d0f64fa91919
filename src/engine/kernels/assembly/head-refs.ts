// Ref -> series for one epoch of one head: refs are the producer's numbers, dense across
// partitions, so pages of 16,384 appear where they are used. A mapped series is held: it is not
// removed while a ref of a living epoch stands for it. Easy to get wrong: a producer gives refs
// again, so a definition may move a ref to another series.
import { give, ID, REFS, take } from './head-layout';

const PAGE_SHIFT: u32 = 14;
const PAGE_BYTES: u32 = 65536;
/** Refs above have no place: 134 million series of one producer in one partition's epoch. */
export const REF_MAX: u32 = 1 << 27;

// The map: 0 array of pages, 4 its room in pages, 8 refs that are mapped.
const MAP_BYTES: u32 = 16;

export function refMapNew(head: usize): usize {
  const map = take(head, MAP_BYTES);
  memory.fill(map, 0, MAP_BYTES);
  return map;
}

/** The series that a ref stands for, or 0. */
// @ts-ignore: decorator
@inline
export function refSeries(map: usize, ref: u32): usize {
  const index = ref >> PAGE_SHIFT;
  if (index >= load<u32>(map, 4)) return 0;
  const page: usize = load<u32>(load<usize>(map) + (<usize>index << 2));
  if (page == 0) return 0;
  return load<u32>(page + ((<usize>ref & ((1 << PAGE_SHIFT) - 1)) << 2));
}

/** The id of the series that a ref stands for, or -1. */
export function refId(map: usize, ref: u32): i32 {
  const series = refSeries(map, ref);
  return series == 0 ? -1 : <i32>load<u32>(series, ID);
}

/** The id of the series that a ref stands for (it must stand for one). */
export function seriesOfRef(map: usize, ref: u32): u32 {
  return load<u32>(refSeries(map, ref), ID);
}

function pageFor(head: usize, map: usize, index: u32): usize {
  const room = load<u32>(map, 4);
  if (index >= room) {
    const wider = max(index + 1, room << 1);
    const pages = take(head, wider << 2);
    memory.fill(pages, 0, wider << 2);
    if (room != 0) {
      memory.copy(pages, load<u32>(map), room << 2);
      give(head, load<u32>(map), room << 2);
    }
    store<u32>(map, <u32>pages);
    store<u32>(map, wider, 4);
  }
  const slot = load<usize>(map) + (<usize>index << 2);
  if (load<u32>(slot) == 0) {
    const page = take(head, PAGE_BYTES);
    memory.fill(page, 0, PAGE_BYTES);
    store<u32>(slot, <u32>page);
  }
  return load<u32>(slot);
}

function hold(series: usize): void {
  const refs = load<u16>(series, REFS);
  if (refs != 0xffff) store<u16>(series, refs + 1, REFS);
}

function release(series: usize): void {
  const refs = load<u16>(series, REFS);
  if (refs != 0xffff) store<u16>(series, refs - 1, REFS);
}

/** Lets a ref below REF_MAX stand for a series. */
export function refPut(head: usize, map: usize, ref: u32, series: usize): void {
  const index = <usize>ref & ((1 << PAGE_SHIFT) - 1);
  const slot = pageFor(head, map, ref >> PAGE_SHIFT) + (index << 2);
  const old: usize = load<u32>(slot);
  if (old != 0) release(old);
  else store<u32>(map, load<u32>(map, 8) + 1, 8);
  hold(series);
  store<u32>(slot, <u32>series);
}

/** Forgets an epoch: its series are no longer held by it. */
export function refMapFree(head: usize, map: usize): void {
  const room = load<u32>(map, 4);
  for (let i: u32 = 0; i < room; i++) {
    const page: usize = load<u32>(load<usize>(map) + (<usize>i << 2));
    if (page == 0) continue;
    for (let at = page; at < page + PAGE_BYTES; at += 4) {
      const series: usize = load<u32>(at);
      if (series != 0) release(series);
    }
    give(head, page, PAGE_BYTES);
  }
  if (room != 0) give(head, load<u32>(map), room << 2);
  give(head, map, MAP_BYTES);
}

export function refMapCount(map: usize): u32 {
  return load<u32>(map, 8);
}

/** The first mapped ref at or after `from`, or REF_MAX. */
export function refMapNext(map: usize, from: u32): u32 {
  const end = load<u32>(map, 4) << PAGE_SHIFT;
  for (let ref = from; ref < end; ref++) {
    if ((ref & ((1 << PAGE_SHIFT) - 1)) == 0 || ref == from) {
      if (load<u32>(load<usize>(map) + ((<usize>ref >> PAGE_SHIFT) << 2)) == 0) {
        ref |= (1 << PAGE_SHIFT) - 1;
        continue;
      }
    }
    if (refSeries(map, ref) != 0) return ref;
  }
  return REF_MAX;
}
