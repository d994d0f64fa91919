// What a plan is asked for: load, what is kept, copies, questions. Read from YAML with defaults
// that are the design documents' own load. Easy to get wrong: retention tells of tiers what their
// age is, not how long data stays in them.
import { UserError, messageOf } from '../../errors.ts';
import { PLAN_FILE_BYTES_MAX } from '../../limits-regions.ts';
import type { Disk } from '../../runtime/disk.ts';
import { ConfigFile, Section, words } from '../config-reader.ts';

const SECOND = 1000;
const DAY = 86_400 * SECOND;

/** Everything decided. Times in ms. */
export interface PlanInputs {
  readonly targets: number;
  readonly seriesPerTarget: number;
  readonly intervalMs: number;
  /** Series that are new each day, as a share of all. */
  readonly churn: number;
  /** Growth of the load in a year, as a share; the plan is for its end after `months`. */
  readonly growth: number;
  readonly months: number;
  /** The highest load as a multiple of the usual one; Kafka and doors have to bear it. */
  readonly peak: number;
  /** Copies of everything in stores, one a zone. */
  readonly zones: number;
  /** Raw samples by age: on fast disks, on slow ones, in the object store. */
  readonly hotMs: number;
  readonly warmMs: number;
  readonly coldMs: number;
  /** Rows of 1m, 5m, 1h and 1d. */
  readonly rollupMs: readonly [number, number, number, number];
  readonly kafkaReplicas: number;
  readonly kafkaMs: number;
  readonly queriesPerSecond: number;
  /** Series that a query reads, and a rule. */
  readonly querySeries: number;
  readonly ruleSeries: number;
  /** Share of them that a cache answers. */
  readonly cached: number;
  readonly rules: number;
  readonly ruleIntervalMs: number;
  /** Share of a core, disk or network that is planned to be used. */
  readonly use: number;
}

/** The load of the design documents, kept as mon keeps by default. */
export const DEFAULT_INPUTS: PlanInputs = {
  targets: 1_000_000,
  seriesPerTarget: 100,
  intervalMs: SECOND,
  churn: 0.1,
  growth: 0,
  months: 0,
  peak: 1,
  zones: 3,
  hotMs: 7 * DAY,
  warmMs: 15 * DAY,
  coldMs: 15 * DAY,
  rollupMs: [30 * DAY, 90 * DAY, 365 * DAY, 730 * DAY],
  kafkaReplicas: 3,
  kafkaMs: DAY,
  queriesPerSecond: (100_000 * 10) / 60,
  querySeries: 200,
  ruleSeries: 200,
  cached: 0.8,
  rules: 10_000,
  ruleIntervalMs: SECOND,
  use: 0.6,
};

const FIELDS = [
  ...words('targets series_per_target interval churn growth months peak zones retention'),
  ...words('kafka queries_per_second query_series cached rules rule_series rule_interval use'),
];
const RETENTION = ['hot', 'warm', 'cold', '1m', '5m', '1h', '1d'];

/** Inputs of a YAML file over the defaults. @throws UserError with the place of a mistake. */
export function parseInputs(text: string, path: string): PlanInputs {
  const file = new ConfigFile(text, path);
  const section = new Section(file, file.root, 'the inputs', FIELDS);
  const retention = section.section('retention', RETENTION);
  const kafka = section.section('kafka', ['replicas', 'retention']);
  const [minute, five, hour, day] = DEFAULT_INPUTS.rollupMs;
  const own = DEFAULT_INPUTS;
  const inputs: PlanInputs = {
    targets: number(section, 'targets', 1) ?? own.targets,
    seriesPerTarget: number(section, 'series_per_target', 1) ?? own.seriesPerTarget,
    intervalMs: above0(section, 'interval') ?? own.intervalMs,
    churn: share(section, 'churn', 1000) ?? own.churn,
    growth: share(section, 'growth', 100) ?? own.growth,
    months: number(section, 'months', 0) ?? own.months,
    peak: number(section, 'peak', 1) ?? own.peak,
    zones: section.integer('zones', 1, 9) ?? own.zones,
    hotMs: above0(retention, 'hot') ?? own.hotMs,
    warmMs: retention.duration('warm') ?? own.warmMs,
    coldMs: retention.duration('cold') ?? own.coldMs,
    rollupMs: [
      retention.duration('1m') ?? minute,
      retention.duration('5m') ?? five,
      retention.duration('1h') ?? hour,
      retention.duration('1d') ?? day,
    ],
    kafkaReplicas: kafka.integer('replicas', 1, 9) ?? own.kafkaReplicas,
    kafkaMs: above0(kafka, 'retention') ?? own.kafkaMs,
    queriesPerSecond: number(section, 'queries_per_second', 0) ?? own.queriesPerSecond,
    querySeries: number(section, 'query_series', 1) ?? own.querySeries,
    ruleSeries: number(section, 'rule_series', 1) ?? own.ruleSeries,
    cached: share(section, 'cached', 1) ?? own.cached,
    rules: number(section, 'rules', 0) ?? own.rules,
    ruleIntervalMs: above0(section, 'rule_interval') ?? own.ruleIntervalMs,
    use: share(section, 'use', 1) ?? own.use,
  };
  if (inputs.warmMs < inputs.hotMs) retention.fail('warm', 'warm ends before hot does');
  if (inputs.coldMs < inputs.warmMs) retention.fail('cold', 'cold ends before warm does');
  if (inputs.use < 0.05) section.fail('use', 'use must be 5% or more');
  return inputs;
}

function number(section: Section, name: string, min: number): number | undefined {
  const text = section.text(name)?.replaceAll('_', '');
  if (text === undefined) return undefined;
  const found = /^(\d{1,15}(?:\.\d{1,9})?)([kMGB]?)$/.exec(text);
  const scale = { '': 1, k: 1e3, M: 1e6, G: 1e9, B: 1e9 }[found?.[2] ?? ''] ?? 1;
  const value = Number(found?.[1]) * scale;
  if (found !== null && value >= min && value <= 1e15) return value;
  return section.fail(name, `${name} must be a number from ${min}`, 'as in 500, 20k, 1.5M, 1G');
}

function share(section: Section, name: string, max: number): number | undefined {
  const text = section.text(name);
  if (text === undefined) return undefined;
  const found = /^(\d{1,6}(?:\.\d{1,9})?)(%?)$/.exec(text);
  const value = Number(found?.[1]) / (found?.[2] === '%' ? 100 : 1);
  if (found !== null && value <= max) return value;
  return section.fail(name, `${name} must be a share`, 'as in 80% or 0.8');
}

function above0(section: Section, name: string): number | undefined {
  const ms = section.duration(name);
  return ms === 0 ? section.fail(name, `${name} must be above 0`) : ms;
}

/** Text of a small file. @throws UserError. */
export async function planFile(disk: Disk, path: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = await disk.readFile(path);
  } catch (thrown) {
    throw new UserError(messageOf(thrown));
  }
  if (bytes.length > PLAN_FILE_BYTES_MAX) throw new UserError(`${path} is too long`);
  return new TextDecoder().decode(bytes);
}
