// Groups of the Pushgateway's paths where several processes change and show them over one State:
// nothing that was answered is lost, and everybody sees it. Easy to get wrong: who pushes a family
// into a group must not undo what another process has put there meanwhile.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import { PushGroups } from '../../../src/engine/collector/push-groups.ts';
import { PUSH_GROUPS_BYTES_MAX } from '../../../src/engine/limits-sources.ts';
import { PUSH_GROUP_BYTES_MAX } from '../../../src/engine/limits.ts';
import type { GroupLabels, State } from '../../../src/engine/ports.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { SqliteState } from '../../../src/engine/runtime/state-sqlite.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

async function makeState(t: TestContext): Promise<State> {
  const where = await mkdtemp(join(tmpdir(), 'mon-groups-'));
  const state = new SqliteState(join(where, 'state.db'));
  t.after(async () => {
    await state.close();
    await rm(where, { recursive: true });
  });
  return state;
}

const text = (body: string): Uint8Array => Buffer.from(body);
const labels = (name: string): GroupLabels => [['job', name]];

test('several processes change the same groups, and nothing is undone', async (t) => {
  const state = await makeState(t);
  const clock = new VirtualClock();
  const all = Array.from({ length: 3 }, () => new PushGroups(state, clock));
  const random = seededRandom(7);
  const want = new Map<string, string>();
  for (let round = 0; round < 40; round++) {
    const work = all.map(async (one, i) => {
      const group = `g${Math.floor(random() * 3)}`;
      // Each writes families of its own, so that the last word on each is known.
      const name = `m${i}`;
      await one.push(labels(group), text(`${name} ${round}\n`), 'text/plain', false);
      want.set(`${name}{instance="",job="${group}"}`, `${round}`);
    });
    await Promise.all(work);
  }
  const reader = new PushGroups(state, clock);
  await reader.refresh();
  for (const one of [...all, reader]) {
    await one.refresh();
    const lines = one.render().split('\n');
    for (const [series, value] of want) assert.ok(lines.includes(`${series} ${value}`), series);
  }
  await all[0].remove(labels('g0'));
  await all[1].remove(labels('g0'));
  await reader.refresh();
  assert.doesNotMatch(reader.render(), /job="g0"/);
  assert.match(reader.render(), /job="g1"/);
});

test('the first group is told, and what was known is shown while State is away', async (t) => {
  const state = await makeState(t);
  const clock = new VirtualClock();
  let away = false;
  const get: State['get'] = async (key) => {
    if (away) throw new MonError('MON_SERVER_UNREACHABLE', 'away');
    return state.get(key);
  };
  const far = new Proxy(state, {
    get: (target, key) => (key === 'get' ? get : Reflect.get(target, key).bind(target)),
  });
  const shown = new PushGroups(far, clock);
  let told = 0;
  shown.whenAny(() => told++);
  await shown.refresh();
  assert.equal(told, 0);
  await new PushGroups(state, clock).push(labels('x'), text('a 1\n'), 'text/plain', true);
  await shown.refresh();
  await shown.refresh();
  assert.equal(told, 1);
  away = true;
  const body = await shown.target(1000, 1000).render();
  assert.match(Buffer.from(body).toString(), /^a\{instance="",job="x"\} 1$/m);
});

test('all groups together have a bound, and a smaller one is always taken', async (t) => {
  const state = await makeState(t);
  const groups = new PushGroups(state, new VirtualClock());
  const body = (bytes: number): Uint8Array => text(`a{x="${'x'.repeat(bytes)}"} 1\n`);
  const large = PUSH_GROUP_BYTES_MAX - 1000;
  const put = (i: number, bytes: number): Promise<void> =>
    groups.push(labels(`g${i}`), body(bytes), 'text/plain', true);
  const count = Math.floor(PUSH_GROUPS_BYTES_MAX / PUSH_GROUP_BYTES_MAX);
  for (let i = 0; i < count; i++) await put(i, large);
  await assert.rejects(put(count, large), /all groups together hold at most/);
  await put(0, large - 1000);
  await put(count, 500);
});
