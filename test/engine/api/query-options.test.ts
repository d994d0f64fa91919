// What the headers and parameters of a query say about how to answer it: which pool, whether the
// result cache may be used, and what price is too high.
import assert from 'node:assert/strict';
import test from 'node:test';
import { NOW_MS, answerOf, startApi } from '../../support/api-fixture.ts';

test('pool, cache and price of a query', async () => {
  await using api = await startApi();
  const cases: readonly (readonly [object, string, object])[] = [
    [{}, '', {}],
    [{ 'user-agent': 'Grafana/12.1.0' }, '', { pool: 'dashboard' }],
    [{ 'user-agent': 'Grafana/12.1.0', 'x-mon-pool': 'adhoc' }, '', {}],
    [{ 'x-dashboard-uid': 'abc' }, '', { pool: 'dashboard' }],
    [{ 'x-mon-pool': 'dashboard' }, '', { pool: 'dashboard' }],
    [{ 'cache-control': 'no-cache' }, '', {}],
    [{ 'cache-control': 'max-age=0, no-store' }, '', { cache: 'skip' }],
    [{ 'x-read-consistency': 'Strong' }, '', { cache: 'skip' }],
    [{ 'x-read-consistency': 'eventual' }, '', {}],
    [{}, '&nocache=1', { cache: 'skip' }],
    [{}, '&max_cost=1e6', { maxCost: 1e6 }],
  ];
  for (const [headers, more, want] of cases) {
    api.fakes.options.length = 0;
    const path = `/api/v1/query_range?query=up&start=1&end=2&step=1${more}`;
    const { status } = await api.call(path, { headers: headers as Record<string, string> });
    assert.equal(status, 200);
    const { pool, cache, maxCost } = api.fakes.options[0];
    const told = Object.entries({ pool, cache, maxCost }).filter(([, v]) => v !== undefined);
    assert.deepEqual(Object.fromEntries(told), want, JSON.stringify([headers, more]));
  }
  const bad = await api.call('/api/v1/query?query=up&max_cost=much');
  assert.equal(bad.status, 400);
  assert.match(bad.text, /invalid parameter \\"max_cost\\"/);
});

test('the answer tells how much of it was kept', async () => {
  await using api = await startApi();
  const scalar = { type: 'scalar', timeMs: NOW_MS, value: 1 } as const;
  api.fakes.answer = async () => answerOf(scalar, { cache: 'partial' });
  const told = await api.call('/api/v1/query?query=1');
  assert.equal(told.headers['x-mon-cache'], 'partial');
  api.fakes.answer = async () => answerOf(scalar);
  const plain = await api.call('/api/v1/query?query=1');
  assert.equal(plain.headers['x-mon-cache'], undefined);
});
