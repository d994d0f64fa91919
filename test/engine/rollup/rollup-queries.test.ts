// Queries over rollups beside the same queries over the samples: a range that spans both has no
// seam, whatever the function; what cannot be exact is said. Easy to get wrong: the samples must
// really be gone, or nothing is proved.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { QueryAnswer } from '../../../src/engine/model/query-result.ts';
import { QueryService } from '../../../src/engine/query/query-service.ts';
import type { RollupHorizons } from '../../../src/engine/query/choose-rollup.ts';
import { RollupSource } from '../../../src/engine/rollup/rollup-source.ts';
import { runSliced } from '../../../src/engine/store/sliced-run.ts';
import { StoreSource } from '../../../src/engine/store/store-source.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';
import type { Sample } from '../store/store-world.ts';
import { HOUR, RollupWorld } from './rollup-world.ts';

const MINUTE = 60_000;
const DAY = 24 * HOUR;
const START = 1_700_006_400_000;
const DAYS = 4;
const STALE = 0x7ff0000000000002n;
/** None of these is taken for a histogram by the world. */
const SERIES = [0, 2, 3, 5];

function bitsOf(value: number): bigint {
  return new BigUint64Array(Float64Array.of(value).buffer)[0];
}

/** Counters that are reset now and then, a gauge, and one that stops and comes back. */
async function fill(world: RollupWorld): Promise<void> {
  const counters = [0, 0, 0, 0];
  let batch: Sample[] = [];
  for (let step = 1; step <= (DAYS * DAY) / 30_000; step++) {
    const time = START + step * 30_000 - (step % 7) * 11;
    SERIES.forEach((series, i) => {
      counters[i] += world.below(50);
      if (world.below(700) === 0) counters[i] = world.below(20);
      const away = i === 3 && step % 500 > 420;
      if (away && step % 500 > 421) return;
      const gauge = 100 + Math.sin(step / 40) * 30 + world.below(5);
      const value = bitsOf(i === 1 ? gauge : counters[i]);
      batch.push({ series, time, bits: away ? STALE : value });
    });
    if (batch.length > 4000) {
      await world.append(batch);
      batch = [];
    }
  }
  await world.append(batch);
  world.nowMs = START + DAYS * DAY;
}

async function makeWorld(): Promise<RollupWorld> {
  const world = new RollupWorld(7);
  await world.open();
  world.nowMs = START;
  await fill(world);
  return world;
}

function services(world: RollupWorld): { plain: QueryService; withRows: QueryService } {
  const clock = new VirtualClock(world.nowMs);
  const horizons: RollupHorizons = { retentionMs: DAY, keepMs: [1e13, 1e13, 1e13, 1e13] };
  const source = new StoreSource(world.store);
  const { rollups } = world;
  const generation = (): number => world.store.truncations + rollups.changes;
  const rows = new RollupSource({
    ...{ rollups, source },
    run: (fragment, readers) => runSliced({ fragment, readers, generation }),
  });
  return {
    plain: new QueryService({ sources: [source], clock }),
    withRows: new QueryService({ sources: [rows], clock, rollups: horizons }),
  };
}

interface Asked {
  readonly query: string;
  readonly stepMs: number;
  readonly start?: number;
}

const EXACT: readonly Asked[] = [
  ...['rate', 'increase', 'delta', 'avg_over_time', 'min_over_time', 'max_over_time'].flatMap(
    (fn) => [
      { query: `${fn}(debug_info[1h])`, stepMs: HOUR },
      { query: `${fn}({path!=""}[3h])`, stepMs: HOUR },
      { query: `${fn}(requests_total[1d])`, stepMs: DAY },
      { query: `sum by (instance) (${fn}({path!=""}[5m]))`, stepMs: 10 * MINUTE },
      { query: `${fn}(requests_total[2m] offset 1h)`, stepMs: 2 * MINUTE, start: START + DAY },
    ],
  ),
  ...['sum', 'count', 'present', 'first', 'last', 'ts_of_first', 'ts_of_last'].map((fn) => ({
    query: `${fn}_over_time({path!=""}[2h])`,
    stepMs: HOUR,
  })),
  { query: 'requests_total', stepMs: HOUR },
  { query: 'requests_total', stepMs: MINUTE, start: START + 2 * DAY },
  { query: 'timestamp({path!=""})', stepMs: HOUR },
  { query: 'count(debug_info) or vector(0)', stepMs: 5 * MINUTE },
  { query: 'requests_total / requests_total offset 1d', stepMs: HOUR },
  { query: 'sum(rate({path!=""}[1h])) by (path) > 0', stepMs: DAY },
];

