// Each kind of receiver against a stub of its service over real HTTP, and mail against a real SMTP
// server: payloads, limits, what is tried again and what is not, and texts that would do harm.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { renderDefault } from '../../../src/engine/notify/default-texts.ts';
import { messageOf } from '../../../src/engine/notify/message.ts';
import { httpPost } from '../../../src/engine/notify/receivers/http-post.ts';
import { canSend, makeSender } from '../../../src/engine/notify/receivers/make-sender.ts';
import type { Outcome } from '../../../src/engine/notify/receivers/outcome.ts';
import type { SendRecord } from '../../../src/engine/notify/records.ts';
import { parseRoutes } from '../../../src/engine/daemons/routes-file.ts';
import { makeLabels } from '../../../src/engine/model/labels.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { HttpStub, MailStub } from '../../support/receivers.ts';
import type { Received } from '../../support/receivers.ts';

let stub: HttpStub;
let mail: MailStub;

before(async () => {
  stub = await new HttpStub().start();
  mail = await new MailStub().start();
});

after(async () => {
  await Promise.all([stub.stop(), mail.stop()]);
});

interface Case {
  readonly kind: string;
  readonly yaml: string;
  readonly more?: Partial<SendRecord>;
  readonly hosts?: readonly string[];
  readonly firing?: boolean;
}

function sendOf({ hosts = ['web-1'], firing = true, more }: Case): SendRecord {
  const labels = (host: string) =>
    makeLabels(Object.entries({ alertname: 'HighCpu', host, severity: 'critical' }));
  return {
    ...{ id: 'id-1', order: 1, group: 'g', groupKey: '{}:{alertname="HighCpu"}' },
    groupLabels: makeLabels([['alertname', 'HighCpu']]),
    ...{ receiver: 'r', index: 0, kind: 'notify', reason: 'x', decidedMs: 1_700_000_000_000 },
    incident: '1',
    alerts: hosts.map((host) => ({
      ...{ fingerprint: host, firing, labels: labels(host), annotations: [] },
      ...{ startsAtMs: 1_700_000_000_000, endsAtMs: firing ? 0 : 1_700_000_100_000 },
      generatorUrl: 'http://mon/graph',
    })),
    ...more,
  };
}

async function send(one: Case): Promise<Outcome> {
  const receiver = `- name: r\n    ${one.kind}_configs: [${one.yaml}]`;
  const file = `route: {receiver: r}\nreceivers:\n  ${receiver}\n`;
  const { routing } = parseRoutes(file, '/etc/x.yml');
  const readText = async (path: string): Promise<string> => `text of ${path}`;
  const tools = { clock: systemClock, post: httpPost(readText), readText, render: renderDefault };
  const [integration] = routing.receivers.get('r')?.integrations ?? [];
  const sender = makeSender(integration, tools);
  assert.ok(sender !== undefined);
  return await sender(messageOf(sendOf(one), 'http://mon'), new AbortController().signal);
}

async function received(one: Case): Promise<Received> {
  stub.received.length = 0;
  assert.deepEqual(await send(one), { kind: 'delivered' });
  assert.equal(stub.received.length, 1);
  return stub.received[0];
}

test('webhook: the id, credentials from a file, a cut list, a payload of its own', async () => {
  const http = '{authorization: {credentials_file: key}}';
  const yaml = `{url: '${stub.url}/w', max_alerts: 1, http_config: ${http}}`;
  const { json, headers } = await received({ kind: 'webhook', yaml, hosts: ['a', 'b', 'c'] });
  assert.equal(headers['idempotency-key'], 'id-1');
  assert.equal(headers['authorization'], 'Bearer text of /etc/key');
  assert.equal(json['truncatedAlerts'], 2);
  assert.equal((json['alerts'] as unknown[]).length, 1);
  const title = '{{ template "slack.default.title" . }}';
  const own = `{url: '${stub.url}/w', payload: {text: hi, list: [1, '${title}']}}`;
  const { json: made } = await received({ kind: 'webhook', yaml: own });
  assert.deepEqual(made, { text: 'hi', list: [1, '[FIRING:1] HighCpu (web-1 critical)'] });
});

