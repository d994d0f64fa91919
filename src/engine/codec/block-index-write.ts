// The index of a block to be: labels of its series as numbers of pairs, and at the end the
// sections that tell them. Holds four bytes a label and each distinct string once until then; that
// is the writer's memory. Easy to get wrong: pairs get their final numbers only when all are
// known, sorted by name, then value.
import { assert } from '../errors.ts';
import { compareText, type Labels } from '../model/labels.ts';
import { SECTION } from './block-layout.ts';
import { putPostings } from './block-postings.ts';
import type { BlockSections } from './block-sections.ts';
import { BytePen } from './byte-pen.ts';

/** Series of one chunk of labels: what one labels() unpacks. */
const LABELS_CHUNK = 512;
/** Pairs of one chunk. */
const PAIRS_CHUNK = 512;
const POSTINGS_BYTES = 64 * 1024;

class Numbers {
  #items = new Uint32Array(4096);
  length = 0;

  push(item: number): void {
    if (this.length === this.#items.length) {
      const larger = new Uint32Array(this.length * 2);
      larger.set(this.#items);
      this.#items = larger;
    }
    this.#items[this.length++] = item;
  }

  get items(): Uint32Array {
    return this.#items.subarray(0, this.length);
  }
}

interface Pair {
  readonly name: string;
  readonly value: string;
  /** The number under which rows know it, given in the order of appearance. */
  readonly first: number;
  count: number;
}

/** Leading code units that two texts share; never half of a surrogate pair. */
function sharedUnits(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let n = 0;
  while (n < most && a.charCodeAt(n) === b.charCodeAt(n)) n++;
  const last = n > 0 ? a.charCodeAt(n - 1) : 0;
  return last >= 0xd800 && last < 0xdc00 ? n - 1 : n;
}

export class BlockIndexWriter {
  readonly #names = new Map<string, Map<string, Pair>>();
  readonly #pairs: Pair[] = [];
  readonly #rows = new Numbers();
  readonly #lengths = new Numbers();

  get series(): number {
    return this.#lengths.length;
  }

  /** Adds the next series. */
  add(labels: Labels): void {
    for (let i = 0; i < labels.length; i += 2)
      this.#rows.push(this.#number(labels[i], labels[i + 1]));
    this.#lengths.push(labels.length / 2);
  }

  #number(name: string, value: string): number {
    let values = this.#names.get(name);
    if (values === undefined) this.#names.set(name, (values = new Map()));
    let pair = values.get(value);
    if (pair === undefined) {
      pair = { name, value, first: this.#pairs.length, count: 0 };
      values.set(value, pair);
      this.#pairs.push(pair);
    }
    pair.count++;
    return pair.first;
  }

  /** The sections of the index, in order. */
  *sections(into: BlockSections): Iterable<Uint8Array> {
    const sorted = [...this.#pairs].sort(
      (a, b) => compareText(a.name, b.name) || compareText(a.value, b.value),
    );
    const numbers = new Uint32Array(sorted.length);
    sorted.forEach((pair, number) => (numbers[pair.first] = number));
    const rows = this.#rows.items;
    for (let i = 0; i < rows.length; i++) rows[i] = numbers[rows[i]];
    yield* this.#labels(into);
    const sizes = new Uint32Array(sorted.length);
    yield* this.#postings(into, sorted, sizes);
    yield* this.#texts(into, sorted, sizes);
  }

  *#labels(into: BlockSections): Iterable<Uint8Array> {
    const rows = this.#rows.items;
    const lengths = this.#lengths.items;
    const pen = new BytePen(16 * 1024);
    let at = 0;
    let before = 0;
    let beforeLength = 0;
    let held = 0;
    for (let id = 0; id < lengths.length; id++) {
      const length = lengths[id];
      let shared = 0;
      while (
        shared < Math.min(length, beforeLength) &&
        rows[at + shared] === rows[before + shared]
      ) {
        shared++;
      }
      pen.varint(shared);
      pen.varint(length - shared);
      for (let i = shared; i < length; i++) {
        pen.signed(rows[at + i] - (i < beforeLength ? rows[before + i] : 0));
      }
      before = at;
      beforeLength = length;
      at += length;
      held++;
      if (held < LABELS_CHUNK && id + 1 < lengths.length) continue;
      yield into.add(SECTION.labels, held, pen.take());
      held = 0;
      beforeLength = 0;
    }
  }

  *#postings(
    into: BlockSections,
    sorted: readonly Pair[],
    sizes: Uint32Array,
  ): Iterable<Uint8Array> {
    const starts = new Uint32Array(sorted.length + 1);
    sorted.forEach((pair, number) => (starts[number + 1] = starts[number] + pair.count));
    const rows = this.#rows.items;
    assert(starts[sorted.length] === rows.length, 'every label of every series is in a list');
    const ids = new Uint32Array(rows.length);
    const next = starts.slice();
    let at = 0;
    this.#lengths.items.forEach((length, id) => {
      for (let i = 0; i < length; i++) ids[next[rows[at++]]++] = id;
    });
    const pen = new BytePen(POSTINGS_BYTES * 2);
    for (let number = 0; number < sorted.length; number++) {
      const from = pen.length;
      putPostings(ids.subarray(starts[number], starts[number + 1]), pen);
      sizes[number] = pen.length - from;
      if (pen.length < POSTINGS_BYTES && number + 1 < sorted.length) continue;
      yield into.add(SECTION.postings, pen.length, pen.bytes);
      pen.clear();
    }
  }

  /** Values front coded within their chunk; names, and where the pairs of each begin, apart. */
  *#texts(into: BlockSections, sorted: readonly Pair[], sizes: Uint32Array): Iterable<Uint8Array> {
    const pen = new BytePen(16 * 1024);
    const firsts: string[] = [];
    let postings = 0;
    for (let from = 0; from < sorted.length; from += PAIRS_CHUNK) {
      const chunk = sorted.slice(from, from + PAIRS_CHUNK);
      pen.varint(postings);
      let before = '';
      for (let i = 0; i < chunk.length; i++) {
        const { value, count } = chunk[i];
        const shared = sharedUnits(before, value);
        pen.varint(shared);
        pen.text(value.slice(shared));
        pen.varint(count);
        pen.varint(sizes[from + i]);
        postings += sizes[from + i];
        before = value;
      }
      firsts.push(chunk[0].value);
      yield into.add(SECTION.pairs, chunk.length, pen.take());
    }
    const names = [...this.#names.keys()].sort(compareText);
    pen.varint(names.length);
    for (const name of names) {
      pen.text(name);
      pen.varint((this.#names.get(name) as Map<string, Pair>).size);
    }
    for (const value of firsts) pen.text(value);
    yield into.add(SECTION.names, names.length, pen.take());
  }
}
