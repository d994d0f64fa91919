// From the JSON of a query's answer to columns. The last station before screens and `mon query`.
// Easy to get wrong: numbers come as texts, +Inf among them; a server may send histograms, which
// have no column here and are counted in a warning instead.
import type { Grid, Matrix, RawSamples } from '../model/fragment.ts';
import { gridSize } from '../model/fragment.ts';
import { compareText } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import type { QueryAnswer, QueryResult } from '../model/query-result.ts';

type Point = readonly [number, string];

interface SeriesJson {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: Point;
  readonly values?: readonly Point[];
  readonly histogram?: unknown;
  readonly histograms?: readonly unknown[];
}

export interface QueryJson {
  readonly data: { readonly resultType: string; readonly result: unknown };
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}

/** True when a parsed body has the shape of a query's answer. */
export function isQueryJson(body: unknown): body is QueryJson {
  const data = (body as QueryJson | undefined)?.data;
  return typeof data?.resultType === 'string' && Array.isArray(data.result);
}

/** The answer as columns; `grid` is what a range query asked for. */
export function answerOf(body: QueryJson, timeMs: number, grid?: Grid): QueryAnswer {
  const series = body.data.result as readonly SeriesJson[];
  const result = resultOf(body, timeMs, grid);
  const hidden = result.type === 'scalar' || result.type === 'string' ? 0 : histograms(series);
  const warnings = [...(body.warnings ?? [])];
  if (hidden > 0) warnings.push(`${hidden} histogram samples are not shown`);
  return {
    result,
    warnings,
    infos: body.infos ?? [],
    whole: true,
    seriesRead: 0,
    samplesRead: 0,
  };
}

function resultOf(body: QueryJson, timeMs: number, grid: Grid | undefined): QueryResult {
  const { resultType: type, result } = body.data;
  if (type === 'scalar' || type === 'string') {
    const [seconds, text] = result as Point;
    const at = Math.round(seconds * 1000);
    if (type === 'string') return { type, timeMs: at, value: text };
    return { type, timeMs: at, value: numberOf(text) };
  }
  const series = result as readonly SeriesJson[];
  if (type === 'vector') return vector(series, timeMs);
  if (grid === undefined) return { type: 'samples', raw: samples(series) };
  return { type: 'matrix', grid, matrix: matrix(series, grid) };
}

function vector(series: readonly SeriesJson[], timeMs: number): QueryResult {
  const floats = series.filter((s) => s.value !== undefined);
  const at = floats.length > 0 ? Math.round((floats[0].value as Point)[0] * 1000) : timeMs;
  const matrix: Matrix = {
    labels: floats.map((s) => labelsOf(s.metric)),
    steps: 1,
    values: Float64Array.from(floats, (s) => numberOf((s.value as Point)[1])),
    present: new Uint8Array(floats.length).fill(1),
  };
  return { type: 'vector', timeMs: at, matrix };
}

function matrix(series: readonly SeriesJson[], grid: Grid): Matrix {
  const steps = gridSize(grid);
  const values = new Float64Array(series.length * steps);
  const present = new Uint8Array(series.length * steps);
  for (let s = 0; s < series.length; s++) {
    for (const [seconds, text] of series[s].values ?? []) {
      const step = Math.round((seconds * 1000 - grid.start) / grid.step);
      if (step < 0 || step >= steps) continue;
      values[s * steps + step] = numberOf(text);
      present[s * steps + step] = 1;
    }
  }
  return { labels: series.map((one) => labelsOf(one.metric)), steps, values, present };
}

function samples(series: readonly SeriesJson[]): RawSamples {
  const from = new Uint32Array(series.length + 1);
  for (let s = 0; s < series.length; s++) from[s + 1] = from[s] + (series[s].values?.length ?? 0);
  const timestamps = new Float64Array(from[series.length]);
  const values = new Float64Array(from[series.length]);
  for (let s = 0; s < series.length; s++) {
    let at = from[s];
    for (const [seconds, text] of series[s].values ?? []) {
      timestamps[at] = Math.round(seconds * 1000);
      values[at++] = numberOf(text);
    }
  }
  return { labels: series.map((one) => labelsOf(one.metric)), from, timestamps, values };
}

function histograms(series: readonly SeriesJson[]): number {
  let count = 0;
  for (const one of series) {
    count += (one.histogram === undefined ? 0 : 1) + (one.histograms?.length ?? 0);
  }
  return count;
}

/** A JSON label object as labels, sorted by name. */
export function labelsOf(metric: Readonly<Record<string, string>>): Labels {
  const names = Object.keys(metric).sort(compareText);
  return names.flatMap((name) => [name, metric[name]]);
}

function numberOf(text: string): number {
  if (text === '+Inf' || text === 'Inf') return Infinity;
  return text === '-Inf' ? -Infinity : Number(text);
}
