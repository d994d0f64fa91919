// The doors of a query, with real requests: whole bodies, whole status, and what reached the Ask.
// The expected texts follow Prometheus' own answers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { MonError, UserError } from '../../../src/engine/errors.ts';
import type { Matrix } from '../../../src/engine/model/fragment.ts';
import type { Labels } from '../../../src/engine/model/labels.ts';
import { NOW_MS, answerOf, form, startApi } from '../../support/api-fixture.ts';

const A: Labels = ['__name__', 'up', 'job', 'a'];
const B: Labels = ['__name__', 'up', 'job', 'b'];
const C: Labels = ['__proto__', 'x'];

function matrix(labels: Labels[], steps: number, cells: (number | null)[]): Matrix {
  return {
    labels,
    steps,
    values: Float64Array.from(cells.map((cell) => cell ?? 0)),
    present: Uint8Array.from(cells.map((cell) => (cell === null ? 0 : 1))),
  };
}

test('an instant query answers a vector, leaving out what is not there', async () => {
  await using api = await startApi();
  const found = matrix([A, B, C], 1, [1, null, NaN]);
  api.fakes.answer = async () => answerOf({ type: 'vector', timeMs: 1435781430781, matrix: found });
  const reply = await api.call('/api/v1/query?query=up%7Bjob%21%3D%22%22%7D&time=1435781430.781');
  assert.equal(reply.status, 200);
  assert.equal(reply.headers['content-type'], 'application/json');
  assert.equal(
    reply.text,
    '{"status":"success","data":{"resultType":"vector","result":[' +
      '{"metric":{"__name__":"up","job":"a"},"value":[1435781430.781,"1"]},' +
      '{"metric":{"__proto__":"x"},"value":[1435781430.781,"NaN"]}]}}',
  );
  assert.deepEqual(api.fakes.asked, [['instant', 'up{job!=""}', 1435781430781]]);
});

test('the time of an instant query is now when it is not given', async () => {
  await using api = await startApi();
  await api.call('/api/v1/query?query=1');
  assert.deepEqual(api.fakes.asked, [['instant', '1', NOW_MS]]);
});

test('scalars never have an exponent, strings come as they are', async () => {
  await using api = await startApi();
  api.fakes.answer = async () => answerOf({ type: 'scalar', timeMs: 1000, value: 1e21 });
  const scalar = await api.call('/api/v1/query?query=1e21');
  assert.equal(
    scalar.text,
    '{"status":"success","data":{"resultType":"scalar","result":[1,"1000000000000000000000"]}}',
  );
  api.fakes.answer = async () => answerOf({ type: 'string', timeMs: 1500, value: 'a"\n' });
  const string = await api.call('/api/v1/query?query=x');
  assert.equal(
    string.text,
    '{"status":"success","data":{"resultType":"string","result":[1.500,"a\\"\\n"]}}',
  );
});

test('a range selector answers its samples as a matrix', async () => {
  await using api = await startApi();
  const raw = {
    labels: [A, B, C],
    from: Uint32Array.of(0, 2, 2, 3),
    timestamps: Float64Array.of(1, 1000, 2001),
    values: Float64Array.of(0.5, -0, Infinity),
  };
  api.fakes.answer = async () => answerOf({ type: 'samples', raw });
  const reply = await api.call('/api/v1/query?query=up%5B5m%5D');
  assert.equal(
    reply.text,
    '{"status":"success","data":{"resultType":"matrix","result":[' +
      '{"metric":{"__name__":"up","job":"a"},"values":[[0.001,"0.5"],[1,"-0"]]},' +
      '{"metric":{"__proto__":"x"},"values":[[2.001,"+Inf"]]}]}}',
  );
});

test('ten notes of the language are told of each kind, and how many were left out', async () => {
  await using api = await startApi();
  const many = (kind: string): string[] => {
    return Array.from({ length: 12 }, (_, i) => `PromQL ${kind}: ${i}`);
  };
  const notes = { warnings: [...many('warning'), 'a store is away'], infos: many('info') };
  api.fakes.answer = async () => ({
    ...answerOf({ type: 'scalar', timeMs: 1000, value: 1 }),
    ...notes,
  });
  const { text } = await api.call('/api/v1/query?query=x');
  const { warnings, infos } = JSON.parse(text) as Record<string, string[]>;
  assert.deepEqual(warnings.slice(9), [
    ...['PromQL warning: 9', 'a store is away', '2 more warning annotations omitted'],
  ]);
  assert.deepEqual(infos.slice(9), ['PromQL info: 9', '2 more info annotations omitted']);
});

