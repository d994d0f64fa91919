// The allocator of a shard's one memory: size classes up to 1 KiB carved from 64 KiB slabs, larger
// runs in whole pages kept on a first-fit list. There is no header before a piece: who frees it
// must say its size. Easy to get wrong: any call that allocates may grow the memory, and then every
// typed-array view on the JavaScript side is dead and must be made anew.

/** Pieces are multiples of 16 bytes; list i of 64 holds pieces of (i + 1) * 16 bytes. */
const SMALL_MAX: u32 = 1024;
const PAGE: u32 = 65536;
/** The memory grows by so many pages at least. */
const STEP_PAGES_MIN: u32 = 64;

const freeLists: usize = memory.data(64 * 4);
let slabNext: usize = 0;
let slabEnd: usize = 0;
/** Free runs of whole pages, singly linked by address: word 0 next run, word 1 its pages. */
let freeRuns: usize = 0;
let usedBytes: u64 = 0;

function takePages(pages: u32): usize {
  let before: usize = 0;
  let run = freeRuns;
  while (run != 0) {
    const have = load<u32>(run, 4);
    if (have >= pages) {
      const next = load<u32>(run);
      let rest: usize = next;
      if (have > pages) {
        rest = run + <usize>pages * PAGE;
        store<u32>(rest, <u32>next);
        store<u32>(rest, have - pages, 4);
      }
      if (before == 0) freeRuns = rest;
      else store<u32>(before, <u32>rest);
      return run;
    }
    before = run;
    run = load<u32>(run);
  }
  return grown(pages);
}

/**
 * So many new pages. Each growth kills all views and has the engine count the memory anew, for
 * which it collects garbage: so it is done in steps of a quarter. What nobody touches yet takes no
 * memory from the system.
 */
function grown(pages: u32): usize {
  const step = max(pages, max(STEP_PAGES_MIN, <u32>memory.size() >> 2));
  let old = memory.grow(<i32>step);
  if (old >= 0) {
    const at = (<usize>old) << 16;
    if (step > pages) givePages(at + <usize>pages * PAGE, step - pages);
    return at;
  }
  old = memory.grow(<i32>pages);
  // 4 GiB is the end of a 32-bit memory; the host asks `room()` first, so this is a bug or a limit.
  if (old < 0) unreachable();
  return (<usize>old) << 16;
}

function givePages(at: usize, pages: u32): void {
  let before: usize = 0;
  let next = freeRuns;
  while (next != 0 && next < at) {
    before = next;
    next = load<u32>(next);
  }
  let size = pages;
  if (next != 0 && at + <usize>size * PAGE == next) {
    size += load<u32>(next, 4);
    next = load<u32>(next);
  }
  store<u32>(at, <u32>next);
  store<u32>(at, size, 4);
  if (before == 0) {
    freeRuns = at;
  } else if (before + <usize>load<u32>(before, 4) * PAGE == at) {
    store<u32>(before, <u32>next);
    store<u32>(before, load<u32>(before, 4) + size, 4);
  } else {
    store<u32>(before, <u32>at);
  }
}

/** Bytes that a piece of `size` really takes: what alloc and free both count. */
export function pieceSize(size: u32): u32 {
  if (size <= SMALL_MAX) return size == 0 ? 16 : (size + 15) & ~15;
  return (size + PAGE - 1) & ~(PAGE - 1);
}

/** A piece of at least `size` bytes, 16-byte aligned, not cleared. */
export function alloc(size: u32): usize {
  const real = pieceSize(size);
  usedBytes += real;
  if (size > SMALL_MAX) return takePages(real >> 16);
  const list = freeLists + (((real >> 4) - 1) << 2);
  const head: usize = load<u32>(list);
  if (head != 0) {
    store<u32>(list, load<u32>(head));
    return head;
  }
  if (slabNext + real > slabEnd) {
    // What is left of the old slab goes to the class that it fits exactly (a multiple of 16).
    const left = <u32>(slabEnd - slabNext);
    if (left != 0) {
      const rest = freeLists + (((left >> 4) - 1) << 2);
      store<u32>(slabNext, load<u32>(rest));
      store<u32>(rest, <u32>slabNext);
    }
    slabNext = takePages(1);
    slabEnd = slabNext + PAGE;
  }
  const at = slabNext;
  slabNext += real;
  return at;
}

/** Gives back a piece; `size` is the one it was asked for with. */
export function free(at: usize, size: u32): void {
  const real = pieceSize(size);
  usedBytes -= real;
  if (size > SMALL_MAX) {
    givePages(at, real >> 16);
    return;
  }
  const list = freeLists + (((real >> 4) - 1) << 2);
  store<u32>(at, load<u32>(list));
  store<u32>(list, <u32>at);
}

/** Bytes in live pieces, as a float so that JavaScript gets a plain number. */
export function arenaUsedBytes(): f64 {
  return <f64>usedBytes;
}
