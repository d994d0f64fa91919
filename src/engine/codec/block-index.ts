// The index of a block that is read: names, label pairs, posting lists and the labels of series,
// each chunk unpacked when it is first needed and kept in the cache. Stands under block-reader.ts.
// Easy to get wrong: pairs are numbered by name, then value, so that those of a name are one
// range; a chunk may begin in the middle of it.
import { compareText } from '../model/labels.ts';
import { sectionOf } from './block-directory.ts';
import { SECTION, type SectionKind } from './block-layout.ts';
import { takePostings } from './block-postings.ts';
import type { BlockParts } from './block-times-read.ts';
import type { ByteReader } from './byte-pen.ts';

/** All label names, sorted, with the first pair of each and one past the last at the end. */
interface Names {
  readonly names: readonly string[];
  readonly starts: Uint32Array;
  readonly numbers: ReadonlyMap<string, number>;
  /** The value of the first pair of each chunk. */
  readonly firsts: readonly string[];
}

interface PairChunk {
  readonly values: readonly string[];
  readonly counts: Uint32Array;
  /** Where each list begins among all bytes of posting lists. */
  readonly places: Float64Array;
}

/** The pairs of the series of a chunk, row by row. */
interface LabelChunk {
  readonly starts: Uint32Array;
  readonly pairs: Uint32Array;
}

/** What a string takes, about. */
const STRING_BYTES = 24;

export class BlockIndex {
  readonly #parts: BlockParts;
  readonly series: number;

  constructor(parts: BlockParts) {
    this.#parts = parts;
    this.series = parts.directory.summary.series;
  }

  get names(): readonly string[] {
    return this.#names().names;
  }

  /** The range of pairs with this name: from, and one past the last. */
  pairsOf(name: string): readonly [number, number] {
    const { numbers, starts } = this.#names();
    const number = numbers.get(name);
    return number === undefined ? [0, 0] : [starts[number], starts[number + 1]];
  }

  /** The number of a pair, or -1. */
  find(name: string, value: string): number {
    const [from, end] = this.pairsOf(name);
    if (from === end) return -1;
    const list = this.#parts.directory.list(SECTION.pairs);
    const { firsts } = this.#names();
    let low = sectionOf(list, from);
    let high = sectionOf(list, end - 1) + 1;
    while (low + 1 < high) {
      const middle = (low + high) >>> 1;
      if (compareText(firsts[middle], value) <= 0) low = middle;
      else high = middle;
    }
    const start = list.starts[low];
    const { values } = this.#pairs(low);
    let left = Math.max(from, start) - start;
    let right = Math.min(end - start, values.length);
    while (left < right) {
      const middle = (left + right) >>> 1;
      if (compareText(values[middle], value) < 0) left = middle + 1;
      else right = middle;
    }
    const last = Math.min(end - start, values.length);
    return left < last && values[left] === value ? start + left : -1;
  }

  value(pair: number): string {
    const [chunk, row] = this.#pair(pair);
    return chunk.values[row];
  }

  /** Series that have this pair. */
  count(pair: number): number {
    const [chunk, row] = this.#pair(pair);
    return chunk.counts[row];
  }

  /** Ids of the series that have this pair, rising. */
  postings(pair: number): Uint32Array {
    const { directory, cache, file } = this.#parts;
    const [chunk, row] = this.#pair(pair);
    const list = directory.list(SECTION.postings);
    const place = chunk.places[row];
    if (!(place < list.starts[list.count])) throw this.#missing(SECTION.postings);
    const index = sectionOf(list, place);
    const bytes = cache.get(file, list.numbers[index], () => {
      const value = directory.body(SECTION.postings, index);
      return { value, bytes: value.length + 64 };
    });
    const from = directory.readerOf(SECTION.postings, index, bytes);
    from.at = place - list.starts[index];
    return takePostings(from, chunk.counts[row], this.series);
  }

  /** The pairs of a series, in the order of its labels: a view that nobody may write into. */
  pairs(id: number): Uint32Array {
    const { directory, cache, file } = this.#parts;
    const list = directory.list(SECTION.labels);
    if (!(id < list.starts[list.count])) throw this.#missing(SECTION.labels);
    const index = sectionOf(list, id);
    const chunk = cache.get(file, list.numbers[index], () => this.#openLabels(index));
    const row = id - list.starts[index];
    return chunk.pairs.subarray(chunk.starts[row], chunk.starts[row + 1]);
  }

  /** The name of a pair as its number among the names. */
  nameOf(pair: number): number {
    const { starts } = this.#names();
    let low = 0;
    let high = starts.length - 1;
    while (low + 1 < high) {
      const middle = (low + high) >>> 1;
      if (starts[middle] <= pair) low = middle;
      else high = middle;
    }
    return low;
  }

  labels(id: number): string[] {
    const { names } = this.#names();
    const out: string[] = [];
    for (const pair of this.pairs(id)) out.push(names[this.nameOf(pair)], this.value(pair));
    return out;
  }

  #missing(kind: SectionKind): Error {
    return this.#parts.directory.corrupt('what is asked for is not there', kind, 0);
  }

