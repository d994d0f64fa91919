// sort, sort_desc, sort_by_label, sort_by_label_desc: they matter to instant queries only; a range
// answer is always ordered by labels, which a warning says.
import { compareLabels, labelValue } from '../model/labels.ts';
import { arrangeRows, floatsOf, withoutEmptyRows } from './vector.ts';
import type { EvalContext } from './context.ts';
import type { Span } from './ast.ts';
import type { Vector } from './vector.ts';

const WARNING = 'sort is ineffective for range queries since results are always ordered by labels';

export function sorts(name: string): boolean {
  return name.startsWith('sort');
}

/** Rows in the order asked for; the vector has one step or the order does not matter. */
export function sortVector(
  call: { readonly fn: string; readonly span: Span },
  whole: Vector,
  names: readonly string[],
  context: EvalContext,
): Vector {
  const vector = byLabel(call.fn) ? whole : withoutEmptyRows(floatsOf(whole));
  if (vector.steps !== 1) {
    context.notes.at(call.span).warn(WARNING);
    return vector;
  }
  const { labels, values } = vector;
  const rows = labels.map((_, row) => row);
  const sign = call.fn.endsWith('_desc') ? -1 : 1;
  if (byLabel(call.fn)) {
    rows.sort((a, b) => sign * byLabels(vector, names, { a, b }));
  } else {
    rows.sort((a, b) => byValue(values[a], values[b], sign));
  }
  return arrangeRows(vector, rows);
}

/** NaN comes last in both directions. */
function byValue(a: number, b: number, sign: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a === b ? 0 : sign * (a < b ? -1 : 1);
}

function byLabels(
  { labels }: Vector,
  names: readonly string[],
  { a, b }: { a: number; b: number },
): number {
  for (const name of names) {
    const order = naturalOrder(labelValue(labels[a], name), labelValue(labels[b], name));
    if (order !== 0) return order;
  }
  return compareLabels(labels[a], labels[b]);
}

/** Runs of digits compare as numbers, everything else as text: cpu2 before cpu10. */
function naturalOrder(a: string, b: string): number {
  if (a === b) return 0;
  const left = a.match(/\d+|\D+/g) ?? [];
  const right = b.match(/\d+|\D+/g) ?? [];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    if (left[i] === right[i]) continue;
    const numbers = /^\d/.test(left[i]) && /^\d/.test(right[i]);
    if (!numbers) return left[i] < right[i] ? -1 : 1;
    const x = left[i].replace(/^0+(?=\d)/, '');
    const y = right[i].replace(/^0+(?=\d)/, '');
    if (x.length !== y.length) return x.length - y.length;
    if (x !== y) return x < y ? -1 : 1;
    return right[i].length - left[i].length;
  }
  return left.length - right.length;
}

function byLabel(fn: string): boolean {
  return fn.startsWith('sort_by_label');
}
