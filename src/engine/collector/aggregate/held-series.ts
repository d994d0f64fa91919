// Which series go into aggregates only: a byte for each number of the door's series book, in kernel
// memory, where the door splits a request. It stands between the book and its guard, so that every
// new series passes it once and a sample costs nothing more. Easy to get wrong: a number may be
// given to another series, which is then asked about anew.
import { assert } from '../../errors.ts';
import type { SeriesBook, SeriesGuard } from '../../kernels/series-book.ts';
import { CompiledRule } from './aggregate-rule.ts';
import type { AggregateRule } from './aggregate-rule.ts';

const FIRST_REFS = 16_384;

export class HeldSeries implements SeriesGuard {
  readonly #book: SeriesBook;
  readonly #inner: SeriesGuard | undefined;
  #rules: readonly CompiledRule[] = [];
  #at = 0;
  #size = 0;
  /** Series that are held back. */
  #held = 0;

  /** Becomes the guard of the book; the one that it had is asked first. */
  constructor(book: SeriesBook) {
    this.#book = book;
    this.#inner = book.guard;
    book.guard = this;
  }

  get held(): number {
    return this.#held;
  }

  /** From now on what these rules match without `keep` is held back, and nothing else. */
  replace(rules: readonly AggregateRule[]): void {
    this.#rules = rules.filter(({ keep }) => !keep).map((rule) => new CompiledRule(rule));
    this.#held = 0;
    const { kernels } = this.#book;
    if (this.#size > 0) kernels.bytes.fill(0, this.#at, this.#at + this.#size);
    if (this.#rules.length === 0) return;
    for (let ref = 0; ref < this.#book.refs; ref++) if (this.#book.has(ref)) this.#mark(ref);
  }

  /** Whether the next split holds series back. */
  use(hold: boolean): void {
    const active = hold && this.#rules.length > 0;
    this.#book.kernels.exports.splitHold(active ? this.#at : 0, active ? this.#size : 0);
  }

  admit(bytes: Uint8Array, at: number, end: number, first: boolean): number {
    return this.#inner?.admit(bytes, at, end, first) ?? 0;
  }

  added(ref: number): void {
    this.#inner?.added(ref);
    if (this.#rules.length > 0) this.#mark(ref);
  }

  forgotten(has: (ref: number) => boolean): void {
    this.#inner?.forgotten(has);
  }

  #mark(ref: number): void {
    const labels = this.#book.labels(ref);
    const held = this.#rules.some((rule) => rule.matches(labels));
    if (ref >= this.#size) {
      if (!held) return;
      this.#grow(ref);
    }
    const { bytes } = this.#book.kernels;
    const at = this.#at + ref;
    this.#held += (held ? 1 : 0) - bytes[at];
    bytes[at] = held ? 1 : 0;
  }

  #grow(ref: number): void {
    const { kernels } = this.#book;
    const size = Math.max(FIRST_REFS, this.#size * 2, ref + 1);
    const at = kernels.exports.alloc(size) >>> 0;
    assert(at > 0, 'there is room for a byte a series');
    kernels.bytes.fill(0, at, at + size);
    if (this.#size > 0) {
      kernels.bytes.copyWithin(at, this.#at, this.#at + this.#size);
      kernels.exports.free(this.#at, this.#size);
    }
    this.#at = at;
    this.#size = size;
  }
}
