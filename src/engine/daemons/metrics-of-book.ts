// Which metric a series of the book belongs to, by numbers that are kept: rules ask it of every
// late sample. Easy to get wrong: the book gives the number of a series that it forgot to another
// one, so that everything kept is dropped when it has forgotten any; and a series that is first
// seen must not cost all its labels as strings, only its name.
import type { MetricNumbers } from '../alert/rule-feed.ts';
import { metricNameIn } from '../codec/canonical.ts';
import type { SeriesBook } from '../kernels/series-book.ts';
import { TextCache } from '../wire/text-cache.ts';

export class MetricsOfBook implements MetricNumbers {
  readonly #book: SeriesBook;
  readonly #texts = new TextCache();
  readonly #names: string[] = [''];
  readonly #numbers = new Map<string, number>();
  /** Number + 1 by ref; 0 where it was not looked up yet. */
  #kept = new Uint32Array(1024);
  #forgotten = 0;

  constructor(book: SeriesBook) {
    this.#book = book;
  }

  of(ref: number): number {
    const book = this.#book;
    if (book.forgotten !== this.#forgotten) {
      this.#forgotten = book.forgotten;
      this.#kept.fill(0);
    }
    const kept = ref < this.#kept.length ? this.#kept[ref] : 0;
    return kept > 0 ? kept - 1 : this.#lookUp(ref);
  }

  name(metric: number): string {
    return this.#names[metric];
  }

  #lookUp(ref: number): number {
    if (!this.#book.has(ref)) return 0;
    const bytes = metricNameIn(this.#book.canonicalView(ref));
    const name = bytes === undefined ? '' : this.#texts.text(bytes);
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.#names.push(name) - 1;
      this.#numbers.set(name, number);
    }
    if (ref >= this.#kept.length) {
      const larger = new Uint32Array(Math.max(ref + 1, this.#kept.length * 2));
      larger.set(this.#kept);
      this.#kept = larger;
    }
    this.#kept[ref] = number + 1;
    return number;
  }
}
