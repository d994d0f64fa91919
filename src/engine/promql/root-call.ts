// Function name -> code, for functions of instant vectors and scalars at the root. Range functions
// and those that the planner folds (time, start, absent …) never come here.
import { assert } from '../errors.ts';
import { gridSize } from '../model/fragment.ts';
import { maximum, minimum } from './arithmetic.ts';
import { calendarFunction } from './functions-time.ts';
import { labelJoin, labelReplace } from './functions-label.ts';
import { applyMath, clamp, mathFunction, round, toScalar, toVector } from './functions-vector.ts';
import { histogramFraction, histogramQuantile, histogramQuantiles } from './histogram-quantile.ts';
import { applyFigure, histogramFigure } from './histogram-native.ts';
import { sortVector, sorts } from './functions-sort.ts';
import { dropNames, emptyVector, mapValues } from './vector.ts';
import type { EvalContext } from './context.ts';
import type { PlanNode } from './plan-node.ts';
import type { Value, Vector } from './vector.ts';

export type CallNode = Extract<PlanNode, { kind: 'call' }>;

/** Reads arguments as the types that the check has proved. */
class Arguments {
  readonly node: CallNode;
  readonly #values: readonly Value[];

  constructor(node: CallNode, values: readonly Value[]) {
    this.node = node;
    this.#values = values;
  }

  get count(): number {
    return this.#values.length;
  }

  vector(index: number): Vector {
    const value = this.#values[index];
    assert(value?.type === 'vector', 'the check asked for a vector');
    return value.vector.labels.length === 0 ? emptyVector(this.steps) : value.vector;
  }

  scalar(index: number): Float64Array {
    const value = this.#values[index];
    assert(value?.type === 'scalar', 'the check asked for a scalar');
    return value.values;
  }

  texts(from: number, count = Infinity): string[] {
    return this.#values.slice(from, from + count).map((value) => {
      assert(value.type === 'string', 'the check asked for a string');
      return value.text;
    });
  }

  get steps(): number {
    return Math.max(0, gridSize(this.node.grid));
  }
}

type Handler = (args: Arguments, context: EvalContext) => Vector;

const HANDLERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  ['clamp', (a, c) => clamp(a.vector(0), { least: a.scalar(1), most: a.scalar(2) }, c)],
  ['clamp_max', (a, c) => clamp(a.vector(0), { most: a.scalar(1) }, c)],
  ['clamp_min', (a, c) => clamp(a.vector(0), { least: a.scalar(1) }, c)],
  ['round', (a, c) => round(a.vector(0), a.count > 1 ? a.scalar(1) : undefined, c)],
  ['vector', (a) => toVector(a.scalar(0))],
  ['label_replace', (a) => labelReplace(a.vector(0), a.texts(1))],
  ['label_join', (a) => labelJoin(a.vector(0), a.texts(1))],
  ['timestamp', timestamp],
  // Only a selector knows when its samples began.
  ['start_timestamp', (a) => emptyVector(a.steps)],
  ['histogram_quantile', quantile],
  ['histogram_quantiles', quantiles],
  ['histogram_fraction', fraction],
]);

export function evaluateCall(
  node: CallNode,
  values: readonly Value[],
  context: EvalContext,
): Value {
  const args = new Arguments(node, values);
  const { fn } = node;
  if (fn === 'pi') return { type: 'scalar', values: new Float64Array(args.steps).fill(Math.PI) };
  if (fn === 'scalar') return { type: 'scalar', values: toScalar(args.vector(0)) };
  if (fn === 'max_of' || fn === 'min_of') {
    const pick = fn === 'max_of' ? maximum : minimum;
    const right = args.scalar(1);
    return { type: 'scalar', values: args.scalar(0).map((left, i) => pick(left, right[i])) };
  }
  return { type: 'vector', vector: vectorCall(args, context) };
}

function vectorCall(args: Arguments, context: EvalContext): Vector {
  const { node } = args;
  const { fn } = node;
  const math = mathFunction(fn);
  if (math !== undefined) return applyMath(args.vector(0), math, context);
  const calendar = calendarFunction(fn);
  if (calendar !== undefined) return dates(args, calendar, context);
  if (sorts(fn)) return sortVector(node, args.vector(0), args.texts(1), context);
  const figure = histogramFigure(fn);
  if (figure !== undefined) return applyFigure(args.vector(0), figure, context);
  const handler = HANDLERS.get(fn);
  assert(handler !== undefined, `the root knows the function ${fn}`);
  return handler(args, context);
}

function dates(args: Arguments, compute: (v: number) => number, context: EvalContext): Vector {
  if (args.count > 0) return applyMath(args.vector(0), compute, context);
  const { grid } = args.node;
  const values = new Float64Array(args.steps);
  for (let i = 0; i < values.length; i++) {
    values[i] = compute(Math.floor((grid.start + i * grid.step) / 1000));
  }
  return toVector(values);
}

/** timestamp() of anything but a selector: the time of evaluation. */
function timestamp(args: Arguments, context: EvalContext): Vector {
  const { grid } = args.node;
  const plain = { ...args.vector(0), histograms: undefined };
  const stamped = mapValues(plain, (_, step) => (grid.start + step * grid.step) / 1000);
  return dropNames(stamped, context.delayed);
}

function quantile(args: Arguments, context: EvalContext): Vector {
  const { grid, spans } = args.node;
  const call = { vector: args.vector(1), grid, span: spans[1] };
  return histogramQuantile(call, args.scalar(0), spans[0], context);
}

function quantiles(args: Arguments, context: EvalContext): Vector {
  const { grid, spans } = args.node;
  const call = { vector: args.vector(0), grid, span: spans[0] };
  const [label] = args.texts(1, 1);
  const qs = Array.from({ length: args.count - 2 }, (_, i) => args.scalar(i + 2));
  return histogramQuantiles(call, { label, qs, spans: spans.slice(2) }, context);
}

function fraction(args: Arguments, context: EvalContext): Vector {
  const { grid, spans } = args.node;
  const call = { vector: args.vector(2), grid, span: spans[2] };
  return histogramFraction(call, args.scalar(0), args.scalar(1), context);
}
