// Everything around the handlers: status pages, access, methods, unknown paths, listening,
// draining, and askers that misbehave.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { ApiServer } from '../../../src/engine/api/api-server.ts';
import { MonError, UserError } from '../../../src/engine/errors.ts';
import { Counters } from '../../../src/engine/runtime/counters.ts';
import { answerOf, startApi } from '../../support/api-fixture.ts';
import type { Fixture } from '../../support/api-fixture.ts';

async function data(api: Fixture, path: string): Promise<unknown> {
  const reply = await api.call(path);
  assert.equal(reply.status, 200, reply.text);
  assert.equal(reply.headers['content-type'], 'application/json');
  const body = JSON.parse(reply.text);
  assert.equal(body.status, 'success');
  return body.data;
}

test('the status pages', async () => {
  await using api = await startApi({ flags: { 'data-dir': '/d' }, configText: () => 'a: 1\n' });
  assert.deepEqual(await data(api, '/api/v1/status/buildinfo'), {
    version: '1.2.3',
    revision: 'abc',
    branch: '',
    buildUser: '',
    buildDate: '',
    goVersion: 'v24',
  });
  assert.deepEqual(await data(api, '/api/v1/status/runtimeinfo'), {
    startTime: '2023-11-14T22:13:20.000Z',
    serverTime: '2023-11-14T22:13:20.123Z',
    reloadConfigSuccess: true,
    lastConfigTime: '2023-11-14T22:13:20.000Z',
    storageRetention: '15d',
  });
  assert.deepEqual(await data(api, '/api/v1/status/flags'), { 'data-dir': '/d' });
  assert.deepEqual(await data(api, '/api/v1/status/config'), { yaml: 'a: 1\n' });
  await using bare = await startApi();
  assert.deepEqual(await data(bare, '/api/v1/status/flags'), {});
  assert.deepEqual(await data(bare, '/api/v1/status/config'), { yaml: '' });
});

test('targets by state and pool', async () => {
  const target = {
    scrapePool: 'node',
    scrapeUrl: 'http://h:9100/metrics',
    discoveredLabels: ['__address__', 'h:9100', 'job', 'node'],
    labels: ['instance', 'h:9100', 'job', 'node'],
    health: 'down',
    lastError: 'connection refused',
    lastScrapeMs: 0,
    lastDurationMs: 250.000_000_4,
    intervalMs: 90_000,
    timeoutMs: 500,
  } as const;
  const up = {
    ...target,
    scrapePool: 'web',
    health: 'up',
    lastScrapeMs: 1_700_000_000_000,
  } as const;
  const dropped = [
    ['__address__', 'x', 'job', 'node'],
    ['__address__', 'y', 'job', 'web'],
  ];
  await using api = await startApi({
    targets: { active: () => [target, up], dropped: () => dropped },
  });
  const all = (await data(api, '/api/v1/targets')) as {
    activeTargets: Record<string, unknown>[];
    droppedTargets: unknown[];
    droppedTargetCounts: unknown;
  };
  assert.deepEqual(all.activeTargets[0], {
    discoveredLabels: { __address__: 'h:9100', job: 'node' },
    labels: { instance: 'h:9100', job: 'node' },
    scrapePool: 'node',
    scrapeUrl: 'http://h:9100/metrics',
    globalUrl: 'http://h:9100/metrics',
    lastError: 'connection refused',
    lastScrape: '0001-01-01T00:00:00Z',
    lastScrapeDuration: 0.25,
    health: 'down',
    scrapeInterval: '1m30s',
    scrapeTimeout: '500ms',
  });
  assert.equal(all.activeTargets[1]['lastScrape'], '2023-11-14T22:13:20.000Z');
  assert.deepEqual(all.droppedTargets, [
    { discoveredLabels: { __address__: 'x', job: 'node' }, scrapePool: 'node' },
    { discoveredLabels: { __address__: 'y', job: 'web' }, scrapePool: 'web' },
  ]);
  assert.deepEqual(all.droppedTargetCounts, { node: 1, web: 1 });
  const counts = async (search: string): Promise<number[]> => {
    const found = (await data(api, `/api/v1/targets${search}`)) as typeof all;
    return [found.activeTargets.length, found.droppedTargets.length];
  };
  assert.deepEqual(await counts('?state=active'), [2, 0]);
  assert.deepEqual(await counts('?state=dropped'), [0, 2]);
  assert.deepEqual(await counts('?state=any&scrapePool=web'), [1, 1]);
  assert.equal((await api.call('/api/v1/targets?state=odd')).status, 400);
});

