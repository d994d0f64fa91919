// Joins what several sources answer to the same fragment: matrices by labels, partial aggregates by
// group, raw samples by time. Ground, so that shards, the query service and standing rules merge
// alike. Easy to get wrong: partial aggregates assume that no series lives in two sources.
import { MIX } from '../model/fragment.ts';
import { compareLabels, labelsKey } from '../model/labels.ts';
import { closeRow, GroupRow, isDeviation } from './accumulate.ts';
import { gatherMarks, gatherValues } from './gather-rows.ts';
import { isInfinite, lostBy } from './sum.ts';
import { tooManySamples, tooManySeries } from './query-failure.ts';
import { mergeRaw } from './merge-raw.ts';
import { addMix, mixedCells } from './merge-mixed.ts';
import { Slab } from './slab.ts';
import { pickCells } from './vector.ts';
import type { Fragment, FragmentAggregate, FragmentResult, Matrix } from '../model/fragment.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { Labels } from '../model/labels.ts';
import type { PartialOp } from './accumulate.ts';

/**
 * One answer out of many, sorted by labels. Partial aggregates stay partial (finishRow makes
 * values).
 * @throws MonError MON_QUERY_LIMIT when the whole is past the fragment's limits.
 */
export function mergeFragments(
  fragment: Fragment,
  results: readonly FragmentResult[],
): FragmentResult {
  let seriesRead = 0;
  let samplesRead = 0;
  for (const result of results) {
    seriesRead += result.seriesRead;
    samplesRead += result.samplesRead;
  }
  if (seriesRead > fragment.maxSeries) throw tooManySeries(fragment.maxSeries);
  if (samplesRead > fragment.maxSamples) throw tooManySamples();
  if (results.length === 1 && results[0].matrix !== undefined && fragment.fn !== 'raw') {
    return alone(results[0], results[0].matrix);
  }
  const counts = {
    seriesRead,
    samplesRead,
    warnings: [...new Set(results.flatMap((r) => r.warnings))],
    infos: [...new Set(results.flatMap((r) => r.infos))],
    ...aggregateSaid(results),
  };
  const raws = results.flatMap((r) => (r.raw === undefined ? [] : [r.raw]));
  // Of nothing it is still samples that were asked for.
  const asked = fragment.fn === 'raw' || raws.length > 0;
  if (asked) return { raw: mergeRaw(raws), ...counts };
  const matrices = results.flatMap((r) => (r.matrix === undefined ? [] : [r.matrix]));
  return { matrix: mergeMatrices(matrices, fragment.aggregate), ...counts };
}

/** The way of most queries: one shard, with nothing to say beside its rows. */
function alone(result: FragmentResult, matrix: Matrix): FragmentResult {
  const { seriesRead, samplesRead, warnings, infos } = result;
  return {
    matrix: matrix.labels.length === 0 ? matrix : sortedMatrix(matrix),
    ...{ seriesRead, samplesRead },
    warnings: warnings.length < 2 ? warnings : [...new Set(warnings)],
    infos: infos.length < 2 ? infos : [...new Set(infos)],
    ...aggregateSaid([result]),
  };
}

function aggregateSaid(
  results: readonly FragmentResult[],
): Pick<FragmentResult, 'aggregateWarnings' | 'aggregateInfos'> {
  if (results.every((r) => r.aggregateWarnings === undefined && r.aggregateInfos === undefined)) {
    return {};
  }
  const warnings = new Set(results.flatMap((r) => r.aggregateWarnings ?? []));
  const infos = new Set(results.flatMap((r) => r.aggregateInfos ?? []));
  if (warnings.size + infos.size === 0) return {};
  return { aggregateWarnings: [...warnings], aggregateInfos: [...infos] };
}

function mergeMatrices(
  matrices: readonly Matrix[],
  aggregate: FragmentAggregate | undefined,
): Matrix {
  const full = matrices.filter((matrix) => matrix.labels.length > 0);
  if (full.length === 0) return matrices[0] ?? emptyMatrix(0);
  if (full.length === 1) return sortedMatrix(full[0]);
  return aggregate === undefined ? mergeSeries(full) : mergePartials(full, aggregate.op);
}

