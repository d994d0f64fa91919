// Functions of the values of an instant vector, one by one: mathematics, trigonometry, rounding and
// clamping. Names are dropped, since the result is another quantity.
import { maximum, minimum } from './arithmetic.ts';
import { dropNames, emptyVector, floatsOf, mapValues, withoutEmptyRows } from './vector.ts';
import type { EvalContext } from './context.ts';
import type { Vector } from './vector.ts';

const MATH: ReadonlyMap<string, (value: number) => number> = new Map([
  ['abs', Math.abs],
  ['acos', Math.acos],
  ['acosh', Math.acosh],
  ['asin', Math.asin],
  ['asinh', Math.asinh],
  ['atan', Math.atan],
  ['atanh', Math.atanh],
  ['ceil', Math.ceil],
  ['cos', Math.cos],
  ['cosh', Math.cosh],
  ['deg', (v: number) => (v * 180) / Math.PI],
  ['exp', Math.exp],
  ['floor', Math.floor],
  ['ln', Math.log],
  ['log10', Math.log10],
  ['log2', Math.log2],
  ['rad', (v: number) => (v * Math.PI) / 180],
  ['sgn', (v: number) => (v < 0 ? -1 : v > 0 ? 1 : v)],
  ['sin', Math.sin],
  ['sinh', Math.sinh],
  ['sqrt', Math.sqrt],
  ['tan', Math.tan],
  ['tanh', Math.tanh],
]);

/** The function of one value, or undefined for other names. */
export function mathFunction(name: string): ((value: number) => number) | undefined {
  return MATH.get(name);
}

export function applyMath(
  vector: Vector,
  compute: (value: number) => number,
  context: EvalContext,
): Vector {
  return dropNames(mapValues(vector, compute), context.delayed);
}

/** round(v, to): ties go up. */
export function round(vector: Vector, to: Float64Array | undefined, context: EvalContext): Vector {
  const rounded = mapValues(vector, (value, step) => {
    const inverse = 1 / (to?.[step] ?? 1);
    return Math.floor(value * inverse + 0.5) / inverse;
  });
  return dropNames(rounded, context.delayed);
}

/** Values cut to [least, most]; where the bounds are crossed there is nothing. */
export function clamp(
  vector: Vector,
  bounds: { least?: Float64Array; most?: Float64Array },
  context: EvalContext,
): Vector {
  const { least, most } = bounds;
  const low = (step: number): number => least?.[step] ?? -Infinity;
  const high = (step: number): number => most?.[step] ?? Infinity;
  const cut = mapValues(vector, (v, step) => maximum(low(step), minimum(high(step), v)));
  const present = cut.present.slice();
  let crossed = false;
  for (let i = 0; i < vector.steps; i++) {
    if (!(high(i) < low(i))) continue;
    crossed = true;
    for (let at = i; at < present.length; at += vector.steps) present[at] = 0;
  }
  const kept = crossed ? withoutEmptyRows({ ...cut, present }) : cut;
  return dropNames(kept, context.delayed);
}

/** scalar(v): the value where there is exactly one float, otherwise NaN. */
export function toScalar(vector: Vector): Float64Array {
  const { labels, steps, values, present } = floatsOf(vector);
  const out = new Float64Array(steps).fill(NaN);
  const seen = new Uint8Array(steps);
  for (let r = 0; r < labels.length; r++) {
    for (let i = 0; i < steps; i++) {
      if (present[r * steps + i] === 0) continue;
      out[i] = seen[i] === 0 ? values[r * steps + i] : NaN;
      seen[i] = 1;
    }
  }
  return out;
}

/** vector(s): one series without labels. */
export function toVector(values: Float64Array): Vector {
  const present = new Uint8Array(values.length).fill(1);
  const drops = new Uint8Array(1);
  return values.length === 0
    ? emptyVector(0)
    : { labels: [[]], drops, steps: values.length, values, present };
}
