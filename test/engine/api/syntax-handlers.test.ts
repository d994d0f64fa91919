// format_query and parse_query against what Prometheus prints (its printer's and its API's tests),
// and the doors of explain.
import assert from 'node:assert/strict';
import test from 'node:test';
import { UserError } from '../../../src/engine/errors.ts';
import { form, startApi } from '../../support/api-fixture.ts';
import type { Explain } from '../../../src/engine/ports.ts';

const encoded = encodeURIComponent;

test('format_query: one line where it fits, broken and indented where not', async () => {
  await using api = await startApi();
  const long = 'first_metric_name_that_is_rather_long{label="with a long value too"}';
  const cases: readonly (readonly [string, string])[] = [
    ['foo/bar', 'foo / bar'],
    ['sum(rate(a[5m]))by(job)', 'sum by (job) (rate(a[5m]))'],
    ['(a+b)*2', '(a + b) * 2'],
    [
      `sum by (job)(rate(${long}[5m]) + rate(${long}[5m]))`,
      `sum by (job) (\n    rate(${long}[5m])\n  +\n    rate(${long}[5m])\n)`,
    ],
    [
      `topk(3, max_over_time(${long}[5m]) > bool ${long})`,
      `topk(\n  3,\n    max_over_time(${long}[5m])\n  > bool\n    ${long}\n)`,
    ],
    [
      `label_replace(${long}, "to", "$1", "from", "(.*) and some more words")`,
      `label_replace(\n  ${long},\n  "to",\n  "$1",\n  "from",\n  "(.*) and some more words"\n)`,
    ],
    [`-(${long} + ${long})`, `-(\n    ${long}\n  +\n    ${long}\n)`],
  ];
  for (const [query, want] of cases) {
    const { status, text } = await api.call(`/api/v1/format_query?query=${encoded(query)}`);
    assert.equal(status, 200, text);
    assert.deepEqual(JSON.parse(text), { status: 'success', data: want });
  }
  const posted = await api.call('/api/v1/format_query', form({ query: 'foo/bar' }));
  assert.equal(JSON.parse(posted.text).data, 'foo / bar');
  const bad = await api.call(`/api/v1/format_query?query=${encoded('invalid_expression/')}`);
  assert.equal(bad.status, 400);
  const { errorType, error } = JSON.parse(bad.text) as Record<string, string>;
  assert.equal(errorType, 'bad_data');
  assert.match(error, /^invalid parameter "query": 1:20: parse error: /);
});

async function parsed(query: string): Promise<Record<string, unknown>> {
  await using api = await startApi();
  const { status, text } = await api.call(`/api/v1/parse_query?query=${encoded(query)}`);
  assert.equal(status, 200, text);
  return (JSON.parse(text) as { data: Record<string, unknown> }).data;
}

function selector(name: string, more: object = {}): object {
  return {
    type: 'vectorSelector',
    name,
    offset: 0,
    offsetExpr: null,
    matchers: [{ name: '__name__', value: name, type: '=' }],
    timestamp: null,
    startOrEnd: null,
    anchored: false,
    smoothed: false,
    ...more,
  };
}

