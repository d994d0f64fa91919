// The beat of a screen on virtual time: what it asks, when it stays silent, how it lives through
// failures.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gridSize } from '../../../src/engine/model/fragment.ts';
import { Feed, type FeedOptions } from '../../../src/tui/feed/feed.ts';
import { fleetAsk, fleetTargets, makeFleet, type Fleet } from '../../support/fake-fleet.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const NOON = Date.UTC(2025, 0, 1, 12);

function setUp(fleet: Fleet, more: Partial<FeedOptions> = {}) {
  const clock = new VirtualClock(NOON);
  const feed = new Feed({
    ask: fleetAsk(fleet),
    clock,
    panels: [
      { id: 'cpu', queries: [{ expr: 'rate(node_cpu[$window])', legend: 'instance' }] },
      {
        id: 'requests',
        queries: [{ expr: 'rate(http_requests_total[$step])', legend: 'service' }],
      },
      { id: 'none', queries: [{ expr: 'there_is_no_such_thing', name: 'x' }] },
    ],
    figures: [{ id: 'series', expr: 'mon_head_series' }],
    targets: async () => fleetTargets(fleet, clock.now()),
    rangeMs: 900_000,
    columns: 90,
    beatMs: 1000,
    ...more,
  });
  return { clock, feed };
}

test('one range for all panels, as many instants as columns, windows filled in', async () => {
  const fleet = makeFleet();
  const { clock, feed } = setUp(fleet);
  feed.start();
  await clock.advance(100);
  const { panels, figures, targets, grid } = feed.snapshot();
  assert.equal(grid.step, 10_000);
  assert.ok(gridSize(grid) <= 91);
  const exprs = fleet.asked.map((a) => a.expr);
  assert.ok(exprs.includes('rate(node_cpu[1m])') || exprs.includes('rate(node_cpu[40s])'));
  assert.ok(exprs.includes('rate(http_requests_total[10s])'));
  const ends = fleet.asked.filter((a) => a.grid.step > 1).map((a) => a.grid.end);
  assert.equal(new Set(ends).size, 1);
  assert.equal(panels.get('cpu')?.state, 'shown');
  assert.equal(panels.get('requests')?.series.length, 4);
  assert.equal(panels.get('requests')?.series[0].name, 'checkout');
  assert.equal(panels.get('none')?.state, 'absent');
  assert.equal(figures.get('series'), 48_211);
  assert.equal(targets.list.length, 8);
  feed.stop();
});

test('later beats ask for new instants alone, and for nothing between two instants', async () => {
  const fleet = makeFleet();
  const { clock, feed } = setUp(fleet);
  feed.start();
  await clock.advance(2500);
  fleet.asked.length = 0;
  await clock.advance(5000);
  assert.deepEqual(
    fleet.asked.filter((a) => a.grid.step > 1),
    [],
    'no new instant yet',
  );
  await clock.advance(10_000);
  const ranges = fleet.asked.filter((a) => a.grid.step > 1 && !a.expr.includes('no_such'));
  assert.equal(ranges.length, 2);
  for (const { grid } of ranges) assert.ok(gridSize(grid) <= 3);
  feed.stop();
});

test('a panel keeps its identity until it changes, listeners hear only of changes', async () => {
  const fleet = makeFleet();
  const { clock, feed } = setUp(fleet, { targets: undefined });
  feed.start();
  await clock.advance(1500);
  const before = feed.snapshot();
  let heard = 0;
  feed.subscribe(() => heard++);
  await clock.advance(5000);
  assert.equal(heard, 0);
  assert.equal(feed.snapshot(), before);
  await clock.advance(10_000);
  assert.ok(heard > 0);
  assert.notEqual(feed.snapshot().panels.get('cpu'), before.panels.get('cpu'));
  feed.stop();
});

