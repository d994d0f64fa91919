// The notifier and the rules over a socket: what is asked arrives, what is answered comes back, a
// user's mistake stays one, and what a peer sends in another shape is refused. Easy to get wrong:
// `__proto__` is a label name, and the filter by receiver never crosses.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { UserError } from '../../../src/engine/errors.ts';
import type { AlertDesk } from '../../../src/engine/model/alert-desk.ts';
import type { AlertView, SilenceWish } from '../../../src/engine/model/alerting.ts';
import {
  deskMethods,
  RemoteDesk,
  RemoteRules,
  rulesMethods,
} from '../../../src/engine/remote/desk-remote.ts';
import { plainService } from '../../../src/engine/remote/listener.ts';
import { RemotePair } from '../../support/remote-pair.ts';

const labels = JSON.parse('{"__proto__": "p", "alertname": "Hot"}') as Record<string, string>;

function view(fingerprint: string, receivers: readonly string[]): AlertView {
  const times = { startsAtMs: 1, endsAtMs: 0, updatedAtMs: 2 };
  return {
    ...{ fingerprint, labels, annotations: {}, ...times, generatorUrl: '', receivers },
    ...{ state: 'active', silencedBy: [], inhibitedBy: [], mutedBy: [] },
  };
}

const asked: unknown[] = [];
const all = [view('a', ['team', 'lead']), view('b', ['team']), view('c', ['ops'])];
const group = (receiver: string, ...alerts: AlertView[]) => ({ labels, receiver, alerts });
const fake = {
  post: async (alerts: unknown) => void asked.push(alerts),
  alerts: async (filter: unknown) => {
    asked.push(filter);
    return all;
  },
  groups: async () => [group('team', all[0], all[1]), group('lead', all[0]), group('ops', all[2])],
  silences: async () => [],
  silence: async (wish: SilenceWish) => {
    if (wish.comment === '') throw new UserError('a silence needs a comment', { hint: '-c' });
    return 'the-id';
  },
  expire: async (id: string) => void asked.push(id),
  incidents: async () => [],
  acknowledge: async (...args: unknown[]) => {
    asked.push(args);
    return [];
  },
  test: async () => [],
  status: () => ({ startedMs: 1, configText: 'route:', receivers: ['team'], waiting: 3 }),
} as unknown as AlertDesk;

let pair: RemotePair;
let desk: RemoteDesk;

before(async () => {
  pair = await RemotePair.open({
    desk: plainService(deskMethods(() => fake)),
    rules: plainService(
      rulesMethods(() => ({
        view: { groups: async () => [] },
        replays: { replay: async (fromMs) => fromMs / 2, waiting: async () => 3 },
        reloadRules: async () => ({ added: ['g'], removed: [], changed: [], unchanged: 2 }),
      })),
    ),
  });
  desk = new RemoteDesk(pair.link('desk'), pair.link('desk'));
});
after(async () => {
  await pair.close();
});

test('questions arrive and answers come back', async () => {
  await desk.post([{ labels, annotations: {}, generatorUrl: '', startsAtMs: 5 }]);
  const [posted] = asked.pop() as [{ labels: Record<string, string> }];
  assert.deepEqual(Object.entries(posted.labels), Object.entries(labels));
  assert.deepEqual(await desk.alerts({ active: true, silenced: undefined }), all);
  assert.equal(await desk.silence(wish('works')), 'the-id');
  await desk.acknowledge({ id: '12' }, 'ann', 'mine');
  assert.deepEqual(asked.pop(), [{ id: '12' }, 'ann', 'mine']);
  assert.equal((await desk.status()).waiting, 3);
  const rules = new RemoteRules(pair.link('rules'));
  assert.deepEqual(await rules.groups(), []);
  assert.deepEqual((await rules.reloadRules()).added, ['g']);
  assert.equal(await rules.replay(8), 4);
  assert.equal(await rules.waiting(), 3);
});

function wish(comment: string): SilenceWish {
  const matchers = [{ name: 'host', op: '=' as const, value: 'x' }];
  return { matchers, startsAtMs: 1, endsAtMs: 2, createdBy: 'ann', comment };
}

test('the filter by receiver stays on this side and means the same', async () => {
  const receiver = (name: string): boolean => name === 'lead';
  const found = await desk.alerts({ receiver });
  assert.deepEqual(
    found.map(({ fingerprint }) => fingerprint),
    ['a'],
  );
  assert.deepEqual(Object.keys(asked.pop() as object), []);
  const groups = await desk.groups({ receiver: (name) => name !== 'ops' });
  assert.deepEqual(
    groups.map((one) => one.receiver),
    ['team', 'lead'],
  );
});

test('a user\u2019s mistake is one on this side too', async () => {
  await assert.rejects(desk.silence(wish('')), (thrown: unknown) => {
    assert.ok(thrown instanceof UserError);
    assert.equal(thrown.hint, '-c');
    return true;
  });
});

test('what has another shape is refused before anybody sees it', async () => {
  const link = pair.link('desk');
  const bad: [string, unknown[]][] = [
    ['post', [[{ labels: { a: 1 }, annotations: {}, generatorUrl: '' }]]],
    ['post', ['x']],
    ['alerts', [{ matchers: [{ name: 'a' }] }]],
    ['silence', [{ matchers: [], startsAtMs: 'soon' }]],
    ['expire', [7]],
    ['acknowledge', [{ id: 7 }, 'ann', 'x']],
    ['groups', [null]],
  ];
  for (const [method, args] of bad) {
    await assert.rejects(link.call(method, args), { code: 'MON_RECORD_MALFORMED' }, method);
  }
  assert.deepEqual(pair.bugs, []);
});
