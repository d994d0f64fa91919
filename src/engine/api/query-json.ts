// A query's answer as Prometheus' JSON, straight from the columns, in pages for the socket. The
// last station of a query before HTTP. Easy to get wrong: a series without a present value is no
// series, and the warnings stand behind the data, because the cut of `limit` is known only then.
import { JsonRows } from '../kernels/json-rows.ts';
import { Kernels } from '../kernels/kernels.ts';
import type { JsonGrid } from '../kernels/json-rows.ts';
import { QUERY_NOTES_MAX } from '../limits.ts';
import type { HistogramColumn, Matrix, RawSamples } from '../model/fragment.ts';
import type { Labels } from '../model/labels.ts';
import type { QueryAnswer, QueryResult } from '../model/query-result.ts';
import { formatFloat } from '../promql/literals.ts';
import { histogramJson } from './histogram-json.ts';
import { JsonBuffer, sampleText } from './json-buffer.ts';

export interface QueryJsonOptions {
  /** Series at most; 0 for all. */
  readonly limit: number;
  /** Seconds the evaluation took, when the asker wants statistics. */
  readonly evalSeconds?: number;
}

type Pages = Generator<Buffer, void, void>;

/** The whole envelope, page by page; a page belongs to the caller. */
export function* queryJson(answer: QueryAnswer, options: QueryJsonOptions): Pages {
  const out = new JsonBuffer();
  out.raw('{"status":"success","data":{"resultType":"');
  const { result } = answer;
  out.raw(result.type === 'samples' ? 'matrix' : result.type);
  out.raw('","result":');
  const cut = yield* resultJson(out, result, options.limit > 0 ? options.limit : Infinity);
  if (options.evalSeconds !== undefined) statsJson(out, answer, options.evalSeconds);
  out.raw('}');
  const warnings = cut ? [...answer.warnings, 'results truncated due to limit'] : answer.warnings;
  stringList(out, 'warnings', fewNotes(warnings, 'warning'));
  stringList(out, 'infos', fewNotes(answer.infos, 'info'));
  // A field of our own, which others pass over: without it a reader takes the rest for the whole.
  if (!answer.whole) out.raw(',"partial":true');
  out.raw('}');
  yield out.take();
}

/** As many of the language's notes as Prometheus tells; our own are told always. */
function fewNotes(notes: readonly string[], kind: string): readonly string[] {
  let met = 0;
  const few = notes.filter((note) => !note.startsWith('PromQL ') || ++met <= QUERY_NOTES_MAX);
  const left = met - QUERY_NOTES_MAX;
  return left > 0 ? [...few, `${left} more ${kind} annotations omitted`] : few;
}

/** Prometheus' fields as far as they are measured, then our own. */
function statsJson(out: JsonBuffer, answer: QueryAnswer, evalSeconds: number): void {
  const seconds = sampleText(evalSeconds);
  out.raw(`,"stats":{"timings":{"evalTotalTime":${seconds},"execTotalTime":${seconds}},`);
  out.raw(`"samples":{"totalQueryableSamples":${answer.samplesRead}},`);
  out.raw(`"series":{"totalQueryableSeries":${answer.seriesRead}}`);
  if (answer.bytesRead !== undefined) out.raw(`,"bytes":${answer.bytesRead}`);
  if (answer.cost !== undefined) out.raw(`,"cost":${Math.round(answer.cost)}`);
  if (answer.cache !== undefined) out.raw(`,"cache":"${answer.cache}"`);
  out.raw('}');
}

function* resultJson(
  out: JsonBuffer,
  result: QueryResult,
  limit: number,
): Generator<Buffer, boolean, void> {
  switch (result.type) {
    case 'scalar':
      pointStart(out, result.timeMs);
      out.string(formatFloat(result.value));
      out.raw(']');
      return false;
    case 'string':
      pointStart(out, result.timeMs);
      // Bytes that are no text are told as Go tells them.
      out.string(result.value.toWellFormed());
      out.raw(']');
      return false;
    case 'vector':
      return yield* vectorJson(out, result.timeMs, result.matrix, limit);
    case 'matrix':
      return yield* matrixJson(out, result.grid, result.matrix, limit);
    case 'samples':
      return yield* samplesJson(out, result.raw, limit);
  }
}

function* vectorJson(
  out: JsonBuffer,
  timeMs: number,
  matrix: Matrix,
  limit: number,
): Generator<Buffer, boolean, void> {
  let written = 0;
  out.raw('[');
  for (let s = 0; s < matrix.labels.length; s++) {
    if (matrix.present[s] === 0) continue;
    if (written === limit) return closed(out, true);
    seriesStart(out, matrix.labels[s], written++);
    const histogram = matrix.histograms?.[s];
    out.raw(histogram === undefined ? '"value":' : '"histogram":');
    pointStart(out, timeMs);
    if (histogram === undefined) out.value(matrix.values[s]);
    else histogramJson(out, histogram);
    out.raw(']}');
    if (out.full) yield out.take();
  }
  return closed(out, false);
}

