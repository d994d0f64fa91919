// How many series there are and by what: the figures behind /api/v1/status/tsdb. Counted where the
// series lie, added up here. Easy to get wrong: a series lives in one shard, but a label value may
// be in all of them, so counts of values are bounds from above.
import { CARDINALITY_ROWS_MAX } from '../limits.ts';
import { compareText } from './labels.ts';
import type { Matcher } from './matcher.ts';

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
  /** Only where a scope was asked for. */
  readonly figures?: SeriesFigures;
}

/** What is counted, where not simply everything: `mon explore` asks with one. */
export interface CountScope {
  /** Series are silent, begun and ended in view of this time. */
  readonly nowMs: number;
  /** Only series that match. */
  readonly matchers?: readonly Matcher[];
  /** Only pairs of this label are told. */
  readonly label?: string;
  /** Rows of each list. */
  readonly rows: number;
}

/** What one metric has in the heads. */
export interface MetricFigures {
  readonly name: string;
  readonly series: number;
  /** Of them, those with a sample in the last five minutes. */
  readonly live: number;
  /** Series that began, and that fell silent, within the last hour. */
  readonly begun: number;
  readonly ended: number;
  readonly samples: number;
  readonly perSecond: number;
  /** Estimated memory: chunks, the series themselves, and a share of tables and texts. */
  readonly bytes: number;
}

/** The answer to a CountScope, the largest rows first. */
export interface SeriesFigures {
  readonly seriesCounted: number;
  /** All metrics together; it has no name. */
  readonly total: MetricFigures;
  readonly metricCount: number;
  readonly pairCount: number;
  readonly metrics: readonly MetricFigures[];
  /** Labels by how many values they have. */
  readonly labels: readonly CountRow[];
  readonly pairs: readonly PairRow[];
  /** Bytes and samples of all sealed blocks. */
  readonly blockBytes: number;
  readonly blockSamples: number;
}

export type PairRow = readonly [name: string, value: string, series: number];

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
    ...figuresOf(parts.flatMap((part) => part.figures ?? [])),
  };
}

function figuresOf(parts: readonly SeriesFigures[]): Pick<Cardinality, 'figures'> {
  if (parts.length === 0) return {};
  return { figures: parts.length === 1 ? parts[0] : joinFigures(parts) };
}

/** A value that lies in two shards is counted in both: see the top of this file. */
function joinFigures(parts: readonly SeriesFigures[]): SeriesFigures {
  const sum = (of: (part: SeriesFigures) => number): number =>
    parts.reduce((total, part) => total + of(part), 0);
  const metrics = new Map<string, MetricFigures>();
  for (const one of parts.flatMap((part) => part.metrics)) {
    const known = metrics.get(one.name);
    metrics.set(one.name, known === undefined ? one : addMetric(known, one));
  }
  const pairs = new Map<string, PairRow>();
  for (const [name, value, series] of parts.flatMap((part) => part.pairs)) {
    const key = `${name}\u0000${value}`;
    pairs.set(key, [name, value, (pairs.get(key)?.[2] ?? 0) + series]);
  }
  return {
    seriesCounted: sum((part) => part.seriesCounted),
    total: parts.map((part) => part.total).reduce(addMetric),
    metricCount: Math.max(metrics.size, ...parts.map((part) => part.metricCount)),
    pairCount: sum((part) => part.pairCount),
    metrics: [...metrics.values()].sort(
      (a, b) => b.series - a.series || compareText(a.name, b.name),
    ),
    labels: joinRows(parts.map((part) => part.labels)),
    pairs: [...pairs.values()].sort(
      (a, b) => b[2] - a[2] || compareText(a[0], b[0]) || compareText(a[1], b[1]),
    ),
    blockBytes: sum((part) => part.blockBytes),
    blockSamples: sum((part) => part.blockSamples),
  };
}

function addMetric(a: MetricFigures, b: MetricFigures): MetricFigures {
  return {
    name: a.name,
    series: a.series + b.series,
    live: a.live + b.live,
    begun: a.begun + b.begun,
    ended: a.ended + b.ended,
    samples: a.samples + b.samples,
    perSecond: a.perSecond + b.perSecond,
    bytes: a.bytes + b.bytes,
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
