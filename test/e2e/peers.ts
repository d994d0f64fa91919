// Debian's Prometheus scrapes itself, mon and a target that dies, and remote-writes all of it
// into a real `mon up`; afterwards both are asked the same. The short suite writes for seconds,
// the long one for two minutes. Easy to get wrong: Prometheus 2 takes a sample that lies exactly
// on the left edge of a range and Prometheus 3 does not, so every time asked stands off the
// samples' grid.
import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort, startMon } from '../support/mon-process.ts';
import { startPrometheus } from '../support/real-prometheus.ts';
import { QUIET_CONFIG } from './mon-folder.ts';
import { ask, assertSame, assertSameList, latestOf, refusal } from './peer-answers.ts';
import { PEER_QUERIES, REFUSED_QUERIES } from './peer-queries.ts';

export interface PeersReport {
  readonly queries: number;
  /** Values compared, over all queries. */
  readonly values: number;
  readonly series: number;
}

/**
 * Some series begin with the second scrape. Rates must see none begin: Prometheus 3 extrapolates
 * there by less than Prometheus 2 does.
 */
const SETTLE_MS = 3000;
const RATE_WINDOW_MS = 6000;
/** A query must not stand on a sample; nor may the scrape's own wobble put one there. */
const PHASE_STEP_MS = 50;
/** What the windows and steps of all queries are multiples of. */
const GRID_MS = 500;

export async function comparePeers(writeMs: number): Promise<PeersReport> {
  const folder = await mkdtemp(join(tmpdir(), 'mon-peers-'));
  const config = join(folder, 'mon.yml');
  await writeFile(config, QUIET_CONFIG);
  const mon = await startMon({ dataDir: join(folder, 'data'), port: await freePort(), config });
  const mortal = await startMortal();
  const peer = await startPrometheus({
    folder,
    config: prometheusConfig(mon.url, (mortal.address() as AddressInfo).port),
  });
  try {
    // Discovery hands the targets over after up to 5 s.
    await arrived(mon.url, 0);
    const startMs = Date.now();
    await pause(writeMs * 0.75);
    mortal.close();
    mortal.closeAllConnections();
    await pause(writeMs * 0.25);
    const endMs = Date.now();
    await arrived(mon.url, endMs);
    return await compare([peer.url, mon.url], startMs, endMs);
  } catch (thrown) {
    throw new Error(`${String(thrown)}\nmon: ${mon.output()}\nPrometheus: ${peer.output()}`, {
      cause: thrown,
    });
  } finally {
    mortal.close();
    await peer.end();
    await mon.end('SIGTERM');
    await rm(folder, { recursive: true, force: true });
  }
}

function prometheusConfig(monUrl: string, mortalPort: number): string {
  return `
global: {scrape_interval: 1s, scrape_timeout: 900ms}
scrape_configs:
  - job_name: prometheus
    static_configs: [{targets: ['127.0.0.1:PORT']}]
  - job_name: mon
    static_configs: [{targets: ['${monUrl.replace('http://', '')}']}]
  - job_name: mortal
    static_configs: [{targets: ['127.0.0.1:${mortalPort}']}]
remote_write:
  - url: ${monUrl}/api/v1/write
    queue_config: {batch_send_deadline: 200ms}
    metadata_config: {send_interval: 1s}
`;
}

/** A target with a counter; closing it leaves its series stale. */
async function startMortal(): Promise<Server> {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked++;
    const edges = ['0.1', '0.5', '1', '+Inf'];
    const buckets = edges.map((le, i) => `mortal_seconds_bucket{le="${le}"} ${asked * (i + 1)}`);
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(
      [
        '# TYPE mortal_scrapes_total counter',
        `mortal_scrapes_total ${asked}`,
        '# TYPE mortal_seconds histogram',
        ...buckets,
        `mortal_seconds_sum ${asked * 0.75}`,
        `mortal_seconds_count ${asked * 4}`,
        '# TYPE mortal_odd gauge',
        'mortal_odd{of="nan"} NaN',
        'mortal_odd{of="infinity"} -Inf',
        'mortal_odd{of="zero"} -0',
        `mortal_odd{of="wave"} ${Math.sin(asked) * 1e-7}`,
        '',
      ].join('\n'),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** Waits until the `up` of every target has a sample beyond this time in mon. */
async function arrived(url: string, untilMs: number): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const latest = await latestOf(url, 'up');
    if (latest.length === 3 && latest.every((ms) => ms > untilMs)) return;
    assert.ok(performance.now() < deadline, `remote write is behind: ${latest.join(', ')}`);
    await pause(100);
  }
}

async function compare(
  urls: readonly [string, string],
  startMs: number,
  endMs: number,
): Promise<PeersReport> {
  const phaseMs = await quietPhase(urls[0]);
  const onPhase = (ms: number): number => Math.floor(ms / 1000) * 1000 + phaseMs;
  const first = onPhase(startMs + SETTLE_MS + RATE_WINDOW_MS + 1000);
  const last = onPhase(endMs - 1000);
  assert.ok(last - first > 4000, 'there is something to ask for');
  const every = `{__name__!=""}[${last - first}ms]`;
  const [written, held] = await both(urls, (url) => ask(url, every, { timeMs: last }));
  let values = assertSame('every sample', written, held);
  for (const query of PEER_QUERIES) {
    const window = { start: first, end: last, stepMs: query.stepMs ?? 1000 };
    const [theirs, ours] = await both(urls, (url) => ask(url, query.text, window));
    values += assertSame(query.text, theirs, ours);
    if (query.empty !== true) assert.ok(theirs.size > 0, `${query.text} answers something`);
    for (const timeMs of [first, onPhase((first + last) / 2), last]) {
      const [theirNow, ourNow] = await both(urls, (url) => ask(url, query.text, { timeMs }));
      values += assertSame(`${query.text} at ${timeMs}`, theirNow, ourNow);
    }
  }
  const said = await both(urls, (url) =>
    Promise.all(REFUSED_QUERIES.map((query) => refusal(url, query, last))),
  );
  assert.deepEqual(said[1], said[0]);
  const span = `start=${first / 1000}&end=${last / 1000}`;
  const paths = [
    `series?match[]={__name__=~"mortal_.*"}&${span}`,
    'label/job/values',
    `label/__name__/values?match[]={job="mortal"}`,
    `labels?match[]={job="prometheus"}&${span}`,
  ];
  for (const path of paths) await assertSameList(urls, path);
  const series = await ask(urls[1], 'count({__name__!=""})', { timeMs: last });
  return { queries: PEER_QUERIES.length, values, series: Number([...series.values()][0][0][1]) };
}

async function both<T>(
  urls: readonly [string, string],
  from: (url: string) => Promise<T>,
): Promise<[T, T]> {
  return [await from(urls[0]), await from(urls[1])];
}

/**
 * The millisecond within half a second that is farthest from every sample and from the second: a
 * range of 3500ms begins, and a step of 500ms stands, half a second away from the times asked.
 */
async function quietPhase(url: string): Promise<number> {
  const taken = [0, ...(await latestOf(url, 'up')).map((ms) => ms % GRID_MS)];
  const distance = (a: number, b: number): number => {
    const d = Math.abs(a - b);
    return Math.min(d, GRID_MS - d);
  };
  const room = (phase: number): number => Math.min(...taken.map((ms) => distance(ms, phase)));
  const phases = Array.from({ length: GRID_MS / PHASE_STEP_MS }, (_, i) => i * PHASE_STEP_MS);
  return phases.reduce((best, phase) => (room(phase) > room(best) ? phase : best));
}