test('a failure stays with its panel, next to its last data, with the time it began', async () => {
  const fleet = makeFleet();
  const { clock, feed } = setUp(fleet);
  feed.start();
  await clock.advance(1500);
  fleet.broken = 'http_requests';
  await clock.advance(25_000);
  const { panels, trouble } = feed.snapshot();
  const broken = panels.get('requests');
  assert.match(broken?.trouble?.message ?? '', /duplicate series/);
  assert.ok((broken?.trouble?.sinceMs ?? 0) < NOON + 15_000);
  assert.equal(broken?.series.length, 4);
  assert.equal(panels.get('cpu')?.trouble, undefined);
  assert.equal(trouble, undefined);
  fleet.broken = '';
  await clock.advance(12_000);
  assert.equal(feed.snapshot().panels.get('requests')?.trouble, undefined);
  feed.stop();
});

test('a server that is down is asked little, is told with its age, and is seen again', async () => {
  const fleet = makeFleet();
  const { clock, feed } = setUp(fleet);
  feed.start();
  await clock.advance(1500);
  fleet.down = true;
  fleet.asked.length = 0;
  await clock.advance(30_000);
  assert.ok(fleet.asked.length <= 30 * 4, `${fleet.asked.length} questions`);
  const lost = feed.snapshot();
  assert.match(lost.trouble?.message ?? '', /refused/);
  assert.ok(lost.nowMs - lost.aliveMs >= 27_000);
  assert.ok(lost.panels.get('cpu')?.trouble);
  assert.ok((lost.panels.get('cpu')?.series.length ?? 0) > 0);
  fleet.down = false;
  await clock.advance(2500);
  const back = feed.snapshot();
  assert.equal(back.trouble, undefined);
  assert.equal(back.panels.get('cpu')?.trouble, undefined);
  assert.equal(back.targets.trouble, undefined);
  feed.stop();
});

test('a server that hangs holds no beat for ever, beats are skipped, not piled up', async () => {
  const fleet = makeFleet();
  const { clock, feed } = setUp(fleet);
  feed.start();
  await clock.advance(1500);
  fleet.hangs = true;
  fleet.asked.length = 0;
  await clock.advance(9000);
  assert.ok(fleet.asked.length <= 4, 'what is unanswered is not asked again');
  await clock.advance(5000);
  assert.match(feed.snapshot().trouble?.message ?? '', /no answer within 10s/);
  fleet.hangs = false;
  await clock.advance(14_000);
  assert.equal(feed.snapshot().trouble, undefined);
  feed.stop();
});

test('pause asks nothing; a new range or an anchor is asked for at once', async () => {
  const fleet = makeFleet();
  const { clock, feed } = setUp(fleet);
  feed.start();
  await clock.advance(1500);
  feed.pause(true);
  fleet.asked.length = 0;
  await clock.advance(30_000);
  assert.deepEqual(fleet.asked, []);
  assert.equal(feed.snapshot().paused, true);
  feed.pause(false);
  await clock.advance(10);
  assert.ok(fleet.asked.length > 0);
  feed.look({ rangeMs: 3_600_000 });
  await clock.advance(10);
  assert.equal(feed.snapshot().grid.step, 60_000);
  feed.look({ anchorMs: NOON - 7_200_000 });
  await clock.advance(10);
  assert.equal(feed.snapshot().grid.end, NOON - 7_200_000);
  assert.equal(feed.snapshot().endMs, NOON - 7_200_000);
  feed.look({ anchorMs: 'live' });
  await clock.advance(10);
  assert.ok(feed.snapshot().grid.end >= NOON - 60_000);
  feed.stop();
});

test('after stop nothing runs', async () => {
  const fleet = makeFleet();
  const { clock, feed } = setUp(fleet);
  feed.start();
  await clock.advance(500);
  feed.stop();
  fleet.asked.length = 0;
  await clock.advance(60_000);
  assert.deepEqual(fleet.asked, []);
  assert.equal(clock.waiting, 0);
});

test('the end of the axis moves in strides, not with every beat', async () => {
  const { clock, feed } = setUp(makeFleet());
  feed.start();
  const ends = new Set<number>();
  for (let i = 0; i < 60; i++) {
    await clock.advance(1000);
    ends.add(feed.snapshot().endMs);
    assert.ok(feed.snapshot().endMs >= feed.snapshot().grid.end);
  }
  assert.ok(ends.size <= 3);
  feed.stop();
});
