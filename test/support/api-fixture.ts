// An API server on a free port with fakes behind it, and a client that sees whole answers. The
// fakes answer what a test puts into them and remember what they were asked.
import { request } from 'node:http';
import type { IncomingHttpHeaders, RequestOptions } from 'node:http';
import { ApiServer } from '../../src/engine/api/api-server.ts';
import type { ApiParts } from '../../src/engine/api/api-parts.ts';
import type { Labels } from '../../src/engine/model/labels.ts';
import type { QueryAnswer, QueryResult } from '../../src/engine/model/query-result.ts';
import type { AskOptions, PushOutcome } from '../../src/engine/ports.ts';
import { systemClock } from '../../src/engine/runtime/clock.ts';

export const NOW_MS = 1_700_000_000_123;
const STARTED_MS = 1_700_000_000_000;

/** What a fake was asked, and what it is to answer. */
export interface Fakes {
  asked: unknown[];
  options: AskOptions[];
  answer: () => Promise<QueryAnswer>;
  series: readonly Labels[];
  names: readonly string[];
  metadata: readonly { family: string; type: string; help: string; unit: string }[];
  bodies: { readonly door: string; readonly bytes: Buffer; readonly type?: string }[];
  outcome: () => Promise<PushOutcome>;
  ready: { ready: boolean; why: string };
  bugs: unknown[];
}

export function answerOf(result: QueryResult, more: Partial<QueryAnswer> = {}): QueryAnswer {
  const plain = { warnings: [], infos: [], whole: true, seriesRead: 1, samplesRead: 2 };
  return { result, ...plain, ...more };
}

/** A fake outcome: everything accepted unless told otherwise. */
export function outcomeOf(more: Partial<PushOutcome> = {}): PushOutcome {
  return { accepted: 1, refused: 0, reasons: {}, examples: [], ...more };
}

function freshFakes(): Fakes {
  return {
    asked: [],
    options: [],
    answer: async () => answerOf({ type: 'scalar', timeMs: NOW_MS, value: 1 }),
    series: [],
    names: [],
    metadata: [],
    bodies: [],
    outcome: async () => outcomeOf(),
    ready: { ready: true, why: '' },
    bugs: [],
  };
}

function fakeParts(fakes: Fakes): ApiParts {
  const push = (door: string) => (body: Uint8Array, type?: string) => {
    const bytes = Buffer.from(body);
    fakes.bodies.push(type === undefined ? { door, bytes } : { door, bytes, type });
    return fakes.outcome();
  };
  return {
    ask: {
      instant(query, timeMs, options = {}) {
        fakes.asked.push(['instant', query, timeMs]);
        fakes.options.push(options);
        return fakes.answer();
      },
      async range(...[query, startMs, endMs, stepMs, options = {}]) {
        fakes.asked.push(['range', query, startMs, endMs, stepMs]);
        fakes.options.push(options);
        return fakes.answer();
      },
    },
    source: {
      fragment: () => Promise.reject(new Error('the API runs no fragments')),
      async series(...asked) {
        fakes.asked.push(['series', ...asked]);
        return fakes.series;
      },
      async labelNames(...asked) {
        fakes.asked.push(['labelNames', ...asked]);
        return fakes.names;
      },
      async labelValues(...asked) {
        fakes.asked.push(['labelValues', ...asked]);
        return fakes.names;
      },
      metadata: async () => fakes.metadata,
    },
    intake: {
      remoteWrite: push('remoteWrite'),
      remoteWrite2: push('remoteWrite2'),
      writeRequest: push('writeRequest'),
      json: push('json'),
      exposition: push('exposition'),
    },
    targets: { active: () => [], dropped: () => [] },
    selfMetrics: () => '# TYPE up gauge\nup 1\n',
    ready: () => fakes.ready,
    clock: { ...systemClock, now: () => NOW_MS },
    version: { version: '1.2.3', revision: 'abc', runtime: 'v24' },
    startedMs: STARTED_MS,
    onBug: (thrown) => fakes.bugs.push(thrown),
  };
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
  readonly text: string;
}

export type Ask = RequestOptions & { readonly body?: string | Buffer };

/** One request on a connection of its own; the whole answer. */
export function call(base: string, path: string, options: Ask = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const { body, ...more } = options;
    const req = request(base + path, { agent: false, ...more }, (res) => {
      const pages: Buffer[] = [];
      res.on('data', (page: Buffer) => pages.push(page));
      res.on('error', reject);
      res.on('end', () => {
        const bytes = Buffer.concat(pages);
        const { statusCode = 0, headers } = res;
        resolve({ status: statusCode, headers, bytes, text: bytes.toString() });
      });
    });
    req.on('error', reject);
    req.end(body);
  });
}

export interface Fixture {
  readonly fakes: Fakes;
  readonly server: ApiServer;
  readonly base: string;
  readonly port: number;
  call(path: string, options?: Ask): Promise<Reply>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Starts a server; `await using` stops it. */
export async function startApi(more: Partial<ApiParts> = {}): Promise<Fixture> {
  const fakes = freshFakes();
  const server = new ApiServer({ ...fakeParts(fakes), ...more });
  const { port } = await server.listen('127.0.0.1', 0);
  const base = `http://127.0.0.1:${port}`;
  return {
    fakes,
    server,
    base,
    port,
    call: (path, options) => call(base, path, options),
    [Symbol.asyncDispose]: () => server.drain(1000),
  };
}

/** A form body as Prometheus' own client sends it. */
export function form(params: Record<string, string>): Ask {
  const body = new URLSearchParams(params).toString();
  return {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  };
}
