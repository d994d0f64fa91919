// A fleet that exists only as functions of time, asked through the Ask port or over HTTP: what the
// tests of screens look at. The same instant always gives the same values. Faults are switched on
// by fields: down, slow, broken for one expression, hostile names.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MonError } from '../../src/engine/errors.ts';
import { gridSize, type Grid, type Matrix } from '../../src/engine/model/fragment.ts';
import { labelsObject, makeLabels, type Labels } from '../../src/engine/model/labels.ts';
import type { QueryAnswer } from '../../src/engine/model/query-result.ts';
import type { Ask } from '../../src/engine/ports.ts';
import type { FeedTarget } from '../../src/tui/feed/snapshot.ts';

type Curve = (seconds: number) => number;

interface FleetSeries {
  readonly labels: Labels;
  readonly at: Curve;
}

export interface Fleet {
  /** Every question fails as an unreachable server does. */
  down: boolean;
  /** Expressions that contain this text fail. */
  broken: string;
  /** Questions never end (until aborted). */
  hangs: boolean;
  /** Names of services and instances; the first service is replaced by it where set. */
  hostile: string;
  /** Every answer of the server takes so long more, ms. */
  delayMs: number;
  /** Whether there are requests, hosts, or nothing at all. */
  has: 'all' | 'host' | 'nothing';
  /** Questions asked so far: expression and grid. */
  readonly asked: { expr: string; grid: Grid }[];
}

/** A fleet in which all is well. */
export function makeFleet(more: Partial<Fleet> = {}): Fleet {
  const well = { down: false, broken: '', hangs: false, hostile: '', delayMs: 0 };
  return { ...well, has: 'all', asked: [], ...more };
}

/** A smooth noise between 0 and 1, the same for the same seed and time. */
function noise(seed: number, seconds: number): number {
  const at = seconds / 20 + seed * 131;
  const cell = Math.floor(at);
  const mix = at - cell;
  const random = (n: number): number => {
    const x = Math.sin(n * 127.1 + seed * 311.7) * 43758.5453;
    return x - Math.floor(x);
  };
  return random(cell) * (1 - mix) + random(cell + 1) * mix;
}

/** An incident in every fourth of twenty-minute periods. */
function incident(seconds: number): number {
  const phase = (seconds % 1200) / 1200;
  return phase > 0.55 && phase < 0.7 ? Math.sin(((phase - 0.55) / 0.15) * Math.PI) : 0;
}

const SERVICES = ['checkout', 'cart', 'search', 'login'];

function byService(fleet: Fleet, at: (index: number) => Curve): FleetSeries[] {
  const names = fleet.hostile === '' ? SERVICES : [fleet.hostile, ...SERVICES.slice(1)];
  return names.map((service, i) => ({ labels: makeLabels([['service', service]]), at: at(i) }));
}

function one(at: Curve): FleetSeries[] {
  return [{ labels: [], at }];
}

function host(at: Curve): FleetSeries[] {
  return [{ labels: makeLabels([['instance', 'laptop:9100']]), at }];
}

const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, Infinity];

/** Cumulative buckets of latencies around a median that moves. */
function buckets(): FleetSeries[] {
  return BOUNDS.map((bound) => ({
    labels: makeLabels([['le', bound === Infinity ? '+Inf' : String(bound)]]),
    at: (t) => {
      const median = 0.05 + 0.03 * noise(22, t) + 0.7 * incident(t);
      const share = bound === Infinity ? 1 : 1 / (1 + (median / bound) ** 2.2);
      return 900 * share * (0.8 + 0.4 * noise(23, t));
    },
  }));
}

/** What a label may be in a query for values. */
export function fleetValues(label: string, fleet: Fleet): string[] {
  if (fleet.has === 'nothing') return [];
  if (label === 'service') {
    return fleet.hostile === '' ? [...SERVICES] : [fleet.hostile, ...SERVICES.slice(1)];
  }
  return label === 'instance' ? ['laptop:9100'] : [];
}

