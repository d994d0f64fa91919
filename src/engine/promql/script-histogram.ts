// Histograms in Prometheus' test scripts: `{{schema:1 count:4 buckets:[1 2 1]}}`, alone or as runs
// `{{…}}+{{…}}x3`. Counts are absolute.
import { HINT, indexesOf, makeHistogram } from '../model/histogram.ts';
import { combine } from './histogram-math.ts';
import { parseNumber } from './literals.ts';
import type { BucketList, FloatHistogram, ResetHint } from '../model/histogram.ts';

/** A histogram as written, and whether its hint was. */
export interface ScriptHistogram {
  readonly histogram: FloatHistogram;
  readonly hinted: boolean;
}

const HINTS = new Map<string, ResetHint>([
  ['unknown', HINT.unknown],
  ['reset', HINT.reset],
  ['not_reset', HINT.notReset],
  ['gauge', HINT.gauge],
]);

const NUMBERS = ['schema', 'sum', 'count', 'z_bucket', 'z_bucket_w', 'offset', 'n_offset'];
const LISTS = ['buckets', 'n_buckets', 'custom_values'];

/** Reads what stands between the braces. @throws Error with what is wrong. */
export function parseHistogram(text: string): ScriptHistogram {
  const numbers = new Map<string, number>();
  const lists = new Map<string, number[]>();
  let hint: ResetHint | undefined;
  const seen = new Set<string>();
  for (const item of text.trim().matchAll(/([a-z_]+):(\[[^\]]*\]|\S+)\s*/gy)) {
    const [, key, value] = item;
    if (seen.has(key)) throw new Error(`duplicate key "${key}" in histogram`);
    seen.add(key);
    if (key === 'counter_reset_hint') {
      hint = HINTS.get(value);
      if (hint === undefined) throw new Error(`no counter reset hint: ${value}`);
    } else if (NUMBERS.includes(key)) numbers.set(key, signed(value));
    else if (LISTS.includes(key)) lists.set(key, listOf(value));
    else throw new Error(`no key of a histogram: ${key}`);
  }
  const rest = text.trim().replaceAll(/([a-z_]+):(\[[^\]]*\]|\S+)\s*/gy, '');
  if (rest !== '') throw new Error(`no part of a histogram: ${rest}`);
  const histogram = makeHistogram({
    hint: hint ?? HINT.unknown,
    schema: numbers.get('schema') ?? 0,
    zeroThreshold: numbers.get('z_bucket_w') ?? 0,
    zeroCount: numbers.get('z_bucket') ?? 0,
    count: numbers.get('count') ?? 0,
    sum: numbers.get('sum') ?? 0,
    positive: bucketList(lists.get('buckets'), numbers.get('offset')),
    negative: bucketList(lists.get('n_buckets'), numbers.get('n_offset')),
    custom: Float64Array.from(lists.get('custom_values') ?? []),
  });
  return { histogram, hinted: hint !== undefined };
}

function bucketList(counts: readonly number[] = [], offset = 0): BucketList {
  const indexes = indexesOf(counts.length === 0 ? [] : [offset, counts.length]);
  return { indexes, counts: Float64Array.from(counts) };
}

function listOf(text: string): number[] {
  if (!text.startsWith('[') || !text.endsWith(']')) throw new Error(`no list: ${text}`);
  const words = text.slice(1, -1).trim();
  return words === '' ? [] : words.split(/\s+/).map(signed);
}

function signed(text: string): number {
  const [, sign, digits] = /^([+-]?)(.*)$/s.exec(text) as RegExpExecArray;
  const value = parseNumber(digits)?.value;
  if (value === undefined) throw new Error(`no number: ${text}`);
  return sign === '-' ? -value : value;
}

/** `a`, `a ± by`, … `times` further ones. @throws Error when they do not go together. */
export function histogramRun(
  first: ScriptHistogram,
  by: { readonly sign: 1 | -1; readonly step: ScriptHistogram } | undefined,
  times: number,
): ScriptHistogram[] {
  if (by === undefined) return Array.from({ length: times + 1 }, () => first);
  const { hinted, histogram: step } = by.step;
  const out: ScriptHistogram[] = [{ histogram: first.histogram, hinted }];
  let { histogram } = first;
  for (let i = 0; i < times; i++) {
    if (histogram.schema > step.schema) {
      const schemas = `${step.schema} to ${histogram.schema}`;
      throw new Error(`error combining histograms: cannot merge from schema ${schemas}`);
    }
    const next = combine(histogram, step, by.sign);
    if (next === undefined) throw new Error('exponential and custom buckets do not add up');
    ({ histogram } = next);
    out.push({ histogram, hinted });
  }
  return out;
}
