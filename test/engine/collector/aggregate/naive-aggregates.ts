// What aggregates must be, computed the plain way from all that a log holds: maps of samples,
// windows made one by one, sums in whole numbers without any rounding. The oracle of the crash
// tests; it knows the promises of aggregation and none of its data structures.
import { BatchReader } from '../../../../src/engine/codec/batch-reader.ts';
import { labelsOf } from '../../../../src/engine/codec/canonical.ts';
import { outputName } from '../../../../src/engine/collector/aggregate/aggregate-rule.ts';
import type { AggregateRule } from '../../../../src/engine/collector/aggregate/aggregate-rule.ts';
import { Kernels } from '../../../../src/engine/kernels/kernels.ts';
import type { EmbeddedLog } from '../../../../src/engine/log/embedded-log.ts';
import { labelValue, makeLabels } from '../../../../src/engine/model/labels.ts';
import type { Labels } from '../../../../src/engine/model/labels.ts';

/** A record of the log with its labels. */
export interface PlainRecord {
  readonly partition: number;
  readonly held: boolean;
  readonly tickMs: number | undefined;
  readonly samples: readonly { labels: Labels; timeMs: number; value: number }[];
}

/** A rule, which series are its own said in plain code, and since when it works. */
export interface NaiveRule {
  readonly rule: AggregateRule;
  readonly matches: (labels: Labels) => boolean;
  readonly counter: (metric: string) => boolean;
  readonly sinceMs: number;
  readonly untilMs?: number;
}

export interface NaiveAnswer {
  /** Values by `name{labels} time`. */
  readonly outputs: Map<string, number>;
  /** Samples held back that no rule took, which must stand in the log as they are. */
  readonly givenOn: string[];
}

const GAP_MS = 300_000;

export function keyOf(labels: Labels, timeMs: number): string {
  return `${labels.join('|')} ${timeMs}`;
}

/** All records of a log, in the order of each partition. */
export async function recordsOf(log: EmbeddedLog): Promise<PlainRecord[]> {
  const kernels = new Kernels();
  const reader = new BatchReader(kernels);
  const from = new Map<number, number>();
  let left = 0;
  for (let partition = 0; partition < log.partitions; partition++) {
    from.set(partition, await log.start(partition));
    left += (await log.end(partition)) - (await log.start(partition));
  }
  const names = new Map<string, Labels>();
  const records: PlainRecord[] = [];
  const reading = await log.read('witness', from);
  while (left > 0) {
    for (const { bytes, partition, definitionsOnly } of await reading.next()) {
      const record = reader.open(bytes);
      const held = record.lateness === 3;
      const place = `${record.epoch} ${held}`;
      record.forEachDefinition((ref, canonical) => {
        names.set(`${place} ${ref}`, labelsOf(canonical.slice()));
      });
      if (definitionsOnly) continue;
      left--;
      const { u32, f64 } = kernels;
      const samples = Array.from({ length: record.floatCount }, (_, i) => ({
        labels: names.get(`${place} ${u32[record.refsAt / 4 + i]}`) as Labels,
        timeMs: f64[record.timestampsAt / 8 + i],
        value: f64[record.valuesAt / 8 + i],
      }));
      records.push({ partition, held, tickMs: record.tick?.timeMs, samples });
    }
  }
  await reading.close();
  await log.forget('witness');
  return records;
}

type Accepted = Map<string, { labels: Labels; points: Map<number, number> }>;

export function naiveAggregates(
  records: readonly PlainRecord[],
  rules: readonly NaiveRule[],
  partitions: number,
): NaiveAnswer {
  const clocks = Array.from({ length: partitions }, () => -Infinity);
  const accepted = rules.map((): Accepted => new Map());
  const givenOn: string[] = [];
  for (const { partition, held, tickMs, samples } of records) {
    for (const { labels, timeMs, value } of samples) {
      let taken = false;
      rules.forEach(({ rule, matches, sinceMs, untilMs = Infinity }, i) => {
        const { windowMs, graceMs } = rule;
        const end = Math.ceil(timeMs / windowMs) * windowMs;
        const open = end + graceMs > clocks[partition];
        const own = end - windowMs >= sinceMs && end <= untilMs;
        if (!matches(labels) || !open || !own) return;
        taken = true;
        const key = labels.join('|');
        const series = accepted[i].get(key) ?? { labels, points: new Map<number, number>() };
        accepted[i].set(key, series);
        if (!series.points.has(timeMs)) series.points.set(timeMs, value);
      });
      if (held && !taken) givenOn.push(keyOf(labels, timeMs));
    }
    if (tickMs !== undefined) clocks[partition] = Math.max(clocks[partition], tickMs);
  }
  const outputs = new Map<string, number>();
  const clockMs = Math.min(...clocks);
  rules.forEach((rule, i) => windowsOf(rule, accepted[i], clockMs, outputs));
  return { outputs, givenOn };
}

