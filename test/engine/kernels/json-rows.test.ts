// Points made by the kernels read as Prometheus prints samples, for every kind of float, and times
// as whole seconds with three decimals or none. The oracle is JavaScript's own shortest text.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sampleText } from '../../../src/engine/api/json-buffer.ts';
import { JsonRows } from '../../../src/engine/kernels/json-rows.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';

const rows = new JsonRows(new Kernels());

function written(numbers: readonly number[]): string[] {
  const values = Float64Array.from(numbers);
  const present = new Uint8Array(numbers.length).fill(1);
  const texts: string[] = [];
  rows.grid({ start: 1000, step: 1, steps: numbers.length });
  for (let from = 0; from < numbers.length; from += rows.piece) {
    const to = Math.min(numbers.length, from + rows.piece);
    const text = Buffer.from(rows.points({ values, present }, 0, from, to)).toString();
    for (const [, one] of JSON.parse(`[${text}]`) as [number, string][]) texts.push(one);
  }
  return texts;
}

test('special and round values', () => {
  const numbers = [
    ...[0, -0, 1, -1, 10, 999_999_999, 1_000_000_000, -1_000_000_001, NaN, Infinity, -Infinity],
    ...[2 ** 53, 2 ** 53 + 2, -(2 ** 60), 123456789012345680000, 1e20, 1e21, 1e22, 1e23, -1.5e22],
    ...[1e-5, 1e-6, 1.25e-6, 1e-7, 1.5e-300, 5e-324, 2.5e-323, Number.MAX_VALUE, 2 ** -1022],
    ...[0.1, 0.1 + 0.2, -12.25, 100.05, 0.000125, 1 / 3, 9.5367431640625e-7, 2 ** -44, 9e15 + 0.5],
    ...Array.from({ length: 2098 }, (_, i) => 2 ** (i - 1074)),
    ...Array.from({ length: 633 }, (_, i) => Number(`1e${i - 324}`)),
  ];
  assert.deepEqual(written(numbers), numbers.map(sampleText));
});

test('any float, in the shortest digits', () => {
  const seed = 20261121;
  const random = seededRandom(seed);
  const words = new Uint32Array(2);
  const floats = new Float64Array(words.buffer);
  const numbers = Array.from({ length: 100_000 }, (_, i) => {
    const value = (random() - 0.5) * 10 ** Math.floor(random() * 30 - 10);
    if (i % 3 === 0) return value;
    if (i % 3 === 1) return Math.round(value * 1000) / 1000;
    words[0] = random() * 2 ** 32;
    words[1] = random() * 2 ** 32;
    return floats[0];
  });
  const texts = written(numbers);
  numbers.forEach((value, i) => assert.equal(texts[i], sampleText(value), `seed ${seed}`));
});

test('times, absent points and commas', () => {
  const at = (start: number, step: number, marks: readonly number[]): string => {
    const present = Uint8Array.from(marks);
    rows.grid({ start, step, steps: marks.length });
    const values = Float64Array.from(marks, (_, i) => i / 2);
    return Buffer.from(rows.points({ values, present }, 0, 0, marks.length)).toString();
  };
  assert.equal(at(1_435_781_430_000, 781, [1, 1]), '[1435781430,"0"],[1435781430.781,"0.5"]');
  assert.equal(at(-1500, 1507, [1, 1, 1]), '[-1.500,"0"],[0.007,"0.5"],[1.514,"1"]');
  assert.equal(at(1_435_781_430_700, 1, [0, 1, 0]), '[1435781430.701,"0.5"]');
  assert.equal(at(0, 1, [0, 0]), '');
  assert.equal(at(-8.64e15, 1, [1]), '[-8640000000000,"0"]');
});
