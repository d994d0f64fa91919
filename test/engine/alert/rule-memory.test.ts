// What rules keep in State: every version that was ever written can be read, a change writes the
// pages that it touches and no others, and what cannot be understood stops the start. The specimens
// stand in fixtures/format; `MON_WRITE_SPECIMENS=1` makes what is missing.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Alert } from '../../../src/engine/alert/alert-states.ts';
import { NO_RECORDS, RuleMemory } from '../../../src/engine/alert/rule-memory.ts';
import type { RuleHead, RuleRecords } from '../../../src/engine/alert/rule-memory.ts';
import { decodePage, encodePages } from '../../../src/engine/alert/rule-pages.ts';
import { RunningRule } from '../../../src/engine/alert/running-rule.ts';
import type { Published } from '../../../src/engine/alert/running-rule.ts';
import { Templates } from '../../../src/engine/alert/standing-query.ts';
import { MonError } from '../../../src/engine/errors.ts';
import { labelsKey, makeLabels } from '../../../src/engine/model/labels.ts';
import type { AlertEvent } from '../../../src/engine/ports.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { projectRoot } from '../../support/project.ts';
import { MemoryState, alertRule } from './rule-world.ts';

const HEAD: RuleHead = { offsets: [[0, 7]], tickMs: 5000, floorMs: 1000, heldUntilMs: 0 };

function running(id: string): RunningRule {
  return new RunningRule(alertRule(id, 'up == 0'), id, {
    stepMs: 1000,
    templates: new Templates(),
  });
}

function alertOf(i: number, times: Partial<Alert> = {}): Alert {
  const labels = makeLabels([
    ['alertname', 'A'],
    ['i', String(i)],
    ['__proto__', '"\u0000 \ud83d\ude00'],
  ]);
  const never = { activeAtMs: 1000, firedAtMs: -1, keepSinceMs: -1, resolvedAtMs: -1 };
  return { labels, ...never, ...times };
}

function toldOf({ labels }: Alert, startsAtMs: number): Published {
  return { labels, startsAtMs, annotations: ['summary', `of ${startsAtMs}`] };
}

function eventOf(id: string): AlertEvent {
  const times = { startsAtMs: 1000, endsAtMs: 0, atMs: 1000 };
  return { id, labels: ['alertname', 'A'], annotations: [], ...times, generatorUrl: 'u' };
}

/** Records as plain values, in an order that does not matter. */
function plain({ rules, outbox, ...head }: RuleRecords) {
  const sorted = <T>(map: ReadonlyMap<string, T>): [string, T][] =>
    [...map].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const rows = sorted(rules).map(([id, { alerts, published }]) => {
    return [id, sorted(alerts), sorted(published)];
  });
  return { ...head, rows, outbox };
}

function put(rule: RunningRule, alerts: readonly Alert[], told: readonly Published[]): void {
  rule.states.restore(new Map(alerts.map((one) => [labelsKey(one.labels), one])));
  rule.published = new Map(told.map((one) => [labelsKey(one.labels), one]));
}

test('the specimen of version 1 is read, and written anew as version 2', async () => {
  const state = new MemoryState();
  const specimen = readFileSync(join(projectRoot, 'fixtures/format/rules-v1.json'), 'utf8').trim();
  await state.commit([{ key: 'rules/state', value: specimen, expected: 0 }]);
  const memory = new RuleMemory(state);
  const before = await memory.load();
  assert.deepEqual([...before.rules.keys()], ['first', 'second']);
  assert.equal(before.rules.get('first')?.alerts.size, 2);
  assert.equal(before.outbox.length, 1);
  const rules = [...before.rules].map(([id, { alerts, published }]) => {
    const rule = running(id);
    put(rule, [...alerts.values()], [...published.values()]);
    return rule;
  });
  const { offsets, tickMs, floorMs, heldUntilMs } = before;
  await memory.save({ offsets, tickMs, floorMs, heldUntilMs }, rules, before.outbox);
  const after = await new RuleMemory(state).load();
  const { version: _, ...whole } = before as RuleRecords & { version?: number };
  assert.deepEqual(plain(after), plain(whole));
});

test('the specimen of version 2 is read, and is what is written today', async () => {
  const state = new MemoryState();
  const memory = new RuleMemory(state);
  const rule = running('first\u0000rule');
  const alerts = [1, 2, 3].map((i) => alertOf(i, i === 2 ? { firedAtMs: 3000 } : {}));
  put(rule, alerts, [toldOf(alerts[1], 3000), toldOf(alertOf(9), 500)]);
  await memory.save(HEAD, [rule, running('quiet')], [eventOf('e1'), eventOf('e2')]);
  const rows = Object.fromEntries([...state.rows].map(([key, { value }]) => [key, value]));
  const file = join(projectRoot, 'fixtures/format/rules-v2.json');
  if (process.env['MON_WRITE_SPECIMENS'] === '1' && !existsSync(file)) {
    writeFileSync(file, `${JSON.stringify(rows, undefined, 1)}\n`);
  }
  const specimen = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  assert.deepEqual(rows, specimen);
  const again = new MemoryState();
  for (const [key, value] of Object.entries(specimen)) {
    await again.commit([{ key, value, expected: 0 }]);
  }
  const read = await new RuleMemory(again).load();
  const record = { alerts: rule.states.now, published: rule.published };
  const outbox = [eventOf('e1'), eventOf('e2')];
  assert.deepEqual(plain(read), plain({ ...HEAD, rules: new Map([[rule.id, record]]), outbox }));
});

