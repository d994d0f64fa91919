// Label sets between a shard's thread and the one that asks it: each text and each set crosses once
// and is a number afterwards, so that a dashboard's next refresh carries no labels at all. Both
// ends number alike, because a channel keeps its order. Easy to get wrong: every message must be
// read in the order in which it was written, also when nobody waits for it any more.
import { assert } from '../errors.ts';
import type { Labels } from '../model/labels.ts';

/** Past so many sets or texts both ends forget all and begin anew: some 20 MB at worst. */
const SETS_MAX = 50_000;
const TEXTS_MAX = 200_000;
/** Of an answer with more sets none is remembered: both ends are about to forget all anyway. */
const SETS_REMEMBERED_MAX = SETS_MAX / 2;

/** The label sets of one answer: the numbers of all, and what the far end has not seen yet. */
export interface PackedLabels {
  readonly sets: Uint32Array;
  /** New texts, numbered on from those known. */
  readonly texts: readonly string[];
  /** New sets, numbered on from those known: a length, then so many numbers of texts. */
  readonly spelled: Uint32Array;
  /** True when both ends forget all after this answer. */
  readonly forget: boolean;
}

/** The writing end. Sets that are the same array are the same set; equal ones may count twice. */
export class LabelsWriter {
  #sets = new WeakMap<Labels, number>();
  #setCount = 0;
  #texts = new Map<string, number>();
  #held = 0;
  /** What is being spelled, as numbers; and how many those are. */
  #spelled = new Uint32Array(256);
  #spelledCount = 0;

  /** From now on nothing is forgotten, until as many release() have come. */
  hold(): void {
    this.#held++;
  }

  release(): void {
    this.#held--;
  }

  /** A part of `many` is spelled whole: a table of so many sets holds a thread up when it grows. */
  pack(labels: readonly Labels[], many = labels.length): PackedLabels {
    const remembers = many <= SETS_REMEMBERED_MAX;
    const sets = new Uint32Array(labels.length);
    const texts: string[] = [];
    this.#spelledCount = 0;
    for (let i = 0; i < labels.length; i++) {
      let set = remembers ? this.#sets.get(labels[i]) : undefined;
      if (set === undefined) {
        set = this.#setCount++;
        if (remembers) this.#sets.set(labels[i], set);
        this.#spell(labels[i], texts);
      }
      sets[i] = set;
    }
    const tooMany = this.#setCount > SETS_MAX || this.#texts.size > TEXTS_MAX;
    const forget = tooMany && this.#held === 0;
    if (forget) {
      this.#sets = new WeakMap();
      this.#setCount = 0;
      this.#texts = new Map();
    }
    return { sets, texts, spelled: this.#spelled.slice(0, this.#spelledCount), forget };
  }

  #spell(labels: Labels, texts: string[]): void {
    const needed = this.#spelledCount + 1 + labels.length;
    if (needed > this.#spelled.length) {
      const room = new Uint32Array(needed * 2);
      room.set(this.#spelled);
      this.#spelled = room;
    }
    const spelled = this.#spelled;
    let at = this.#spelledCount;
    spelled[at++] = labels.length;
    for (const text of labels) {
      let number = this.#texts.get(text);
      if (number === undefined) {
        number = this.#texts.size;
        this.#texts.set(text, number);
        texts.push(text);
      }
      spelled[at++] = number;
    }
    this.#spelledCount = at;
  }
}

/** The reading end. A set that was read before comes out as the same array. */
export class LabelsReader {
  #sets: Labels[] = [];
  #texts: string[] = [];

  unpack(packed: PackedLabels): Labels[] {
    const { spelled } = packed;
    for (const text of packed.texts) this.#texts.push(text);
    for (let at = 0; at < spelled.length;) {
      const length = spelled[at++];
      const set: string[] = [];
      for (let i = 0; i < length; i++) set.push(this.#texts[spelled[at++]]);
      this.#sets.push(set);
    }
    const known = this.#sets;
    const labels = Array.from(packed.sets, (set) => known[set]);
    assert(!labels.includes(undefined as unknown as Labels), 'both ends of a channel number alike');
    if (packed.forget) {
      this.#sets = [];
      this.#texts = [];
    }
    return labels;
  }
}
