// Where an entry of the series book keeps its bytes. Series of one host differ in their names
// only, so what follows the __name__ label (the tail) is shared with the spelling that was put
// before it, when it is the same there: of 250 bytes some 30 are left. Easy to get wrong: the
// bytes of one entry may lie in two pieces; spellingAt makes them one.
import { alloc, free } from './arena';
import { heapBytes, heapPut, heapRenew, heapSweep } from './book-heap';
import { sameBytes } from './hash';

/**
 * Of an entry: 0 head at, 4 length of all, 20 tail at, 24 length of the head (all when unsplit).
 */
const LENGTH: usize = 4;
const TAIL: usize = 20;
const HEAD_LENGTH: usize = 24;
/** `0A length 0A 08 __name__`: what a canonical spelling with a usual first label begins with. */
const NAME_WORD: u64 = 0x5f5f656d616e5f5f;
const NAME_FIELD: u16 = 0x080a;
const TAIL_LEAST: u32 = 16;

let lastTail: usize = 0;
let lastLength: u32 = 0;
/** Spellings put since the heap was begun. */
let putCount: u32 = 0;
/** Two places for bytes made one, in turn, so that the one before is still there. */
let whole: usize = 0;
let wholeSize: u32 = 0;
let wholeTurn: u32 = 0;

/** Length of the __name__ label in front, or all where there is none or too little follows. */
function headOf(at: usize, length: u32): u32 {
  if (length < TAIL_LEAST + 13 || load<u8>(at) != 0x0a || load<u16>(at, 2) != NAME_FIELD) {
    return length;
  }
  const head: u32 = <u32>load<u8>(at, 1) + 2;
  if (head > 0x81 || head + TAIL_LEAST > length || load<u64>(at, 4) != NAME_WORD) return length;
  return head;
}

function keep(e: usize, head: usize, tail: usize, headLength: u32): void {
  store<u32>(e, <u32>head);
  store<u32>(e, <u32>tail, TAIL);
  store<u32>(e, headLength, HEAD_LENGTH);
  putCount++;
}

/** Copies bytes into the heap and writes their place and length into the entry. */
export function putSpelling(e: usize, at: usize, length: u32): void {
  store<u32>(e, length, LENGTH);
  const headLength = headOf(at, length);
  const rest = length - headLength;
  if (rest == 0) {
    keep(e, heapPut(at, length), 0, length);
  } else if (rest == lastLength && sameBytes(at + headLength, lastTail, rest)) {
    reserve(length);
    keep(e, heapPut(at, headLength), lastTail, headLength);
  } else {
    const head = heapPut(at, length);
    lastTail = head + headLength;
    lastLength = rest;
    keep(e, head, lastTail, headLength);
  }
}

/** True when the entry's bytes are those at `at`; lengths are equal already. */
export function sameSpelling(e: usize, at: usize, length: u32): bool {
  const headLength = load<u32>(e, HEAD_LENGTH);
  if (!sameBytes(load<u32>(e), at, headLength)) return false;
  return (
    headLength == length || sameBytes(load<u32>(e, TAIL), at + headLength, length - headLength)
  );
}

/** Makes room for bytes made one, so that spellingAt never has to. */
function reserve(length: u32): void {
  if (length <= wholeSize) return;
  if (wholeSize != 0) free(whole, wholeSize * 2);
  wholeSize = wholeSize * 2 > length ? wholeSize * 2 : (length + 1023) & ~1023;
  whole = alloc(wholeSize * 2);
}

/** Address of the entry's bytes in one piece, good until the next but one call. */
export function spellingAt(e: usize): usize {
  const head: usize = load<u32>(e);
  const headLength = load<u32>(e, HEAD_LENGTH);
  const tail: usize = load<u32>(e, TAIL);
  const length = load<u32>(e, LENGTH);
  if (headLength == length || tail == head + headLength) return head;
  wholeTurn ^= 1;
  const to = whole + wholeTurn * wholeSize;
  memory.copy(to, head, headLength);
  memory.copy(to + headLength, tail, length - headLength);
  return to;
}

/** True when enough spellings are dead, and large enough in all, to move the living together. */
export function worthMoving(living: u32): bool {
  return heapBytes > 1048576 && putCount > living + (living >> 1);
}

/** Begins a new heap; answers the old one for endMoving, when moveSpelling has moved all living. */
export function beginMoving(): usize {
  lastTail = 0;
  lastLength = 0;
  putCount = 0;
  return heapRenew();
}

let movedTail: usize = 0;

/** Moves an entry's bytes to the new heap; neighbours that shared a tail share it there. */
export function moveSpelling(e: usize): void {
  const head: usize = load<u32>(e);
  const tail: usize = load<u32>(e, TAIL);
  const headLength = load<u32>(e, HEAD_LENGTH);
  if (tail == 0) {
    keep(e, heapPut(head, headLength), 0, headLength);
    return;
  }
  if (lastTail == 0 || tail != movedTail) {
    lastLength = load<u32>(e, LENGTH) - headLength;
    lastTail = heapPut(tail, lastLength);
    movedTail = tail;
  }
  keep(e, heapPut(head, headLength), lastTail, headLength);
}

/** Gives the old heap back. */
export function endMoving(old: usize): void {
  heapSweep(old);
}
