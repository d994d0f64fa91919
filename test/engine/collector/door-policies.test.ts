// Policies within the book, the door and the log: what is dropped, thinned, let through twice when
// it is sent twice, what a rule protects, and that nothing of it touches other series. A naive
// model decides the same samples one by one.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { CardinalityLimits } from '../../../src/engine/collector/cardinality-guard.ts';
import { CardinalityGuard } from '../../../src/engine/collector/cardinality-guard.ts';
import { DoorPolicies } from '../../../src/engine/collector/door-policies.ts';
import { rulesOf, type Policy } from '../../../src/engine/collector/policy.ts';
import { MonError } from '../../../src/engine/errors.ts';
import { labelValue } from '../../../src/engine/model/labels.ts';
import { parse } from '../../../src/engine/promql/parse.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { doorSet, NOW_MS } from '../../support/door-set.ts';
import { writeRequestBody } from '../../support/write-request.ts';

const OPEN: CardinalityLimits = {
  ...{ mode: 'reject', labels: 0, seriesOfMetric: 0, valuesOfLabel: 0 },
  ...{ allowLabels: [], denyLabels: [] },
};

function matchersOf(match: string) {
  const expr = parse(match);
  return expr.kind === 'selector' ? expr.matchers : [];
}

function thin(match: string, everyMs: number, more: Partial<Policy> = {}): Policy {
  const matchers = matchersOf(match);
  return {
    kind: 'keep_every',
    name: 'thin',
    dryRun: false,
    match,
    matchers,
    everyMs,
    ...more,
  } as Policy;
}

const UNASKED: Policy = {
  ...{ kind: 'unqueried', name: 'unasked', dryRun: false, idleMs: 1000, except: ['kept_.*'] },
};

function policed(policies: readonly Policy[], limits: Partial<CardinalityLimits> = {}) {
  const set = doorSet();
  const guard = new CardinalityGuard({ ...OPEN, ...limits });
  set.book.guard = guard;
  const rule = new DoorPolicies(set.book, (ref) => guard.metricOf(ref));
  guard.follower = rule;
  set.door.apart = rule;
  rule.replace(policies);
  const write = (rows: readonly (readonly [Record<string, string>, ...number[]])[]) =>
    set.door.remoteWrite(
      writeRequestBody(
        rows.map(([labels, ...times]) => ({
          labels,
          samples: times.map((timestamp) => ({ timestamp, value: timestamp % 97 })),
        })),
      ),
    );
  const logged = () =>
    set.log
      .samples()
      .map(({ labels, timestampMs }) => `${labelValue(labels, '__name__')} ${timestampMs - NOW_MS}`)
      .sort();
  return { ...set, guard, rule, write, logged };
}

test('one sample of each interval stays, others are as they were', async () => {
  const { write, logged, rule, door } = policed([thin('{__name__="fast"}', 10_000)]);
  const times = [0, 1000, 2000, 9999, 10_000, 15_000, 20_000].map((ms) => NOW_MS - 60_000 + ms);
  const answer = await write([
    [{ __name__: 'fast', host: 'a' }, ...times],
    [{ __name__: 'fast', host: 'b' }, ...times.slice(1)],
    [{ __name__: 'slow' }, ...times],
  ]);
  assert.deepEqual([answer.accepted, answer.refused], [20, 0]);
  const at = (ms: number) => ms - 60_000;
  assert.deepEqual(
    logged(),
    [
      ...[0, 10_000, 20_000, 1000, 10_000, 20_000].map((ms) => `fast ${at(ms)}`),
      ...[0, 1000, 2000, 9999, 10_000, 15_000, 20_000].map((ms) => `slow ${at(ms)}`),
    ].sort(),
  );
  const [told] = rule.report();
  assert.deepEqual([told.series, told.dropped, told.kept], [2, 7, 6]);
  assert.equal(door.counts.droppedByPolicy, 7);
  assert.equal(door.counts.acceptedSamples, 13);
});

