// What the store holds, by number: series by metric, values by label, series by pair; and what the
// targets say of their families. For people who look for what grew. Easy to get wrong: a label
// value lives in many shards, so the counts of values are made exact for the rows that are shown.
import { labelValue, labelsObject } from '../model/labels.ts';
import type { CountRow } from '../model/cardinality.ts';
import type { Labels } from '../model/labels.ts';
import { matcherTest } from '../promql/regexp.ts';
import { FUNCTIONS } from '../promql/functions.ts';
import type { ApiParts } from './api-parts.ts';
import type { Call } from './call.ts';
import { Refused } from './failure-status.ts';
import { TIME_MS_MAX, TIME_MS_MIN } from './params.ts';
import { JSON_TYPE, sendWhole, successJson } from './respond.ts';
import { parseSelectors } from './selectors.ts';

const ROWS = 10;
const ROWS_MAX = 10_000;
/** Labels whose values are counted exactly; the rest is surely smaller. */
const CANDIDATES = 3;

function send(call: Call, data: unknown): Promise<void> {
  return sendWhole(call.response, call.head(200, JSON_TYPE), successJson(data));
}

/** GET /api/v1/status/tsdb?limit=. */
export async function tsdbStatus(call: Call, { source }: ApiParts): Promise<void> {
  const limit = rowsParam(await call.params());
  const found = await source.cardinality?.();
  if (found === undefined) {
    const error = 'the sources of this server do not count their series';
    throw new Refused({ status: 404, errorType: 'not_found', error });
  }
  const likely = found.valuesByName.slice(0, limit * CANDIDATES);
  const exact = await Promise.all(
    likely.map(async ([name]): Promise<readonly [string, readonly string[]]> => [
      name,
      await source.labelValues(name, [], TIME_MS_MIN, TIME_MS_MAX),
    ]),
  );
  const counts = exact.map(([name, values]): CountRow => [name, values.length]);
  const bytes = exact.map(([name, values]): CountRow => [
    name,
    values.reduce((sum, value) => sum + Buffer.byteLength(value), 0),
  ]);
  await send(call, {
    headStats: {
      numSeries: found.series,
      numLabelPairs: found.labelPairs,
      chunkCount: found.chunks,
      minTime: found.minMs,
      maxTime: found.maxMs,
    },
    seriesCountByMetricName: rows(found.seriesByMetric, limit),
    labelValueCountByLabelName: rows(descending(counts), limit),
    memoryInBytesByLabelName: rows(descending(bytes), limit),
    seriesCountByLabelValuePair: rows(found.seriesByPair, limit),
  });
}

function rowsParam(params: URLSearchParams): number {
  const text = params.get('limit') ?? '';
  if (text === '') return ROWS;
  if (!/^\d{1,9}$/.test(text) || Number(text) < 1) {
    const error = 'limit must be a positive number';
    throw new Refused({ status: 400, errorType: 'bad_data', error });
  }
  return Math.min(Number(text), ROWS_MAX);
}

function descending(counts: readonly CountRow[]): readonly CountRow[] {
  return counts.toSorted((a, b) => b[1] - a[1]);
}

function rows(counts: readonly CountRow[], limit: number): object[] {
  return counts.slice(0, limit).map(([name, value]) => ({ name, value }));
}

/** GET /api/v1/status/tsdb/blocks: the sealed blocks of all partitions, oldest first. */
export async function tsdbBlocks(call: Call, { blocks }: ApiParts): Promise<void> {
  const all = (await blocks?.()) ?? [];
  const sorted = all.toSorted((a, b) => a.minMs - b.minMs || a.partition - b.partition);
  await send(call, {
    blocks: sorted.map((one) => ({
      ulid: one.name,
      partition: one.partition,
      minTime: one.minMs,
      maxTime: one.maxMs,
      bytes: one.bytes,
      damaged: one.damaged === true,
      stats: { numSamples: one.samples, numSeries: one.series },
      compaction: { level: one.level },
    })),
  });
}

/** GET /api/v1/status/cardinality: the largest metrics, and new series over a limit. */
export async function cardinalityStatus(call: Call, { cardinality }: ApiParts): Promise<void> {
  if (cardinality !== undefined) return send(call, await cardinality());
  const error = 'this server numbers no series';
  throw new Refused({ status: 404, errorType: 'not_found', error });
}

/** GET /api/v1/targets/metadata?match_target=&metric=&limit=. */
export async function targetsMetadata(call: Call, parts: ApiParts): Promise<void> {
  const params = await call.params();
  const limit = metadataLimit(params);
  const metric = params.get('metric') ?? '';
  const match = params.get('match_target') ?? '';
  const passes = match === '' ? () => true : targetTest(match);
  const known = await parts.source.metadata();
  const found: object[] = [];
  for (const target of parts.targets.active()) {
    if (!passes(target.labels)) continue;
    const families = new Set(await familiesOf(parts, target.labels));
    for (const { family, type, help, unit } of known) {
      if (found.length >= limit) break;
      if (!families.has(family) || (metric !== '' && family !== metric)) continue;
      const named = metric === '' ? { metric: family } : {};
      found.push({ target: labelsObject(target.labels), ...named, type, help, unit });
    }
  }
  await send(call, found);
}

function metadataLimit(params: URLSearchParams): number {
  const text = params.get('limit') ?? '';
  if (text === '') return Infinity;
  if (/^[+-]?\d{1,15}$/.test(text)) return Number(text) < 0 ? Infinity : Number(text);
  throw new Refused({ status: 400, errorType: 'bad_data', error: 'limit must be a number' });
}

function targetTest(match: string): (labels: Labels) => boolean {
  const [matchers] = parseSelectors([match], 'match_target');
  const tests = matchers.map((matcher) => ({ name: matcher.name, passes: matcherTest(matcher) }));
  return (labels) => tests.every(({ name, passes }) => passes(labelValue(labels, name)));
}

/** The families that a target exposes, by the names of its series. */
async function familiesOf({ source, clock }: ApiParts, target: Labels): Promise<string[]> {
  const matchers = ['job', 'instance'].map((name) => {
    return { name, op: '=', value: labelValue(target, name) } as const;
  });
  const since = clock.now() - 3_600_000;
  const names = await source.labelValues('__name__', [matchers], since, TIME_MS_MAX);
  return names.flatMap((name) => [name, name.replace(/_(?:bucket|count|sum|total|info)$/, '')]);
}

/** GET /api/v1/scrape_pools. */
export async function scrapePools(call: Call, { targets }: ApiParts): Promise<void> {
  const names = new Set(targets.active().map((target) => target.scrapePool));
  for (const labels of targets.dropped()) {
    const job = labelValue(labels, 'job');
    if (job !== '') names.add(job);
  }
  await send(call, { scrapePools: [...names].toSorted() });
}

/** GET /api/v1/features: what is built, by kind, in the shape that Prometheus 3 answers. */
export async function features(call: Call, parts: ApiParts): Promise<void> {
  const functions = [...FUNCTIONS.keys()].toSorted().map((name) => [name, true] as const);
  await send(call, {
    api: {
      explain: true,
      federation: true,
      label_values_match: true,
      lifecycle: parts.reload !== undefined,
      query_stats: true,
      query_warnings: true,
      remote_write_receiver: true,
      series_limit: true,
    },
    promql: {
      anchored: true,
      at_modifier: true,
      bool: true,
      by: true,
      duration_expr: true,
      fill: true,
      negative_offset: true,
      offset: true,
      on: true,
      smoothed: true,
      subqueries: true,
      without: true,
    },
    promql_functions: Object.fromEntries(functions),
  });
}