test('slack: labels mention nobody, and the API may refuse with 200', async () => {
  const yaml = `{api_url: '${stub.url}/s', channel: '#c', fields: [{title: t, value: v}]}`;
  const { body, json } = await received({ kind: 'slack', yaml, hosts: ['<!channel> & co'] });
  assert.ok(!body.includes('<!channel>'));
  assert.match(body, /&lt;!channel&gt; &amp; co/);
  assert.equal(json['channel'], '#c');
  stub.answer = () => ({ status: 200, body: '{"ok":false,"error":"channel_not_found"}' });
  assert.deepEqual(await send({ kind: 'slack', yaml }), {
    ...{ kind: 'refused', why: 'answered channel_not_found' },
  });
  stub.answer = () => ({ status: 200, body: '{"ok":false,"error":"ratelimited"}' });
  assert.equal((await send({ kind: 'slack', yaml })).kind, 'again');
  stub.answer = () => ({ status: 429, headers: { 'Retry-After': '30' } });
  assert.deepEqual(await send({ kind: 'slack', yaml }), {
    ...{ kind: 'again', why: 'answered 429', afterMs: 30_000 },
  });
  stub.answer = () => ({ status: 200, body: 'ok' });
});

test('pagerduty: trigger, acknowledge, resolve under one key, and never too long', async () => {
  const yaml = `{routing_key: k, url: '${stub.url}/p'}`;
  const { json } = await received({ kind: 'pagerduty', yaml });
  const payload = json['payload'] as Record<string, unknown>;
  assert.deepEqual([json['event_action'], payload['severity']], ['trigger', 'critical']);
  const { json: over } = await received({ kind: 'pagerduty', yaml, firing: false });
  const { json: seen } = await received({ kind: 'pagerduty', yaml, more: { kind: 'acknowledge' } });
  assert.deepEqual([over['event_action'], seen['event_action']], ['resolve', 'acknowledge']);
  assert.equal(new Set([json, over, seen].map((one) => one['dedup_key'])).size, 1);
  const hosts = Array.from({ length: 10_000 }, (_, i) => `web-${i}`);
  const { body } = await received({ kind: 'pagerduty', yaml, hosts });
  assert.ok(body.length <= 512_000, String(body.length));
});

