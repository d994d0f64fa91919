// A client that asks a real `mon up` as Grafana does, call by call: the health check, the probes
// when a data source is saved, the query builder's completion, a dashboard that moves. And the
// questions that nobody should ask, beside it.
import { strict as assert } from 'node:assert';
import { after, before, it } from 'node:test';
import type { MonProcess } from '../support/mon-process.ts';
import { MonFolder, writeSamples } from './mon-folder.ts';

interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: {
    readonly status: string;
    readonly data?: unknown;
    readonly error?: string;
    readonly errorType?: string;
    readonly warnings?: readonly string[];
  };
}

const GRAFANA = { 'User-Agent': 'Grafana/12.1.0' };
const HOSTS = 20;
const SECONDS = 3600;
const STEP = 15;
let folder: MonFolder;
let mon: MonProcess;
const now = Math.floor(Date.now() / 1000 / STEP) * STEP;

before(async () => {
  folder = await MonFolder.make();
  mon = await folder.start();
  const times = Array.from({ length: SECONDS / STEP }, (_, i) => now - 5 - i * STEP).reverse();
  for (let host = 0; host < HOSTS; host++) {
    const samples = times.map((t) => ({ timestamp: t * 1000, value: t * (host + 1) }));
    const labels = { job: 'web', instance: `h${host}:80`, 'odd.label': `v${host % 3}` };
    const series = [
      { labels: { __name__: 'http_requests_total', ...labels }, samples },
      { labels: { __name__: 'process.cpu', ...labels }, samples },
    ];
    assert.equal((await writeSamples(mon.url, series)).status, 204);
  }
});
after(async () => await folder.remove());

async function get(path: string, headers: Record<string, string> = {}): Promise<Reply> {
  return await read(await fetch(mon.url + path, { headers: { ...GRAFANA, ...headers } }));
}

async function post(path: string, params: Record<string, string>): Promise<Reply> {
  const body = new URLSearchParams(params);
  return await read(await fetch(mon.url + path, { method: 'POST', headers: GRAFANA, body }));
}

async function read(response: Response): Promise<Reply> {
  const text = await response.text();
  const { status, headers } = response;
  return { status, headers, body: JSON.parse(text) as Reply['body'] };
}

it('the health check: 1+1 in 1970, then buildinfo without features', async () => {
  const health = await post('/api/v1/query', { query: '1+1', time: '4' });
  assert.deepEqual(health.body.data, { resultType: 'scalar', result: [4, '2'] });
  const build = await get('/api/v1/status/buildinfo');
  const { version, features } = build.body.data as { version: string; features?: object };
  assert.match(version, /^\d+\.\d+\.\d+/);
  assert.deepEqual(features ?? {}, {}, 'with features it would be taken for a Mimir');
});

it('the probes: rules, exemplars in ms, and the ruler that is not there', async () => {
  assert.deepEqual((await get('/api/v1/rules')).body.data, { groups: [] });
  const ms = { start: String(now * 1000 - 3_600_000), end: String(now * 1000) };
  const exemplars = await post('/api/v1/query_exemplars', { query: 'test', ...ms });
  assert.deepEqual([exemplars.status, exemplars.body.data], [200, []]);
  const ruler = await get('/api/v1/rules/test/test');
  assert.equal(ruler.status, 404);
  assert.match(ruler.body.error ?? '', /page not found/);
});

it('completion: metadata, names, values, series; names of UTF-8 escaped', async () => {
  const range = `start=${now - 600}&end=${now}`;
  assert.equal((await get('/api/v1/metadata')).status, 200);
  const names = await get(`/api/v1/label/__name__/values?${range}`);
  assert.deepEqual(names.body.data, ['http_requests_total', 'process.cpu']);
  const labels = await get(`/api/v1/labels?match[]=http_requests_total&${range}`);
  assert.deepEqual(labels.body.data, ['__name__', 'instance', 'job', 'odd.label']);
  const odd = await get(`/api/v1/label/U__odd_2e_label/values?match[]=%7Bjob%3D%22web%22%7D`);
  assert.deepEqual(odd.body.data, ['v0', 'v1', 'v2']);
  const everything = encodeURIComponent('{__name__!=""}');
  const series = await get(`/api/v1/series?match[]=${everything}&${range}&limit=5`);
  assert.equal((series.body.data as unknown[]).length, 5);
  assert.deepEqual(series.body.warnings, ['results truncated due to limit']);
  const form = await post('/api/v1/labels', { 'match[]': '{"process.cpu"}' });
  assert.equal((form.body.data as unknown[]).length, 4);
});

/** A panel's range query as Grafana sends it: aligned to the step, by form. */
async function panel(query: string, end = now, step = STEP): Promise<Reply> {
  const times = { start: String(end - 1800), end: String(end), step: String(step) };
  const reply = await post('/api/v1/query_range', { query, ...times });
  assert.equal(reply.status, 200, JSON.stringify(reply.body));
  return reply;
}

interface Matrix {
  readonly resultType: string;
  readonly result: readonly { metric: object; values: readonly [number, string][] }[];
}

