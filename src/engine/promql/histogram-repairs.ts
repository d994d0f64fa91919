// What is told of classic histograms whose counts had to be lifted: one info for all of a query's
// histograms and steps, worded as Prometheus words it. Under histogram-quantile.ts. Easy to get
// wrong: Prometheus 3.14 counts some samples twice when it puts such infos together.
import { formatShort, formatTwoDigits, quote } from './literals.ts';
import type { Repair } from './buckets.ts';
import type { Notes } from './notes.ts';

const MORE = 'https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile';

interface Told {
  count: number;
  first: number;
  last: number;
  from: number;
  to: number;
  most: number;
}

/** Repairs by the name of the metric, '' where names are dropped. */
export class Repairs {
  readonly #told = new Map<string, Told>();

  add(name: string, { from, to, most }: Repair, timeMs: number): void {
    const told = this.#told.get(name);
    if (told === undefined) {
      this.#told.set(name, { count: 1, first: timeMs, last: timeMs, from, to, most });
      return;
    }
    told.count++;
    told.first = Math.min(told.first, timeMs);
    told.last = Math.max(told.last, timeMs);
    told.from = Math.min(told.from, from);
    told.to = Math.max(told.to, to);
    told.most = Math.max(told.most, most);
  }

  tell(notes: Notes): void {
    for (const [name, { count, first, last, from, to, most }] of this.#told) {
      const whose = name === '' ? '' : ` for metric name ${quote(name)}`;
      const at = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
      const range = `from buckets ${formatShort(from)} to ${formatShort(to)}`;
      notes.info(
        `input to histogram_quantile needed to be fixed for monotonicity (see ${MORE})${whose}, ` +
          `${range}, with a max diff of ${formatTwoDigits(most)}, ` +
          `over ${count} samples from ${at(first)} to ${at(last)}`,
      );
    }
  }
}