function* matrixJson(
  out: JsonBuffer,
  grid: { readonly start: number; readonly step: number },
  matrix: Matrix,
  limit: number,
): Generator<Buffer, boolean, void> {
  let written = 0;
  const times = { start: grid.start, step: grid.step, steps: matrix.steps };
  out.raw('[');
  for (let s = 0; s < matrix.labels.length; s++) {
    const row = s * matrix.steps;
    const end = row + matrix.steps;
    const at = matrix.present.indexOf(1, row);
    if (at < 0 || at >= end) continue;
    if (written === limit) return closed(out, true);
    seriesStart(out, matrix.labels[s], written++);
    if (matrix.histograms === undefined) {
      yield* floatsJson(out, matrix, row, times);
    } else {
      const { values, present, histograms } = matrix;
      const has = (i: number): boolean => present[i] !== 0;
      const time = (i: number): number => grid.start + (i - row) * grid.step;
      yield* pointsJson(out, { from: at, to: end, has, time, values, histograms });
    }
    out.raw('}');
  }
  return closed(out, false);
}

/** Made with the first answer that has rows. */
let rows: JsonRows | undefined;

/** A row of floats alone: the way of nearly every answer. */
function* floatsJson(out: JsonBuffer, matrix: Matrix, row: number, grid: JsonGrid): Pages {
  out.raw('"values":[');
  rows ??= new JsonRows(new Kernels());
  const { piece } = rows;
  let begun = false;
  for (let from = 0; from < matrix.steps; from += piece) {
    // Others may have written rows of another grid while a page went out.
    rows.grid(grid);
    const text = rows.points(matrix, row, from, Math.min(matrix.steps, from + piece));
    if (text.length === 0) continue;
    if (begun) out.raw(',');
    begun = true;
    out.bytes(text);
    if (out.full) yield out.take();
  }
  out.raw(']');
}

function* samplesJson(
  out: JsonBuffer,
  samples: RawSamples,
  limit: number,
): Generator<Buffer, boolean, void> {
  let written = 0;
  out.raw('[');
  for (let s = 0; s < samples.labels.length; s++) {
    const from = samples.from[s];
    const to = samples.from[s + 1];
    if (from === to) continue;
    if (written === limit) return closed(out, true);
    seriesStart(out, samples.labels[s], written++);
    const { timestamps, values, histograms } = samples;
    const time = (i: number): number => timestamps[i];
    yield* pointsJson(out, { from, to, has: () => true, time, values, histograms });
    out.raw('}');
  }
  return closed(out, false);
}

/** The points of one series, `from` to `to`: floats and histograms stand in lists of their own. */
interface Points {
  readonly from: number;
  readonly to: number;
  readonly has: (i: number) => boolean;
  readonly time: (i: number) => number;
  readonly values: Float64Array;
  readonly histograms: HistogramColumn | undefined;
}

function* pointsJson(out: JsonBuffer, points: Points): Pages {
  const { from, to, has, time, values, histograms } = points;
  let open = false;
  let mixed = false;
  for (let i = from; i < to; i++) {
    if (!has(i)) continue;
    if (histograms?.[i] !== undefined) {
      mixed = true;
      continue;
    }
    out.raw(open ? ',' : '"values":[');
    open = true;
    pointStart(out, time(i));
    out.value(values[i]);
    out.raw(']');
    if (out.full) yield out.take();
  }
  if (open) out.raw(']');
  if (!mixed) return;
  out.raw(open ? ',"histograms":[' : '"histograms":[');
  let first = true;
  for (let i = from; i < to; i++) {
    const histogram = has(i) ? histograms?.[i] : undefined;
    if (histogram === undefined) continue;
    if (!first) out.raw(',');
    first = false;
    pointStart(out, time(i));
    histogramJson(out, histogram);
    out.raw(']');
    if (out.full) yield out.take();
  }
  out.raw(']');
}

function closed(out: JsonBuffer, cut: boolean): boolean {
  out.raw(']');
  return cut;
}

function pointStart(out: JsonBuffer, timeMs: number): void {
  out.raw('[');
  out.time(timeMs);
  out.raw(',');
}

function seriesStart(out: JsonBuffer, labels: Labels, index: number): void {
  out.raw(index === 0 ? '{"metric":' : ',{"metric":');
  labelsJson(out, labels);
  out.raw(',');
}

/** A label set as an object, in the order it has. */
export function labelsJson(out: JsonBuffer, labels: Labels): void {
  out.raw('{');
  for (let i = 0; i < labels.length; i += 2) {
    if (i > 0) out.raw(',');
    out.string(labels[i]);
    out.raw(':');
    out.string(labels[i + 1]);
  }
  out.raw('}');
}

/** `,"name":["…"]` behind what was written, or nothing for an empty list. */
export function stringList(out: JsonBuffer, name: string, texts: readonly string[]): void {
  if (texts.length === 0) return;
  out.raw(`,"${name}":[`);
  for (let i = 0; i < texts.length; i++) {
    if (i > 0) out.raw(',');
    out.string(texts[i]);
  }
  out.raw(']');
}