async function ask(service: QueryService, asked: Asked, endMs: number): Promise<QueryAnswer> {
  const { query, stepMs, start = START + 6 * HOUR } = asked;
  const from = Math.ceil(start / stepMs) * stepMs;
  return service.range(query, from, Math.min(endMs, from + stepMs * 3000), stepMs);
}

/** Every cell, values to rounding. */
function same(got: QueryAnswer, wanted: QueryAnswer, where: string): number {
  const a = cellsOf(got);
  const b = cellsOf(wanted);
  assert.deepEqual([...a.keys()].sort(), [...b.keys()].sort(), where);
  for (const [key, value] of b) {
    const other = a.get(key) as number;
    if (Object.is(other, value)) continue;
    const size = Math.max(Math.abs(value), Math.abs(other), 1e-9);
    assert.ok(Math.abs(value - other) / size < 1e-9, `${where} ${key}: ${other}, not ${value}`);
  }
  return b.size;
}

function cellsOf({ result }: QueryAnswer): Map<string, number> {
  const out = new Map<string, number>();
  if (!('matrix' in result)) return out;
  const { labels, steps, values, present } = result.matrix;
  labels.forEach((one, s) => {
    for (let i = 0; i < steps; i++) {
      const at = s * steps + i;
      if (present[at] === 1) out.set(`${one.join()} ${i}`, values[at]);
    }
  });
  return out;
}

test('rollups instead of samples, rollups before samples: the answers are the same', async () => {
  const world = await makeWorld();
  await world.store.seal(world.nowMs);
  const before = services(world);
  const endMs = world.nowMs;
  const wanted = new Map<Asked, QueryAnswer>();
  for (const asked of EXACT) wanted.set(asked, await ask(before.plain, asked, endMs));
  await world.workAll();
  const compare = async (state: string): Promise<void> => {
    const { withRows } = services(world);
    for (const [asked, answer] of wanted) {
      const got = await ask(withRows, asked, endMs);
      const where = `${state}: ${asked.query} step ${asked.stepMs}`;
      assert.ok(same(got, answer, where) > 0, where);
      assert.deepEqual(got.infos, answer.infos, where);
    }
  };
  await compare('all samples there');
  // Not the end of any window: rows must stand for the whole window in which it lies.
  await world.store.truncateBefore(START + 2 * DAY + 5 * HOUR + 1234);
  await compare('two days of samples gone');
  await world.store.truncateBefore(endMs - HOUR - 777);
  await compare('one hour of samples left');
  const gone = await ask(services(world).plain, { query: 'requests_total', stepMs: HOUR }, endMs);
  assert.ok(cellsOf(gone).size < 10, 'the samples are gone');
});

test('what rollups cannot tell exactly is near, and said', async () => {
  const world = await makeWorld();
  const endMs = world.nowMs;
  const { plain } = services(world);
  const odd: Asked = { query: 'sum_over_time(debug_info[90s])', stepMs: 100_000 };
  const irregular: Asked = { query: 'changes(requests_total[1h])', stepMs: HOUR };
  const quantile: Asked = { query: 'quantile_over_time(0.9, {path!=""}[1h])', stepMs: HOUR };
  const exact = await ask(plain, quantile, endMs);
  await world.workAll();
  const early = await ask(services(world).withRows, quantile, START + 12 * HOUR);
  await world.store.truncateBefore(endMs - 2 * HOUR);
  const { withRows } = services(world);
  const said = async (asked: Asked): Promise<string> =>
    (await ask(withRows, asked, endMs)).infos[0];
  assert.match(await said(odd), /do not end with the steps or ranges: values are estimates/);
  assert.match(await said(irregular), /changes sees only the last sample of each rollup window/);
  const near = await ask(withRows, quantile, endMs);
  assert.match(near.infos[0], /quantiles come from rollups, within 1 % of a value/);
  assert.deepEqual(early.infos, [], 'samples that are there answer');
  const cells = cellsOf(near);
  for (const [key, value] of cellsOf(exact)) {
    const got = cells.get(key) as number;
    assert.ok(Math.abs(got - value) <= Math.abs(value) * 0.0101 + 1e-9, `${key}: ${got}, ${value}`);
  }
});