const URLS: readonly (readonly [kind: string, yaml: string, words: RegExp])[] = [
  ['discord', "{webhook_url: 'URL'}", /"embeds":\[\{"title":"\[FIRING:1\] HighCpu/],
  ['msteams', "{webhook_url: 'URL'}", /"type":"MessageCard"/],
  ['msteamsv2', "{webhook_url: 'URL'}", /AdaptiveCard/],
  ['mattermost', "{webhook_url: 'URL', channel: c}", /"channel":"c"/],
  ['rocketchat', "{api_url: 'URL', token: t, token_id: i, channel: c}", /"color":"red"/],
  ['telegram', "{api_url: 'URL', bot_token: t, chat_id: 7}", /"chat_id":"7"/],
  [
    'webex',
    "{api_url: 'URL', room_id: r, http_config: {authorization: {credentials: x}}}",
    /"roomId":"r"/,
  ],
  ['opsgenie', "{api_url: 'URL', api_key: k, tags: 'a, b'}", /"tags":\["a","b"\]/],
  ['victorops', "{api_url: 'URL', api_key: k, routing_key: r}", /"message_type":"CRITICAL"/],
  ['incidentio', "{url: 'URL', alert_source_token: t}", /"version":"4"/],
];

test('chats and other services get what they know', async () => {
  for (const [kind, yaml, words] of URLS) {
    const one = { kind, yaml: yaml.replace('URL', stub.url) };
    assert.match((await received(one)).body, words, kind);
    await received({ ...one, hosts: ['x'.repeat(50_000)] });
    stub.answer = () => ({ status: 503 });
    assert.equal((await send(one)).kind, 'again', kind);
    stub.answer = () => ({ status: 400, body: 'no' });
    assert.equal((await send(one)).kind, 'refused', kind);
    stub.answer = () => ({ status: 200, body: 'ok' });
  }
  assert.ok(!canSend('sns') && canSend('wechat') && canSend('jira'));
});

const MAIL = (): string =>
  `{to: 'a@example.org', from: 'mon@example.org', smarthost: '${mail.address}',
          require_tls: false, headers: {X-Team: t}}`;

test('mail: one id, headers on one line, labels no HTML', async () => {
  mail.mails.length = 0;
  const hosts = ['web\r\nBcc: evil@example.org', '<script>alert(1)</script>'];
  const one = { kind: 'email', yaml: MAIL(), hosts: [hosts[0]] };
  assert.deepEqual(await send(one), { kind: 'delivered' });
  assert.deepEqual(await send({ ...one, hosts: [hosts[1]] }), { kind: 'delivered' });
  assert.equal(mail.mails[0].messageId, '<id-1@example.org>');
  assert.equal(mail.mails[1].messageId, mail.mails[0].messageId, 'the same at every attempt');
  for (const { text, to } of mail.mails) {
    assert.deepEqual(to, ['a@example.org']);
    assert.doesNotMatch(text.slice(0, text.indexOf('\r\n\r\n')), /^Bcc:/im);
    assert.ok(!text.slice(text.indexOf('\r\n\r\n')).includes('<script>'));
    assert.match(text, /^X-Team: t\r$/im);
  }
});

test('mail: 4yz is tried again, 5yz is final, nobody there is tried again', async () => {
  mail.refuse = () => ({ code: 451, words: 'try later' });
  assert.equal((await send({ kind: 'email', yaml: MAIL() })).kind, 'again');
  mail.refuse = () => ({ code: 554, words: 'spam' });
  assert.equal((await send({ kind: 'email', yaml: MAIL() })).kind, 'refused');
  mail.refuse = undefined;
  const gone = MAIL().replace(mail.address, '127.0.0.1:1');
  assert.equal((await send({ kind: 'email', yaml: gone })).kind, 'again');
});

test('a connection that closes is tried again; a redirect keeps credentials at home', async () => {
  const other = await new HttpStub().start();
  const yaml = `{url: '${stub.url}/w', http_config: {basic_auth: {username: u, password: p}}}`;
  stub.answer = () => 'close';
  await assert.rejects(send({ kind: 'webhook', yaml }));
  const headers = { Location: `${other.url}/there` };
  stub.answer = () => ({ status: 307, headers });
  assert.deepEqual(await send({ kind: 'webhook', yaml }), { kind: 'delivered' });
  assert.equal(other.received[0].headers['authorization'], undefined);
  stub.answer = () => ({ status: 200 });
  await other.stop();
});

/** A Jira with one issue at most, as its REST API answers. */
class Jira {
  issue: { key: string; done: boolean; fields: Record<string, unknown> } | undefined;
  readonly calls: string[] = [];
  jql = '';

  answer({ path, method, json }: Received) {
    this.calls.push(`${method} ${path}`);
    const ok = (value: object, status = 200) => ({ status, body: JSON.stringify(value) });
    if (path.includes('/search')) {
      this.jql = String(json['jql']);
      const open = this.issue !== undefined && !this.issue.done;
      const category = { key: open ? 'indeterminate' : 'done' };
      const wanted = open || this.jql.includes('resolutiondate >=');
      const known = this.issue !== undefined && wanted ? [this.issue.key] : [];
      const fields = { status: { statusCategory: category } };
      return ok({ issues: known.map((key) => ({ key, fields })) });
    }
    if (path.endsWith('/transitions')) {
      const ways = [
        { id: '31', name: 'Done' },
        { id: '11', name: 'To do' },
      ];
      if (method === 'GET') return ok({ transitions: ways });
      const { id } = json['transition'] as { id: string };
      if (this.issue !== undefined) this.issue.done = id === '31';
      return { status: 204 };
    }
    const fields = json['fields'] as Record<string, unknown>;
    if (method === 'POST') this.issue = { key: 'OPS-7', done: false, fields };
    else if (this.issue !== undefined) Object.assign(this.issue.fields, fields);
    return method === 'POST' ? ok({ key: 'OPS-7' }, 201) : { status: 204 };
  }
}

test('jira: one issue a group, found again, moved on when it is over and back', async () => {
  const jira = new Jira();
  stub.answer = (one) => jira.answer(one);
  const yaml = (more: string, api = 2): string =>
    `{api_url: '${stub.url}/rest/api/${api}', project: OPS, issue_type: Bug, ${more}}`;
  const moves = 'labels: [mon], resolve_transition: Done, reopen_transition: To do';
  const one = { kind: 'jira', yaml: yaml(`${moves}, reopen_duration: 1h, priority: High`) };
  assert.deepEqual(await send({ ...one, firing: false }), { kind: 'delivered' });
  assert.deepEqual(jira.calls.splice(0), ['POST /rest/api/2/search'], 'nothing to resolve');
  await send(one);
  assert.deepEqual(jira.calls.splice(0), ['POST /rest/api/2/search', 'POST /rest/api/2/issue']);
  const { fields } = jira.issue as NonNullable<Jira['issue']>;
  assert.deepEqual(fields['project'], { key: 'OPS' });
  assert.deepEqual([fields['issuetype'], fields['priority']], [{ name: 'Bug' }, { name: 'High' }]);
  assert.match(String((fields['labels'] as string[])[0]), /^ALERT\{[0-9a-f]{64}\}$/);
  assert.match(String(fields['summary']), /^\[FIRING:1\] HighCpu/);
  assert.match(String(fields['description']), /web-1/);
  await send({ ...one, hosts: ['web-1', 'web-2'] });
  assert.deepEqual(jira.calls.splice(0).at(-1), 'PUT /rest/api/2/issue/OPS-7');
  assert.match(String(fields['summary']), /FIRING:2/);
  await send({ ...one, firing: false });
  assert.equal(jira.issue?.done, true);
  assert.match(jira.jql, /^statusCategory != Done and project = "OPS" and labels = "ALERT/);
  await send(one);
  assert.equal(jira.issue?.done, false, 'it is open again');
  assert.match(jira.jql, /resolutiondate is EMPTY or resolutiondate >= -60m/);
  const wrong = { kind: 'jira', yaml: yaml('resolve_transition: Nowhere'), firing: false };
  const why = 'the issue has no transition "Nowhere"';
  assert.deepEqual(await send(wrong), { kind: 'refused', why });
  const third = yaml('api_type: cloud, summary: {template: fixed, enable_update: false}', 3);
  await send({ kind: 'jira', yaml: third, hosts: ['a', 'b', 'c'] });
  assert.match(String(jira.issue?.fields['summary']), /RESOLVED/, 'as it was');
  assert.equal((fields['description'] as { type: string }).type, 'doc');
  assert(jira.calls.includes('POST /rest/api/3/search/jql'));
  for (const [status, body, kind] of [
    ...([[401, '', 'refused'] as const, [503, '', 'again'] as const] as const),
    ...([[200, 'no', 'again'] as const, [200, '{}', 'again'] as const] as const),
  ]) {
    stub.answer = () => ({ status, body });
    assert.equal((await send(one)).kind, kind, `${status} ${body}`);
  }
  stub.answer = () => ({ status: 200, body: 'ok' });
});

test('wechat: a token first, codes in the body, and no more bytes than it takes', async () => {
  const calls: string[] = [];
  let code = 0;
  let text = '';
  stub.answer = ({ path, method, json }) => {
    calls.push(`${method} ${path.split('?')[0]}`);
    if (path.startsWith('/gettoken')) {
      assert.match(path, /corpid=corp&corpsecret=s%2F/);
      return { status: 200, body: '{"errcode":0,"access_token":"t k"}' };
    }
    assert.match(path, /access_token=t%20k$/);
    text = (json['text'] as { content: string }).content;
    return { status: 200, body: JSON.stringify({ errcode: code, errmsg: 'so it is' }) };
  };
  const yaml = `{api_url: '${stub.url}', api_secret: 's/', corp_id: corp, to_user: '@all'}`;
  const one = { kind: 'wechat', yaml };
  assert.deepEqual(await send(one), { kind: 'delivered' });
  assert.deepEqual(calls, ['GET /gettoken', 'POST /message/send']);
  await send({ ...one, hosts: Array.from({ length: 200 }, (_, i) => `ü-${i}`) });
  assert(Buffer.byteLength(text) <= 2048 && text.endsWith('…'));
  for (const [given, kind] of [
    [42_001, 'again'],
    [-1, 'again'],
    [60_020, 'refused'],
  ] as const) {
    code = given;
    assert.deepEqual(await send(one), { kind, why: `answered ${given}: so it is` });
  }
  stub.answer = () => ({ status: 200, body: 'ok' });
  assert.equal((await send(one)).kind, 'again');
});