function windowsOf(
  { rule, counter }: NaiveRule,
  accepted: Accepted,
  clockMs: number,
  outputs: Map<string, number>,
): void {
  const { windowMs, graceMs } = rule;
  const ends = new Set<number>();
  for (const { points } of accepted.values()) {
    for (const time of points.keys()) ends.add(Math.ceil(time / windowMs) * windowMs);
  }
  const totals = new Map<string, number>();
  for (const end of [...ends].sort((a, b) => a - b)) {
    if (end + graceMs > clockMs) continue;
    const groups = new Map<string, { metric: string; labels: Labels; values: number[] }>();
    const lasts = new Map<string, number[]>();
    for (const { labels, points } of accepted.values()) {
      const times = [...points.keys()].sort((a, b) => a - b);
      const own = times.filter((time) => time > end - windowMs && time <= end);
      if (own.length === 0) continue;
      const metric = labelValue(labels, '__name__');
      const kept: [string, string][] = [];
      for (let at = 0; at < labels.length; at += 2) {
        const named = rule.labels.includes(labels[at]);
        if (labels[at] !== '__name__' && named !== rule.without) {
          kept.push([labels[at], labels[at + 1]]);
        }
      }
      const key = JSON.stringify([metric, kept]);
      const group = groups.get(key) ?? { metric, labels: makeLabels(kept), values: [] };
      groups.set(key, group);
      const value = (time: number): number => points.get(time) as number;
      lasts.set(key, [...(lasts.get(key) ?? []), value(own[own.length - 1])]);
      if (counter(metric)) group.values.push(...growth(times, own, value));
      else group.values.push(...own.map(value));
    }
    for (const [key, group] of groups) {
      const isCounter = counter(group.metric);
      const sum = exact(group.values);
      if (isCounter && group.values.length > 0) totals.set(key, (totals.get(key) ?? 0) + sum);
      for (const output of rule.outputs) {
        const total = isCounter ? (totals.get(key) ?? 0) : undefined;
        const made =
          output === 'total'
            ? total
            : output === 'sum_last'
              ? exact(lasts.get(key) ?? [])
              : outputOf(output, group.values, sum);
        if (made === undefined) continue;
        const name = outputName(rule, group.metric, output);
        const pairs: [string, string][] = [['__name__', name]];
        for (let i = 0; i < group.labels.length; i += 2) {
          pairs.push([group.labels[i], group.labels[i + 1]]);
        }
        outputs.set(keyOf(makeLabels(pairs), end), made);
      }
    }
  }
}

/** The growth of one series, as a list of one, or of none when nothing is before its first. */
function growth(
  times: readonly number[],
  own: readonly number[],
  value: (time: number) => number,
): number[] {
  let sum = 0;
  let known = false;
  for (const time of own) {
    const before = times[times.indexOf(time) - 1];
    if (before === undefined || time - before > GAP_MS) continue;
    known = true;
    sum += value(time) >= value(before) ? value(time) - value(before) : value(time);
  }
  return known ? [sum] : [];
}

function outputOf(output: string, values: readonly number[], sum: number): number | undefined {
  if (values.length === 0) return undefined;
  const numbers = values.filter((value) => !Number.isNaN(value));
  // Zeros by sign, so that -0 comes before 0.
  numbers.sort((a, b) => a - b || Number(Object.is(b, -0)) - Number(Object.is(a, -0)));
  if (output === 'count') return values.length;
  if (output === 'sum') return sum;
  if (output === 'avg') return sum / values.length;
  if (numbers.length === 0) return NaN;
  if (output === 'min') return numbers[0];
  if (output === 'max') return numbers[numbers.length - 1];
  const q = { p50: 0.5, p75: 0.75, p90: 0.9, p95: 0.95, p99: 0.99, p999: 0.999 }[output] as number;
  const rank = q * (numbers.length - 1);
  const [low, high] = [numbers[Math.floor(rank)], numbers[Math.ceil(rank)]];
  const share = rank - Math.floor(rank);
  return share === 0 || low === high ? low : low * (1 - share) + high * share;
}

/** The sum without rounding, in units of the smallest float, rounded once at the end. */
export function exact(values: readonly number[]): number {
  let odd = 0;
  let isOdd = false;
  let units = 0n;
  for (const value of values) {
    if (Number.isFinite(value)) units += unitsOf(value);
    else {
      odd += value;
      isOdd = true;
    }
  }
  return isOdd ? odd : ofUnits(units);
}

function unitsOf(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  const size = exponent === 0 ? fraction : (fraction | 0x10000000000000n) << BigInt(exponent - 1);
  return value < 0 ? -size : size;
}

function ofUnits(units: bigint): number {
  const size = units < 0n ? -units : units;
  const length = size.toString(2).length;
  const sign = units < 0n ? -1 : 1;
  if (length <= 53) return sign * Number(size) * 2 ** -1074;
  const drop = BigInt(length - 53);
  let kept = size >> drop;
  const rest = size - (kept << drop);
  const half = 1n << (drop - 1n);
  if (rest > half || (rest === half && (kept & 1n) === 1n)) kept++;
  const half1 = Math.floor((Number(drop) - 1074) / 2);
  return sign * Number(kept) * 2 ** half1 * 2 ** (Number(drop) - 1074 - half1);
}
