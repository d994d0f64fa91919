// From the JSON of a query's answer to columns. The last station before screens and `mon query`.
// Easy to get wrong: numbers come as texts, +Inf among them; a histogram has no number, so its cell
// is there with the value NaN, and the histogram itself stands beside it in `shown`.
import type { Grid, Matrix, RawSamples } from '../model/fragment.ts';
import { gridSize } from '../model/fragment.ts';
import { compareText } from '../model/labels.ts';
import type { ShownHistogram } from '../model/histogram.ts';
import type { Labels } from '../model/labels.ts';
import type { QueryAnswer, QueryResult, QueryStats } from '../model/query-result.ts';
import { histogramOf } from './histogram-answer.ts';
import { numberOf } from './number-text.ts';

type Point = readonly [number, string];
type HistogramPoint = readonly [number, unknown];
type Shown = (ShownHistogram | undefined)[];

interface SeriesJson {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: Point;
  readonly values?: readonly Point[];
  readonly histogram?: HistogramPoint;
  readonly histograms?: readonly HistogramPoint[];
}

export interface QueryJson {
  readonly data: {
    readonly resultType: string;
    readonly result: unknown;
    readonly stats?: unknown;
  };
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
  /** Told by a server of ours when something could not be read. */
  readonly partial?: boolean;
}

/** True when a parsed body has the shape of a query's answer. */
export function isQueryJson(body: unknown): body is QueryJson {
  const data = (body as QueryJson | undefined)?.data;
  return typeof data?.resultType === 'string' && Array.isArray(data.result);
}

/** The answer as columns; `grid` is what a range query asked for. */
export function answerOf(body: QueryJson, timeMs: number, grid?: Grid): QueryAnswer {
  const shown: Shown = [];
  const result = resultOf(body, { timeMs, grid, shown });
  const stats = statsOf(body.data.stats);
  return {
    result,
    warnings: body.warnings ?? [],
    infos: body.infos ?? [],
    whole: body.partial !== true,
    seriesRead: stats?.series ?? 0,
    samplesRead: stats?.samples ?? 0,
    ...(shown.length > 0 ? { shown } : {}),
    ...(stats === undefined ? {} : { stats }),
  };
}

/** What was asked for, and where histograms go: by the number of their cell or row. */
interface Wanted {
  readonly timeMs: number;
  readonly grid: Grid | undefined;
  readonly shown: Shown;
}

function resultOf(body: QueryJson, wanted: Wanted): QueryResult {
  const { resultType: type, result } = body.data;
  if (type === 'scalar' || type === 'string') {
    const [seconds, text] = result as Point;
    const at = msOf(seconds);
    if (type === 'string') return { type, timeMs: at, value: text };
    return { type, timeMs: at, value: numberOf(text) };
  }
  const series = result as readonly SeriesJson[];
  if (type === 'vector') return vector(series, wanted);
  const { grid, shown } = wanted;
  if (grid === undefined) return { type: 'samples', raw: samples(series, shown) };
  return { type: 'matrix', grid, matrix: matrix(series, grid, shown) };
}

function vector(series: readonly SeriesJson[], { timeMs, shown }: Wanted): QueryResult {
  const there = series.filter((s) => (s.value ?? s.histogram) !== undefined);
  const [first] = there;
  const at = first === undefined ? timeMs : msOf((first.value ?? first.histogram)?.[0] ?? 0);
  const values = new Float64Array(there.length);
  there.forEach(({ value, histogram }, i) => {
    values[i] = value === undefined ? Number.NaN : numberOf(value[1]);
    if (value === undefined) shown[i] = histogramOf(histogram?.[1]);
  });
  const matrix: Matrix = {
    labels: there.map((s) => labelsOf(s.metric)),
    steps: 1,
    values,
    present: new Uint8Array(there.length).fill(1),
  };
  return { type: 'vector', timeMs: at, matrix };
}

function matrix(series: readonly SeriesJson[], grid: Grid, shown: Shown): Matrix {
  const steps = gridSize(grid);
  const values = new Float64Array(series.length * steps);
  const present = new Uint8Array(series.length * steps);
  const cellOf = (s: number, seconds: number): number => {
    const step = Math.round((seconds * 1000 - grid.start) / grid.step);
    return step < 0 || step >= steps ? -1 : s * steps + step;
  };
  for (let s = 0; s < series.length; s++) {
    for (const [seconds, text] of series[s].values ?? []) {
      const cell = cellOf(s, seconds);
      if (cell < 0) continue;
      values[cell] = numberOf(text);
      present[cell] = 1;
    }
    for (const [seconds, told] of series[s].histograms ?? []) {
      const cell = cellOf(s, seconds);
      if (cell < 0) continue;
      values[cell] = Number.NaN;
      present[cell] = 1;
      shown[cell] = histogramOf(told);
    }
  }
  return { labels: series.map((one) => labelsOf(one.metric)), steps, values, present };
}

function samples(series: readonly SeriesJson[], shown: Shown): RawSamples {
  const from = new Uint32Array(series.length + 1);
  for (let s = 0; s < series.length; s++) {
    const { values = [], histograms = [] } = series[s];
    from[s + 1] = from[s] + values.length + histograms.length;
  }
  const timestamps = new Float64Array(from[series.length]);
  const values = new Float64Array(from[series.length]);
  for (let s = 0; s < series.length; s++) {
    let at = from[s];
    for (const [seconds, told] of inTimeOrder(series[s])) {
      timestamps[at] = msOf(seconds);
      values[at] = typeof told === 'string' ? numberOf(told) : Number.NaN;
      if (typeof told !== 'string') shown[at] = histogramOf(told);
      at++;
    }
  }
  return { labels: series.map((one) => labelsOf(one.metric)), from, timestamps, values };
}

function inTimeOrder({
  values = [],
  histograms = [],
}: SeriesJson): readonly (readonly [number, unknown])[] {
  if (histograms.length === 0) return values;
  return [...values, ...histograms].toSorted((a, b) => a[0] - b[0]);
}

interface StatsJson {
  readonly timings?: { readonly execTotalTime?: unknown; readonly evalTotalTime?: unknown };
  readonly samples?: { readonly totalQueryableSamples?: unknown };
  readonly series?: { readonly totalQueryableSeries?: unknown };
  readonly bytes?: unknown;
  readonly cost?: unknown;
  readonly cache?: unknown;
}

function statsOf(told: unknown): QueryStats | undefined {
  if (typeof told !== 'object' || told === null) return undefined;
  const { timings, samples: read, series, bytes, cost, cache } = told as StatsJson;
  const number = (value: unknown): number | undefined =>
    typeof value === 'number' && Number.isFinite(value) ? value : undefined;
  const seconds = number(timings?.execTotalTime) ?? number(timings?.evalTotalTime);
  return {
    series: number(series?.totalQueryableSeries),
    samples: number(read?.totalQueryableSamples),
    bytes: number(bytes),
    cost: number(cost),
    ms: seconds === undefined ? undefined : seconds * 1000,
    cache: typeof cache === 'string' ? cache : undefined,
  };
}

function msOf(seconds: number): number {
  return Math.round(seconds * 1000);
}

/** A JSON label object as labels, sorted by name. */
export function labelsOf(metric: Readonly<Record<string, string>>): Labels {
  const names = Object.keys(metric).sort(compareText);
  return names.flatMap((name) => [name, metric[name]]);
}
