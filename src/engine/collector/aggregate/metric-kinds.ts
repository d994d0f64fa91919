// Which metrics are counters, as metadata says it, at any time of the log. Beside the windows of
// aggregation rules. Easy to get wrong: what is learned counts from a time of the log on, not from
// when this process read it, so that a replay decides each window as the first run did.
import type { MetadataEntry } from '../../model/batch.ts';

export type MetricKind = 'counter' | 'gauge';

/** A word about a family, and the tick of partition 0 after which it came. */
export interface Learned {
  readonly type: string;
  readonly fromMs: number;
}

/** Words about one family that are told apart; older ones are forgotten. */
const LEARNED_MAX = 4;
const FAMILIES_MAX = 100_000;
const COUNTER_PARTS = [
  ['_total', ['counter', 'unknown']],
  ['_bucket', ['histogram']],
  ['_count', ['histogram', 'summary']],
  ['_sum', ['histogram', 'summary']],
] as const;

export class MetricKinds {
  readonly #families = new Map<string, Learned[]>();

  /** Takes notice of metadata that stands behind a tick of this time. */
  learn(entries: readonly MetadataEntry[], fromMs: number): void {
    for (const { family, type } of entries) {
      const known = this.#families.get(family);
      if (known === undefined) {
        if (this.#families.size < FAMILIES_MAX) this.#families.set(family, [{ type, fromMs }]);
      } else if (known[known.length - 1].type !== type) {
        known.push({ type, fromMs });
        if (known.length > LEARNED_MAX) known.shift();
      }
    }
  }

  /** The kind of a metric by what stood in the log before the tick of `untilMs`. */
  of(metric: string, untilMs: number): MetricKind {
    const own = this.#typeOf(metric, untilMs);
    if (own !== undefined && own !== 'unknown') return own === 'counter' ? 'counter' : 'gauge';
    for (const [suffix, types] of COUNTER_PARTS) {
      if (!metric.endsWith(suffix)) continue;
      const type = this.#typeOf(metric.slice(0, -suffix.length), untilMs);
      if (type !== undefined && (types as readonly string[]).includes(type)) return 'counter';
    }
    return metric.endsWith('_total') ? 'counter' : 'gauge';
  }

  #typeOf(family: string, untilMs: number): string | undefined {
    return this.#families.get(family)?.findLast(({ fromMs }) => fromMs < untilMs)?.type;
  }

  entries(): Iterable<[string, readonly Learned[]]> {
    return this.#families;
  }

  restore(family: string, learned: readonly Learned[]): void {
    this.#families.set(family, [...learned]);
  }
}