/** The series that an expression of the overview selects. */
function seriesOf(expr: string, fleet: Fleet): FleetSeries[] {
  if (fleet.has === 'nothing') return [];
  if (expr.includes('http_') && fleet.has === 'host') return [];
  if (expr.includes('sum by (le) (rate(http') && !expr.includes('quantile')) return buckets();
  if (expr.includes('resident_memory')) {
    return byService(fleet, (i) => (t) => 2e8 * (i + 1) * (1 + 0.2 * noise(i + 30, t / 3)));
  }
  if (expr.includes('queue_depth')) {
    return byService(fleet, (i) => (t) => 3 * (i + 1) + 40 * incident(t) + 3 * noise(i + 40, t));
  }
  if (/\bup\{/.test(expr)) return one((t) => (incident(t) > 0.5 ? 0.875 : 1));
  if (expr.includes('code=~')) {
    return byService(fleet, (i) => (t) => 0.002 + (i === 0 ? 0.12 * incident(t) : 0));
  }
  if (expr.includes('http_request_duration')) {
    return byService(fleet, (i) => (t) => 0.04 * (i + 1) + 0.01 * noise(i, t) + 0.6 * incident(t));
  }
  if (expr.includes('http_requests_total')) {
    return byService(fleet, (i) => (t) => [420, 310, 180, 35][i] * (0.8 + 0.4 * noise(i + 5, t)));
  }
  if (expr.includes('node_cpu')) {
    return host((t) => Math.min(1, 0.18 + 0.25 * noise(11, t) + 0.5 * incident(t)));
  }
  if (expr.includes('MemAvailable')) return host((t) => 0.61 + 0.05 * noise(12, t / 4));
  if (expr.includes('network_receive')) return one((t) => 3.2e6 * (0.4 + noise(13, t)));
  if (expr.includes('network_transmit')) return one((t) => 1.1e6 * (0.4 + noise(14, t)));
  if (expr.includes('disk_read')) return one((t) => (noise(15, t) > 0.7 ? 4e7 * noise(16, t) : 0));
  if (expr.includes('disk_written')) return one((t) => 9e6 * noise(17, t));
  if (expr.includes('node_load1')) return host((t) => 0.4 + 2 * noise(18, t));
  if (expr.includes('mon_door_samples')) return one((t) => 12_300 + 900 * noise(19, t));
  if (expr.includes('mon_head_series')) return one(() => 48_211);
  if (expr.includes('mon_log_bytes')) return one((t) => 1.4e5 + 1e4 * noise(20, t));
  if (expr.includes('mon_query_seconds')) return one((t) => 0.012 + 0.004 * noise(21, t));
  if (expr.includes('start_time')) return one(() => 1_763_600_000);
  return [];
}

function answer(expr: string, grid: Grid, fleet: Fleet): Matrix {
  const series = seriesOf(expr, fleet);
  const steps = gridSize(grid);
  const values = new Float64Array(series.length * steps);
  series.forEach(({ at }, s) => {
    // A scrape every ten seconds: values stand still in between.
    for (let i = 0; i < steps; i++) {
      values[s * steps + i] = at(Math.floor((grid.start + i * grid.step) / 10_000) * 10);
    }
  });
  const present = new Uint8Array(values.length).fill(1);
  return { labels: series.map((s) => s.labels), steps, values, present };
}

/** The fleet through the port, in this process. */
export function fleetAsk(fleet: Fleet): Ask {
  const ask = async (expr: string, grid: Grid, signal?: AbortSignal): Promise<Matrix> => {
    fleet.asked.push({ expr, grid });
    if (fleet.down) throw new MonError('MON_SERVER_UNREACHABLE', 'connection refused');
    if (fleet.broken !== '' && expr.includes(fleet.broken)) {
      throw new MonError('MON_QUERY_FAILED', 'found duplicate series for the match group');
    }
    if (fleet.hangs) await new Promise((resolve) => signal?.addEventListener('abort', resolve));
    return answer(expr, grid, fleet);
  };
  const whole = { warnings: [], infos: [], whole: true, seriesRead: 0, samplesRead: 0 };
  return {
    async instant(query, timeMs, options): Promise<QueryAnswer> {
      const grid = { start: timeMs, end: timeMs, step: 1 };
      const matrix = await ask(query, grid, options?.signal);
      return { result: { type: 'vector', timeMs, matrix }, ...whole };
    },
    async range(query, start, end, step, options): Promise<QueryAnswer> {
      const grid = { start, end, step };
      const matrix = await ask(query, grid, options?.signal);
      return { result: { type: 'matrix', grid, matrix }, ...whole };
    },
  };
}

/** Targets of the fleet at an instant: most up, one down, one not yet scraped. */
export function fleetTargets(fleet: Fleet, nowMs: number): readonly FeedTarget[] {
  if (fleet.down) throw new MonError('MON_SERVER_UNREACHABLE', 'connection refused');
  if (fleet.has === 'nothing') return [];
  const lastScrapeMs = Math.floor(nowMs / 10_000) * 10_000 - 300;
  const names = [
    ...['checkout', 'cart', 'search'].flatMap((s) => [`${s}-1:8080`, `${s}-2:8080`]),
    'login-1:8080',
    'laptop:9100',
  ];
  if (fleet.hostile !== '') names[0] = fleet.hostile;
  return names.map((instance, i): FeedTarget => {
    const down = i === 3;
    const fresh = i === 6;
    return {
      scrapePool: 'demo',
      scrapeUrl: `http://${instance}/metrics`,
      labels: makeLabels([
        ['job', i === 7 ? 'node' : 'demo'],
        ['instance', instance],
      ]),
      health: down ? 'down' : fresh ? 'unknown' : 'up',
      lastError: down ? 'connect ECONNREFUSED 10.0.0.12:8080' : '',
      lastScrapeMs: fresh ? 0 : lastScrapeMs,
      lastDurationMs: fresh ? 0 : 4.2 + i * 1.7,
      intervalMs: 10_000,
    };
  });
}

export interface FleetServer {
  readonly url: string;
  readonly fleet: Fleet;
  /** Stops listening; `start` listens on the same port again. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** The fleet as a server of the Prometheus API on a free port. */
export async function serveFleet(fleet: Fleet = makeFleet()): Promise<FleetServer> {
  let server = fleetServer(fleet);
  await listen(server, 0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    fleet,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
    async start() {
      server = fleetServer(fleet);
      await listen(server, port);
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
}

function fleetServer(fleet: Fleet): Server {
  return createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://x');
      const params = new URLSearchParams(body === '' ? url.search : body);
      const data = fleetJson(url.pathname, params, fleet);
      const send = (): void => {
        response.writeHead(data === undefined ? 404 : 200, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ status: data === undefined ? 'error' : 'success', data }));
      };
      if (fleet.delayMs > 0) setTimeout(send, fleet.delayMs);
      else send();
    });
  });
}

