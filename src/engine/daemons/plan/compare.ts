// The design documents' tables beside a plan: what they tell, what this version of mon needs for
// the same load, and one line why the two differ. Easy to get wrong: a comparison holds for the
// same load alone, so the plan beside is made for the documents' load and prices, whatever was
// asked for.
import type { PlanFigures, Plan } from './model.ts';
import { collectorCost, makePlan, storeCost } from './model.ts';
import type { PlanInputs } from './inputs.ts';
import { DEFAULT_INPUTS } from './inputs.ts';
import type { Prices } from './prices.ts';
import { SEED_COST } from './seed-tables.ts';

/** One quantity, theirs and ours. */
export interface Comparison {
  readonly of: string;
  readonly theirs: number;
  readonly ours: number;
  readonly unit: string;
  readonly why: string;
}

const DAY = 86_400_000;
const GB = 1e9;

/** What document 001 asks for, with its retention: raw for a day, rollups for up to two years. */
function seedInputs(): PlanInputs {
  return {
    ...DEFAULT_INPUTS,
    ...{ hotMs: DAY, warmMs: DAY, coldMs: DAY },
    rollupMs: [7 * DAY, 30 * DAY, 365 * DAY, 730 * DAY],
  };
}

/** What document 000 keeps in its tiers: raw samples for two years, whatever their age. */
function tierInputs(): PlanInputs {
  return { ...DEFAULT_INPUTS, hotMs: 7 * DAY, warmMs: 90 * DAY, coldMs: 730 * DAY, use: 1 };
}

/** The bill of document 001 beside ours. */
export function compareCost(figures: PlanFigures, prices: Prices): Comparison[] {
  const inputs = seedInputs();
  const plan = makePlan(inputs, figures, prices);
  const ours = (names: readonly string[]): number =>
    plan.lines.reduce((sum, line) => sum + (names.includes(line.name) ? line.month : 0), 0);
  const rows: Comparison[] = [];
  for (const [name, , month] of SEED_COST) {
    const names = NAMES[name] ?? [name];
    const why = COST_WORDS[name]?.(plan, figures) ?? '';
    rows.push({ of: name, theirs: month, ours: ours(names), unit: '$/month', why });
  }
  rows.push({
    ...{ of: 'collectors', theirs: 0, ours: ours(['collectors']), unit: '$/month' },
    why: '100 collectors are in its drawing and not on its bill',
  });
  const theirs = SEED_COST.reduce((sum, [, , month]) => sum + month, 0);
  rows.push({
    of: 'total',
    theirs,
    ours: plan.month,
    unit: '$/month',
    why: 'the sum of the lines',
  });
  return rows;
}

const NAMES: Readonly<Record<string, readonly string[]>> = {
  stores: ['stores', 'hot disks', 'warm disks'],
};

type Words = (plan: Plan, figures: PlanFigures) => string;

const COST_WORDS: Readonly<Record<string, Words>> = {
  Kafka: ({ brokers }) =>
    `${brokers} brokers: 24 h of every sample three times is more than 12 machines can hold`,
  stores: ({ storeNodes }, figures) =>
    `${storeNodes} machines: its node takes 1 M samples/s with one copy of each; three zones ` +
    `here, ${short(1 / storeCost(figures))} a core second`,
  queries: ({ queryNodes }, figures) =>
    `${queryNodes} machines: ${short(figures.queries)} panels of 200 series a core second`,
  rules: ({ ruleNodes }, figures) =>
    `machines: ${ruleNodes}; ${short(figures.ruleEvaluations)} rules of 200 series a core second`,
  cache: () => 'as many machines as two of three may be away from',
  objects: ({ rawBytes, rollupBytes }) =>
    `${short((rawBytes + rollupBytes) / GB)} GB of a day of raw and rollups, not 5 PB`,
  'between zones': ({ transferBytesPerSecond }) =>
    `${short(transferBytesPerSecond / 1e6)} MB/s cross zones for the replicas of Kafka alone`,
};

/** The tiers of document 000 beside ours: raw samples for two years. */
export function compareTiers(figures: PlanFigures, prices: Prices): Comparison[] {
  const inputs = tierInputs();
  const aDay = DEFAULT_INPUTS.targets * DEFAULT_INPUTS.seriesPerTarget * 86_400;
  const bytes = (days: number): number => aDay * days * figures.sealedBytes;
  const [hot, warm, cold] = [7, 83, 640].map(bytes);
  const each = `${figures.sealedBytes.toPrecision(3)} bytes a sample, not 13`;
  const cost = (size: number, price: number): number => (size / GB) * price;
  const money = [cost(hot, prices.ssd), cost(warm, prices.hdd), cost(cold, prices.object)];
  const unit = '$/month';
  const kept = inputs.coldMs / DAY;
  return [
    { of: 'a day', theirs: 114e12, ours: bytes(1), unit: 'bytes', why: each },
    { of: 'hot, 7 days', theirs: 800e12, ours: hot, unit: 'bytes', why: 'the same days' },
    { of: 'warm, 83 days', theirs: 8e15, ours: warm, unit: 'bytes', why: 'the same days' },
    {
      ...{ of: 'cold, 640 days', theirs: 1e15, ours: cold, unit: 'bytes' },
      why: `every sample to day ${kept}; it keeps rollups there, 1.5 TB a day`,
    },
    { of: 'hot', theirs: 80_000, ours: money[0], unit, why: 'at its price, one copy as it counts' },
    { of: 'warm', theirs: 160_000, ours: money[1], unit, why: 'at its price, one copy' },
    { of: 'cold', theirs: 4_000, ours: money[2], unit, why: 'raw samples instead of rollups' },
    {
      ...{ of: 'total', theirs: 244_000, unit },
      ours: money.reduce((sum, one) => sum + one, 0),
      why: 'disks alone, as in its table; the machines are in the other one',
    },
  ];
}

/** Single quantities of the documents that mon has measured or decided otherwise. */
export function compareSizes(figures: PlanFigures, prices: Prices): Comparison[] {
  const plan = makePlan(seedInputs(), figures, prices);
  return [
    {
      ...{
        of: 'bytes a sample, compressed',
        theirs: 1.6,
        ours: figures.sealedBytes,
        unit: 'bytes',
      },
      why: 'integers and predictions instead of XOR; measured on counters and gauges of a fleet',
    },
    {
      ...{ of: 'partitions', theirs: 24, ours: plan.partitions, unit: 'partitions' },
      why: 'a partition is read by one core of each zone; 4.2 M samples/s are too many for one',
    },
    {
      ...{ of: 'a collector', theirs: 1e6, ours: 1 / collectorCost(figures), unit: 'samples/s' },
      why: 'a machine there, one core here',
    },
    {
      ...{ of: 'a store', theirs: 1e6, ours: 1 / storeCost(figures), unit: 'samples/s' },
      why: 'a machine there, one core here: into the head, a block and four windows',
    },
    {
      ...{ of: 'cost at 1B/s', theirs: 2.44e6, ours: plan.month * 10, unit: '$/month' },
      why: 'the documents scale the tiers alone; here all lines grow with the load',
    },
  ];
}

function short(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`;
  if (value >= 1e3) return `${Number((value / 1e3).toPrecision(3))} k`;
  return String(Number(value.toPrecision(3)));
}
