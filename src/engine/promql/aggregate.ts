// Aggregations at the root: over what is no bare leaf, and those that need every series at once
// (quantile, count_values; topk and its kin stand in aggregate-select.ts).
import { assert } from '../errors.ts';
import { GroupRow, closeRow, finishRow } from './accumulate.ts';
import { closeMix, finishMixes, foldCells, mixColumns } from './accumulate-mixed.ts';
import { NAME, labelValue } from '../model/labels.ts';
import { histogramText } from './histogram-text.ts';
import { floatsOnly } from './floats-only.ts';
import { selectRows } from './aggregate-select.ts';
import { formatFloat, isLabelName, quote } from './literals.ts';
import { groupingOf } from './names.ts';
import { badQuantile } from './notes.ts';
import { quantileOf } from './quantile.ts';
import { evaluationFailed } from './query-failure.ts';
import { rowGroups } from './row-groups.ts';
import { Slab } from './slab.ts';
import { RowBuilder } from './vector.ts';
import { withLabel } from './with-label.ts';
import { unparen } from './ast.ts';
import type { Aggregate } from './ast.ts';
import type { EvalContext } from './context.ts';
import type { PartialOp } from './accumulate.ts';
import type { Value, Vector } from './vector.ts';

const SELECTIONS: ReadonlySet<string> = new Set(['topk', 'bottomk', 'limitk', 'limit_ratio']);

export function evaluateAggregate(
  expr: Aggregate,
  inner: Vector,
  param: Value | undefined,
  context: EvalContext,
): Vector {
  if (expr.op === 'count_values') {
    assert(param?.type === 'string', 'the check asked for a string');
    return countValues(expr, inner, param.text, context);
  }
  if (SELECTIONS.has(expr.op)) {
    assert(param?.type === 'scalar', 'the check asked for a scalar');
    return selectRows(expr, inner, param.values, context);
  }
  if (expr.op === 'quantile') {
    assert(param?.type === 'scalar', 'the check asked for a scalar');
    return quantiles(expr, inner, param.values, context);
  }
  return folded(expr, inner, context);
}

function anyDrops(vector: Vector, rows: readonly number[]): boolean {
  return rows.some((row) => vector.drops[row] !== 0);
}

function folded(expr: Aggregate, inner: Vector, context: EvalContext): Vector {
  const { steps } = inner;
  const op = expr.op as PartialOp;
  const notes = context.notes.at(unparen(expr.inner));
  const { values, present, histograms } = inner;
  const groups = rowGroups(expr, inner);
  const builder = new RowBuilder(steps, context.cellsMax, groups.length);
  const room = new Slab();
  for (const { labels, rows } of groups) {
    const state = new GroupRow(op, steps, room);
    for (const row of rows) {
      const name = labelValue(inner.labels[row], NAME);
      foldCells(op, state, { values, present, histograms, at: row * steps }, { notes, name });
    }
    closeRow(op, state);
    closeMix(state);
    finishRow(op, state);
    const out = builder.row(labels, anyDrops(inner, rows));
    const seen = state.seen.slice();
    const mixed = mixColumns([state], seen);
    const row = { labels: [labels], steps, values: state.values, present: seen, ...mixed };
    const done = finishMixes(row, notes);
    for (let i = 0; i < steps; i++) {
      if (done.present[i] !== 0) builder.put(out, i, done.histograms?.[i] ?? done.values[i]);
    }
  }
  return builder.vector();
}

function quantiles(expr: Aggregate, all: Vector, q: Float64Array, context: EvalContext): Vector {
  const inner = floatsOnly(all, 'quantile', context.notes.at(unparen(expr.inner)));
  const { steps, present, values } = inner;
  const notes = context.notes.at(unparen(expr.param ?? expr));
  warnQuantiles(q, (text) => notes.warn(text));
  const groups = rowGroups(expr, inner);
  const builder = new RowBuilder(steps, context.cellsMax, groups.length);
  for (const { labels, rows } of groups) {
    const out = builder.row(labels, anyDrops(inner, rows));
    const columns = new Float64Array(rows.length * Math.min(steps, STEPS_AT_ONCE));
    const counts = new Uint32Array(STEPS_AT_ONCE);
    for (let from = 0; from < steps; from += STEPS_AT_ONCE) {
      const many = Math.min(STEPS_AT_ONCE, steps - from);
      counts.fill(0);
      for (let r = 0; r < rows.length; r++) {
        const at = rows[r] * steps + from;
        for (let i = 0; i < many; i++) {
          if (present[at + i] !== 0) columns[i * rows.length + counts[i]++] = values[at + i];
        }
      }
      for (let i = 0; i < many; i++) {
        const column = columns.subarray(i * rows.length, i * rows.length + counts[i]);
        if (counts[i] > 0) builder.set(out, from + i, quantileOf(q[from + i], column));
      }
    }
  }
  return builder.vector();
}

/** Rows are gone through once for so many steps: their cells lie far apart otherwise. */
const STEPS_AT_ONCE = 16;

/** One warning for NaN, one for the largest above 1, one for the smallest below 0. */
function warnQuantiles(q: Float64Array, warn: (text: string) => void): void {
  let most = -Infinity;
  let least = Infinity;
  for (const value of q) {
    if (Number.isNaN(value)) warn(badQuantile(NaN));
    if (value > most) most = value;
    if (value < least) least = value;
  }
  if (most > 1) warn(badQuantile(most));
  if (least < 0) warn(badQuantile(least));
}

function countValues(expr: Aggregate, inner: Vector, label: string, context: EvalContext): Vector {
  if (!isLabelName(label)) throw evaluationFailed(`invalid label name ${quote(label)}`);
  const { steps, present, values, histograms } = inner;
  const names = expr.without ? expr.names : [...expr.names, label];
  const grouping = groupingOf(names, !expr.without);
  const builder = new RowBuilder(steps, context.cellsMax);
  const counts = new Map<number, Map<number, number>>();
  inner.labels.forEach((labels, row) => {
    const known = new Map<string, number>();
    for (let i = 0; i < steps; i++) {
      const at = row * steps + i;
      if (present[at] === 0) continue;
      const histogram = histograms?.[at];
      const text = histogram === undefined ? formatFloat(values[at]) : histogramText(histogram);
      let out = known.get(text);
      if (out === undefined) {
        out = builder.row(grouping(withLabel(labels, label, text)), false);
        known.set(text, out);
      }
      let column = counts.get(out);
      if (column === undefined) counts.set(out, (column = new Map<number, number>()));
      column.set(i, (column.get(i) ?? 0) + 1);
    }
  });
  for (const [row, column] of counts) {
    for (const [step, count] of column) builder.set(row, step, count);
  }
  return builder.vector();
}