function fleetJson(path: string, params: URLSearchParams, fleet: Fleet): unknown {
  const expr = params.get('query') ?? '';
  const ms = (name: string): number => Math.round(Number(params.get(name)) * 1000);
  if (path === '/api/v1/status/buildinfo') return { version: '0.1.0' };
  if (path === '/api/v1/targets') {
    return { activeTargets: fleetTargets(fleet, Date.now()).map(targetJson), droppedTargets: [] };
  }
  const label = /^\/api\/v1\/label\/([^/]+)\/values$/.exec(path);
  if (label !== null) return fleetValues(decodeURIComponent(label[1]), fleet);
  const instant = path === '/api/v1/query';
  if (!instant && path !== '/api/v1/query_range') return undefined;
  const grid = instant
    ? { start: ms('time'), end: ms('time'), step: 1 }
    : { start: ms('start'), end: ms('end'), step: ms('step') };
  fleet.asked.push({ expr, grid });
  const { labels, steps, values } = answer(expr, grid, fleet);
  const point = (s: number, i: number): [number, string] => [
    (grid.start + i * grid.step) / 1000,
    String(values[s * steps + i]),
  ];
  const result = labels.map((set, s) => {
    const metric = labelsObject(set);
    if (instant) return { metric, value: point(s, 0) };
    return { metric, values: Array.from({ length: steps }, (_, i) => point(s, i)) };
  });
  return { resultType: instant ? 'vector' : 'matrix', result };
}

function targetJson(target: FeedTarget): object {
  return {
    scrapePool: target.scrapePool,
    scrapeUrl: target.scrapeUrl,
    labels: labelsObject(target.labels),
    health: target.health,
    lastError: target.lastError,
    lastScrape: new Date(target.lastScrapeMs).toISOString(),
    lastScrapeDuration: target.lastDurationMs / 1000,
    scrapeInterval: '10s',
  };
}