it('a dashboard that moves finds all but its newest steps, with the same values', async () => {
  const query = 'sum by (job) (rate(http_requests_total[5m]))';
  const first = await panel(query);
  assert.equal(first.headers.get('x-mon-cache'), 'miss');
  const again = await panel(query);
  assert.notEqual(again.headers.get('x-mon-cache'), 'miss');
  const moved = await panel(query, now - 10 * STEP);
  assert.notEqual(moved.headers.get('x-mon-cache'), 'miss');
  const strong = { 'X-Read-Consistency': 'strong' };
  const times = `start=${now - 1800}&end=${now}&step=${STEP}`;
  const fresh = await get(
    `/api/v1/query_range?query=${encodeURIComponent(query)}&${times}`,
    strong,
  );
  assert.equal(fresh.headers.get('x-mon-cache'), null);
  assert.deepEqual(again.body, fresh.body);
  assert.deepEqual(first.body, fresh.body);
  const { resultType, result } = first.body.data as Matrix;
  assert.equal(resultType, 'matrix');
  assert.equal(result[0].values.length, 1800 / STEP + 1);
  const rates = (HOSTS * (HOSTS + 1)) / 2;
  for (const [, value] of result[0].values) assert.ok(Math.abs(Number(value) - rates) < 1);
});

it('a late sample is in the next answer, also of what was kept', async () => {
  const query = 'sum(last_over_time(late_series[10m])) or vector(0)';
  const before = (await panel(query)).body.data as Matrix;
  assert.ok(before.result[0].values.every(([, value]) => value === '0'));
  const sample = { timestamp: (now - 900) * 1000, value: 5 };
  await writeSamples(mon.url, [{ labels: { __name__: 'late_series' }, samples: [sample] }]);
  const { result } = (await panel(query)).body.data as Matrix;
  const fives = result[0].values.filter(([, value]) => value === '5').map(([t]) => t);
  assert.deepEqual([fives[0], fives.length], [now - 900, 600 / STEP]);
});

it('format, parse, explain, tsdb status, federate', async () => {
  const query = 'sum(rate(http_requests_total[5m]))';
  const formatted = await post('/api/v1/format_query', { query });
  assert.equal(formatted.body.data, query);
  const tree = (await post('/api/v1/parse_query', { query })).body.data as { type: string };
  assert.equal(tree.type, 'aggregation');
  const range = { start: String(now - 600), end: String(now), step: '15', analyze: 'true' };
  const plan = (await post('/api/v1/explain', { query, ...range })).body.data as {
    readonly cost: number;
    readonly plan: { estimate: { series: number }; actual: { samples: number } };
  };
  assert.equal(plan.plan.estimate.series, HOSTS);
  assert.ok(plan.plan.actual.samples > HOSTS * 40);
  assert.ok(plan.cost >= plan.plan.actual.samples);
  const { headStats, seriesCountByMetricName } = (await get('/api/v1/status/tsdb')).body.data as {
    readonly headStats: { numSeries: number; chunkCount: number };
    readonly seriesCountByMetricName: readonly object[];
  };
  assert.equal(headStats.numSeries, HOSTS * 2 + 1);
  assert.deepEqual(seriesCountByMetricName[0], { name: 'http_requests_total', value: HOSTS });
  const matches = `match[]=${encodeURIComponent('http_requests_total{instance="h0:80"}')}`;
  const text = await (await fetch(`${mon.url}/federate?${matches}`)).text();
  assert.match(text, /^# TYPE http_requests_total untyped\nhttp_requests_total\{instance="h0:80",/);
});

it('hostile questions end in a clear error, and a dashboard beside them is answered', async () => {
  const month = { start: String(now - 30 * 86_400), end: String(now) };
  const deep = '('.repeat(5000) + '1' + ')'.repeat(5000);
  const windows = 'sum_over_time(max_over_time(http_requests_total[1h:1s])[1h:1s])';
  const hostile: readonly (readonly [Record<string, string>, number, RegExp])[] = [
    [{ query: 'up', ...month, step: '1' }, 400, /exceeded maximum resolution of 11,000 points/],
    [{ query: deep, ...month, step: '3600' }, 400, /nested|too deep|parse error/],
    [{ query: windows, ...month, step: '300' }, 422, /too expensive|too many samples/],
    [{ query: 'x'.repeat(100_000), ...month, step: '3600' }, 400, /long|bytes|parse error/],
    [{ query: 'rate(http_requests_total[5m)', ...month, step: '3600' }, 400, /parse error/],
    [{ query: '{__name__=~".+"}', ...month, step: '300', max_cost: '1k' }, 400, /max_cost/],
    [
      { query: '{__name__=~".+"}', ...month, step: '300', max_cost: '1000' },
      422,
      /max-cost is 1000/,
    ],
  ];
  const slow = [
    { query: `http_requests_total{instance=~"${'(a*)*'.repeat(50)}b"}`, ...month, step: '3600' },
    { query: '{__name__=~".+"}', ...month, step: '300' },
    {
      query: `label_replace(http_requests_total, "x", "${'$1'.repeat(20_000)}", "job", "(.*)")`,
      ...month,
      step: '3600',
    },
  ];
  const begin = performance.now();
  const beside = (async () => {
    for (let i = 0; i < 20; i++) await panel('sum(rate(http_requests_total[1m]))', now - i * STEP);
  })();
  for (const [params, status, words] of hostile) {
    const reply = await post('/api/v1/query_range', params);
    const words100 = JSON.stringify(params).slice(0, 100);
    assert.equal(reply.status, status, `${words100}: ${JSON.stringify(reply.body).slice(0, 300)}`);
    assert.match(reply.body.error ?? '', words, words100);
  }
  for (const params of slow) {
    const reply = await post('/api/v1/query_range', params);
    assert.ok([200, 400, 422, 429, 503].includes(reply.status), String(reply.status));
  }
  await beside;
  assert.ok(performance.now() - begin < 60_000, 'no question hangs');
});