for (const seed of [1, 2, 3]) {
  test(`what is read is what was written, after 300 random changes from seed ${seed}`, async () => {
    const random = seededRandom(seed);
    const state = new MemoryState();
    let memory = new RuleMemory(state);
    const rules = ['a', 'b', 'c'].map(running);
    let outbox: AlertEvent[] = [];
    for (let round = 0; round < 300; round++) {
      const rule = rules[Math.floor(random() * rules.length)];
      const alerts = new Map([...rule.states.now]);
      const told = new Map(rule.published);
      const size = random() < 0.1 ? 400 : 5;
      for (let k = 0; k < size; k++) {
        const alert = alertOf(Math.floor(random() * 600), { activeAtMs: round * 1000 });
        const key = labelsKey(alert.labels);
        if (random() < (round % 60 < 30 ? 0.7 : 0.1)) alerts.set(key, alert);
        else alerts.delete(key);
        if (random() < 0.3) told.set(key, toldOf(alert, round));
        else if (random() < 0.6) told.delete(key);
      }
      if (random() < 0.05) alerts.clear();
      rule.states.restore(alerts);
      if (random() < 0.7) rule.published = told;
      if (random() < 0.3) outbox.push(eventOf(`e${round}`));
      if (random() < 0.2) outbox = outbox.slice(Math.floor(random() * 4));
      const kept = random() < 0.1 ? rules.slice(1) : rules;
      const head = { ...HEAD, tickMs: round };
      await memory.save(head, kept, outbox);
      const read = await new RuleMemory(state).load();
      const wanted = new Map(
        kept.map((one) => [one.id, { alerts: one.states.now, published: one.published }]),
      );
      for (const [id, record] of wanted) {
        if (record.alerts.size + record.published.size === 0) wanted.delete(id);
      }
      // Of what was told together all are told again.
      const ids = new Set(read.outbox.map(({ id }) => id));
      assert(
        outbox.every(({ id }) => ids.has(id)),
        `round ${round}`,
      );
      const { outbox: _, ...rest } = plain(read);
      const { outbox: __, ...want } = plain({ ...head, rules: wanted, outbox });
      assert.deepEqual(rest, want, `seed ${seed}, round ${round}`);
      if (random() < 0.1) {
        memory = new RuleMemory(state);
        outbox = [...(await memory.load()).outbox];
      }
    }
  });
}

test('one change among 20,000 alerts writes one page, and no change the head alone', async () => {
  const state = new MemoryState();
  const memory = new RuleMemory(state);
  const rule = running('large');
  const alerts = Array.from({ length: 20_000 }, (_, i) => alertOf(i));
  put(rule, alerts, []);
  await memory.save(HEAD, [rule], []);
  const whole = state.written;
  await memory.save(HEAD, [rule], []);
  const head = state.written - whole;
  assert(head < 200, `${head} characters for nothing`);
  alerts[77] = alertOf(77, { firedAtMs: 9000 });
  put(rule, alerts, []);
  await memory.save(HEAD, [rule], []);
  const one = state.written - whole - 2 * head;
  assert(one < whole / 200, `${one} of ${whole} characters`);
  const read = await new RuleMemory(state).load();
  assert.deepEqual([...(read.rules.get('large')?.alerts.values() ?? [])].length, 20_000);
});

test('a predecessor that goes on writing is fenced by the head', async () => {
  const state = new MemoryState();
  const first = new RuleMemory(state);
  await first.save(HEAD, [running('a')], []);
  const second = new RuleMemory(state);
  await second.load();
  await second.save({ ...HEAD, tickMs: 6000 }, [], []);
  await assert.rejects(first.save(HEAD, [], []), { code: 'MON_STATE_CONFLICT' });
});

test('nothing is there at first, and what nobody understands is refused', async () => {
  assert.equal(await new RuleMemory(new MemoryState()).load(), NO_RECORDS);
  for (const value of ['', '[]', '{"version":3}', '{"version":"1"}', 'null', '7']) {
    const state = new MemoryState();
    await state.commit([{ key: 'rules/state', value, expected: 0 }]);
    await assert.rejects(new RuleMemory(state).load(), { code: 'MON_CHECKPOINT_CORRUPT' }, value);
  }
});

test('a page that was bent is read or refused, 5,000 times from seed 5', () => {
  const random = seededRandom(5);
  const alerts = [1, 2, 3].map((i) => alertOf(i));
  const record = {
    alerts: new Map(alerts.map((one) => [labelsKey(one.labels), one])),
    published: new Map([[labelsKey(alerts[0].labels), toldOf(alerts[0], 1)]]),
  };
  const text = encodePages('r', record, 1, new Set([0])).get(0) as string;
  assert.deepEqual(decodePage(text).record, record);
  const signs = '[]{},":0a-.';
  for (let i = 0; i < 5000; i++) {
    let bent = text;
    for (let k = 0; k <= random() * 3; k++) {
      const at = Math.floor(random() * bent.length);
      const sign = signs[Math.floor(random() * signs.length)];
      bent = bent.slice(0, at) + (random() < 0.3 ? '' : sign) + bent.slice(at + 1);
    }
    try {
      decodePage(bent);
    } catch (thrown) {
      assert(thrown instanceof MonError && thrown.code === 'MON_CHECKPOINT_CORRUPT', bent);
    }
  }
});
