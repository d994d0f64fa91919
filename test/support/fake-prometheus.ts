// A small server that speaks the Prometheus API with fixed answers, for tests of the command line:
// the query text picks the answer. It keeps what it was asked, so that a test can look at times and
// tokens.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** 2023-11-14T22:13:20Z, the time of every fixed answer. */
export const FAKE_TIME_S = 1_700_000_000;

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly params: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface FakePrometheus {
  readonly url: string;
  readonly requests: readonly FakeRequest[];
  close(): Promise<void>;
}

type Reply = { readonly status: number; readonly body: string } | 'never';

const HOSTILE = 'a\u001b[31mred\u0007\u202eb\u0000"\\\n';

const up = (instance: string, value: string): unknown => ({
  metric: { __name__: 'up', instance, job: 'node' },
  value: [FAKE_TIME_S, value],
});
const one = (metric: Record<string, string>, value: string): unknown => ({
  metric,
  value: [FAKE_TIME_S, value],
});

const HISTOGRAM = {
  count: '4',
  sum: '18.4',
  buckets: [
    [3, '-0.001', '0.001', '1'],
    [0, '0.5', '1', '3'],
  ],
};

/** Result type and result by query text. */
const ANSWERS: Readonly<Record<string, readonly [string, unknown]>> = {
  up: ['vector', [up('a:9100', '1'), up('b:9100', '0')]],
  empty: ['vector', []],
  '1+1': ['scalar', [FAKE_TIME_S, '2']],
  '"s"': ['string', [FAKE_TIME_S, 'some text']],
  odd: [
    'vector',
    [
      one({ k: 'nan' }, 'NaN'),
      one({ k: 'inf' }, '+Inf'),
      one({ k: 'minus' }, '-Inf'),
      one({}, '-0'),
    ],
  ],
  hostile: ['vector', [one({ __name__: 'x', label: HOSTILE }, '1')]],
  __proto__: ['vector', [one(JSON.parse('{"__name__":"x","__proto__":"y"}'), '1')]],
  utf8: ['vector', [one({ __name__: 'my.metric', 'a b': 'ä' }, '1.5')]],
  'up[1m]': [
    'matrix',
    [
      {
        metric: { __name__: 'up' },
        values: [
          [FAKE_TIME_S - 10, '1'],
          [FAKE_TIME_S, '0.5'],
        ],
      },
    ],
  ],
  histogram: [
    'vector',
    [
      {
        metric: { __name__: 'h' },
        histogram: [FAKE_TIME_S, HISTOGRAM],
      },
    ],
  ],
  'histogram[1m]': [
    'matrix',
    [
      {
        metric: { __name__: 'h' },
        values: [[FAKE_TIME_S, '2']],
        histograms: [[FAKE_TIME_S - 10, HISTOGRAM]],
      },
    ],
  ],
  warned: ['vector', []],
};

