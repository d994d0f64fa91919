// The book in which a producer (a door, a scraper) numbers its series: raw label bytes, in
// whatever spelling they arrive, become a ref. One a thread, over the kernels' one memory. Easy
// to get wrong: a ref that was not used for a while may be forgotten and given to another series
// of its partition, so keep none across forget(); and any call that may number a series can grow
// the memory.
import { canonicalBound, labelsOf, putCanonical } from '../codec/canonical.ts';
import { assert } from '../errors.ts';
import {
  BOOK_BYTES_MAX,
  BOOK_SERIES_MAX,
  LABEL_NAME_BYTES_MAX,
  LABEL_VALUE_BYTES_MAX,
  LABELS_MAX,
} from '../limits.ts';
import { NAME, type Labels } from '../model/labels.ts';
import type { Kernels } from './kernels.ts';

/** Why a label set gets no ref: the negative answers of refOfLabels and insert. */
export const REFUSED = {
  labelName: -2,
  labelValue: -3,
  labelNameTooLong: -4,
  labelValueTooLong: -5,
  tooManyLabels: -6,
  duplicateLabel: -7,
  noName: -8,
  tooManySeries: -9,
  cardinalityLabels: -10,
  cardinalityMetric: -11,
  cardinalityValues: -12,
  cardinalityDenied: -13,
} as const;

export type Refusal = keyof typeof REFUSED;

const WORDS = new Map<number, Refusal>(
  Object.entries(REFUSED).map(([word, code]) => [code, word as Refusal]),
);

/** The word for a negative answer. */
export function refusalOf(code: number): Refusal {
  const word = WORDS.get(code);
  assert(word !== undefined, `no refusal has the code ${code}`);
  return word;
}

/** Whose spellings raw bytes are: see SeriesBook.lookup. */
export const SPELLING = { remoteWrite: 0, exposition: 1 } as const;

/** Asked before a series gets a number, and told afterwards. */
export interface SeriesGuard {
  /** 0, or the code of a refusal, for canonical bytes. */
  admit(bytes: Uint8Array, at: number, end: number): number;
  /** The series that was let in last has got this ref. */
  added(ref: number): void;
  /** Series may have been forgotten; `has` says which refs still live. */
  forgotten(has: (ref: number) => boolean): void;
}

export interface BookLimits {
  readonly labels: number;
  readonly nameBytes: number;
  readonly valueBytes: number;
  readonly series: number;
  readonly bytes: number;
}

const DEFAULT_LIMITS: BookLimits = {
  labels: LABELS_MAX,
  nameBytes: LABEL_NAME_BYTES_MAX,
  valueBytes: LABEL_VALUE_BYTES_MAX,
  series: BOOK_SERIES_MAX,
  bytes: BOOK_BYTES_MAX,
};

export class SeriesBook {
  readonly kernels: Kernels;
  readonly partitions: number;
  readonly limits: BookLimits;
  /** Without one every series that is well formed gets a number. */
  guard: SeriesGuard | undefined;
  /** Series forgotten so far: while it stands still, a ref means what it meant. */
  forgotten = 0;
  #scratch = 0;
  #scratchSize = 0;

  /** A kernel memory has room for one book. */
  constructor(kernels: Kernels, partitions: number, limits: Partial<BookLimits> = {}) {
    assert(partitions >= 1 && partitions <= 4096, 'a log has 1 to 4096 partitions');
    this.kernels = kernels;
    this.partitions = partitions;
    this.limits = { ...DEFAULT_LIMITS, ...limits };
    const { labels, nameBytes, valueBytes, series, bytes } = this.limits;
    kernels.exports.labelLimits(labels, nameBytes, valueBytes);
    const made = kernels.exports.bookOpen(partitions, series, bytes);
    assert(made, 'a kernel memory has one series book');
  }

  /** Living series. */
  get series(): number {
    return this.kernels.exports.bookSeries();
  }

  /** Series ever numbered; one that was forgotten and came back counts again. */
  get numbered(): number {
    return this.kernels.exports.bookNumbered();
  }

  /** From now on no more than `most` series; those that are known stay. */
  limitSeries(most: number): void {
    this.kernels.exports.bookLimit(most);
  }

  /** Bytes of all spellings. */
  get bytes(): number {
    return this.kernels.exports.bookRawBytes();
  }

  /** One past the highest ref ever given. */
  get refs(): number {
    return this.kernels.exports.bookRefs();
  }

  /**
   * Ref of the series that these raw bytes in kernel memory meant before, or -1. Salt 0 is for the
   * remote-write encoding of labels; every other spelling needs another salt, one for each way in
   * which bytes are given a meaning (a scrape target with its own labels and relabelling).
   */
  lookup(at: number, length: number, salt: number): number {
    return this.kernels.exports.bookLookup(at, length, salt);
  }

  /**
   * The ref of `labels`, numbered if it is new; from now on lookup finds it by these raw bytes in
   * kernel memory. Negative when the labels are refused (REFUSED), and then nothing is remembered.
   */
  insert(at: number, length: number, salt: number, labels: Labels): number {
    const ref = this.refOfLabels(labels);
    const x = this.kernels.exports;
    // A full book still serves what it knows; the spelling is then looked up the long way each
    // time.
    if (ref < 0 || x.bookFull()) return ref;
    if (x.bookLookup(at, length, salt) < 0) x.bookAddSpelling(at, length, salt, ref);
    return ref;
  }

