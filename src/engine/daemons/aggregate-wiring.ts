// Aggregation beside the door in one process: the guard that marks what is held back, the reader
// of the log that folds it, and their figures. Wiring only. Easy to get wrong: nothing may be held
// back before the aggregator has said durably that it will take it.
import { join } from 'node:path';
import { ruleKey } from '../collector/aggregate/aggregate-rule.ts';
import type { AggregateRule } from '../collector/aggregate/aggregate-rule.ts';
import { Aggregator } from '../collector/aggregate/aggregator.ts';
import { HeldSeries } from '../collector/aggregate/held-series.ts';
import type { Door } from '../collector/door.ts';
import type { SeriesBook } from '../kernels/series-book.ts';
import type { Log } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Counters } from '../runtime/counters.ts';
import type { Disk } from '../runtime/disk.ts';
import type { Service } from '../runtime/service.ts';

export interface AggregationOptions {
  readonly rules: readonly AggregateRule[];
  readonly log: Log;
  /** The epoch of the log that this process writes. */
  readonly epoch: number;
  readonly door: Door;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly disk: Disk;
  readonly counters?: Counters;
  readonly warn: (words: string) => void;
  readonly failed: (thrown: unknown) => void;
  readonly point?: (name: string) => void;
}

export interface Aggregation extends Service {
  readonly aggregator: Aggregator;
  readonly held: HeldSeries;
  /** Works by other rules from the next window on. Resolves when that is durable. */
  replace(rules: readonly AggregateRule[]): Promise<void>;
}

/** The file of its state in the folder of its process. */
export const AGGREGATE_FILE = 'aggregate.state';

/** Makes the role; nothing is read or held back before start(). */
export function makeAggregation(options: AggregationOptions): Aggregation {
  const { rules, log, door, dataDir, clock, disk, warn, failed, epoch, point } = options;
  const { book, kernels } = door;
  const held = new HeldSeries(book);
  door.held = held;
  const aggregator = new Aggregator({
    ...{ log, kernels, disk, clock, warn, failed, point },
    path: join(dataDir, AGGREGATE_FILE),
    writer: door,
    seriesOf: () => ({ epoch, canonicals: seriesOf(book) }),
  });
  let current = rules;
  const replace = async (next: readonly AggregateRule[]): Promise<void> => {
    if (next.map(ruleKey).join() === current.map(ruleKey).join()) return;
    await aggregator.replace(next);
    current = next;
    held.replace(next);
  };
  if (options.counters !== undefined) {
    showAggregation(options.counters, () => aggregator);
    showHeld(options.counters, held);
  }
  return {
    ...{ name: 'aggregate', aggregator, held, replace },
    start: async () => {
      await aggregator.start(rules);
      held.replace(rules);
    },
    drain: () => aggregator.stop(),
  };
}

function* seriesOf(book: SeriesBook): Generator<readonly [number, Uint8Array]> {
  for (let ref = 0; ref < book.refs; ref++) {
    if (book.has(ref)) yield [ref, book.canonical(ref)] as const;
  }
}

type Figures = Pick<Aggregator, 'counts' | 'sizes'>;

/** The figures of whatever aggregates now. */
export function showAggregation(counters: Counters, now: () => Figures | undefined): void {
  const help = 'Samples that aggregation rules took, by what became of them.';
  for (const result of ['folded', 'double', 'missed'] as const) {
    const read = (): number => now()?.counts[result] ?? 0;
    counters.reading('mon_aggregate_samples_total', help, { read, labels: { result } });
  }
  const words = {
    windows: 'Windows of aggregation rules that were closed.',
    written: 'Samples that aggregation made.',
    refused: 'Samples of aggregation that the door refused.',
    givenOn: 'Samples held back that no rule took and that were stored as they are.',
  } as const;
  const names = { windows: 'windows', written: 'outputs', refused: 'refused', givenOn: 'given_on' };
  for (const key of ['windows', 'written', 'refused', 'givenOn'] as const) {
    const read = (): number => now()?.counts[key] ?? 0;
    counters.reading(`mon_aggregate_${names[key]}_total`, words[key], { read });
  }
  const points = 'Samples of open windows.';
  counters.reading('mon_aggregate_points', points, { read: () => now()?.sizes.points ?? 0 });
}

/** What a door holds back. */
export function showHeld(counters: Counters, held: HeldSeries): void {
  const series = 'Series of the door whose samples go into aggregates only.';
  counters.reading('mon_aggregate_held_series', series, { read: () => held.held });
}