test('a range query by form answers a matrix; warnings and infos stand behind it', async () => {
  await using api = await startApi();
  const grid = { start: 0, end: 10_000, step: 5000 };
  const found = matrix([A, B], 3, [1, null, 2.5, null, null, null]);
  const notes = { warnings: ['a "warning"'], infos: ['an info'] };
  api.fakes.answer = async () => answerOf({ type: 'matrix', grid, matrix: found }, notes);
  const range = { query: 'up', start: '0', end: '10', step: '5s', timeout: '3s' };
  const reply = await api.call('/api/v1/query_range', form({ ...range, lookback_delta: '1m' }));
  assert.equal(reply.status, 200);
  assert.equal(
    reply.text,
    '{"status":"success","data":{"resultType":"matrix","result":[' +
      '{"metric":{"__name__":"up","job":"a"},"values":[[0,"1"],[10,"2.5"]]}]},' +
      '"warnings":["a \\"warning\\""],"infos":["an info"]}',
  );
  assert.deepEqual(api.fakes.asked, [['range', 'up', 0, 10_000, 5000]]);
  const { signal, ...options } = api.fakes.options[0];
  const json = { limit: 0, stats: false };
  assert.deepEqual(options, { timeoutMs: 3000, lookbackMs: 60_000, user: '127.0.0.1', json });
  assert.equal(signal?.aborted, false);
});

test('the form comes before the URL, and both count', async () => {
  await using api = await startApi();
  await api.call('/api/v1/query?query=from_url&time=7', form({ query: 'from_form' }));
  assert.deepEqual(api.fakes.asked, [['instant', 'from_form', 7000]]);
});

test('limit cuts and says so; stats are told when asked for', async () => {
  await using api = await startApi();
  const found = matrix([A, B], 1, [1, 2]);
  api.fakes.answer = async () => answerOf({ type: 'vector', timeMs: 0, matrix: found });
  const cut = await api.call('/api/v1/query?query=up&limit=1');
  assert.equal(
    cut.text,
    '{"status":"success","data":{"resultType":"vector","result":[' +
      '{"metric":{"__name__":"up","job":"a"},"value":[0,"1"]}]},' +
      '"warnings":["results truncated due to limit"]}',
  );
  const whole = JSON.parse((await api.call('/api/v1/query?query=up&limit=2&stats=all')).text);
  assert.equal(whole.warnings, undefined);
  assert.equal(whole.data.result.length, 2);
  assert.equal(whole.data.stats.samples.totalQueryableSamples, 2);
  assert.equal(typeof whole.data.stats.timings.evalTotalTime, 'number');
});

test('a large answer comes in pages, packed when asked for, and is the same', async () => {
  await using api = await startApi();
  const steps = 1000;
  const labels = Array.from({ length: 40 }, (_, i): Labels => ['i', String(i)]);
  const cells = Array.from({ length: 40 * steps }, (_, i) => (i % 7 === 0 ? null : i / 8));
  const grid = { start: 0, end: (steps - 1) * 1000, step: 1000 };
  const result = { type: 'matrix', grid, matrix: matrix(labels, steps, cells) } as const;
  api.fakes.answer = async () => answerOf(result);
  const path = '/api/v1/query_range?query=up&start=0&end=999&step=1';
  const plain = await api.call(path);
  assert.equal(plain.headers['content-encoding'], undefined);
  const want = labels.map((set, s) => ({
    metric: { [set[0]]: set[1] },
    values: Array.from({ length: steps }, (_, i) => [i, String((s * steps + i) / 8)]).filter(
      (_, i) => (s * steps + i) % 7 !== 0,
    ),
  }));
  assert.deepEqual(JSON.parse(plain.text).data.result, want);
  const near = await api.call(path, { headers: { 'accept-encoding': 'br, gzip' } });
  assert.equal(near.headers['content-encoding'], undefined, 'nothing is gained on this machine');
  const far = { 'x-forwarded-for': '192.0.2.1' };
  const packed = await api.call(path, { headers: { ...far, 'accept-encoding': 'br, gzip' } });
  assert.equal(packed.headers['content-encoding'], 'gzip');
  assert.ok(packed.bytes.length < plain.bytes.length / 2);
  assert.equal(gunzipSync(packed.bytes).toString(), plain.text);
  const refused = await api.call(path, { headers: { ...far, 'accept-encoding': 'gzip;q=0' } });
  assert.equal(refused.headers['content-encoding'], undefined);
});