export function emptyMatrix(steps: number): Matrix {
  return { labels: [], steps, values: new Float64Array(0), present: new Uint8Array(0) };
}

interface Ordered {
  readonly labels: readonly Labels[];
  readonly order: Uint32Array;
}

/** The last order of each list, by its first set: a dashboard asks for the same list again. */
const orders = new WeakMap<Labels, Ordered>();
/** The same of long lists, the last one alone: what is remembered must not hold much. */
let longOrder = new WeakMap<Labels, Ordered>();

/** Positions of the rows in the order of their labels. */
function labelOrder(labels: readonly Labels[]): Uint32Array {
  if (labels.length === 0) return new Uint32Array(0);
  const isLong = labels.length > SHORT_LIST_MAX;
  const known = (isLong ? longOrder : orders).get(labels[0]);
  if (known !== undefined && sameSets(known.labels, labels)) return known.order;
  const order = Uint32Array.from(labels, (_, i) => i);
  order.sort((a, b) => compareLabels(labels[a], labels[b]));
  if (labels.length > LONG_LIST_MAX) return order;
  if (isLong) longOrder = new WeakMap();
  (isLong ? longOrder : orders).set(labels[0], { labels, order });
  return order;
}

const SHORT_LIST_MAX = 4096;
/** Longer lists are sorted each time. */
const LONG_LIST_MAX = 32_768;