  #pair(pair: number): [PairChunk, number] {
    const list = this.#parts.directory.list(SECTION.pairs);
    if (!(pair < list.starts[list.count])) throw this.#missing(SECTION.pairs);
    const index = sectionOf(list, pair);
    return [this.#pairs(index), pair - list.starts[index]];
  }

  #names(): Names {
    const { directory, cache, file } = this.#parts;
    const list = directory.list(SECTION.names);
    if (list.count !== 1) throw this.#missing(SECTION.names);
    return cache.get(file, list.numbers[0], () => {
      const body = directory.body(SECTION.names, 0);
      return { value: this.#openNames(body), bytes: body.length * 4 + 1024 };
    });
  }

  #openNames(body: Uint8Array): Names {
    const { directory } = this.#parts;
    const from = directory.readerOf(SECTION.names, 0, body);
    const count = from.count(2);
    const names: string[] = [];
    const starts = new Uint32Array(count + 1);
    for (let i = 0; i < count; i++) {
      names.push(from.text());
      starts[i + 1] = starts[i] + from.varint();
    }
    const chunks = directory.list(SECTION.pairs);
    const firsts = Array.from({ length: chunks.count }, () => from.text());
    from.done();
    if (starts[count] !== chunks.starts[chunks.count]) throw from.fail('pairs are missing');
    return { names, starts, firsts, numbers: new Map(names.map((name, i) => [name, i])) };
  }

  #pairs(index: number): PairChunk {
    const { directory, cache, file } = this.#parts;
    const list = directory.list(SECTION.pairs);
    return cache.get(file, list.numbers[index], () => {
      const body = directory.body(SECTION.pairs, index);
      const from = directory.readerOf(SECTION.pairs, index, body);
      const rows = list.starts[index + 1] - list.starts[index];
      if (rows * 4 > body.length) throw from.fail('more pairs than bytes');
      const value = openPairs(from, rows);
      const units = value.values.reduce((sum, text) => sum + text.length, 0);
      return { value, bytes: units + rows * (STRING_BYTES + 20) + 256 };
    });
  }

  #openLabels(index: number): { value: LabelChunk; bytes: number } {
    const { directory } = this.#parts;
    const list = directory.list(SECTION.labels);
    const from = directory.reader(SECTION.labels, index);
    const rows = list.starts[index + 1] - list.starts[index];
    const pairs: number[] = [];
    const starts = [0];
    const end = directory.list(SECTION.pairs);
    const pairEnd = end.starts[end.count];
    let before = 0;
    for (let row = 0; row < rows; row++) {
      const at = pairs.length;
      const shared = from.varint();
      const more = from.count();
      if (shared > at - before) throw from.fail('labels shared with nobody');
      for (let i = 0; i < shared; i++) pairs.push(pairs[before + i]);
      for (let i = shared; i < shared + more; i++) {
        const pair = from.signed() + (before + i < at ? pairs[before + i] : 0);
        if (!(pair >= 0 && pair < pairEnd)) throw from.fail('a label is not there');
        pairs.push(pair);
      }
      before = at;
      starts.push(pairs.length);
    }
    from.done();
    const value = { starts: Uint32Array.from(starts), pairs: Uint32Array.from(pairs) };
    return { value, bytes: value.starts.byteLength + value.pairs.byteLength + 256 };
  }
}

function openPairs(from: ByteReader, rows: number): PairChunk {
  const values: string[] = [];
  const counts = new Uint32Array(rows);
  const places = new Float64Array(rows);
  let place = from.varint();
  let before = '';
  for (let row = 0; row < rows; row++) {
    const shared = from.varint();
    if (shared > before.length) throw from.fail('a text shares more than there is');
    before = before.slice(0, shared) + from.text();
    values.push(before);
    counts[row] = from.varint();
    places[row] = place;
    place += from.varint();
  }
  from.done();
  return { values, counts, places };
}
