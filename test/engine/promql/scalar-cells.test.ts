// Operators with a scalar, each loop against the function of its operator: all pairs of odd
// numbers, both ways round, with cells that are not there.
import assert from 'node:assert/strict';
import test from 'node:test';
import { arithmetic, comparison } from '../../../src/engine/promql/arithmetic.ts';
import type { ArithmeticOp, ComparisonOp } from '../../../src/engine/promql/ast.ts';
import { MIRRORED, computedCells, keptCells } from '../../../src/engine/promql/scalar-cells.ts';

const ODD = [0, -0, 1, -1, 2.5, -7, 1e308, -1e308, 5e-324, Infinity, -Infinity, NaN];
const STEPS = ODD.length;
/** Each row is one number at all steps; the scalar goes through all of them. */
const values = Float64Array.from({ length: STEPS * STEPS }, (_, at) => ODD[Math.floor(at / STEPS)]);
const present = Uint8Array.from(values, (_, at) => (at % 5 === 3 ? 0 : 1));
const scalar = Float64Array.from(ODD);
const cells = { steps: STEPS, values, present };

test('comparisons keep what their function keeps', () => {
  for (const op of Object.keys(MIRRORED) as ComparisonOp[]) {
    const holds = comparison(op);
    assert.ok(holds);
    const kept = keptCells(op, cells, scalar);
    const mirrored = keptCells(MIRRORED[op], cells, scalar);
    for (let at = 0; at < values.length; at++) {
      const other = scalar[at % STEPS];
      const there = present[at] === 1;
      const words = `${values[at]} ${op} ${other}`;
      assert.equal(kept[at], there && holds(values[at], other) ? 1 : 0, words);
      assert.equal(mirrored[at], there && holds(other, values[at]) ? 1 : 0, `mirrored ${words}`);
    }
  }
});

test('arithmetic computes what its function computes, and nothing where nothing is', () => {
  for (const op of ['+', '-', '*', '/', '%', '^', 'atan2'] as ArithmeticOp[]) {
    const operation = arithmetic(op);
    assert.ok(operation);
    for (const mirrored of [false, true]) {
      const out = computedCells(op, cells, scalar, mirrored);
      for (let at = 0; at < values.length; at++) {
        const other = scalar[at % STEPS];
        const wanted = mirrored ? operation(other, values[at]) : operation(values[at], other);
        const words = `${values[at]} ${op} ${other}, mirrored: ${mirrored}`;
        assert.ok(Object.is(out[at], present[at] === 1 ? wanted : 0), words);
      }
    }
  }
});
