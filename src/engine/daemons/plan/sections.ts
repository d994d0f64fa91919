// A plan as sections of rows in words and numbers for people: what `mon plan` shows in every form
// but JSON. Easy to get wrong: a number is rounded to three digits that count, and says its unit.
import { FIGURE_WORDS } from '../bench/figures.ts';
import type { FigureName } from '../bench/figures.ts';
import type { Comparison } from './compare.ts';
import type { PlanReport } from './plan.ts';
import { agrees } from './seed-tables.ts';

/** One table with a line or two above it. */
export interface Section {
  readonly title: string;
  readonly words: readonly string[];
  readonly columns: readonly { readonly name: string; readonly right?: boolean }[];
  readonly rows: readonly (readonly string[])[];
}

const left = (name: string) => ({ name });
const right = (name: string) => ({ name, right: true });

export function sectionsOf(report: PlanReport): Section[] {
  return [
    figuresSection(report),
    billSection(report),
    scalesSection(report),
    breaksSection(report),
    comparison('The bill of document 001, $107,500 a month', report.cost, [
      'For its load and retention, at its prices; figures of this plan.',
    ]),
    comparison('The tiers of document 000, $244,000 a month', report.tiers, [
      'Raw samples for two years as it keeps them, one copy, disks alone.',
    ]),
    comparison('Single figures', report.sizes, []),
    seedsSection(report),
  ];
}

function figuresSection({ measured, figures, borrowed }: PlanReport): Section {
  const { machine, version, measuredAt, notes } = measured;
  const names = Object.keys(FIGURE_WORDS) as FigureName[];
  const rows = names.flatMap((name) => {
    const value = (figures as Partial<Record<FigureName, number>>)[name];
    if (value === undefined) return [];
    const [unit, words] = FIGURE_WORDS[name];
    return [[name, short(value), unit, borrowed.includes(name) ? `${words} (shipped)` : words]];
  });
  const where = `${machine.processor}, ${machine.cores} cores, Node ${machine.node}`;
  return {
    title: 'Figures of one core',
    words: [`mon ${version} on ${where}, ${measuredAt}`, ...notes],
    columns: [left('figure'), right('value'), left('unit'), left('of')],
    rows,
  };
}

function billSection({ plan, inputs, prices }: PlanReport): Section {
  const { currency } = prices;
  const money = (value: number): string => `${currency}${whole(value)}`;
  const rows = plan.lines.map(({ name, count, unit, month, why }) => {
    return [name, short(count), unit, money(month), why];
  });
  const millions = plan.samplesPerSecond / 1e6;
  const each = `${money(plan.month / millions)} for a million samples/s`;
  rows.push(['total', '', '', money(plan.month), each]);
  const load = `${short(plan.samplesPerSecond)} samples/s of ${short(plan.series)} series`;
  const kafka = plan.overKafka ? `Kafka with ${plan.partitions} partitions` : 'no Kafka';
  const zones = `${inputs.zones} zone${inputs.zones === 1 ? '' : 's'}`;
  return {
    title: 'The plan',
    words: [
      `${load}, ${zones}, ${kafka}`,
      `${whole(plan.cores)} cores, ${short(plan.memoryBytes / 1e12)} TB of memory; a core, disk ` +
        `or network is used to ${Math.round(inputs.use * 100)} %`,
      `prices: ${prices.source}`,
    ],
    columns: [left('item'), right('count'), left('unit'), right('month'), left('why')],
    rows,
  };
}

function scalesSection({ scales, prices }: PlanReport): Section {
  const rows = scales.map(({ samplesPerSecond, plan }) => [
    short(samplesPerSecond),
    whole(plan.collectorNodes),
    plan.overKafka ? `${whole(plan.brokers)} of ${whole(plan.partitions)}` : 'none',
    whole(plan.storeNodes),
    whole(plan.queryNodes),
    whole(plan.ruleNodes),
    whole(plan.cores),
    short(plan.memoryBytes / 1e12),
    short((plan.rawBytes + plan.rollupBytes) / 1e12),
    `${prices.currency}${whole(plan.month)}`,
  ]);
  return {
    title: 'The same at other loads',
    words: [
      'Machines by role, brokers and their partitions, TB of memory, TB of one copy, a month.',
    ],
    columns: [
      ...[right('samples/s'), right('collectors'), right('brokers'), right('stores')],
      ...[right('queries'), right('rules'), right('cores'), right('memory'), right('disk')],
      right('month'),
    ],
    rows,
  };
}

function breaksSection({ breaks }: PlanReport): Section {
  const rows = breaks.flatMap(({ samplesPerSecond, broken, next }) => {
    const scale = short(samplesPerSecond);
    const told = broken.map((one) => {
      return [scale, one.name, short(one.samplesPerSecond), one.why, one.helps];
    });
    if (told.length === 0) told.push([scale, 'nothing new', '', '', '']);
    if (next === undefined) return told;
    return [...told, [scale, `next: ${next.name}`, short(next.samplesPerSecond), next.why, '']];
  });
  return {
    title: 'What breaks first',
    words: ['Bounds that are reached on the way to each load, lowest first, and the next one.'],
    columns: [right('samples/s'), left('bound'), right('reached at'), left('why'), left('helps')],
    rows,
  };
}

function comparison(title: string, rows: readonly Comparison[], words: readonly string[]): Section {
  return {
    ...{ title, words },
    columns: [left('of'), right('theirs'), right('ours'), left('unit'), left('why')],
    rows: rows.map(({ of, theirs, ours, unit, why }) => [
      ...[of, amount(theirs, unit), amount(ours, unit), unit, why],
    ]),
  };
}

function seedsSection({ seeds }: PlanReport): Section {
  const rows = seeds.map((row) => {
    const word = row.slip === '' && agrees(row) ? 'as told' : row.slip;
    const { table, name, sum, unit } = row;
    return [table, name, sum, amount(row.told, unit), amount(row.computed, unit), unit, word];
  });
  return {
    title: "The documents' own sums, done again",
    words: ['From their own assumptions; what does not come out is said.'],
    columns: [
      ...[left('table'), left('of'), left('sum'), right('told'), right('sum gives')],
      ...[left('unit'), left('word')],
    ],
    rows,
  };
}

const UNITS = [
  [1e15, 'P'],
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e4, 'k'],
] as const;

/** Three digits that count and a unit of a thousand. */
export function short(value: number): string {
  const found = UNITS.find(([size]) => value >= size);
  if (found === undefined) return String(Number(value.toPrecision(3)));
  const [size, unit] = found;
  return `${Number((value / (unit === 'k' ? 1000 : size)).toPrecision(3))} ${unit}`;
}

/** Money to the unit, everything else to three digits. */
function amount(value: number, unit: string): string {
  return unit.startsWith('$') ? whole(value) : short(value);
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