test('own metrics, health, readiness and the welcome are text', async () => {
  await using api = await startApi();
  const metrics = await api.call('/metrics');
  assert.equal(metrics.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  assert.equal(metrics.text, '# TYPE up gauge\nup 1\n');
  const healthy = await api.call('/-/healthy');
  assert.deepEqual([healthy.status, healthy.text], [200, 'mon is healthy.\n']);
  const ready = await api.call('/-/ready');
  assert.deepEqual([ready.status, ready.text], [200, 'mon is ready.\n']);
  const head = await api.call('/-/ready', { method: 'HEAD' });
  assert.deepEqual([head.status, head.text, head.headers['content-length']], [200, '', '14']);
  api.fakes.ready = { ready: false, why: 'reading the log, 40 %' };
  const not = await api.call('/-/ready');
  assert.deepEqual([not.status, not.text], [503, 'not ready: reading the log, 40 %\n']);
  const welcome = await api.call('/');
  assert.equal(welcome.status, 200);
  assert.match(welcome.text, /^mon 1\.2\.3, a monitoring system\./);
  assert.ok(welcome.text.includes(`mon query up --url ${api.base}\n`));
  const odd = await api.call('/', { headers: { host: '<script>' } });
  assert.ok(!odd.text.includes('<script>'));
});

test('unknown paths are 404, known ones with a wrong method 405 and say which', async () => {
  await using api = await startApi();
  const lost = await api.call('/api/v1/rules/test/test');
  assert.equal(lost.status, 404);
  assert.deepEqual(JSON.parse(lost.text), {
    status: 'error',
    errorType: 'not_found',
    error: '404 page not found: /api/v1/rules/test/test',
  });
  const wrong = await api.call('/api/v1/query', { method: 'DELETE' });
  assert.equal(wrong.status, 405);
  assert.equal(wrong.headers.allow, 'GET, POST, HEAD');
  assert.deepEqual(JSON.parse(wrong.text), {
    status: 'error',
    errorType: 'bad_data',
    error: 'DELETE is not possible here; GET, POST, HEAD is',
  });
  assert.equal((await api.call('/api/v1/write')).headers.allow, 'POST');
  assert.equal((await api.call('/-/ready', { method: 'POST' })).status, 405);
  assert.equal((await api.call('/api/v1/label/a/b/values')).status, 404);
});

test('a token is needed everywhere but for health', async () => {
  await using api = await startApi({ token: 's3cret' });
  const f = async (path: string, authorization: string | undefined): Promise<number> => {
    const headers = authorization === undefined ? {} : { authorization };
    const reply = await api.call(path, { headers });
    if (reply.status === 401) {
      assert.equal(reply.headers['www-authenticate'], 'Bearer realm="mon"');
      assert.equal(JSON.parse(reply.text).errorType, 'unauthorized');
    }
    return reply.status;
  };
  for (const path of ['/', '/metrics', '/api/v1/query?query=1', '/api/v1/nothing']) {
    assert.equal(await f(path, undefined), 401, path);
  }
  assert.equal(await f('/metrics', 'Bearer s3cret'), 200);
  assert.equal(await f('/metrics', 'bearer  s3cret'), 200);
  assert.equal(await f('/metrics', 'Bearer s3cre'), 401);
  assert.equal(await f('/metrics', 'Bearer s3crets'), 401);
  assert.equal(await f('/metrics', 'Basic s3cret'), 401);
  assert.equal(await f('/metrics', 'Bearer'), 401);
  assert.equal(await f('/-/healthy', undefined), 200);
  assert.equal(await f('/-/ready', undefined), 200);
  await api.call('/api/v1/query?query=1', { headers: { authorization: 'Bearer s3cret' } });
  assert.equal(api.fakes.options[0].user, 'token');
});

test('requests are counted by route and status, never by what a stranger writes', async () => {
  const counters = new Counters();
  await using api = await startApi({ counters });
  await api.call('/api/v1/query?query=1');
  await api.call('/api/v1/query?query=1&time=x');
  await api.call('/api/v1/label/a/values');
  await api.call('/api/v1/label/b/values');
  await api.call('/a/strange/path');
  const value = (handler: string, code: string): number =>
    counters.counter('mon_http_requests_total', '', { handler, code }).value;
  assert.equal(value('/api/v1/query', '200'), 1);
  assert.equal(value('/api/v1/query', '400'), 1);
  assert.equal(value('/api/v1/label/:name/values', '200'), 2);
  assert.equal(value('unknown', '404'), 1);
});

test('a port in use and a strange address say what to do', async () => {
  await using api = await startApi();
  const other = new ApiServer({ ...({} as ConstructorParameters<typeof ApiServer>[0]) });
  await assert.rejects(other.listen('127.0.0.1', api.port), (thrown) => {
    assert.ok(thrown instanceof MonError && thrown.code === 'MON_PORT_IN_USE');
    assert.match(thrown.message, new RegExp(`127\\.0\\.0\\.1:${api.port} is in use`));
    assert.ok(thrown.hint);
    return true;
  });
  await assert.rejects(other.listen('192.0.2.1', 0), (thrown) => {
    assert.ok(thrown instanceof UserError);
    assert.equal(thrown.message, '192.0.2.1 is no address of this machine');
    return true;
  });
});

test('draining lets what is under way finish and takes nothing new', async () => {
  const api = await startApi();
  const asked = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  api.fakes.answer = async () => {
    asked.resolve();
    await go.promise;
    return answerOf({ type: 'scalar', timeMs: 0, value: 7 });
  };
  const reply = api.call('/api/v1/query?query=7');
  await asked.promise;
  const drained = api.server.drain(5000);
  await assert.rejects(api.call('/-/healthy'));
  go.resolve();
  assert.equal(JSON.parse((await reply).text).data.result[1], '7');
  await drained;
  await api.server.drain(1000);
});

test('what does not end by the deadline is cut off', async () => {
  const api = await startApi();
  const asked = Promise.withResolvers<void>();
  api.fakes.answer = () => {
    asked.resolve();
    return new Promise((_, reject) => {
      const { signal } = api.fakes.options[0];
      signal?.addEventListener('abort', () => reject(signal.reason as Error));
    });
  };
  const failed = assert.rejects(api.call('/api/v1/query?query=never'));
  await asked.promise;
  await api.server.drain(20);
  await failed;
});

test('a reader that goes away in the middle of an answer leaves nothing waiting', async () => {
  await using api = await startApi();
  const steps = 10_000;
  const matrix = {
    labels: Array.from({ length: 100 }, (_, i) => ['i', String(i)]),
    steps,
    values: new Float64Array(100 * steps).fill(1 / 3),
    present: new Uint8Array(100 * steps).fill(1),
  };
  const grid = { start: 0, end: (steps - 1) * 1000, step: 1000 };
  api.fakes.answer = async () => answerOf({ type: 'matrix', grid, matrix });
  for (const gzip of ['', 'Accept-Encoding: gzip\r\n']) {
    await new Promise<void>((resolve) => {
      const socket = connect(api.port, '127.0.0.1');
      const path = '/api/v1/query_range?query=x&start=0&end=9999&step=1';
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n${gzip}\r\n`);
      socket.once('data', () => socket.destroy());
      socket.once('close', () => resolve());
    });
  }
  assert.equal((await api.call('/-/healthy')).status, 200);
});

test('what is not HTTP gets 400 and the server goes on', async () => {
  await using api = await startApi();
  const text = await new Promise<string>((resolve) => {
    const socket = connect(api.port, '127.0.0.1');
    let got = '';
    socket.on('data', (page) => (got += page.toString()));
    socket.once('close', () => resolve(got));
    socket.write('this is no request\r\n\r\n');
  });
  assert.match(text, /^HTTP\/1\.1 400 /);
  assert.equal((await api.call('/-/healthy')).status, 200);
});
