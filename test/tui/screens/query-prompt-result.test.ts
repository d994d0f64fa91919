// Answers as the prompt's tables and lines: which labels become columns, which are told once, what
// a histogram, a hole and a hostile value look like.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeLabels, type Labels } from '../../../src/engine/model/labels.ts';
import type { QueryAnswer } from '../../../src/engine/model/query-result.ts';
import { layoutEditor } from '../../../src/tui/draw/query-editor.ts';
import {
  linesOf,
  seriesName,
  shapeOf,
  singleText,
  tableOf,
} from '../../../src/tui/screens/query-prompt-result.ts';

const TIME = Date.UTC(2026, 0, 31, 12);
const BARE = { warnings: [], infos: [], whole: true, seriesRead: 0, samplesRead: 0 };

function labels(text: Readonly<Record<string, string>>): Labels {
  return makeLabels(Object.entries(text));
}

function vector(series: readonly Labels[], values: readonly number[]): QueryAnswer {
  const matrix = {
    labels: series,
    steps: 1,
    values: Float64Array.from(values),
    present: Uint8Array.from(values, () => 1),
  };
  return { ...BARE, result: { type: 'vector', timeMs: TIME, matrix } };
}

function rows(answer: QueryAnswer, width = 80): string[][] {
  const table = tableOf(answer, { width, zone: 'UTC' });
  assert.ok(table);
  const head = table.columns.map(({ title }) => title);
  const body = Array.from({ length: table.count }, (_, r) => table.row(r).map(({ text }) => text));
  return [head, ...body];
}

const A = labels({ __name__: 'up', job: 'node', instance: 'a' });
const B = labels({ __name__: 'up', job: 'node', instance: 'b' });

test('labels that differ are columns, those alike are told once', () => {
  const answer = vector([A, B], [1, 0]);
  assert.deepEqual(rows(answer), [
    ['instance', 'value'],
    ['a', '1'],
    ['b', '0'],
  ]);
  assert.equal(shapeOf(answer).shared, 'up  job="node"');
});

test('one series is told whole', () => {
  assert.deepEqual(rows(vector([A], [Number.NaN])), [
    ['metric', 'instance', 'job', 'value'],
    ['up', 'a', 'node', 'NaN'],
  ]);
  assert.deepEqual(rows(vector([[]], [2])), [
    ['series', 'value'],
    ['{}', '2'],
  ]);
});

test('many or mostly empty labels stand together', () => {
  const odd = labels({ __name__: 'x', job: 'node', one: '1', two: '2', three: '3', four: '4' });
  const answer = vector([A, B, odd], [1, 2, 3]);
  assert.deepEqual(rows(answer)[0], ['series', 'value']);
  assert.equal(rows(answer)[1][0], 'up{instance="a"}');
});

test('__proto__ is a label like any other', () => {
  const one = makeLabels([
    ['__name__', 'x'],
    ['__proto__', 'y'],
  ]);
  const two = makeLabels([
    ['__name__', 'x'],
    ['__proto__', 'z'],
  ]);
  assert.deepEqual(rows(vector([one, two], [1, 2])).slice(0, 2), [
    ['__proto__', 'value'],
    ['y', '1'],
  ]);
});

test('a histogram is its text, a range has figures and holes', () => {
  const shown = [{ count: 2, sum: 3, buckets: [] }];
  const histogram = { ...vector([A], [Number.NaN]), shown };
  assert.equal(rows(histogram)[1].at(-1), '{count:2, sum:3}');
  const matrix = {
    labels: [A, B],
    steps: 3,
    values: Float64Array.from([1, 2, 3, 0, 0, 0]),
    present: Uint8Array.from([1, 0, 1, 0, 0, 0]),
  };
  const grid = { start: TIME, end: TIME + 20_000, step: 10_000 };
  const range: QueryAnswer = { ...BARE, result: { type: 'matrix', grid, matrix } };
  const [head, first, second] = rows(range);
  assert.deepEqual(head.slice(-4), ['last', 'min', 'max', 'avg']);
  assert.deepEqual(first.slice(-4), ['3', '1', '3', '2']);
  assert.deepEqual(second.slice(-4), ['–', '–', '–', '–']);
  const { series, hidden } = linesOf(range, 1);
  assert.deepEqual([series.length, hidden, series[0].name], [1, 1, '{instance="a"}']);
});

test('numbers and texts are no tables', () => {
  const scalar: QueryAnswer = { ...BARE, result: { type: 'scalar', timeMs: TIME, value: 0.5 } };
  const text: QueryAnswer = { ...BARE, result: { type: 'string', timeMs: TIME, value: 'a\nb' } };
  assert.deepEqual([singleText(scalar), singleText(text)], ['0.5', 'a\nb']);
  assert.equal(tableOf(scalar, { width: 80, zone: 'UTC' }), undefined);
});

test('names are quoted where they must be', () => {
  const odd = labels({ __name__: 'up', 'a b': 'c"d' });
  assert.equal(seriesName(odd, []), 'up{"a b"="c\\"d"}');
});

test('the editor folds long lines and knows where the cursor is', () => {
  const f = (text: string, cursor: number, want: string): void => {
    const { rows: count, cursor: at } = layoutEditor(text, cursor, 4);
    assert.equal(`${count} ${at.row},${at.column}`, want, JSON.stringify(text));
  };
  f('', 0, '1 0,0');
  f('abc', 3, '1 0,3');
  f('abcd', 4, '2 1,0');
  f('abcdef', 2, '2 0,2');
  f('a\nb', 2, '2 1,0');
  f('日本語', 3, '2 1,2');
});
