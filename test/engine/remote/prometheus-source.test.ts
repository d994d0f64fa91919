// A store behind mon as mon asks it: what selectors, windows and lists look like on the wire,
// samples that come twice, odd answers, refusals and silence. Whatever it answers, it is an answer
// or a MonError, never a crash.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import type { Fragment } from '../../../src/engine/model/fragment.ts';
import { PrometheusSource, selectorText } from '../../../src/engine/remote/prometheus-source.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';

const AT = 1_700_000_000_000;
const RATE: Fragment = {
  matchers: [
    { name: '__name__', op: '=', value: 'x' },
    { name: 'job', op: '=~', value: 'a|b"\\\\' },
  ],
  grid: { start: AT - 60_000, end: AT, step: 30_000 },
  ...{ windowMs: 60_000, fn: 'increase', args: [], keepName: false },
  ...{ maxSeries: 100, maxSamples: 1e6 },
};

interface Asked {
  readonly path: string;
  readonly form: URLSearchParams;
}

function source(answer: unknown, status = 200) {
  const asked: Asked[] = [];
  const text = typeof answer === 'string' ? answer : JSON.stringify(answer);
  const made = new PrometheusSource({
    name: 'vm:8428',
    ask: async (path, form) => {
      asked.push({ path, form: new URLSearchParams(form) });
      return { status, text };
    },
  });
  return { made, asked };
}

const matrix = (result: unknown): object => ({
  status: 'success',
  data: { resultType: 'matrix', result },
});

test('a fragment is asked for as one range of samples, and evaluated here', async () => {
  const values = [90, 60, 30, 0].map((ago, i) => [(AT - ago * 1000) / 1000, String(i * 10)]);
  const { made, asked } = source(matrix([{ metric: { __name__: 'x', job: 'a' }, values }]));
  const { matrix: found } = await made.fragment(RATE);
  const [{ path, form }] = asked;
  assert.equal(path, '/api/v1/query');
  assert.equal(form.get('query'), '{__name__="x",job=~"a|b\\"\\\\\\\\"}[120000ms]');
  assert.equal(form.get('time'), String(AT / 1000));
  assert.deepEqual(found?.labels, [['job', 'a']]);
  assert.deepEqual([...(found?.values ?? [])], [10, 20, 20]);
  assert.deepEqual([...(found?.present ?? [])], [1, 1, 1]);
});

test('a sample that is there twice counts once, one outside of the window never', async () => {
  const at = (ago: number, value: number) => [(AT - ago * 1000) / 1000, String(value)];
  const values = [at(60, 1), at(30, 2), at(30, 2), at(0, 3)];
  const { made } = source(matrix([{ metric: { __name__: 'x', job: 'a' }, values }]));
  const grid = { start: AT, end: AT, step: 1 };
  const { matrix: found } = await made.fragment({ ...RATE, grid, fn: 'count_over_time' });
  assert.deepEqual([...(found?.values ?? [])], [2], 'the window is open on the left');
});

test('native histograms are left out, with a word', async () => {
  const told = { metric: { __name__: 'x' }, histograms: [[AT / 1000, { count: '1', sum: '2' }]] };
  const { made } = source(matrix([told]));
  assert.match((await made.fragment(RATE)).warnings.join(), /native histograms/);
});

test('lists are asked with their selectors and times', async () => {
  const { made, asked } = source({ status: 'success', data: ['b', 'a'] });
  const matchers = [[{ name: 'up', op: '!=', value: '' } as const]];
  assert.deepEqual(await made.labelValues('a/b', matchers, AT - 1000, AT), ['a', 'b']);
  assert.equal(asked[0].path, '/api/v1/label/a%2Fb/values');
  assert.equal(asked[0].form.get('match[]'), '{up!=""}');
  assert.equal(asked[0].form.get('start'), String((AT - 1000) / 1000));
  assert.deepEqual(await made.labelNames([[]], -Infinity, Infinity), ['a', 'b']);
  assert.deepEqual([...asked[1].form.keys()], [], 'no selector and no time is none');
  const sets = source({ status: 'success', data: [{ job: 'b', __name__: 'x' }] });
  assert.deepEqual(await sets.made.series([[]], 0, AT, 5), [['__name__', 'x', 'job', 'b']]);
  assert.equal(sets.asked[0].form.get('limit'), '5');
  assert.deepEqual(await source({ status: 'success', data: null }).made.labelNames([], 0, 1), []);
});

test('names that are no words are quoted', () => {
  const text = selectorText([{ name: 'my.label', op: '=', value: 'a\nb' }]);
  assert.equal(text, '{"my.label"="a\\nb"}');
});

test('refusals are of the question or pass', async () => {
  for (const [status, code] of [
    [400, 'MON_QUERY_FAILED'],
    [422, 'MON_QUERY_FAILED'],
    [429, 'MON_SERVER_FAILED'],
    [503, 'MON_SERVER_FAILED'],
    [401, 'MON_SERVER_FAILED'],
  ] as const) {
    const { made } = source({ status: 'error', error: 'too much' }, status);
    await assert.rejects(
      made.fragment(RATE),
      (thrown) =>
        thrown instanceof MonError && thrown.code === code && /too much/.test(thrown.message),
    );
  }
});

test('odd answers are failures of the other side', async () => {
  for (const answer of [
    '',
    '[]',
    'null',
    { status: 'success' },
    { data: { resultType: 'vector', result: [] } },
    matrix({}),
    matrix([null]),
    matrix([{}]),
    matrix([{ metric: [] }]),
    matrix([{ metric: { a: 1 } }]),
    matrix([{ metric: {}, values: {} }]),
    matrix([{ metric: {}, values: [[1]] }]),
    matrix([{ metric: {}, values: [['1', '2']] }]),
    '{"data":{"resultType":"matrix","result":[{"metric":{},"values":[[1e999,"2"]]}]}}',
  ]) {
    await assert.rejects(
      source(answer).made.fragment(RATE),
      (thrown) => thrown instanceof MonError && thrown.code === 'MON_SERVER_FAILED',
      JSON.stringify(answer),
    );
  }
});

test('mutated answers are answers or MonErrors', async () => {
  const values = Array.from({ length: 8 }, (_, i) => [AT / 1000 - i * 15, `${i}.5`]).reverse();
  const good = JSON.stringify(matrix([{ metric: { __name__: 'x', job: 'a' }, values }]));
  const alphabet = '{}[]",:0123456789.-eNa"nulltrue';
  for (let seed = 1; seed <= 2000; seed++) {
    const random = seededRandom(seed);
    let text = good;
    for (let n = 1 + Math.floor(random() * 3); n > 0; n--) {
      const at = Math.floor(random() * text.length);
      const letter = alphabet[Math.floor(random() * alphabet.length)];
      const drop = Math.floor(random() * 3);
      text = text.slice(0, at) + letter + text.slice(at + drop);
    }
    await source(text)
      .made.fragment(RATE)
      .catch((thrown: unknown) => {
        assert.ok(thrown instanceof MonError, `seed ${seed}: ${String(thrown)} of ${text}`);
      });
  }
});
