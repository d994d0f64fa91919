// How many series there are and by what: the figures behind /api/v1/status/tsdb. Counted where the
// series lie, added up here. Easy to get wrong: a series lives in one shard, but a label value may
// be in all of them, so counts of values are bounds from above.
import { CARDINALITY_ROWS_MAX } from '../limits.ts';
import { compareText } from './labels.ts';

/** A name and a count. */
export type CountRow = readonly [name: string, count: number];

/** Lists are largest first and cut at CARDINALITY_ROWS_MAX. */
export interface Cardinality {
  readonly series: number;
  readonly samples: number;
  /** First and last time of the samples in memory; 0 both where there are none. ms. */
  readonly minMs: number;
  readonly maxMs: number;
  readonly chunks: number;
  readonly labelPairs: number;
  readonly memoryBytes: number;
  readonly seriesByMetric: readonly CountRow[];
  /** Values of a label; one that is in several shards is counted in each. */
  readonly valuesByName: readonly CountRow[];
  /** `name=value` pairs. */
  readonly seriesByPair: readonly CountRow[];
}

/** The figures of several shards as one. */
export function joinCardinality(parts: readonly Cardinality[]): Cardinality {
  const sum = (of: (part: Cardinality) => number): number =>
    parts.reduce((total, part) => total + of(part), 0);
  return {
    series: sum((part) => part.series),
    samples: sum((part) => part.samples),
    ...timesOf(parts.filter((part) => part.samples > 0)),
    chunks: sum((part) => part.chunks),
    labelPairs: sum((part) => part.labelPairs),
    memoryBytes: sum((part) => part.memoryBytes),
    seriesByMetric: joinRows(parts.map((part) => part.seriesByMetric)),
    valuesByName: joinRows(parts.map((part) => part.valuesByName)),
    seriesByPair: joinRows(parts.map((part) => part.seriesByPair)),
  };
}

function timesOf(parts: readonly Cardinality[]): Pick<Cardinality, 'minMs' | 'maxMs'> {
  if (parts.length === 0) return { minMs: 0, maxMs: 0 };
  const minMs = Math.min(...parts.map((part) => part.minMs));
  return { minMs, maxMs: Math.max(...parts.map((part) => part.maxMs)) };
}

function joinRows(lists: readonly (readonly CountRow[])[]): readonly CountRow[] {
  if (lists.length === 1) return lists[0];
  const counts = new Map<string, number>();
  for (const list of lists) {
    for (const [name, count] of list) counts.set(name, (counts.get(name) ?? 0) + count);
  }
  return largestRows(counts);
}

/** The largest counts first, equal ones by name. */
export function largestRows(counts: Iterable<CountRow>): readonly CountRow[] {
  const rows = [...counts].sort((a, b) => b[1] - a[1] || compareText(a[0], b[0]));
  return rows.length > CARDINALITY_ROWS_MAX ? rows.slice(0, CARDINALITY_ROWS_MAX) : rows;
}