function sameSets(a: readonly Labels[], b: readonly Labels[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The matrix with its rows in the order of their labels; itself when they are. */
export function sortedMatrix(matrix: Matrix): Matrix {
  const { labels, steps } = matrix;
  const sorted = labels.every((l, i) => i === 0 || compareLabels(labels[i - 1], l) <= 0);
  if (sorted) return matrix;
  const order = labelOrder(labels);
  const column = (values: Float64Array): Float64Array => gatherValues(values, order, steps);
  const { counts, squares, lost, histograms, mixes } = matrix;
  return {
    labels: Array.from(order, (i) => labels[i]),
    steps,
    present: gatherMarks(matrix.present, order, steps),
    values: column(matrix.values),
    ...(counts === undefined ? {} : { counts: column(counts) }),
    ...(squares === undefined ? {} : { squares: column(squares) }),
    ...(lost === undefined ? {} : { lost: column(lost) }),
    ...(histograms === undefined
      ? {}
      : { histograms: pickCells(histograms, Array.from(order), steps) }),
    ...(mixes === undefined ? {} : { mixes: gatherMarks(mixes, order, steps) }),
  };
}

/** All series; where two sources have the same one, the first that has a value at a step wins. */
function mergeSeries(matrices: readonly Matrix[]): Matrix {
  const [{ steps }] = matrices;
  const rows = new Map<string, number>();
  const labels: Labels[] = [];
  for (const matrix of matrices) {
    for (const set of matrix.labels) {
      const key = labelsKey(set);
      if (rows.has(key)) continue;
      rows.set(key, labels.length);
      labels.push(set);
    }
  }
  const values = new Float64Array(labels.length * steps);
  const present = new Uint8Array(labels.length * steps);
  const mixed = matrices.some((matrix) => matrix.histograms !== undefined);
  const histograms: (FloatHistogram | undefined)[] = mixed ? [] : NO_HISTOGRAMS;
  if (mixed) for (let i = 0; i < values.length; i++) histograms.push(undefined);
  for (const matrix of matrices) {
    matrix.labels.forEach((set, from) => {
      const to = (rows.get(labelsKey(set)) as number) * steps;
      for (let i = 0; i < steps; i++) {
        if (present[to + i] !== 0 || matrix.present[from * steps + i] === 0) continue;
        present[to + i] = 1;
        values[to + i] = matrix.values[from * steps + i];
        if (mixed) histograms[to + i] = matrix.histograms?.[from * steps + i];
      }
    });
  }
  const merged = { labels, steps, values, present };
  return sortedMatrix(mixed ? { ...merged, histograms } : merged);
}

const NO_HISTOGRAMS: (FloatHistogram | undefined)[] = [];

function mergePartials(matrices: readonly Matrix[], op: PartialOp): Matrix {
  const [{ steps }] = matrices;
  const groups = new Map<string, GroupRow>();
  const room = new Slab();
  const labels: Labels[] = [];
  for (const matrix of matrices) {
    matrix.labels.forEach((set, row) => {
      const key = labelsKey(set);
      let group = groups.get(key);
      if (group === undefined) {
        group = new GroupRow(op, steps, room);
        groups.set(key, group);
        labels.push(set);
      }
      for (let i = 0; i < steps; i++) {
        const from = row * steps + i;
        if (matrix.present[from] === 0) continue;
        const bits = matrix.mixes?.[from] ?? 0;
        if (bits === 0 || (bits & MIX.float) !== 0) add(op, { group, i }, matrix, from);
        if (bits !== 0) addMix(op, { group, i }, matrix, from);
      }
    });
  }
  const present = new Uint8Array(labels.length * steps);
  const column = (of: (row: GroupRow) => Float64Array): Float64Array => {
    const out = new Float64Array(labels.length * steps);
    [...groups.values()].forEach((row, i) => out.set(of(row), i * steps));
    return out;
  };
  [...groups.values()].forEach((row, i) => {
    if (op === 'sum') closeRow(op, row);
    present.set(row.seen, i * steps);
  });
  return sortedMatrix({
    labels,
    steps,
    present,
    values: column((row) => row.values),
    ...(op === 'sum' ? { lost: column((row) => row.lost) } : {}),
    ...(op === 'avg' || isDeviation(op) ? { counts: column((row) => row.counts) } : {}),
    ...(isDeviation(op) ? { squares: column((row) => row.squares) } : {}),
    ...mixedCells([...groups.values()], present),
  });
}

interface Cell {
  readonly group: GroupRow;
  readonly i: number;
}

/** Adds one cell of a partial to its group. */
function add(op: PartialOp, { group, i }: Cell, matrix: Matrix, from: number): void {
  const { values, seen } = group;
  const value = matrix.values[from];
  const fresh = seen[i] === 0;
  seen[i] = 1;
  switch (op) {
    case 'sum':
      addTo(group, i, value);
      addTo(group, i, matrix.lost?.[from] ?? 0);
      break;
    case 'count':
      values[i] += value;
      break;
    case 'group':
      values[i] = 1;
      break;
    case 'min':
      if (fresh || value < values[i] || Number.isNaN(values[i])) values[i] = value;
      break;
    case 'max':
      if (fresh || value > values[i] || Number.isNaN(values[i])) values[i] = value;
      break;
    case 'avg':
    case 'stddev':
    case 'stdvar':
      addMean(group, i, matrix, from);
  }
}

function addTo(group: GroupRow, i: number, value: number): void {
  const { values, lost } = group;
  const next = values[i] + value;
  lost[i] = isInfinite(next) ? 0 : lost[i] + lostBy(values[i], value, next);
  values[i] = next;
}

/** Two means by their weights, two sums of squares by Chan's formula. */
function addMean(group: GroupRow, i: number, matrix: Matrix, from: number): void {
  const { values, counts, squares } = group;
  const count = matrix.counts?.[from] ?? 1;
  const before = counts[i];
  const total = before + count;
  const value = matrix.values[from];
  counts[i] = total;
  const squared = matrix.squares?.[from] ?? 0;
  if (before === 0) {
    values[i] = value;
    if (squares.length > 0) squares[i] = squared;
    return;
  }
  const apart = value - values[i];
  if (squares.length > 0) squares[i] += squared + (apart * apart * before * count) / total;
  values[i] = values[i] * (before / total) + value * (count / total);
}
