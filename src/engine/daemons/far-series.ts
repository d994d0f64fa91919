// Which metric a series of the log belongs to, as its records define it: what rules need to know of
// late samples and of their own outputs where another process numbers the series. Beside the feed
// of the rules. Easy to get wrong: the same number means another series in another epoch, and a
// number that is defined again means the newer one.
import type { FarSeries } from '../alert/rule-feed.ts';
import { labelsOf } from '../codec/canonical.ts';
import type { OpenRecord } from '../codec/record.ts';
import { HEAD_EPOCHS_MAX } from '../limits.ts';
import { NAME, labelValue } from '../model/labels.ts';

/** Numbers of one producer; its book has no more series. */
const REFS_MAX = 1 << 24;

export class DefinedSeries implements FarSeries {
  readonly #names: string[] = [''];
  readonly #numbers = new Map<string, number>();
  /** Metric by number, for each epoch; those that were used last stand last. */
  readonly #epochs = new Map<number, Uint32Array>();
  readonly #own: () => ReadonlySet<string>;

  /** @param own names of the series that rules write, as of now. */
  constructor(own: () => ReadonlySet<string>) {
    this.#own = own;
  }

  learn(record: OpenRecord): void {
    if (record.definitionCount === 0) return;
    const { epoch } = record;
    record.forEachDefinition((ref, canonical) => {
      if (ref >= REFS_MAX) return;
      const metric = this.#number(labelValue(labelsOf(canonical), NAME));
      this.#room(epoch, ref)[ref] = metric;
    });
  }

  of(epoch: number, ref: number): number {
    const known = this.#epochs.get(epoch);
    return known !== undefined && ref < known.length ? known[ref] : 0;
  }

  isOwn(metric: number): boolean {
    return metric > 0 && this.#own().has(this.#names[metric]);
  }

  name(metric: number): string {
    return this.#names[metric];
  }

  #number(name: string): number {
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.#names.push(name) - 1;
      this.#numbers.set(name, number);
    }
    return number;
  }

  #room(epoch: number, ref: number): Uint32Array {
    let known = this.#epochs.get(epoch) ?? new Uint32Array(1024);
    if (ref >= known.length) {
      const larger = new Uint32Array(Math.max(ref + 1, known.length * 2));
      larger.set(known);
      known = larger;
    }
    this.#epochs.delete(epoch);
    this.#epochs.set(epoch, known);
    // Producers come and go: as many are remembered as a head remembers.
    if (this.#epochs.size > HEAD_EPOCHS_MAX) {
      this.#epochs.delete(this.#epochs.keys().next().value as number);
    }
    return known;
  }
}
