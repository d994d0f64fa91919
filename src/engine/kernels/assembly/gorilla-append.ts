// The Gorilla encoder that keeps its state: a series' open chunk grows sample by sample and reads
// the same as one encoded at once (docs/format/chunk.md). It owns no destination: it leaves
// finished 64-bit words in `staged`, and the caller puts them where it likes and decides when to
// cut. Easy to get wrong: the bits after the last whole word live only in the state.
import { outsideOf, putRareAt, rareSignificant, rareTrailing, SHRINK_EVERY } from './gorilla';
import {
  ACC,
  COUNT,
  FILL,
  LAST_DELTA,
  LAST_TIME,
  LAST_VALUE,
  SIGNIFICANT,
  staged,
  TRAILING,
} from './gorilla-state';

/** Begins a chunk: its first two words, timestamp and value, are staged. Answers 2. */
export function appendFirst(state: usize, time: i64, value: u64): u32 {
  store<i64>(state, time, LAST_TIME);
  store<u64>(state, value, LAST_VALUE);
  store<i64>(state, 0, LAST_DELTA);
  store<u64>(state, 0, ACC);
  store<u32>(state, 1 << 24, FILL);
  store<i64>(staged, time);
  store<u64>(staged, value, 8);
  return 2;
}

function appendRare(state: usize, time: i64, dod: i64, value: u64): u32 {
  const end = putRareAt(state, dod, value);
  store<i64>(state, load<i64>(state, LAST_DELTA) + dod, LAST_DELTA);
  store<i64>(state, time, LAST_TIME);
  const words = end >> 6;
  store<u64>(state, load<u64>(staged + (<usize>words << 3)), ACC);
  store<u8>(state, <u8>(end & 63), FILL);
  store<u8>(state, <u8>rareSignificant(), SIGNIFICANT);
  store<u8>(state, <u8>rareTrailing(), TRAILING);
  store<u8>(state, load<u8>(state, COUNT) + 1, COUNT);
  return words;
}

/**
 * Appends a sample that is newer than the last. Answers how many whole words it staged, 0 to 3. The
 * caller cuts before COUNT could pass 255.
 */
// @ts-ignore: decorator
@inline
export function appendNext(state: usize, time: i64, value: u64): u32 {
  const delta = load<i64>(state, LAST_DELTA);
  const dod = time - load<i64>(state, LAST_TIME) - delta;
  const x = value ^ load<u64>(state, LAST_VALUE);
  const shift = <u64>load<u8>(state, TRAILING);
  const significant = <u64>load<u8>(state, SIGNIFICANT);
  const count = load<u8>(state, COUNT);
  const far = <u64>dod | (x & outsideOf(significant, shift));
  if (far != 0 || (count & SHRINK_EVERY) == 0) return appendRare(state, time, dod, value);
  const some = <u64>(x != 0);
  const filled = <u64>load<u8>(state, FILL);
  const bits = some | ((x >> shift) << 2);
  const end = filled + 1 + ((significant + 1) & (0 - some));
  const word = load<u64>(state, ACC) | (bits << filled);
  store<i64>(state, time, LAST_TIME);
  store<u64>(state, value, LAST_VALUE);
  store<u8>(state, count + 1, COUNT);
  store<u8>(state, <u8>(end & 63), FILL);
  if (end < 64) {
    store<u64>(state, word, ACC);
    return 0;
  }
  // A sample of the common path takes at most 56 bits, so that here `filled` is not 0.
  store<u64>(staged, word);
  store<u64>(state, bits >> (64 - filled), ACC);
  return 1;
}
