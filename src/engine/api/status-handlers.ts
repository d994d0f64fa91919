// What the server tells about itself: build, flags, configuration, targets, counters, health, and
// the few lines at the root for a person with curl. Easy to get wrong: `/-/healthy` means "the
// process answers", `/-/ready` means "it answers with the data there is"; balancers act on the
// second.
import { RETENTION_RAW_MS } from '../limits.ts';
import { formatDuration } from '../model/duration.ts';
import { labelValue, labelsObject } from '../model/labels.ts';
import type { TargetStatus } from '../ports.ts';
import type { ApiParts } from './api-parts.ts';
import type { Call } from './call.ts';
import { Refused } from './failure-status.ts';
import { JSON_TYPE, TEXT_TYPE, sendWhole, successJson } from './respond.ts';

const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
/** What Go prints for a time that never was. */
const NEVER = '0001-01-01T00:00:00Z';

function send(call: Call, data: unknown): Promise<void> {
  return sendWhole(call.response, call.head(200, JSON_TYPE), successJson(data));
}

function sendText(call: Call, status: number, text: string): Promise<void> {
  const head = {
    ...call.head(status, TEXT_TYPE),
    headers: { 'X-Content-Type-Options': 'nosniff' },
  };
  return sendWhole(call.response, head, text);
}

/** GET /api/v1/targets?state=&scrapePool=. */
export async function targets(call: Call, { targets: known }: ApiParts): Promise<void> {
  const params = await call.params();
  const state = (params.get('state') ?? '').toLowerCase() || 'any';
  const pool = params.get('scrapePool') ?? '';
  if (!['any', 'active', 'dropped'].includes(state)) {
    const error = `invalid parameter "state": not supported value ${JSON.stringify(state)}`;
    throw new Refused({ status: 400, errorType: 'bad_data', error });
  }
  const active = state === 'dropped' ? [] : known.active();
  const dropped = known.dropped().map((labels) => ({
    discoveredLabels: labelsObject(labels),
    scrapePool: labelValue(labels, 'job'),
  }));
  const counts = Object.create(null) as Record<string, number>;
  for (const { scrapePool } of dropped) counts[scrapePool] = (counts[scrapePool] ?? 0) + 1;
  const inPool = (t: { scrapePool: string }): boolean => pool === '' || t.scrapePool === pool;
  await send(call, {
    activeTargets: active.filter(inPool).map(targetObject),
    droppedTargets: state === 'active' ? [] : dropped.filter(inPool),
    droppedTargetCounts: counts,
  });
}

function targetObject(target: TargetStatus): Record<string, unknown> {
  return {
    discoveredLabels: labelsObject(target.discoveredLabels),
    labels: labelsObject(target.labels),
    scrapePool: target.scrapePool,
    scrapeUrl: target.scrapeUrl,
    globalUrl: target.scrapeUrl,
    lastError: target.lastError,
    lastScrape: target.lastScrapeMs === 0 ? NEVER : new Date(target.lastScrapeMs).toISOString(),
    lastScrapeDuration: Math.round(target.lastDurationMs * 1e6) / 1e9,
    health: target.health,
    scrapeInterval: formatDuration(target.intervalMs),
    scrapeTimeout: formatDuration(target.timeoutMs),
  };
}

/** GET /api/v1/status/buildinfo. */
export async function buildInfo(call: Call, { version }: ApiParts): Promise<void> {
  await send(call, {
    version: version.version,
    revision: version.revision ?? '',
    branch: version.branch ?? '',
    buildUser: version.buildUser ?? '',
    buildDate: version.buildDate ?? '',
    goVersion: version.runtime ?? '',
  });
}

/** GET /api/v1/status/runtimeinfo. */
export async function runtimeInfo(call: Call, parts: ApiParts): Promise<void> {
  const startTime = new Date(parts.startedMs).toISOString();
  await send(call, {
    startTime,
    serverTime: new Date(parts.clock.now()).toISOString(),
    reloadConfigSuccess: true,
    lastConfigTime: startTime,
    storageRetention: formatDuration(parts.retentionMs ?? RETENTION_RAW_MS),
  });
}

/** GET /api/v1/status/flags. */
export async function flags(call: Call, parts: ApiParts): Promise<void> {
  await send(call, parts.flags ?? {});
}

/** GET /api/v1/status/config. */
export async function config(call: Call, parts: ApiParts): Promise<void> {
  await send(call, { yaml: parts.configText?.() ?? '' });
}

/** GET /metrics: the process's own counters. */
export async function selfMetrics(call: Call, parts: ApiParts): Promise<void> {
  await sendWhole(call.response, call.head(200, EXPOSITION_TYPE), parts.selfMetrics());
}

/** GET or HEAD /-/healthy. */
export async function healthy(call: Call): Promise<void> {
  await sendText(call, 200, 'mon is healthy.\n');
}

/** GET or HEAD /-/ready. */
export async function ready(call: Call, parts: ApiParts): Promise<void> {
  const { ready: isReady, why } = parts.ready();
  await sendText(call, isReady ? 200 : 503, isReady ? 'mon is ready.\n' : `not ready: ${why}\n`);
}

/** GET /api/v1/status: how the server and each of its processes is. */
export async function status(call: Call, parts: ApiParts): Promise<void> {
  const { ready: isReady, why } = parts.ready();
  const alone = { role: 'all', member: 'mon', state: isReady ? 'ready' : 'not ready', why };
  const roles = parts.roles === undefined ? [alone] : await parts.roles();
  const { version } = parts.version;
  const startTime = new Date(parts.startedMs).toISOString();
  await send(call, { ready: isReady, why, version, startTime, roles });
}

/** GET /: what this is and what to try. */
export async function welcome(call: Call, { version }: ApiParts): Promise<void> {
  const host = call.header('host');
  const base = /^[\w.:[\]-]{1,255}$/.test(host) ? `http://${host}` : 'http://HOST:PORT';
  const lines = [
    `mon ${version.version}, a monitoring system. This address answers the Prometheus HTTP API.`,
    '',
    'Try in a terminal:',
    `  mon query up --url ${base}`,
    `  mon top --url ${base}`,
    `  curl '${base}/api/v1/query?query=up'`,
    `  echo 'my_metric{room="attic"} 21.5' | curl --data-binary @- ${base}/api/v1/push \\`,
    "    -H 'Content-Type: text/plain'",
    '',
    `Grafana: add a Prometheus data source with the URL ${base}`,
    `Prometheus: remote_write to ${base}/api/v1/write`,
    '',
  ];
  await sendText(call, 200, lines.join('\n'));
}