test('what was sent twice is kept twice, and what was dropped stays dropped', async () => {
  const { write, logged, log } = policed([thin('{__name__="fast"}', 10_000)]);
  log.failNext = () => new MonError('MON_DISK_FULL', 'no room');
  const rows = [[{ __name__: 'fast' }, NOW_MS - 500, NOW_MS - 400]] as const;
  await assert.rejects(write(rows), /no room/);
  await write(rows);
  assert.deepEqual(logged(), ['fast -500']);
});

test('what comes behind is thinned on its own, and a stale marker always stays', async () => {
  const { book, door, logged, rule } = policed([thin('{__name__="fast"}', 10_000)]);
  const ref = door.refOf(['__name__', 'fast']);
  const stale = new Float64Array(new Uint32Array([2, 0x7ff00000]).buffer)[0];
  const times = [0, -50_000, 1000, -49_000, 2000, -40_000].map((ms) => NOW_MS - 5000 + ms);
  const values = new Float64Array(times.length + 1);
  new Uint32Array(values.buffer).set([2, 0x7ff00000], times.length * 2);
  assert.ok(Number.isNaN(stale) && book.isApart(ref));
  await door.append(
    {
      refs: new Uint32Array(times.length + 1).fill(ref),
      timestamps: Float64Array.from([...times, NOW_MS - 2500]),
      ...{ values, count: times.length + 1 },
    },
    NOW_MS,
  );
  const kept = ['fast -2500', 'fast -45000', 'fast -5000', 'fast -55000'];
  assert.deepEqual(logged(), kept);
  assert.deepEqual([rule.report()[0].kept, rule.report()[0].dropped], [4, 3]);
});

test('what nobody asks for goes, comes back when somebody does, and exceptions stay', async () => {
  const { write, logged, rule, book } = policed([UNASKED]);
  let unasked = new Set<string>();
  rule.setUnqueried(() => unasked);
  const rows = (ms: number) =>
    ['used', 'idle', 'kept_idle'].map((__name__) => [{ __name__ }, NOW_MS + ms] as const);
  await write(rows(0));
  assert.equal(logged().length, 3);
  unasked = new Set(['idle', 'kept_idle']);
  rule.reconsider();
  await write(rows(1));
  assert.deepEqual(
    logged().filter((row) => row.endsWith(' 1')),
    ['kept_idle 1', 'used 1'],
  );
  assert.deepEqual(rule.report()[0].metrics, ['idle']);
  unasked = new Set();
  rule.reconsider();
  await write(rows(2));
  assert.equal(logged().filter((row) => row.endsWith(' 2')).length, 3);
  for (let ref = 0; ref < book.refs; ref++) assert.equal(book.isApart(ref), false);
});

test('a dry run takes nothing and says what it would', async () => {
  const { write, logged, rule } = policed([thin('{__name__="fast"}', 10_000, { dryRun: true })]);
  await write([[{ __name__: 'fast' }, NOW_MS, NOW_MS + 1]]);
  assert.equal(logged().length, 2);
  const [{ dryRun, series, dropped, metrics }] = rule.report();
  assert.deepEqual([dryRun, series, dropped, metrics], [true, 1, 0, ['fast']]);
});

test('the first policy that matches decides, and other policies take over at once', async () => {
  const first = thin('{__name__="fast",host="a"}', 10_000, { name: 'a' });
  const { write, logged, rule } = policed([
    first,
    thin('{__name__=~"fa.*"}', 20_000, { name: 'b' }),
  ]);
  const both = (ms: number) =>
    ['a', 'b'].map((host) => [{ __name__: 'fast', host }, NOW_MS + ms, NOW_MS + ms + 1] as const);
  await write(both(0));
  assert.deepEqual(
    rule.report().map(({ name, series, dropped }) => [name, series, dropped]),
    [
      ['a', 1, 1],
      ['b', 1, 1],
    ],
  );
  rule.replace([]);
  await write(both(10));
  assert.equal(logged().length, 6);
});

