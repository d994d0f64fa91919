// Cells of 64 bytes, 64-byte aligned: series structs and the pieces of open chunks, one cache line
// each. A pool of its own, shared by all heads of a memory, because open chunks give their cells
// back when they are cut and other series take them: growing them by re-allocation would leave a
// free list of every size behind. Slabs are never given back to the arena.
import { alloc } from './arena';

export const CELL: u32 = 64;
const SLAB: u32 = 65536;

let freeCell: usize = 0;
let slabNext: usize = 0;
let slabEnd: usize = 0;
let cellsLive: u32 = 0;

/** A cell; its bytes are not cleared. */
export function takeCell(): usize {
  cellsLive++;
  const cell = freeCell;
  if (cell != 0) {
    freeCell = load<u32>(cell);
    return cell;
  }
  if (slabNext == slabEnd) {
    slabNext = alloc(SLAB);
    slabEnd = slabNext + SLAB;
  }
  const fresh = slabNext;
  slabNext += CELL;
  return fresh;
}

export function giveCell(cell: usize): void {
  cellsLive--;
  store<u32>(cell, <u32>freeCell);
  freeCell = cell;
}

/** Bytes of the cells in use, in all heads of this memory. */
export function cellBytes(): f64 {
  return <f64>cellsLive * CELL;
}
