// Asking and dropping over two virtual months: what nobody asks for goes, what a rule, a dashboard,
// a person, another Prometheus or a selector without a name asks for stays, what is asked for again
// comes back, and none of it is forgotten by a restart.
import assert from 'node:assert/strict';
import test from 'node:test';
import { CardinalityGuard } from '../../../src/engine/collector/cardinality-guard.ts';
import type { CardinalityLimits } from '../../../src/engine/collector/cardinality-guard.ts';
import { Exploring } from '../../../src/engine/daemons/explore-wiring.ts';
import { MonError } from '../../../src/engine/errors.ts';
import type { Matcher } from '../../../src/engine/model/matcher.ts';
import type { Source } from '../../../src/engine/ports.ts';
import { matcherTest } from '../../../src/engine/promql/regexp.ts';
import { parsed } from '../../../src/engine/query/parsed.ts';
import { Counters } from '../../../src/engine/runtime/counters.ts';
import { doorSet } from '../../support/door-set.ts';
import { MemoryState } from '../../support/memory-state.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import { writeRequestBody } from '../../support/write-request.ts';

const DAY = 86_400_000;
const NAMES = ['idle', 'asked', 'shown', 'ruled', 'rule_re', 'federated', 'node_x', 'up'];
const LIMITS: CardinalityLimits = {
  ...{ mode: 'reject', labels: 0, seriesOfMetric: 0, valuesOfLabel: 0 },
  ...{ allowLabels: [], denyLabels: [] },
  policies: [
    { kind: 'unqueried', name: 'unasked', dryRun: false, idleMs: 30 * DAY, except: ['node_.*'] },
  ],
};

interface Life {
  readonly state: MemoryState;
  readonly clock: VirtualClock;
  readonly limits?: CardinalityLimits;
}

/** A process: starts with what the state holds. */
async function live({ state, clock, limits = LIMITS }: Life) {
  const set = doorSet();
  const guard = new CardinalityGuard(limits);
  set.book.guard = guard;
  const exploring = new Exploring({ state, clock, counters: new Counters() });
  let away = false;
  const source = {
    labelValues: async (_name: string, [matchers]: readonly (readonly Matcher[])[]) => {
      if (away) throw new MonError('MON_SERVER_UNREACHABLE', 'away');
      const job = matchers.find(({ name }) => name === 'job');
      const ofName = matchers.filter(({ name }) => name === '__name__').map(matcherTest);
      if (job !== undefined) return ['shown'];
      return NAMES.filter((name) => ofName.every((passes) => passes(name)));
    },
    cardinality: async () => ({ series: 0 }),
  } as unknown as Source;
  const rules = ['rate(ruled[5m]) > 1', 'count({__name__=~"rule_.*"})', 'count({job!=""})'];
  exploring.plug({
    ...{ source, door: set.door, guard, cardinality: limits },
    ...{ rules: () => rules, series: () => 0, aggregate: async () => undefined },
  });
  await exploring.start();
  let sent = 0;
  /** Which of the metrics reach the log when each sends a sample. */
  const kept = async (): Promise<string[]> => {
    const before = set.log.samples().length;
    const timestamp = set.clock.now() + ++sent;
    await set.door.remoteWrite(
      writeRequestBody(
        NAMES.map((__name__) => ({ labels: { __name__ }, samples: [{ timestamp, value: 1 }] })),
      ),
    );
    const names = set.log.samples().map(({ labels, timestampMs }) => ({ labels, timestampMs }));
    assert.ok(names.length >= before);
    return names
      .filter(({ timestampMs }) => timestampMs === timestamp)
      .map(({ labels }) => labels[1])
      .sort();
  };
  const asks = (query: string, more: { pool?: 'dashboard' } = {}): void =>
    exploring.asked.note(parsed(query).uses, more);
  return { exploring, kept, asks, fail: (now: boolean) => void (away = now) };
}

async function days(clock: VirtualClock, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await clock.advance(DAY);
}

const ALL = NAMES.toSorted();
const WITHOUT_IDLE = ALL.filter((name) => name !== 'idle');

test('two months: only what nobody wants goes, a restart forgets nothing', async () => {
  const state = new MemoryState();
  const clock = new VirtualClock(1_700_000_000_000);
  let one = await live({ state, clock });
  assert.deepEqual(await one.kept(), ALL);
  await one.exploring.round();
  await days(clock, 20);
  one.asks('sum(asked)');
  one.asks('{job="api"}', { pool: 'dashboard' });
  one.exploring.selected([[{ name: '__name__', op: '=', value: 'federated' }]]);
  await one.exploring.round();
  await days(clock, 9);
  await one.exploring.round();
  assert.deepEqual(await one.kept(), ALL, 'counting began 29 days ago');
  await one.exploring.drain();
  await days(clock, 2);
  one = await live({ state, clock });
  assert.deepEqual(await one.kept(), ALL, 'before the first round nobody knows what rules use');
  await one.exploring.round();
  assert.deepEqual(await one.kept(), WITHOUT_IDLE);
  const found = await one.exploring.explore({ rows: 10 });
  assert.equal(found, undefined, 'this source counts nothing');
  one.asks('idle');
  await one.exploring.round();
  assert.deepEqual(await one.kept(), ALL, 'asked for again');
  await days(clock, 25);
  await one.exploring.round();
  const left = ALL.filter((name) => !['asked', 'shown', 'federated'].includes(name));
  assert.deepEqual(await one.kept(), left, 'others were asked for 36 days ago');
});

test('a selector by name finds what was dropped, too', async () => {
  const state = new MemoryState();
  const clock = new VirtualClock(1_700_000_000_000);
  const one = await live({ state, clock });
  await one.kept();
  await one.exploring.round();
  await days(clock, 31);
  await one.exploring.round();
  const dropped = await one.kept();
  assert.ok(!dropped.includes('idle'));
  one.asks('{__name__=~"id.*"}');
  await one.exploring.round();
  assert.ok((await one.kept()).includes('idle'));
});

test('when what the rules use cannot be found out, nothing changes', async () => {
  const state = new MemoryState();
  const clock = new VirtualClock(1_700_000_000_000);
  const one = await live({ state, clock });
  await one.kept();
  await one.exploring.round();
  await days(clock, 31);
  one.fail(true);
  await assert.rejects(one.exploring.round(), /away/);
  assert.deepEqual(await one.kept(), ALL);
  one.fail(false);
  await one.exploring.round();
  assert.ok(!(await one.kept()).includes('idle'));
});

test('a dry run drops nothing, and other policies are followed at once', async () => {
  const [policy] = LIMITS.policies ?? [];
  const limits = { ...LIMITS, policies: [{ ...policy, dryRun: true }] };
  const state = new MemoryState();
  const clock = new VirtualClock(1_700_000_000_000);
  const one = await live({ state, clock, limits });
  await one.kept();
  await one.exploring.round();
  await days(clock, 31);
  await one.exploring.round();
  assert.deepEqual(await one.kept(), ALL);
  await one.exploring.follow({ cardinality: LIMITS });
  assert.ok(!(await one.kept()).includes('idle'));
  await one.exploring.follow({ cardinality: { ...LIMITS, policies: [] } });
  assert.deepEqual(await one.kept(), ALL);
});
