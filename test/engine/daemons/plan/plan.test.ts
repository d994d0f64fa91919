// The design documents' tables from their own assumptions, to the digit; plans by hand; inputs,
// prices and figures that are read or refused; what breaks first, in order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFigures } from '../../../../src/engine/daemons/bench/figures.ts';
import { boundsOf, breaksAt } from '../../../../src/engine/daemons/plan/breaks.ts';
import { compareCost, compareTiers } from '../../../../src/engine/daemons/plan/compare.ts';
import { DEFAULT_FIGURES } from '../../../../src/engine/daemons/plan/default-figures.ts';
import { DEFAULT_INPUTS, parseInputs } from '../../../../src/engine/daemons/plan/inputs.ts';
import { collectorCost, makePlan, storeCost } from '../../../../src/engine/daemons/plan/model.ts';
import type { PlanFigures } from '../../../../src/engine/daemons/plan/model.ts';
import { reportOf } from '../../../../src/engine/daemons/plan/plan.ts';
import { DEFAULT_PRICES, parsePrices } from '../../../../src/engine/daemons/plan/prices.ts';
import { sectionsOf } from '../../../../src/engine/daemons/plan/sections.ts';
import { agrees, SEED_COST, SEED_ROWS } from '../../../../src/engine/daemons/plan/seed-tables.ts';
import { UserError } from '../../../../src/engine/errors.ts';

const figures = DEFAULT_FIGURES.figures as PlanFigures;
/** What a row's sum gives. */
const sum = (table: string, name: string): number => {
  const row = SEED_ROWS.find((one) => one.table === table && one.name === name);
  assert.ok(row, `${table}: ${name}`);
  return row.computed;
};

test("the load of document 001, from the document's own assumptions", () => {
  assert.equal(sum('001 load', 'writes'), 100_000_000);
  assert.equal(sum('001 load', 'a day'), 8_640_000_000_000);
  assert.equal(sum('001 load', 'two years'), 6_307_200_000_000_000);
  assert.equal(sum('001 load', 'raw'), 100_915_200_000_000_000);
  assert.equal(sum('001 load', 'compressed'), 10_091_520_000_000_000);
  assert.equal(Math.round(sum('001 load', 'queries')), 16_667);
});

test('the bill of document 001 comes to $107,500', () => {
  assert.deepEqual(
    SEED_COST.map(([, , month]) => month),
    [10_000, 80_000, 6_000, 2_000, 2_000, 2_500, 5_000],
  );
  assert.equal(sum('001 cost', 'total'), 107_500);
  assert.equal(sum('001 cost', 'a million samples/s'), 1_075);
});

test('the tiers of document 000 come to $244,000', () => {
  assert.equal(sum('000 tiers', 'hot cost'), 80_000);
  assert.equal(sum('000 tiers', 'warm cost'), 160_000);
  assert.equal(sum('000 tiers', 'cold cost'), 4_000);
  assert.equal(sum('000 tiers', 'total'), 244_000);
  assert.equal(sum('000 tiers', 'one tier of SSD'), 1_000_000);
  assert.equal(sum('000 tiers', 'saved'), 756_000);
  assert.equal(sum('000 tiers', 'hot'), 798e12);
  assert.equal(sum('000 tiers', 'cold'), 960e12);
  assert.equal(sum('000 compression', 'saved'), 9_000_000);
  assert.equal(sum('002 scaling', 'cost at 1B/s'), 2_440_000);
});

test('the other documents, too', () => {
  assert.equal(sum('003 example', 'writes'), 50_000);
  assert.equal(sum('004 load', 'writes'), 100_000_000);
  assert.equal(sum('004 load', 'bytes'), 2_000_000_000);
  assert.equal(sum('004 load', 'a day'), 172_800_000_000_000);
  assert.equal(sum('002 regions', 'endpoints'), 1_000_000);
  assert.equal(sum('002 regions', 'partitions'), 24);
});

