// Numbers as Go prints them in notes; what is wanted here was printed by Go itself. Easy to get
// wrong: of a tie Go takes the even digit.
import assert from 'node:assert/strict';
import test from 'node:test';
import { formatTwoDigits } from '../../../src/engine/promql/literals.ts';

const PRINTED: readonly (readonly [value: number, text: string])[] = [
  [7850, '7.8e+03'],
  [7950, '8e+03'],
  [7750, '7.8e+03'],
  [0.125, '0.12'],
  [0.375, '0.38'],
  [12.5, '12'],
  [13.5, '14'],
  [2.5, '2.5'],
  [99.5, '1e+02'],
  [98.5, '98'],
  [0.0785, '0.079'],
  [1e-5, '1e-05'],
  [-7850, '-7.8e+03'],
  [1.05, '1.1'],
  [1050, '1e+03'],
  [0.25, '0.25'],
  [3.125e-7, '3.1e-07'],
];

test('two digits are those that Go prints', () => {
  for (const [value, text] of PRINTED) assert.equal(formatTwoDigits(value), text);
});