test('parse_query: the tree in the shape of Prometheus', async () => {
  assert.deepEqual(await parsed('foo/bar'), {
    type: 'binaryExpr',
    op: '/',
    bool: false,
    lhs: selector('foo'),
    rhs: selector('bar'),
    matching: {
      card: 'one-to-one',
      labels: [],
      on: false,
      include: [],
      fillValues: { lhs: null, rhs: null },
    },
  });
  assert.deepEqual(await parsed('foo * 1e30'), {
    type: 'binaryExpr',
    op: '*',
    bool: false,
    lhs: selector('foo'),
    rhs: { type: 'numberLiteral', val: '1000000000000000000000000000000' },
    matching: null,
  });
  assert.deepEqual(await parsed('sum without (a) (rate(foo{x!~"y"}[1m] offset -2m))'), {
    type: 'aggregation',
    op: 'sum',
    grouping: ['a'],
    without: true,
    param: null,
    expr: {
      type: 'call',
      func: { name: 'rate', argTypes: ['matrix'], variadic: 0, returnType: 'vector' },
      args: [
        selector('foo', {
          type: 'matrixSelector',
          range: 60_000,
          rangeExpr: null,
          offset: -120_000,
          matchers: [
            { name: 'x', value: 'y', type: '!~' },
            { name: '__name__', value: 'foo', type: '=' },
          ],
        }),
      ],
    },
  });
  assert.deepEqual(await parsed('-foo'), { type: 'unaryExpr', op: '-', expr: selector('foo') });
  assert.deepEqual(await parsed('(foo @ 12.5)[5m:1m] @ end()'), {
    type: 'subquery',
    expr: { type: 'parenExpr', expr: selector('foo', { timestamp: 12_500 }) },
    range: 300_000,
    rangeExpr: null,
    step: 60_000,
    stepExpr: null,
    offset: 0,
    offsetExpr: null,
    timestamp: null,
    startOrEnd: 'end',
  });
  assert.deepEqual(await parsed('"text"'), { type: 'stringLiteral', val: 'text' });
  const top = await parsed('topk(2, foo)');
  assert.deepEqual(top['param'], { type: 'numberLiteral', val: '2' });
});

test('parse_query: a duration that is computed is a tree beside a length of 0', async () => {
  const literal = (val: string, duration: boolean): object => {
    return { type: 'numberLiteral', val, duration };
  };
  const node = (op: string, lhs: unknown, rhs: unknown, wrapped = false): object => {
    return { type: 'durationExpr', op, lhs, rhs, wrapped };
  };
  const cases: [string, string, unknown][] = [
    ['x offset (1m)', 'offsetExpr', node('+', null, literal('60', true), true)],
    ['x offset -step()', 'offsetExpr', node('-', null, node('step', null, null))],
    ['x offset +(1m)', 'offsetExpr', node('+', null, literal('60', true), true)],
    ['x[5m % 7]', 'rangeExpr', node('%', literal('300', true), literal('7', false))],
    ['x[((1m))]', 'rangeExpr', node('+', null, literal('60', true), true)],
    [
      ...(['x[-(-1m)]', 'rangeExpr'] as const),
      node('-', null, node('+', null, literal('-60', true), true)),
    ],
    [
      'x[5m:min_of(1m, range())]',
      'stepExpr',
      node('min_of', literal('60', true), node('range', null, null)),
    ],
  ];
  for (const [query, field, tree] of cases) {
    const found = await parsed(query);
    assert.deepEqual(found[field], tree, query);
    assert.equal(found[field.replace('Expr', '')], 0, query);
  }
});

test('explain: an instant, a range, analyze; and not found where nobody explains', async () => {
  const asked: unknown[] = [];
  const explain: Explain = {
    async explain(query, times, options = {}) {
      asked.push([query, times, options.analyze, options.maxCost]);
      if (query === 'bad') throw new UserError('no such thing', { source: 'bad', start: 1 });
      return { query } as Awaited<ReturnType<Explain['explain']>>;
    },
  };
  await using api = await startApi({ explain });
  const one = await api.call('/api/v1/explain?query=up&time=10&analyze=true&max_cost=5');
  assert.deepEqual(JSON.parse(one.text), { status: 'success', data: { query: 'up' } });
  await api.call('/api/v1/explain', form({ query: 'up', start: '1', end: '2', step: '1' }));
  assert.deepEqual(asked, [
    ['up', { timeMs: 10_000 }, true, 5],
    ['up', { startMs: 1000, endMs: 2000, stepMs: 1000 }, false, undefined],
  ]);
  const bad = await api.call('/api/v1/explain?query=bad');
  assert.equal(bad.status, 400);
  assert.match(bad.text, /invalid parameter \\"query\\": 1:2: parse error: no such thing/);
  assert.equal((await api.call('/api/v1/explain?query=up&max_cost=-1')).status, 400);
  await using plain = await startApi();
  assert.equal((await plain.call('/api/v1/explain?query=up')).status, 404);
});
