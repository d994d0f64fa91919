// Deletions that were asked for and not answered: the power went, or the disk did not take it. Each
// partition has done its part or has not, and may do so later, with whatever it writes next. Until
// the same is asked again and answered, its samples may be there or not, with any value that was
// ever sent for them. Easy to get wrong: a sample that came after the attempt, and took the place
// of one that was deleted by it, is as uncertain as that one.
import type { Matcher } from '../../src/engine/model/matcher.ts';
import type { Sent } from './sent.ts';

export interface Deletion {
  readonly matchers: readonly Matcher[];
  /** The same by the key of a series, without the engine. */
  readonly series: (key: string) => boolean;
  readonly minMs: number;
  readonly maxMs: number;
}

/** What may stand for a sample: bits, and a histogram's message. */
function textOfSample({ bits, body = '' }: Pick<Sent, 'bits' | 'body'>): string {
  return `${bits.toString(16)} ${body}`;
}

export class Deletions {
  /** Asked for, and not answered. */
  readonly open: Deletion[] = [];
  /** All that was ever logged: `series t` -> texts of samples. */
  readonly #ever = new Map<string, Set<string>>();

  noteSample(sample: Sent): void {
    const key = `${sample.series} ${sample.t}`;
    const ever = this.#ever.get(key) ?? new Set();
    this.#ever.set(key, ever);
    ever.add(textOfSample(sample));
  }

  /** True where nobody can know what is left. */
  unsure(series: string, t: number): boolean {
    return this.open.some((one) => t >= one.minMs && t <= one.maxMs && one.series(series));
  }

  /** True for a sample that was sent at some time. */
  wasSent(sample: Sent): boolean {
    return this.#ever.get(`${sample.series} ${sample.t}`)?.has(textOfSample(sample)) === true;
  }
}
