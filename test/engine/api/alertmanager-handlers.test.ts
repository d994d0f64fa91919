// Alertmanager's API v2 over real HTTP, with a notifier in memory behind it: shapes, refusals as
// the bare string that its clients show, hostile bodies, pages of other sites.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ApiServer } from '../../../src/engine/api/api-server.ts';
import type { ApiParts } from '../../../src/engine/api/api-parts.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { NotifyWorld } from '../../support/notify-world.ts';

const ROUTES = `
route: {receiver: r, group_by: [alertname], group_wait: 0s}
receivers:
  - name: r
    webhook_configs: [{url: 'http://hook'}]
`;
let api: ApiServer;
let url = '';
const bugs: unknown[] = [];

before(async () => {
  const world = await new NotifyWorld(ROUTES).start();
  // The world's time stands still; what is asked here needs none to pass.
  const parts = {
    desk: world.notifier,
    clock: systemClock,
    ready: () => ({ ready: true, why: '' }),
    version: { version: '0' },
    startedMs: 0,
    onBug: (thrown: unknown) => bugs.push(thrown),
  };
  api = new ApiServer(parts as unknown as ApiParts);
  const { port } = await api.listen('127.0.0.1', 0);
  url = `http://127.0.0.1:${port}`;
});

after(async () => {
  await api.drain(0);
});

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ status: number; json: unknown }> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = await fetch(url + path, { method, body: text, headers });
  const got = await answer.text();
  return { status: answer.status, json: got === '' ? undefined : JSON.parse(got) };
}

const alert = (labels: object, more: object = {}): object => ({ labels, ...more });

test('alerts are taken, filtered and grouped', async () => {
  const a = JSON.parse('{"alertname":"A","__proto__":"x","host":"1"}') as object;
  const list = [alert(a), alert({ alertname: 'B' }, { annotations: { s: 't' } })];
  assert.deepEqual(await ask('POST', '/api/v2/alerts', list), { status: 200, json: undefined });
  const { json } = await ask('GET', '/alertmanager/api/v2/alerts?filter=alertname%3D%22A%22');
  const [found] = json as { labels: object; status: object; receivers: object }[];
  assert.equal(JSON.stringify(found.labels), '{"__proto__":"x","alertname":"A","host":"1"}');
  assert.deepEqual(found.receivers, [{ name: 'r' }]);
  const none = await ask('GET', '/api/v2/alerts?receiver=x.*');
  assert.deepEqual(none.json, []);
  const groups = (await ask('GET', '/api/v2/alerts/groups')).json as { labels: object }[];
  assert.deepEqual(
    groups.map(({ labels }) => labels),
    [{ alertname: 'A' }, { alertname: 'B' }],
  );
  assert.deepEqual((await ask('GET', '/api/v2/receivers')).json, [{ name: 'r' }]);
  assert.equal((await ask('GET', '/api/v2/alerts?active=maybe')).status, 400);
  assert.equal((await ask('GET', '/api/v2/alerts?filter=%3D')).status, 400);
});

test('a good alert is taken beside a bad one, and the bad one is told', async () => {
  const bad = alert({}, { annotations: { a: 'b' } });
  const { status, json } = await ask('POST', '/api/v2/alerts', [bad, alert({ alertname: 'C' })]);
  assert.deepEqual([status, json], [400, 'at least one label pair required']);
  const { json: found } = await ask('GET', '/api/v2/alerts?filter=alertname%3DC');
  assert.equal((found as unknown[]).length, 1);
});

test('refusals are a bare string', async () => {
  const id = '00000000-0000-4000-8000-000000000000';
  for (const [method, path, body, status] of [
    ['GET', `/api/v2/silence/${id}`, undefined, 404],
    ['DELETE', `/api/v2/silence/${id}`, undefined, 404],
    ['GET', '/api/v2/silence/x', undefined, 400],
    ['POST', '/api/v2/silences', {}, 400],
    ['POST', '/api/v2/silences', 'no json', 400],
    ['POST', '/api/v2/alerts', {}, 400],
    ['POST', '/api/v2/alerts', [{ labels: { a: 1 } }], 400],
    ['POST', '/api/v2/alerts', [{ labels: { a: 'b' }, startsAt: 'soon' }], 400],
  ] as const) {
    const answer = await ask(method, path, body);
    assert.equal(answer.status, status, `${method} ${path}`);
    assert.equal(typeof answer.json, 'string', `${method} ${path}`);
  }
});

test('pages of other sites change nothing', async () => {
  const headers = { Origin: 'http://evil.example' };
  for (const [method, path] of [
    ['POST', '/api/v2/alerts'],
    ['POST', '/api/v2/silences'],
    ['DELETE', '/api/v2/silence/00000000-0000-4000-8000-000000000000'],
    ['POST', '/api/v1/incidents/ack'],
    ['POST', '/api/v1/notify/test'],
  ]) {
    assert.equal((await ask(method, path, '[]', headers)).status, 403, path);
  }
});

test('mutated bodies are taken or refused, and break nothing', async () => {
  const random = seededRandom(5);
  const now = new Date(Date.now()).toISOString();
  const texts = [
    JSON.stringify([alert({ alertname: 'F', host: 'x' }, { startsAt: now, endsAt: now })]),
    JSON.stringify({
      matchers: [{ name: 'a', value: 'b.*', isRegex: true, isEqual: true }],
      ...{ startsAt: now, endsAt: '2099-01-01T00:00:00Z', createdBy: 'a', comment: 'b' },
    }),
  ];
  for (let round = 0; round < 300; round++) {
    const which = round % 2;
    const bytes = Buffer.from(texts[which]);
    for (let n = 0; n <= random() * 3; n++) {
      bytes[Math.floor(random() * bytes.length)] = 32 + Math.floor(random() * 95);
    }
    const path = which === 0 ? '/api/v2/alerts' : '/api/v2/silences';
    const { status } = await ask('POST', path, bytes.toString());
    assert.ok(status === 200 || status === 400, `seed 5, round ${round}: ${status}`);
  }
  assert.deepEqual(bugs, []);
});
