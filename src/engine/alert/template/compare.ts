// eq, ne, lt, le, gt, ge of Go templates. Under the functions. Easy to get wrong: an int and a
// float are never compared, they are an error, as in Go.
import { UserError } from '../../errors.ts';
import type { GoFunction } from './execute.ts';
import type { GoValue } from './values.ts';

type Basic = string | number | bigint | boolean;

function basic(value: GoValue): Basic | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'object') throw new UserError('invalid type for comparison');
  return value;
}

function equal(a: GoValue, b: GoValue): boolean {
  const [left, right] = [basic(a), basic(b)];
  if (left === null || right === null) return left === right;
  if (typeof left !== typeof right) throw new UserError('incompatible types for comparison');
  return left === right;
}

function less(a: GoValue, b: GoValue): boolean {
  const [left, right] = [basic(a), basic(b)];
  if (left === null || right === null || typeof left === 'boolean') {
    throw new UserError('invalid type for comparison');
  }
  if (typeof left !== typeof right) throw new UserError('incompatible types for comparison');
  return left < right;
}

function two(compare: (a: GoValue, b: GoValue) => boolean): GoFunction {
  return (...args) => {
    if (args.length !== 2) {
      throw new UserError(`wrong number of args: want 2 got ${args.length}`);
    }
    return compare(args[0], args[1]);
  };
}

function isAny(first: GoValue, ...others: GoValue[]): boolean {
  if (others.length === 0) throw new UserError('missing argument for comparison');
  return others.some((other) => equal(first, other));
}

/** NaN compares as in Go: never less, never equal. */
export function comparisons(): (readonly [string, GoFunction])[] {
  return [
    ['eq', isAny],
    ['ne', two((a, b) => !equal(a, b))],
    ['lt', two(less)],
    ['le', two((a, b) => less(a, b) || equal(a, b))],
    ['gt', two((a, b) => !less(a, b) && !equal(a, b))],
    ['ge', two((a, b) => !less(a, b))],
  ];
}
