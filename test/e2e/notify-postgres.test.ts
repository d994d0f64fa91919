// The notifier's state in a real PostgreSQL: what was silenced, acknowledged and told is there
// after kill -9, and nothing is told twice under two ids.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort, startMon } from '../support/mon-process.ts';
import type { MonProcess } from '../support/mon-process.ts';
import { RealPostgres, postgresHome } from '../support/real-postgres.ts';
import { HttpStub } from '../support/receivers.ts';
import { until } from '../support/until.ts';

const skip = postgresHome() === undefined ? 'needs postgres' : false;

async function post(mon: MonProcess, path: string, body: unknown): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(mon.url + path, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  return text;
}

test('the story with PostgreSQL behind it', { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mon-notify-pg-'));
  // The stub after what may fail: it would hold this process open.
  const base = await RealPostgres.start();
  const hook = await new HttpStub().start();
  const routes = join(folder, 'alertmanager.yml');
  const config = join(folder, 'mon.yml');
  const times = 'group_wait: 0s, group_interval: 1s';
  writeFileSync(
    routes,
    `route: {receiver: r, group_by: [alertname], ${times}}
receivers: [{name: r, webhook_configs: [{url: '${hook.url}'}]}]
`,
  );
  writeFileSync(config, `mon: {state_postgres: '${base.url()}', routes: '${routes}'}\n`);
  const port = await freePort();
  const start = (): Promise<MonProcess> =>
    startMon({ dataDir: join(folder, 'data'), port, config });
  let mon = await start();
  try {
    const alert = (host: string): object => ({ labels: { alertname: 'A', host } });
    await post(mon, '/api/v2/alerts', [alert('1')]);
    await until('told once', () => hook.received.length === 1);
    await post(mon, '/api/v1/incidents/ack', { incident: '1', who: 'ann', why: 'mine' });
    const silence = {
      matchers: [{ name: 'host', value: '3', isRegex: false }],
      startsAt: new Date(Date.now()).toISOString(),
      endsAt: new Date(Date.now() + 3_600_000).toISOString(),
      ...{ createdBy: 'ann', comment: 'works' },
    };
    await post(mon, '/api/v2/silences', silence);
    await mon.end('SIGKILL');
    mon = await start();
    await post(mon, '/api/v2/alerts', [alert('1'), alert('2'), alert('3')]);
    const ids = (): unknown[] => [
      ...new Set(hook.received.map((one) => one.headers['idempotency-key'])),
    ];
    await until('told of the second host', () => ids().length === 2);
    const alerts = hook.received.at(-1)?.json['alerts'] as { labels: { host: string } }[];
    assert.deepEqual(alerts.map(({ labels }) => labels.host).sort(), ['1', '2']);
    assert.ok(hook.received.length <= 3, 'told twice at most once a kill');
    const answer = await fetch(`${mon.url}/api/v1/incidents`);
    assert.match(await answer.text(), /"status":"acknowledged".*"acknowledgedBy":"ann"/);
  } finally {
    await mon.end('SIGKILL');
    await hook.stop();
    await base.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