test('series that are forgotten leave their policy, their numbers come clean', async () => {
  const { write, book, rule, logged } = policed([thin('{__name__="fast"}', 10_000)]);
  await write([
    [{ __name__: 'fast' }, NOW_MS],
    [{ __name__: 'other' }, NOW_MS],
  ]);
  for (let i = 0; i < 4; i++) book.turn();
  assert.equal(book.forget(4), 2);
  assert.equal(rule.report()[0].series, 0);
  await write([
    [{ __name__: 'fresh' }, NOW_MS + 1, NOW_MS + 2],
    [{ __name__: 'fast' }, NOW_MS + 1],
  ]);
  assert.deepEqual(
    logged().filter((row) => !row.endsWith(' 0')),
    ['fast 1', 'fresh 1', 'fresh 2'],
  );
});

test('an aggregate policy is an aggregation rule, and its labels do not count', async () => {
  const policy: Policy = {
    ...{ kind: 'aggregate', name: 'pods', dryRun: false, match: '{__name__="hits"}' },
    ...{ matchers: matchersOf('{__name__="hits"}'), without: ['pod'], how: 'sum' },
  };
  const [rule] = rulesOf([policy, { ...policy, name: 'dry', dryRun: true }]);
  assert.deepEqual([rule.labels, rule.without, rule.keep], [['pod'], true, false]);
  assert.deepEqual(rule.outputs, ['sum_last', 'total']);
  const { write } = policed([policy], { seriesOfMetric: 2, valuesOfLabel: 2 });
  const pods = (name: string) =>
    Array.from({ length: 30 }, (_, i) => [{ __name__: name, pod: `p${i}` }, NOW_MS] as const);
  assert.deepEqual((await write(pods('hits'))).reasons, { cardinalityMetric: 10 });
  assert.equal((await write(pods('misses'))).accepted, 2);
});

test('the door keeps what a naive model keeps, whatever comes in whatever order', async () => {
  const seed = 20_261_121;
  const random = seededRandom(seed);
  const pick = (most: number) => Math.floor(random() * most);
  const everyMs = 5000;
  const { write, log } = policed([thin('{__name__=~"m[01]"}', everyMs)]);
  const kept = new Map<string, { last: number; behind: number }>();
  const expected: string[] = [];
  for (let round = 0; round < 200; round++) {
    const rows = Array.from({ length: 1 + pick(6) }, () => {
      const labels = { __name__: `m${pick(4)}`, host: `h${pick(3)}` };
      const times = Array.from({ length: 1 + pick(4) }, () => NOW_MS - pick(100) * 997);
      return [labels, ...times] as const;
    });
    const byLane = new Map<number, [string, number, string][]>();
    for (const [{ __name__, host }, ...times] of rows) {
      for (const ms of times) {
        const lateness = ms >= NOW_MS - 10_000 ? 0 : 1;
        const lane = byLane.get(lateness) ?? [];
        byLane.set(lateness, lane);
        lane.push([`${__name__} ${host}`, ms, __name__]);
      }
    }
    for (const lane of [0, 1]) {
      for (const [key, ms, name] of byLane.get(lane) ?? []) {
        if (name === 'm0' || name === 'm1') {
          const one = kept.get(key) ?? { last: -Infinity, behind: -Infinity };
          kept.set(key, one);
          const slot = Math.floor(ms / everyMs);
          const field = slot >= Math.floor(one.last / everyMs) ? 'last' : 'behind';
          if (ms !== one[field] && slot === Math.floor(one[field] / everyMs)) continue;
          one[field] = ms;
        }
        expected.push(`${key} ${ms}`);
      }
    }
    await write(rows);
  }
  const found = log.samples().map(({ labels, timestampMs }) => {
    return `${labelValue(labels, '__name__')} ${labelValue(labels, 'host')} ${timestampMs}`;
  });
  assert.deepEqual(found.sort(), expected.sort(), `seed ${seed}`);
});