export async function startFake(options: { token?: string } = {}): Promise<FakePrometheus> {
  const requests: FakeRequest[] = [];
  const server: Server = createServer((request, response) => {
    void answer(request, response, requests, options.token);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  requests: FakeRequest[],
  token: string | undefined,
): Promise<void> {
  let body = '';
  for await (const part of request) body += String(part);
  const url = new URL(request.url ?? '/', 'http://fake');
  const isForm = request.headers['content-type'] === 'application/x-www-form-urlencoded';
  const params = isForm ? new URLSearchParams(body) : url.searchParams;
  const method = request.method ?? '';
  const asked = { method, path: url.pathname, params, headers: request.headers, body };
  requests.push(asked);
  const barred = token !== undefined && request.headers.authorization !== `Bearer ${token}`;
  const reply = barred ? failed(401, 'unauthorized', 'a bearer token is needed') : replyTo(asked);
  if (reply === 'never') return;
  const type = reply.body.startsWith('{') ? 'application/json' : 'text/plain';
  response.writeHead(reply.status, { 'Content-Type': type }).end(reply.body);
}

function replyTo({ path, params, body, method }: FakeRequest): Reply {
  switch (path) {
    case '/api/v1/query':
      return query(params.get('query') ?? '');
    case '/api/v1/query_range':
      return range(params);
    case '/api/v1/series':
      if (params.get('match[]')?.includes('total')) return done([]);
      return done([
        { __name__: 'up', job: 'node' },
        { __name__: 'up', job: 'x' },
      ]);
    case '/api/v1/labels':
      return done(['__name__', 'instance', 'job']);
    case '/api/v1/label/__name__/values':
      return done([...NAMES, '$(touch /tmp/x)']);
    case '/api/v1/label/job/values':
      return done(['node', 'prometheus']);
    case '/api/v1/label/jbo/values':
      return done([]);
    case '/api/v1/targets':
      return done({ activeTargets: TARGETS });
    case '/api/v1/status/buildinfo':
      return done({ version: '9.9.9' });
    case '/-/ready':
      return { status: 200, body: 'ready\n' };
    case '/api/v1/push':
    case '/metrics':
      return method === 'POST' ? push(body) : { status: 404, body: '404 page not found\n' };
    default:
      return { status: 404, body: '404 page not found\n' };
  }
}

const NAMES = ['counted', 'empty', 'node_cpu_seconds_total', 'node_load1', 'up', 'warned'];

const TARGETS = [
  {
    scrapePool: 'node',
    scrapeUrl: 'http://a:9100/metrics',
    labels: { instance: 'a:9100', job: 'node' },
    health: 'up',
    lastError: '',
    lastScrape: '2023-11-14T22:13:20.123456789Z',
    lastScrapeDuration: 0.0125,
  },
  {
    scrapePool: 'node',
    scrapeUrl: 'http://b:9100/metrics',
    labels: { instance: 'b:9100', job: 'node' },
    health: 'down',
    lastError: 'connection refused',
    lastScrape: '0001-01-01T00:00:00Z',
    lastScrapeDuration: 0,
  },
];

let ticks = 100;

function query(text: string): Reply {
  if (text === 'slow') return 'never';
  if (text.includes('rat(')) {
    const at = text.indexOf('rat(');
    const line = text.slice(0, at).split('\n').length;
    const column = Buffer.byteLength(text.slice(text.lastIndexOf('\n', at) + 1, at)) + 1;
    const words = 'parse error: unknown function with name "rat"';
    return failed(400, 'bad_data', `invalid parameter "query": ${line}:${column}: ${words}`);
  }
  if (text === 'placed') {
    const words = 'invalid parameter "query": 1:1: parse error: no such name';
    const more = { hint: 'did you mean plaice?', start: 0, end: 6 };
    return failed(400, 'bad_data', words, more);
  }
  if (text === 'late') return failed(503, 'timeout', 'query timed out in expression evaluation');
  if (text === 'broken') return { status: 200, body: '<html>hello</html>' };
  if (text === 'gone') return { status: 502, body: 'Bad Gateway' };
  if (text === 'dup') return failed(422, 'execution', 'many-to-many matching not allowed');
  if (text === 'ticking') {
    const wide = { __name__: 'ticks', label: 'x'.repeat(200) };
    const result = [one({ __name__: 'still' }, '7'), one(wide, String(ticks++))];
    return done({ resultType: 'vector', result });
  }
  if (text === 'many') return done({ resultType: 'vector', result: manySeries() });
  const [resultType, result] = ANSWERS[text] ?? ['vector', []];
  const stats = {
    timings: { evalTotalTime: 0.25 },
    samples: { totalQueryableSamples: 12 },
    series: { totalQueryableSeries: 2 },
    bytes: 100,
    cache: 'hit',
  };
  if (text === 'counted') return done({ resultType, result, stats });
  if (text !== 'warned') return done({ resultType, result });
  const more = { warnings: ['one source\nis away'], infos: ['not a counter'] };
  return done({ resultType, result }, more);
}

function manySeries(): unknown[] {
  return Array.from({ length: 20_000 }, (_, i) => one({ __name__: 'm', i: String(i) }, String(i)));
}

function range(params: URLSearchParams): Reply {
  const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(params.get(name)));
  const values = [];
  for (let t = start, i = 0; t <= end; t += step, i++) values.push([t, String(i % 7)]);
  const metric = { __name__: 'up', job: 'node' };
  return done({ resultType: 'matrix', result: [{ metric, values }] });
}

function push(body: string): Reply {
  if (body.includes('!')) return failed(400, 'bad_data', 'line 1: not a sample');
  const outcome = { accepted: 1, refused: 0, reasons: {}, examples: [] };
  if (!body.includes('old')) return { status: 200, body: JSON.stringify(outcome) };
  const partly = { refused: 1, reasons: { tooOld: 1 }, examples: ['old_metric is too old'] };
  return failed(400, 'bad_data', '1 of 2 refused', { ...outcome, ...partly });
}

function done(data: unknown, more: object = {}): Reply {
  return { status: 200, body: JSON.stringify({ status: 'success', data, ...more }) };
}

function failed(status: number, errorType: string, error: string, more: object = {}): Reply {
  return { status, body: JSON.stringify({ status: 'error', errorType, error, ...more }) };
}
