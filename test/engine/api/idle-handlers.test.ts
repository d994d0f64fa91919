// The endpoints whose subject is not there: shapes, parameters and status codes that their askers
// act upon.
import assert from 'node:assert/strict';
import test from 'node:test';
import { startApi } from '../../support/api-fixture.ts';

const EMPTY: readonly (readonly [string, unknown])[] = [
  ['/api/v1/rules', { groups: [] }],
  ['/api/v1/rules?type=alert&rule_name[]=x&match[]={a="b"}&exclude_alerts=true', { groups: [] }],
  ['/api/v1/alerts', { alerts: [] }],
  ['/api/v1/alertmanagers', { activeAlertmanagers: [], droppedAlertmanagers: [] }],
  ['/api/v1/query_exemplars?query=up', []],
  // Grafana's probe, its times in ms.
  ['/api/v1/query_exemplars?query=test&start=1700000000000&end=1700003600000', []],
  ['/api/v1/notifications', []],
  ['/api/v1/status/tsdb/blocks', { blocks: [] }],
  ['/api/v1/status/walreplay', { min: 0, max: 0, current: 0, state: 'done' }],
  ['/api/v1/scrape_pools', { scrapePools: [] }],
  ['/api/v1/targets/metadata', []],
  ['/api/v1/status/flags', {}],
];

test('empty answers have the right shape', async () => {
  await using api = await startApi();
  for (const [path, data] of EMPTY) {
    const { status, text } = await api.call(path.replaceAll('"', '%22'));
    assert.equal(status, 200, `${path}: ${text}`);
    assert.deepEqual(JSON.parse(text), { status: 'success', data }, path);
  }
});

const REFUSED: readonly (readonly [string, RegExp])[] = [
  ['/api/v1/rules?type=wrong', /invalid parameter \\"type\\": not supported value/],
  ['/api/v1/rules?match[]=x%20%2B', /invalid parameter \\"match\[\]\\"/],
  ['/api/v1/rules?group_limit=-1', /must be non-negative/],
  ['/api/v1/rules?group_next_token=x', /group_limit/],
  ['/api/v1/query_exemplars?query=up%7B', /invalid parameter \\"query\\": 1:4: parse error/],
  ['/api/v1/query_exemplars?query=up&start=2&end=1', /end timestamp must not be before start/],
  ['/api/v1/query_exemplars?query=up&start=x', /cannot parse/],
  ['/api/v1/targets/metadata?limit=x', /limit must be a number/],
];

test('what makes no sense is refused all the same', async () => {
  await using api = await startApi();
  for (const [path, words] of REFUSED) {
    const { status, text } = await api.call(path);
    assert.equal(status, 400, path);
    assert.match(text, words, path);
  }
});

test('what is off says so; what nobody knows is not found', async () => {
  await using api = await startApi();
  const post = { method: 'POST' };
  const admin = await api.call('/api/v1/admin/tsdb/delete_series?match[]=up', post);
  assert.equal(admin.status, 403);
  assert.match(JSON.parse(admin.text).error, /the admin API is off/);
  const reload = await api.call('/-/reload', post);
  assert.deepEqual([reload.status, reload.text], [403, 'Lifecycle API is not enabled.']);
  assert.equal((await api.call('/-/reload')).status, 405);
  assert.equal((await api.call('/api/v1/notifications/live')).status, 204);
  const ruler = await api.call('/api/v1/rules/test/test');
  assert.equal(ruler.status, 404);
  assert.match(ruler.text, /404 page not found/);
  assert.equal((await api.call('/api/v1/status/tsdb')).status, 404, 'the fake counts nothing');
});

test('while the server is not ready the replay is in progress', async () => {
  await using api = await startApi();
  api.fakes.ready = { ready: false, why: 'log' };
  const { text } = await api.call('/api/v1/status/walreplay');
  assert.equal(JSON.parse(text).data.state, 'in progress');
});
