// Histograms in the JSON of answers, held against what Prometheus writes: rules of limits, lists of
// their own beside the floats, nothing for empty buckets.
import assert from 'node:assert/strict';
import test from 'node:test';
import { queryJson } from '../../../src/engine/api/query-json.ts';
import { CUSTOM_SCHEMA, makeHistogram } from '../../../src/engine/model/histogram.ts';
import { listOf } from '../../support/random-histograms.ts';
import type { QueryResult } from '../../../src/engine/model/query-result.ts';

function json(result: QueryResult): string {
  const told = { warnings: [], infos: [], whole: true, seriesRead: 0, samplesRead: 0 };
  const pages = [...queryJson({ result, ...told }, { limit: 0 })];
  return Buffer.concat(pages).toString('utf8');
}

const FULL = makeHistogram({
  schema: 0,
  count: 13.5,
  sum: -2,
  zeroThreshold: 0.001,
  zeroCount: 2,
  positive: listOf([0, 1, 3], [1, 0, 4]),
  negative: listOf([1], [0.5]),
});
const FULL_JSON =
  '{"count":"13.5","sum":"-2","buckets":[[1,"-2","-1","0.5"],[3,"-0.001","0.001","2"],' +
  '[0,"0.5","1","1"],[0,"4","8","4"]]}';

const CUSTOM = makeHistogram({
  schema: CUSTOM_SCHEMA,
  count: 3,
  sum: NaN,
  positive: listOf([0, 1, 2], [1, 1, 1]),
  custom: Float64Array.of(1, 2.5),
});
const CUSTOM_JSON =
  '{"count":"3","sum":"NaN","buckets":[[3,"-Inf","1","1"],[0,"1","2.5","1"],' +
  '[0,"2.5","+Inf","1"]]}';
const EMPTY = makeHistogram({});
const EMPTY_JSON = '{"count":"0","sum":"0"}';

test('a vector has a histogram where a value would stand', () => {
  const matrix = {
    labels: [['a', '1'], ['a', '2'], ['a', '3'], []],
    steps: 1,
    values: Float64Array.of(0, 7, 0, 0),
    present: Uint8Array.of(1, 1, 1, 1),
    histograms: [FULL, undefined, CUSTOM, EMPTY],
  };
  const { data } = JSON.parse(json({ type: 'vector', timeMs: 1500, matrix }));
  const wanted = `[{"metric":{"a":"1"},"histogram":[1.5,${FULL_JSON}]},
    {"metric":{"a":"2"},"value":[1.5,"7"]},
    {"metric":{"a":"3"},"histogram":[1.5,${CUSTOM_JSON}]},
    {"metric":{},"histogram":[1.5,${EMPTY_JSON}]}]`;
  assert.deepEqual(data, { resultType: 'vector', result: JSON.parse(wanted) });
});

test('a matrix keeps floats and histograms apart', () => {
  const matrix = {
    labels: [
      ['a', '1'],
      ['a', '2'],
    ],
    steps: 3,
    values: Float64Array.of(1, 0, 0, 0, 0, 0),
    present: Uint8Array.of(1, 1, 1, 0, 1, 1),
    histograms: [undefined, EMPTY, undefined, FULL, CUSTOM, EMPTY],
  };
  const grid = { start: 0, end: 2000, step: 1000 };
  const { data } = JSON.parse(json({ type: 'matrix', grid, matrix }));
  const wanted = `[{"metric":{"a":"1"},"values":[[0,"1"],[2,"0"]],"histograms":[[1,${EMPTY_JSON}]]},
    {"metric":{"a":"2"},"histograms":[[1,${CUSTOM_JSON}],[2,${EMPTY_JSON}]]}]`;
  assert.deepEqual(data, { resultType: 'matrix', result: JSON.parse(wanted) });
});

test('samples of a range too, page by page', () => {
  const many = 20_000;
  const raw = {
    labels: [['a', '1']],
    from: Uint32Array.of(0, many),
    timestamps: Float64Array.from({ length: many }, (_, i) => i),
    values: new Float64Array(many),
    histograms: Array.from({ length: many }, (_, i) => (i % 2 === 0 ? FULL : undefined)),
  };
  const { data } = JSON.parse(json({ type: 'samples', raw }));
  const [one] = data.result;
  assert.equal(one.values.length, many / 2);
  assert.equal(one.histograms.length, many / 2);
  assert.deepEqual(one.histograms[1], [0.002, JSON.parse(FULL_JSON)]);
});

test('the bytes are those of Prometheus', () => {
  const matrix = {
    labels: [['__name__', 'h']],
    steps: 1,
    values: Float64Array.of(0),
    present: Uint8Array.of(1),
    histograms: [FULL],
  };
  const wanted = `[{"metric":{"__name__":"h"},"histogram":[0,${FULL_JSON}]}]`;
  assert.ok(json({ type: 'vector', timeMs: 0, matrix }).includes(`"result":${wanted}`));
});