test('what comes late is in the next answer, before it is rolled up anew', async () => {
  const world = await makeWorld();
  await world.workAll();
  const { plain, withRows } = services(world);
  const asked: Asked = { query: 'max_over_time(requests_total[1h])', stepMs: HOUR };
  const column: Asked = { query: 'requests_total{__rollup__="1h:max"}', stepMs: HOUR };
  const before = await ask(withRows, asked, world.nowMs);
  await world.append([{ series: 2, time: START + 7.5 * HOUR + 3, bits: bitsOf(1e9) }]);
  const wanted = await ask(plain, asked, world.nowMs);
  assert.equal(Math.max(...cellsOf(wanted).values()), 1e9);
  assert.ok(Math.max(...cellsOf(before).values()) < 1e9);
  same(await ask(withRows, asked, world.nowMs), wanted, 'before it is rolled up');
  assert.equal(Math.max(...cellsOf(await ask(withRows, column, world.nowMs)).values()), 1e9);
  await world.workAll();
  same(await ask(withRows, asked, world.nowMs), wanted, 'after it was rolled up');
});

test('a damaged file is missing, and that is said', async () => {
  const world = await makeWorld();
  await world.workAll();
  // The world truncates again whenever it opens.
  world.truncateModel(world.nowMs - HOUR);
  const folder = '/data/rollups/partition-0000';
  for (const name of await world.disk.list(folder)) {
    await world.disk.replaceFile(`${folder}/${name}`, [Uint8Array.of(1)]);
  }
  await world.rollups.close();
  await world.open();
  const { withRows } = services(world);
  const asked: Asked = { query: 'max_over_time(requests_total[1h])', stepMs: HOUR };
  const { warnings } = await ask(withRows, asked, world.nowMs);
  assert.ok(warnings.length > 0);
  assert.match(warnings[0], /^rollup \d+\.rollup of partition 0 is damaged: its rows are missing$/);
});

test('the last histogram of a window stands for it', async () => {
  const world = new RollupWorld(9);
  await world.open();
  const samples: Sample[] = [];
  // Values that the world takes for histograms: their sums.
  for (let i = 1; i <= 2 * 24 * 60; i++) {
    samples.push({ series: 1, time: START + i * MINUTE, bits: bitsOf(4 + (i % 2)) });
  }
  await world.append(samples);
  world.nowMs = START + 3 * DAY;
  const asked: Asked = { query: 'histogram_sum(requests_total)', stepMs: HOUR };
  const wanted = await ask(services(world).plain, asked, START + 2 * DAY);
  const counted: Asked = { query: 'count_over_time(requests_total[6h])', stepMs: HOUR };
  const all = await ask(services(world).plain, counted, START + 2 * DAY);
  await world.workAll();
  // As long as there are samples, those of a histogram answer.
  const both = await ask(services(world).withRows, counted, START + 2 * DAY);
  assert.ok(same(both, all, 'samples') > 40);
  assert.deepEqual(both.infos, []);
  await world.store.truncateBefore(START + 2 * DAY - HOUR);
  const got = await ask(services(world).withRows, asked, START + 2 * DAY);
  assert.ok(same(got, wanted, 'histograms') > 40);
});

test('a stored column is asked for by name', async () => {
  const world = await makeWorld();
  await world.workAll();
  const { withRows } = services(world);
  const end = START + 2 * DAY;
  const values = async (query: string): Promise<number[]> => {
    const { result } = await withRows.instant(query, end);
    return 'matrix' in result ? [...result.matrix.values] : [];
  };
  const max = await withRows.instant('requests_total{__rollup__="1h:max"}', end);
  assert.ok('matrix' in max.result);
  const [labels] = max.result.matrix.labels;
  assert.deepEqual(labels.slice(0, 4), ['__name__', 'requests_total', '__rollup__', '1h:max']);
  const over = await values('max_over_time(requests_total[1h])');
  assert.deepEqual([...max.result.matrix.values], over);
  assert.equal(over.length, 2);
  const counted = await values('sum(sum_over_time({__rollup__="1d:count"}[3d]))');
  assert.deepEqual(counted, await values('sum(count_over_time({path!=""}[2d]))'));
  await assert.rejects(values('x{__rollup__="2h:max"}'), /no stored column "2h:max"/);
  await assert.rejects(values('x{__rollup__!="1h:max"}'), /takes one value, by =/);
});
