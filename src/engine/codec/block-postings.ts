// Posting lists of a block: rising ids of series as runs of (gap, length), both varints. Series
// are sorted, so the list of a name is one run, and what repeats with a stride repeats its bytes,
// which zstd then takes. Easy to get wrong: ids are checked against the number of series while
// they are read, so that no list can lead outside.
import { BytePen, ByteReader } from './byte-pen.ts';

/** Writes a list of rising ids. */
export function putPostings(ids: Uint32Array, pen: BytePen): void {
  let next = 0;
  let i = 0;
  while (i < ids.length) {
    const from = ids[i];
    let end = from + 1;
    i++;
    while (i < ids.length && ids[i] === end) {
      end++;
      i++;
    }
    pen.varint(from - next);
    pen.varint(end - from - 1);
    // The next id is not the one right behind, or it would be in the run.
    next = end + 1;
  }
}

/** Reads a list of `count` ids below `series`. */
export function takePostings(from: ByteReader, count: number, series: number): Uint32Array {
  if (count > series) throw from.fail('a list has more ids than there are series');
  const ids = new Uint32Array(count);
  let next = 0;
  let i = 0;
  while (i < count) {
    const first = next + from.varint();
    const end = first + from.varint() + 1;
    if (end > series || end - first > count - i) throw from.fail('a list leads outside');
    for (let id = first; id < end; id++) ids[i++] = id;
    next = end + 1;
  }
  return ids;
}