  /** Ref of the series with these labels; numbers it if it is new. Negative: refused (REFUSED). */
  refOfLabels(labels: Labels): number {
    const refused = this.#check(labels);
    if (refused !== 0) return refused;
    const at = this.#room(canonicalBound(labels));
    const end = putCanonical(labels, this.kernels.bytes, at);
    const x = this.kernels.exports;
    // Only now are lengths in bytes known; the kernel's yes is the rule.
    if (!x.isCanonical(at, end - at)) return this.#checkBytes(labels);
    return this.#number(at, end - at);
  }

  /**
   * Numbers canonical bytes in kernel memory if the guard lets them in, and answers the ref or why
   * not (REFUSED); undefined for bytes that are not canonical.
   */
  admit(at: number, length: number): number | undefined {
    return this.kernels.exports.isCanonical(at, length) ? this.#number(at, length) : undefined;
  }

  #number(at: number, length: number): number {
    const x = this.kernels.exports;
    const { guard } = this;
    if (guard !== undefined) {
      const known = x.bookLookup(at, length, 0);
      if (known >= 0) return known;
      const code = guard.admit(this.kernels.bytes, at, at + length);
      if (code < 0) return code;
    }
    const ref = x.bookNumber(at, length);
    if (ref < 0) return REFUSED.tooManySeries;
    guard?.added(ref);
    return ref;
  }

  /** True while the ref stands for a series. */
  has(ref: number): boolean {
    return this.kernels.exports.bookHas(ref) !== 0;
  }

  /** Canonical bytes of a living ref, a copy. */
  canonical(ref: number): Uint8Array {
    return this.canonicalView(ref).slice();
  }

  /** The same without a copy: good until the next call that may number a series. */
  canonicalView(ref: number): Uint8Array {
    assert(this.has(ref), `the book has no series ${ref}`);
    const at = this.kernels.exports.bookBytesAt(ref) >>> 0;
    return this.kernels.bytes.subarray(at, at + this.kernels.exports.bookBytesLength(ref));
  }

  partition(ref: number): number {
    assert(this.has(ref), `the book has no series ${ref}`);
    return this.kernels.exports.bookPartition(ref);
  }

  labels(ref: number): Labels {
    return labelsOf(this.canonical(ref));
  }

  /** Somebody keeps the ref: the series is not forgotten before as many releases. */
  hold(ref: number): void {
    assert(this.has(ref), `the book has no series ${ref}`);
    this.kernels.exports.bookHold(ref);
  }

  release(ref: number): void {
    assert(this.has(ref), `the book has no series ${ref}`);
    this.kernels.exports.bookRelease(ref);
  }

  /** From now on the samples of a series are split off (collector/apart.ts), or again not. */
  setApart(ref: number, apart: boolean): void {
    assert(this.has(ref), `the book has no series ${ref}`);
    this.kernels.exports.bookSetApart(ref, apart);
  }

  isApart(ref: number): boolean {
    return this.kernels.exports.bookIsApart(ref) !== 0;
  }

  /** Says that a series was used, as each of its float samples does. */
  touch(ref: number): void {
    this.kernels.exports.bookTouch(ref);
  }

  /** Begins the next turn; a series is idle for as many turns as began since its last sample. */
  turn(): void {
    this.kernels.exports.bookTurn();
  }

  /** Forgets series that were not used for `turns` turns, and says how many. */
  forget(turns: number): number {
    assert(turns >= 1 && turns < 65536, 'idleness is 1 to 65535 turns');
    const gone = this.kernels.exports.bookForget(turns);
    this.forgotten += gone;
    if (gone > 0) this.guard?.forgotten((ref) => this.has(ref));
    return gone;
  }

  #room(size: number): number {
    // The kernels read whole words, up to 8 bytes past the end.
    const need = size + 8;
    if (need > this.#scratchSize) {
      const x = this.kernels.exports;
      if (this.#scratchSize > 0) x.free(this.#scratch, this.#scratchSize);
      this.#scratchSize = Math.max(need, 64 * 1024);
      this.#scratch = x.alloc(this.#scratchSize) >>> 0;
    }
    return this.#scratch;
  }

  /** What can be said of labels as strings; bounds in UTF-16 units keep the scratch small. */
  #check(labels: Labels): number {
    let count = 0;
    let named = false;
    for (let i = 0; i < labels.length; i += 2) {
      const name = labels[i];
      const value = labels[i + 1];
      if (name === '' || !name.isWellFormed()) return REFUSED.labelName;
      if (!value.isWellFormed()) return REFUSED.labelValue;
      if (name.length > this.limits.nameBytes) return REFUSED.labelNameTooLong;
      if (value.length > this.limits.valueBytes) return REFUSED.labelValueTooLong;
      if (i > 0 && name === labels[i - 2]) return REFUSED.duplicateLabel;
      if (value === '') continue;
      if (name === NAME) named = true;
      if (++count > this.limits.labels) return REFUSED.tooManyLabels;
    }
    return named ? 0 : REFUSED.noName;
  }

  /** The reason why labels that passed #check are not canonical as bytes. */
  #checkBytes(labels: Labels): number {
    for (let i = 0; i < labels.length; i += 2) {
      if (Buffer.byteLength(labels[i]) > this.limits.nameBytes) return REFUSED.labelNameTooLong;
      if (Buffer.byteLength(labels[i + 1]) > this.limits.valueBytes) {
        return REFUSED.labelValueTooLong;
      }
    }
    // Doubled names that did not stand side by side.
    return REFUSED.duplicateLabel;
  }
}
