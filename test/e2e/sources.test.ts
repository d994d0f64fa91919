// The Pushgateway's paths and StatsD through the real process and through a cluster: groups are
// shown until they are deleted and outlive a kill, packets become counters, gauges, summaries and
// sets.
import { strict as assert } from 'node:assert';
import { createSocket } from 'node:dgram';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort, startMon } from '../support/mon-process.ts';
import { until } from '../support/until.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mon-sources-'));
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

const FORMS = { 'one process': [], 'a cluster': ['--cluster', '--collectors', '2'] } as const;
type Form = keyof typeof FORMS;

async function start(form: Form, more = '') {
  const config = join(folder, 'mon.yml');
  const mon = `mon: {host_agent: false, self_scrape: false${more}}`;
  await writeFile(config, `global: {scrape_interval: 250ms, scrape_timeout: 250ms}\n${mon}\n`);
  const args = FORMS[form];
  return await startMon({ dataDir: join(folder, 'data'), port: await freePort(), config, args });
}

interface Row {
  readonly metric: Record<string, string>;
  readonly value: [number, string];
}

async function rows(url: string, query: string): Promise<Row[]> {
  const reply = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(query)}`);
  return ((await reply.json()) as { data: { result: Row[] } }).data.result;
}

/** Waits until the query's first row has the value, or there is none; answers that row. */
async function untilValue(url: string, query: string, want: string | undefined): Promise<Row> {
  let found: Row[] = [];
  const holds = async (): Promise<boolean> => {
    found = await rows(url, query);
    return found[0]?.value[1] === want;
  };
  await until(`${query} is ${want}`, holds, { seen: () => JSON.stringify(found) });
  return found[0];
}

for (const form of Object.keys(FORMS) as Form[]) {
  test(`groups of pushed metrics: ${form}`, () => groups(form));
  test(`StatsD packets: ${form}`, () => statsd(form));
}

async function groups(form: Form): Promise<void> {
  let mon = await start(form);
  const send = (path: string, method: string, body?: string): Promise<Response> =>
    fetch(`${mon.url}/metrics/job/${path}`, { method, ...(body === undefined ? {} : { body }) });
  try {
    const body = '# TYPE done_total counter\ndone_total{job="own"} 5\nrows{part="a"} 7\n';
    assert.equal((await send('backup/host/web-1', 'PUT', body)).status, 200);
    const row = await untilValue(mon.url, 'done_total', '5');
    assert.deepEqual(row.metric, { __name__: 'done_total', host: 'web-1', job: 'backup' });
    const path = `backup/host@base64/${Buffer.from('web-1').toString('base64url')}`;
    assert.equal((await send(path, 'POST', 'rows 8\n')).status, 200);
    await untilValue(mon.url, 'rows{part=""}', '8');
    await untilValue(mon.url, 'rows{part="a"}', undefined);
    await untilValue(mon.url, 'done_total', '5');
    assert.equal((await rows(mon.url, 'push_time_seconds{job="backup"}')).length, 1);
    assert.equal((await send('x', 'PUT', 'a 1 1000\n')).status, 400);
    assert.equal((await send('x', 'PUT', 'a b\n')).status, 400);
    assert.equal((await send('x/host', 'PUT', 'a 1\n')).status, 400);
    assert.equal((await send('x/__name__/y', 'PUT', 'a 1\n')).status, 400);

    await mon.end('SIGKILL');
    mon = await start(form);
    await pause(300);
    await untilValue(mon.url, 'done_total', '5');
    assert.equal((await send('backup/host/web-1', 'DELETE')).status, 202);
    await untilValue(mon.url, 'done_total', undefined);
    assert.equal((await send('backup/host/web-1', 'DELETE')).status, 202, 'nothing to delete');
  } finally {
    await mon.end('SIGTERM');
  }
}

async function statsd(form: Form): Promise<void> {
  const port = await freePort();
  const mon = await start(form, `, statsd: 127.0.0.1:${port}`);
  const socket = createSocket('udp4');
  const send = (text: string): Promise<void> =>
    new Promise((resolve) => socket.send(text, port, '127.0.0.1', () => resolve()));
  try {
    await send('web.hits:3|c|@0.5|#env:prod,canary\nweb.hits:1:2|c|#canary,env:prod');
    await send('queue:5|g\nqueue:-2|g\nusers:a|s\nusers:b|s\nusers:a|s\nbroken\nalso:x|c');
    await send(Array.from({ length: 100 }, (_, i) => `took:${i + 1}|ms`).join('\n'));
    await untilValue(mon.url, 'web_hits{env="prod",canary="true"}', '9');
    await untilValue(mon.url, 'queue', '3');
    await untilValue(mon.url, 'took_count', '100');
    await untilValue(mon.url, 'round(took_sum, 0.01)', '5.05');
    await untilValue(mon.url, 'max_over_time(took{quantile="0.5"}[1m])', '0.051');
    await untilValue(mon.url, 'max_over_time(users[1m])', '2');
    const text = await (await fetch(`${mon.url}/metrics`)).text();
    assert.match(text, /^mon_statsd_lines_total\{result="malformed"\} 2$/m);
  } finally {
    socket.close();
    await mon.end('SIGTERM');
  }
}