test('a sum that does not come out is told, and no other', () => {
  for (const row of SEED_ROWS) {
    const said = row.slip !== '';
    const off = !agrees(row);
    if (off) assert.ok(said, `${row.table}: ${row.name} is off and nothing is said`);
  }
  const said = SEED_ROWS.filter((row) => row.slip !== '' && agrees(row)).map(({ name }) => name);
  assert.deepEqual(said, ['on disk'], 'what agrees needs no word, but for one that says more');
});

test('a plan, by hand', () => {
  const inputs = { ...DEFAULT_INPUTS, targets: 10_000, intervalMs: 10_000 };
  const plan = makePlan(inputs, figures, DEFAULT_PRICES);
  assert.equal(plan.series, 1_000_000);
  assert.equal(plan.samplesPerSecond, 100_000);
  assert.equal(plan.overKafka, false, 'one machine is enough');
  assert.equal(plan.brokers, 0);
  assert.equal(plan.storeNodes, 3, 'one a zone');
  assert.equal(Math.round(plan.rawBytes), Math.round(100_000 * 86_400 * 15 * figures.sealedBytes));
  const total = plan.lines.reduce((all, { month }) => all + month, 0);
  assert.equal(plan.month, total);
  const stores = plan.lines.find(({ name }) => name === 'stores');
  assert.equal(stores?.month, 3 * DEFAULT_PRICES.nodes.store.month);
  const hot = plan.lines.find(({ name }) => name === 'hot disks');
  const gb = (100_000 * 86_400 * 7 * 3 * figures.sealedBytes) / 1e9 / 0.6;
  assert.ok(hot && Math.abs(hot.count - gb) < 1e-6 && Math.abs(hot.month - gb * 0.1) < 1e-6);
});

test('ten times the load costs about ten times as much, and growth is load', () => {
  const plan = (times: number): number =>
    makePlan({ ...DEFAULT_INPUTS, targets: 1e6 * times }, figures, DEFAULT_PRICES).month;
  assert.ok(plan(10) / plan(1) > 9 && plan(10) / plan(1) < 10.1, `${plan(10) / plan(1)}`);
  const grown = makePlan({ ...DEFAULT_INPUTS, growth: 1, months: 24 }, figures, DEFAULT_PRICES);
  assert.equal(grown.samplesPerSecond, 400_000_000);
});

test('costs of a core add up', () => {
  assert.ok(collectorCost(figures) > 0);
  const whole = 1 / figures.kafkaIngest;
  assert.ok(Math.abs(collectorCost(figures) + 1 / figures.applied - whole) < 1e-12);
  assert.equal(storeCost(figures), 1 / figures.applied + 1 / figures.upkeep);
});

test('what breaks first, lowest first, at each scale once', () => {
  const bounds = boundsOf(DEFAULT_INPUTS, figures, DEFAULT_PRICES);
  const at = bounds.map((one) => one.samplesPerSecond);
  assert.deepEqual(
    at,
    at.toSorted((a, b) => a - b),
  );
  assert.equal(bounds[0].name, 'one process');
  const breaks = breaksAt(bounds);
  assert.deepEqual(
    breaks.map((one) => one.samplesPerSecond),
    [1e6, 1e7, 1e8, 1e9],
  );
  const names = breaks.flatMap(({ broken }) => broken.map(({ name }) => name));
  assert.equal(new Set(names).size, names.length);
  const partitions = bounds.find(({ name }) => name === '24 partitions');
  assert.equal(partitions?.samplesPerSecond, (24 / storeCost(figures)) * 0.6);
});

test("the documents' tables stand beside ours with a word for each line", () => {
  const cost = compareCost(figures, DEFAULT_PRICES);
  const theirs = cost.filter(({ of }) => of !== 'total');
  assert.equal(
    theirs.reduce((all, row) => all + row.theirs, 0),
    107_500,
  );
  const total = cost.find(({ of }) => of === 'total');
  const ours = theirs.reduce((all, row) => all + row.ours, 0);
  assert.ok(total && Math.abs(total.ours - ours) < 0.01, 'every line of the plan is in the table');
  const tiers = compareTiers(figures, DEFAULT_PRICES);
  const money = tiers.filter(({ unit, of }) => unit === '$/month' && of !== 'total');
  assert.equal(
    money.reduce((all, row) => all + row.theirs, 0),
    244_000,
  );
  for (const { of, why } of [...cost, ...tiers]) assert.notEqual(why, '', of);
});

