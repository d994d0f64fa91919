// What is asked of one living ref of the series book: who holds it, when it was used, where it was
// defined. Easy to get wrong: none of this looks whether the ref lives; the caller has.
import { refAt, touchRef } from './series-book';

/** The same for a living ref by its number. */
export function bookTouch(ref: u32): void {
  touchRef(refAt(ref));
}

/** Somebody keeps the ref: it is not forgotten before as many releases. */
export function bookHold(ref: u32): void {
  store<u32>(refAt(ref), load<u32>(refAt(ref), 12) + 1, 12);
}

export function bookRelease(ref: u32): void {
  const holds = load<u32>(refAt(ref), 12);
  if (holds != 0) store<u32>(refAt(ref), holds - 1, 12);
}

/** The dictionary (sequence) in which a living ref was defined last; 2^32 - 1 for none. */
export function bookDefinedIn(ref: u32): u32 {
  return load<u32>(refAt(ref), 4);
}

/** Entry + 1 of the canonical bytes of a living ref. */
export function refEntry(ref: u32): u32 {
  return load<u32>(refAt(ref));
}
