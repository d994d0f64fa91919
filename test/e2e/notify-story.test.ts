// The whole story over real sockets: alerts are posted, four receivers are told (webhook, Slack,
// PagerDuty, mail), a second host joins, somebody acknowledges, a silence mutes, all is resolved.
// The server is killed in the middle of it, twice; nothing of it changes.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort, startMon } from '../support/mon-process.ts';
import type { MonProcess } from '../support/mon-process.ts';
import { HttpStub, MailStub } from '../support/receivers.ts';
import type { Received, ReceivedMail } from '../support/receivers.ts';
import { until } from '../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'mon-notify-'));
const routes = join(folder, 'alertmanager.yml');
let hook: HttpStub;
let slack: HttpStub;
let pager: HttpStub;
let lead: HttpStub;
let mail: MailStub;
let mon: MonProcess;
let port = 0;

before(async () => {
  [hook, slack, pager, lead] = await Promise.all([0, 1, 2, 3].map(() => new HttpStub().start()));
  pager.answer = () => ({ status: 202, body: '{"status":"success"}' });
  mail = await new MailStub().start();
  writeFileSync(routes, routesText());
  port = await freePort();
  mon = await start();
});

after(async () => {
  await mon?.end('SIGKILL').catch(() => undefined);
  await Promise.all([hook, slack, pager, lead, mail].map((one) => one.stop()));
  rmSync(folder, { recursive: true, force: true });
});

function routesText(): string {
  return `
global:
  smtp_smarthost: '${mail.address}'
  smtp_from: 'mon@example.org'
  smtp_require_tls: false
  slack_api_url: '${slack.url}/services/T/B/x'
  pagerduty_url: '${pager.url}/v2/enqueue'
route:
  receiver: team
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1s
receivers:
  - name: team
    webhook_configs: [{url: '${hook.url}/hook'}]
    slack_configs: [{channel: '#alerts', send_resolved: true}]
    pagerduty_configs: [{routing_key: 'k'}]
    email_configs: [{to: 'team@example.org', send_resolved: true}]
  - name: lead
    webhook_configs: [{url: '${lead.url}/lead'}]
x-mon:
  escalation: [{after: 20s, to: lead}]
`;
}

function start(): Promise<MonProcess> {
  const args = ['--routes', routes];
  return startMon({ dataDir: join(folder, 'data'), port, args });
}

async function post(path: string, body: unknown): Promise<unknown> {
  const answer = await fetch(mon.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  return text === '' ? undefined : JSON.parse(text);
}

const alert = (host: string, more: object = {}): object => ({
  labels: { alertname: 'HighCpu', host, severity: 'critical' },
  annotations: { summary: `<b>${host}</b> is hot & loud` },
  ...more,
});

function firingHosts(one: { json: Record<string, unknown> }): string[] {
  const alerts = one.json['alerts'] as { status: string; labels: { host: string } }[];
  return alerts.filter(({ status }) => status === 'firing').map(({ labels }) => labels.host);
}

async function killAndStart(): Promise<void> {
  assert.equal(await mon.end('SIGKILL'), 'SIGKILL');
  mon = await start();
}

/** What a stub was told, without what came a second time after a kill: the id says so. */
function once(stub: HttpStub): readonly Received[] {
  const seen = new Map<unknown, Received>();
  for (const one of stub.received) {
    const id = one.headers['idempotency-key'];
    if (!seen.has(id)) seen.set(id, one);
  }
  return [...seen.values()];
}

function mails(): readonly ReceivedMail[] {
  return [...new Map(mail.mails.map((one) => [one.messageId, one])).values()];
}

test('one story, four receivers, two kills', async (t) => {
  const begun = performance.now();
  await post('/api/v2/alerts', [alert('web-1')]);
  const counts = (): number[] => [
    ...[once(hook).length, once(slack).length, once(pager).length, mails().length],
  ];
  const ms = await until('four receivers are told', () => counts().every((n) => n === 1), {
    ms: 2000,
  });
  t.diagnostic(`post to the last of four receivers: ${ms.toFixed(0)} ms`);
  assert.deepEqual(firingHosts(once(hook)[0]), ['web-1']);
  const { routing_key: key, event_action: action } = once(pager)[0].json;
  assert.deepEqual([key, action], ['k', 'trigger']);
  assert.match(once(slack)[0].body, /"channel":"#alerts"/);
  assert.match(mails()[0].subject, /\[FIRING:1\] HighCpu/);
  assert.ok(!mails()[0].text.includes('<b>web-1</b>'), 'labels are no HTML');

  await killAndStart();
  await post('/api/v2/alerts', [alert('web-1'), alert('web-2')]);
  await until('all are told of the second host', () => counts().every((n) => n === 2));
  assert.deepEqual(firingHosts(once(hook)[1]).sort(), ['web-1', 'web-2']);
  assert.equal(once(pager)[1].json['dedup_key'], once(pager)[0].json['dedup_key']);

  const acknowledged = post('/api/v1/incidents/ack', { incident: '1', who: 'ann', why: 'mine' });
  const silence = {
    matchers: [{ name: 'host', value: 'web-3', isRegex: false }],
    startsAt: new Date(Date.now()).toISOString(),
    endsAt: new Date(Date.now() + 3_600_000).toISOString(),
    ...{ createdBy: 'ann', comment: 'works' },
  };
  await acknowledged;
  const { silenceID } = (await post('/api/v2/silences', silence)) as { silenceID: string };
  await killAndStart();
  await until('the pager hears of the acknowledgement', () => once(pager).length === 3);
  assert.equal(once(pager)[2].json['event_action'], 'acknowledge');
  assert.equal((await fetch(`${mon.url}/api/v2/silence/${silenceID}`)).status, 200);

  await post('/api/v2/alerts', [alert('web-3', { labels: { alertname: 'Quiet', host: 'web-3' } })]);
  const waitMs = begun + 22_000 - performance.now();
  await pause(Math.max(1500, waitMs));
  assert.equal(once(hook).length, 2, 'the silence mutes');
  assert.equal(lead.received.length, 0, 'acknowledged: nobody is woken');

  const endsAt = new Date(Date.now()).toISOString();
  await post('/api/v2/alerts', [alert('web-1', { endsAt }), alert('web-2', { endsAt })]);
  await until('all are told that it is over', () => counts().join() === '3,3,4,3');
  assert.equal(once(hook)[2].json['status'], 'resolved');
  assert.equal(once(pager)[3].json['event_action'], 'resolve');
  assert.match(mails()[2].subject, /\[RESOLVED\]/);

  const ids = hook.received.map(({ headers }) => headers['idempotency-key']);
  assert.ok(ids.length - new Set(ids).size <= 2, 'told twice at most once a kill');
  assert.equal(mails().length, 3);
  const answer = await fetch(`${mon.url}/api/v1/incidents?id=1`);
  const { data } = (await answer.json()) as {
    data: { incidents: { status: string; history: { what: string; who: string }[] }[] };
  };
  const [incident] = data.incidents;
  assert.equal(incident.status, 'resolved');
  const whats = new Set(incident.history.map(({ what }) => what));
  for (const what of ['opened', 'alert', 'notified', 'acknowledged', 'resolved']) {
    assert.ok(whats.has(what), what);
  }
});
