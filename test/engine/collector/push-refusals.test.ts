// Groups of the Pushgateway's paths: what is refused as the Pushgateway refuses it, what a refused
// body leaves behind, and that all of it is there again after a restart. The statuses over HTTP
// stand in test/e2e/senders.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PushGroups } from '../../../src/engine/collector/push-groups.ts';
import { MonError } from '../../../src/engine/errors.ts';
import type { GroupLabels } from '../../../src/engine/ports.ts';
import { MemoryState } from '../../support/memory-state.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const JOB: GroupLabels = [['job', 'backup']];
const START_S = 1_700_000_000;

function setUp() {
  const clock = new VirtualClock(START_S * 1000);
  const state = new MemoryState();
  const groups = new PushGroups(state, clock);
  const push = (text: string, replace = true, labels = JOB): Promise<void> =>
    groups.push(labels, Buffer.from(text), 'text/plain', replace);
  const samples = (from = groups): string[] =>
    from
      .render()
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
  return { clock, state, groups, push, samples };
}

const OWN = 'instance="",job="backup"';

test('a series that is there twice, and a second TYPE, are refused; nothing changes', async () => {
  const { push, samples, clock } = setUp();
  await push('a 1\n');
  const bad = [
    ...['a 1\na 2\n', 'a{x="1",y="2"} 1\na{y="2",x="1"} 2\n', 'a 1 1700000000000\n'],
    ...['# TYPE a counter\na 1\n# TYPE a gauge\n', '# HELP a b\n# HELP a c\na 1\n', 'a{\n'],
    // The group's own labels make these two one.
    'a{job="x"} 1\na{job="y"} 2\n',
  ];
  await clock.advance(5000);
  for (const text of bad) {
    const refused = (thrown: unknown): boolean =>
      thrown instanceof MonError && thrown.code === 'MON_BODY_MALFORMED';
    await assert.rejects(push(text), refused, text);
  }
  assert.deepEqual(samples(), [
    `a{${OWN}} 1`,
    `push_time_seconds{${OWN}} ${START_S}`,
    `push_failure_time_seconds{${OWN}} ${START_S + 5}`,
  ]);
});

test('a refused body makes no group; the time of the failure outlives a restart', async () => {
  const { clock, state, push, samples } = setUp();
  await assert.rejects(push('a{\n'));
  assert.deepEqual(samples(), []);
  await push('a 1\n');
  assert.ok(samples().includes(`push_failure_time_seconds{${OWN}} 0`));
  await clock.advance(1000);
  await assert.rejects(push('a{\n'));
  await push('b 2\n', false);
  const again = new PushGroups(state, clock);
  await again.refresh();
  assert.deepEqual(samples(again), samples());
  assert.deepEqual(samples(again), [
    ...[`a{${OWN}} 1`, `b{${OWN}} 2`],
    `push_time_seconds{${OWN}} ${START_S + 1}`,
    `push_failure_time_seconds{${OWN}} ${START_S + 1}`,
  ]);
});

test('what is told of groups is not taken from their bodies', async () => {
  const { push, samples } = setUp();
  await push('a 1\npush_time_seconds 7\npush_failure_time_seconds{job="x"} 8\n');
  assert.equal(samples().filter((line) => line.startsWith('push_')).length, 2);
  assert.ok(samples().includes(`push_time_seconds{${OWN}} ${START_S}`));
});

test('__proto__ is a family like any other', async () => {
  const { push, samples, clock, state } = setUp();
  await push('__proto__{__proto__="x"} 1\nconstructor 2\n');
  await push('toString 3\n', false);
  const again = new PushGroups(state, clock);
  await again.refresh();
  assert.deepEqual(samples(again).slice(0, 3), [
    ...[`__proto__{__proto__="x",${OWN}} 1`, `constructor{${OWN}} 2`, `toString{${OWN}} 3`],
  ]);
});
