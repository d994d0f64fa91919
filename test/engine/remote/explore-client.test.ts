// The explorer's client against a plain Prometheus, which counts nothing: its status page and its
// series stand in, and what nobody knows is told as unknown.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ExploreClient } from '../../../src/engine/remote/explore-client.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { serve } from '../collector/scrape-double.ts';

const ANSWERS: Readonly<Record<string, unknown>> = {
  '/api/v1/status/tsdb': {
    headStats: { numSeries: 7 },
    seriesCountByMetricName: [{ name: 'hits', value: 4 }],
    labelValueCountByLabelName: [{ name: 'user_id', value: 4 }],
    seriesCountByLabelValuePair: [{ name: 'job=a=b', value: 7 }],
  },
  '/api/v1/series': [
    { __name__: 'hits', user_id: '1', job: 'a' },
    { __name__: 'hits', user_id: '2', job: 'a' },
  ],
};

test('a plain Prometheus is explored by what it tells', async () => {
  const asked: string[] = [];
  const server = await serve((request, reply) => {
    const { pathname } = new URL(request.url ?? '', 'http://x');
    asked.push(pathname);
    const data = ANSWERS[pathname];
    reply.writeHead(data === undefined ? 404 : 200, { 'Content-Type': 'application/json' });
    reply.end(data === undefined ? '404 page not found' : JSON.stringify({ data }));
  });
  const client = new ExploreClient({ url: `http://${server.address}` }, systemClock);
  try {
    const whole = await client.explore({ rows: 10 });
    assert.deepEqual([whole.countedSinceMs, whole.totals.series, whole.guard], [0, 7, null]);
    assert.deepEqual([whole.metrics[0].name, whole.metrics[0].series], ['hits', 4]);
    assert.deepEqual(whole.pairs, [{ name: 'job', value: 'a=b', series: 7, dayAgo: null }]);
    const inside = await client.explore({ match: '{__name__="hits"}', rows: 10 });
    assert.deepEqual(
      inside.labels.map(({ name, values }) => [name, values]),
      [
        ['user_id', 2],
        ['__name__', 1],
        ['job', 1],
      ],
    );
    const values = await client.explore({ match: '{__name__="hits"}', label: 'job', rows: 10 });
    assert.deepEqual(values.pairs, [{ name: 'job', value: 'a', series: 2, dayAgo: null }]);
    assert.equal(asked.filter((path) => path === '/api/v1/explore').length, 1);
    const series = await client.series('{__name__="hits"}', 10);
    assert.deepEqual(series[0], ['__name__', 'hits', 'job', 'a', 'user_id', '1']);
  } finally {
    client.close();
    await server.close();
  }
});

test('a server in trouble is a failure, not an empty answer', async () => {
  const server = await serve((_request, reply) => {
    reply.writeHead(503, { 'Content-Type': 'application/json' });
    reply.end('{"status":"error","errorType":"unavailable","error":"starting"}');
  });
  const client = new ExploreClient({ url: `http://${server.address}` }, systemClock);
  try {
    await assert.rejects(client.explore({ rows: 10 }), /starting/);
  } finally {
    client.close();
    await server.close();
  }
});