test('failures have the status, type and words of Prometheus', async () => {
  await using api = await startApi();
  const f = async (thrown: Error, status: number, want: object): Promise<void> => {
    api.fakes.answer = () => Promise.reject(thrown);
    const reply = await api.call('/api/v1/query?query=x');
    assert.deepEqual(JSON.parse(reply.text), { status: 'error', ...want });
    assert.equal(reply.status, status);
  };
  const source = 'rate(up)';
  const words = 'expected type range vector in call to function "rate", got instant vector';
  await f(new UserError(words, { source, start: 5, end: 7, hint: 'write rate(up[5m])' }), 400, {
    errorType: 'bad_data',
    error: `invalid parameter "query": 1:6: parse error: ${words}`,
    hint: 'write rate(up[5m])',
    start: 5,
    end: 7,
  });
  await f(new UserError('unexpected', { source: 'a +\n ä !', start: 7, end: 8 }), 400, {
    errorType: 'bad_data',
    error: 'invalid parameter "query": 2:5: parse error: unexpected',
    start: 7,
    end: 8,
  });
  await f(new UserError('no expression found in input', { source: '' }), 400, {
    errorType: 'bad_data',
    error: 'invalid parameter "query": 1:1: parse error: no expression found in input',
    start: 0,
    end: 0,
  });
  await f(new UserError('the query is longer than 65536 bytes'), 400, {
    errorType: 'bad_data',
    error: 'invalid parameter "query": the query is longer than 65536 bytes',
  });
  await f(new MonError('MON_QUERY_LIMIT', 'too many samples'), 422, {
    errorType: 'execution',
    error: 'too many samples',
  });
  await f(new MonError('MON_QUERY_FAILED', 'many-to-many'), 422, {
    errorType: 'execution',
    error: 'many-to-many',
  });
  await f(new MonError('MON_TIMEOUT', 'query timed out'), 503, {
    errorType: 'timeout',
    error: 'query timed out',
  });
  await f(new MonError('MON_ABORTED', 'stopping'), 503, {
    errorType: 'canceled',
    error: 'stopping',
  });
  await f(new MonError('MON_SERVER_UNREACHABLE', 'a shard is gone'), 503, {
    errorType: 'unavailable',
    error: 'a shard is gone',
  });
  assert.equal(api.fakes.bugs.length, 0);
  const bug = new Error('a broken promise');
  await f(bug, 500, { errorType: 'internal', error: 'a broken promise' });
  assert.deepEqual(api.fakes.bugs, [bug]);
});

test('bad parameters reach nobody', async () => {
  await using api = await startApi();
  const f = async (path: string, error: string): Promise<void> => {
    const reply = await api.call(path);
    assert.equal(reply.status, 400);
    assert.deepEqual(JSON.parse(reply.text), { status: 'error', errorType: 'bad_data', error });
  };
  await f(
    '/api/v1/query_range?query=1&start=2&end=1&step=1',
    'invalid parameter "end": end timestamp must not be before start time',
  );
  await f(
    '/api/v1/query?query=1&timeout=x',
    'invalid parameter "timeout": cannot parse "x" to a valid duration',
  );
  assert.deepEqual(api.fakes.asked, []);
});

test('an asker that leaves stops its query', async () => {
  await using api = await startApi();
  const aborted = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  api.fakes.answer = () =>
    new Promise((_, reject) => {
      const signal = api.fakes.options[0].signal;
      signal?.addEventListener('abort', () => {
        aborted.resolve();
        reject(signal.reason as Error);
      });
      asked.resolve();
    });
  const leave = new AbortController();
  const reply = api.call('/api/v1/query?query=slow', { signal: leave.signal });
  const failed = assert.rejects(reply);
  await asked.promise;
  leave.abort();
  await failed;
  await aborted.promise;
});
