// Warming of the result cache on the virtual clock: what a dashboard asks again finds its steps
// there although what was kept has ended meanwhile; it stops when nobody asks, when the places are
// taken, and for what costs too much.
import assert from 'node:assert/strict';
import test from 'node:test';
import { MemoryCache } from '../../../src/engine/cache/memory-cache.ts';
import {
  CACHE_WARM_EVERY_MS,
  CACHE_WARM_QUERIES_MAX,
  QUERY_COST_HEAVY,
  QUERY_COST_MAX,
} from '../../../src/engine/limits.ts';
import { LateSamples } from '../../../src/engine/query/late-samples.ts';
import { QueryService } from '../../../src/engine/query/query-service.ts';
import { ResultCache } from '../../../src/engine/query/result-cache.ts';
import { Warming } from '../../../src/engine/query/warming.ts';
import { MemorySeries, MemorySource } from '../../support/memory-series.ts';
import { VirtualClock, settle } from '../../support/virtual-clock.ts';
import type { AskOptions, Estimate } from '../../../src/engine/ports.ts';
import type { Fragment, FragmentResult } from '../../../src/engine/model/fragment.ts';
import type { QueryServiceOptions } from '../../../src/engine/query/service-options.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const START = 1_700_000_000_000;
const STEP = 15 * SECOND;
const DASHBOARD: AskOptions = { pool: 'dashboard' };

class SlowSource extends MemorySource {
  steps = 0;
  /** Answers wait for it while it is there. */
  gate: Promise<void> | undefined;
  samples = 0;

  async estimate(): Promise<Estimate> {
    return { series: 1, samples: this.samples };
  }

  override async fragment(fragment: Fragment): Promise<FragmentResult> {
    this.steps += (fragment.grid.end - fragment.grid.start) / fragment.grid.step + 1;
    await this.gate;
    return super.fragment(fragment);
  }
}

function makeWorld(more: Partial<QueryServiceOptions> = {}) {
  const clock = new VirtualClock(START);
  const series = new MemorySeries();
  const samples = [];
  for (let t = START - 2 * HOUR; t < START + HOUR; t += 10 * SECOND) {
    samples.push({ t, v: (t - START) / SECOND });
  }
  series.add({ __name__: 'm_total' }, samples);
  const source = new SlowSource(series);
  const late = new LateSamples(clock.now(), HOUR);
  const results = new ResultCache({ cache: new MemoryCache({ clock }), clock, late });
  const warming = new Warming({ clock, results });
  const service = new QueryService({ sources: [source], clock, results, warming, ...more });
  const ask = async (options: AskOptions = DASHBOARD, query = 'rate(m_total[1m])') => {
    const end = Math.floor(clock.now() / STEP) * STEP;
    const before = source.steps;
    await service.range(query, end - 30 * MINUTE, end, STEP, options);
    return source.steps - before;
  };
  /** Time passes with its beats of warming. */
  const pass = async (ms: number): Promise<void> => {
    for (let gone = 0; gone < ms; gone += CACHE_WARM_EVERY_MS) {
      await clock.advance(CACHE_WARM_EVERY_MS);
      await service.warm();
    }
  };
  return { clock, source, results, warming, service, ask, pass };
}

test('what a dashboard asks regularly is there when it asks', async () => {
  const { warming, ask, pass } = makeWorld();
  const computed: number[] = [];
  for (let i = 0; i < 12; i++) {
    computed.push(await ask());
    await pass(30 * SECOND);
  }
  assert.equal(computed[0], 121);
  // Only steps that are never kept are left to the asker: 15 s, and what came since.
  for (const steps of computed.slice(3)) assert.ok(steps <= 4, computed.join(' '));
  assert.ok(warming.counts.refreshed > 3, JSON.stringify(warming.counts));
});

test('without warming the same dashboard computes all again each minute', async () => {
  const { clock, ask } = makeWorld();
  const computed: number[] = [];
  for (let i = 0; i < 12; i++) {
    computed.push(await ask());
    await clock.advance(30 * SECOND);
  }
  assert.ok(
    computed.slice(3).some((steps) => steps > 50),
    computed.join(' '),
  );
});

test('it ends two periods after the last ask', async () => {
  const { source, warming, ask, pass } = makeWorld();
  for (let i = 0; i < 5; i++) {
    await ask();
    await pass(30 * SECOND);
  }
  assert.equal(warming.size, 1);
  await pass(35 * SECOND);
  assert.equal(warming.size, 0);
  const before = source.steps;
  await pass(5 * MINUTE);
  assert.equal(source.steps, before);
});

test('what does not move, is no dashboard, or came twice only is not refreshed', async () => {
  const { clock, source, warming, service, ask, pass } = makeWorld();
  const end = Math.floor(clock.now() / STEP) * STEP - HOUR;
  for (let i = 0; i < 6; i++) {
    await service.range('m_total', end - HOUR, end, STEP, DASHBOARD);
    await ask({ pool: 'adhoc' });
    if (i < 2) await ask(DASHBOARD, 'm_total * 2');
    const before = source.steps;
    await pass(30 * SECOND);
    assert.equal(source.steps, before, `round ${i}`);
  }
  assert.equal(warming.counts.refreshed, 0);
});

test('nothing is refreshed while half of the places are taken', async () => {
  const { source, warming, service, ask, pass, clock } = makeWorld({ dashboardRunning: 2 });
  for (let i = 0; i < 3; i++) {
    await ask();
    await pass(20 * SECOND);
  }
  const { counts } = warming;
  const before = { ...counts };
  let open = (): void => undefined;
  source.gate = new Promise((resolve) => (open = resolve));
  const held = ['a', 'b'].map((name) => service.instant(name, clock.now(), DASHBOARD));
  await settle();
  await pass(15 * SECOND);
  assert.ok(counts.busy > before.busy);
  assert.deepEqual({ ...counts, busy: 0 }, { ...before, busy: 0 });
  source.gate = undefined;
  open();
  await Promise.all(held);
});

test('what costs too much is refused and forgotten', async () => {
  const { source, warming, ask, pass } = makeWorld();
  source.samples = QUERY_COST_HEAVY * 2;
  for (let i = 0; i < 3; i++) {
    await ask({ ...DASHBOARD, maxCost: QUERY_COST_MAX });
    await pass(20 * SECOND);
  }
  const { refused, refreshed } = warming.counts;
  assert.deepEqual([refused > 0, refreshed], [true, 0], JSON.stringify(warming.counts));
});

test('so many queries are watched and no more', async () => {
  const { warming, ask } = makeWorld();
  for (let i = 0; i < CACHE_WARM_QUERIES_MAX + 20; i++) await ask(DASHBOARD, `m_total + ${i}`);
  assert.equal(warming.size, CACHE_WARM_QUERIES_MAX);
});