test('a report says where its figures are from and which are borrowed', () => {
  const measured = { ...DEFAULT_FIGURES, figures: { applied: 1e7 } };
  const report = reportOf(DEFAULT_INPUTS, DEFAULT_PRICES, measured);
  assert.equal(report.figures.applied, 1e7);
  assert.equal(report.figures.sealedBytes, figures.sealedBytes);
  assert.ok(report.borrowed.includes('sealedBytes') && !report.borrowed.includes('applied'));
  for (const { title, columns, rows } of sectionsOf(report)) {
    assert.ok(rows.length > 0, title);
    for (const row of rows) assert.equal(row.length, columns.length, `${title}: ${row.join()}`);
    assert.doesNotMatch(rows.flat().join(' '), /NaN|undefined|Infinity/, title);
  }
});

test('inputs are read with units, and mistakes have their place', () => {
  const text = `
targets: 20k
series_per_target: 1_000
interval: 10s
growth: 50%
months: 12
zones: 2
retention: {hot: 2d, warm: 30d, cold: 400d, 1m: 10d}
kafka: {replicas: 2}
`;
  const inputs = parseInputs(text, '/x/load.yml');
  assert.equal(inputs.targets, 20_000);
  assert.equal(inputs.seriesPerTarget, 1000);
  assert.equal(inputs.growth, 0.5);
  assert.equal(inputs.rollupMs[0], 10 * 86_400_000);
  assert.equal(inputs.kafkaReplicas, 2);
  assert.equal(inputs.kafkaMs, DEFAULT_INPUTS.kafkaMs);
  for (const [bad, words] of [
    ['target: 5', /did you mean targets/],
    ['targets: many', /must be a number/],
    ['cached: 120%', /must be a share/],
    ['retention: {hot: 9d, warm: 2d}', /warm ends before hot/],
    ['use: 0', /5% or more/],
    ['interval: 0s', /above 0/],
  ] as const) {
    assert.throws(
      () => parseInputs(bad, '/x/load.yml'),
      (thrown) => thrown instanceof UserError && words.test(`${thrown.message} ${thrown.hint}`),
      bad,
    );
  }
});

test('prices are replaced one by one', () => {
  const text = 'currency: EUR\nssd: 0.08\nnodes: {store: {name: big, cores: 64, memory: 512GiB}}\n';
  const prices = parsePrices(text, '/x/prices.yml');
  assert.equal(prices.ssd, 0.08);
  assert.equal(prices.hdd, DEFAULT_PRICES.hdd);
  assert.equal(prices.nodes.store.cores, 64);
  assert.equal(prices.nodes.store.month, DEFAULT_PRICES.nodes.store.month);
  assert.match(prices.source, /prices\.yml/);
  assert.throws(() => parsePrices('hdd: cheap', '/x/p.yml'), /must be a price/);
  assert.throws(() => parsePrices('nodes: {store: {memory: 1MB}}', '/x/p.yml'), /1GiB or more/);
});

test('figures are read or refused', () => {
  const own = parseFigures(JSON.stringify(DEFAULT_FIGURES), 'f.json');
  assert.deepEqual(own, DEFAULT_FIGURES);
  const file = (more: object): string => JSON.stringify({ kind: 'Figures', ...more });
  for (const [text, words] of [
    ['{', /is no JSON/],
    ['null', /holds no figures/],
    ['[]', /holds no figures/],
    [file({}), /holds no figures/],
    [file({ figures: { speed: 1 } }), /"speed" is no figure/],
    [file({ figures: { applied: 0 } }), /must be a number above 0/],
    [file({ figures: { applied: '9' } }), /must be a number above 0/],
    [' '.repeat(300_000), /too long/],
  ] as const) {
    assert.throws(
      () => parseFigures(text, 'f.json'),
      (thrown) => thrown instanceof UserError && words.test(thrown.message),
      text.slice(0, 50),
    );
  }
});
