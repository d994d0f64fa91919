// What `mon explore` prints where there is no terminal: where a server's series come from. Easy to
// get wrong: a plain Prometheus counts no limits, and then there is nothing to say of them.
import { labelValue } from '../engine/model/labels.ts';
import type { PrometheusClient } from '../engine/remote/prometheus-client.ts';
import type { Cell, Listing } from './listing.ts';

import { UserError } from '../engine/errors.ts';
import { dropRule } from '../tui/screens/explore-rules.ts';
import type { Stage } from './stage.ts';
import { durationFlag } from './times.ts';

const COLUMNS = [
  { name: 'list' },
  { name: 'name' },
  { name: 'count', align: 'right' },
  { name: 'of' },
] as const;

function listing(rows: readonly (readonly Cell[])[]): Listing {
  return { kind: 'Cardinality', columns: COLUMNS, rows, valueColumn: 1 };
}

/** The largest metrics, labels and pairs, and new series that were over a limit. */
async function exploreListing(
  client: PrometheusClient,
  limit: number,
  signal: AbortSignal,
): Promise<Listing> {
  const [status, guard] = await Promise.all([
    client.tsdbStatus(limit, signal),
    client.cardinality(signal),
  ]);
  const rows: Cell[][] = [['total', 'series', status.headStats?.numSeries ?? 0, 'series']];
  const put = (
    list: string,
    of: string,
    found: readonly { name: string; value: number }[] = [],
  ): void => void rows.push(...found.slice(0, limit).map((one) => [list, one.name, one.value, of]));
  put('metric', 'series', status.seriesCountByMetricName);
  put('label', 'values', status.labelValueCountByLabelName);
  put('label', 'bytes', status.memoryInBytesByLabelName);
  put('pair', 'series', status.seriesCountByLabelValuePair);
  for (const [reason, count] of Object.entries(guard?.over ?? {})) {
    if (count > 0) rows.push(['over', reason, count, 'new series']);
  }
  for (const example of guard?.examples ?? []) rows.push(['example', example, 1, 'new series']);
  return listing(rows);
}

/** The labels of one metric by how many values they have, the most first. */
async function metricListing(
  client: PrometheusClient,
  metric: string,
  question: { startMs: number; endMs: number; limit: number; signal: AbortSignal },
): Promise<Listing> {
  const { limit, ...span } = question;
  const matches = [`{__name__=${JSON.stringify(metric)}}`];
  const series = await client.series({ matches, ...span });
  const values = new Map<string, Set<string>>();
  for (const labels of series) {
    for (let i = 0; i < labels.length; i += 2) {
      if (labels[i] === '__name__') continue;
      const known = values.get(labels[i]) ?? new Set<string>();
      values.set(labels[i], known.add(labelValue(labels, labels[i])));
    }
  }
  const counts = [...values].map(([name, found]) => [name, found.size] as const);
  counts.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const rows: Cell[][] = [['total', metric, series.length, 'series']];
  for (const [name, count] of counts.slice(0, limit)) rows.push(['label', name, count, 'values']);
  return listing(series.length === 0 ? [] : rows);
}

export interface ExploreListRun {
  readonly client: PrometheusClient;
  readonly metric: string | undefined;
  readonly flags: { readonly limit: number; readonly since: string };
  readonly stage: Stage;
}

/** Prints the rule of the flags. @throws UserError where there is nothing to drop. */
export async function printRule(
  metric: string | undefined,
  label: string | undefined,
  stage: Stage,
): Promise<number> {
  if (label === undefined && metric === undefined) {
    throw new UserError('--drop needs a metric', { hint: 'mon explore METRIC --drop' });
  }
  await stage.print([dropRule(metric, label)]);
  return 0;
}

/** The lists of a server, or of one metric. @throws UserError for a bad duration. */
export async function exploreList({
  client,
  metric,
  flags,
  stage,
}: ExploreListRun): Promise<Listing> {
  if (metric === undefined) return exploreListing(client, flags.limit, stage.signal);
  const endMs = stage.clock.now();
  const startMs = endMs - durationFlag('--since', flags.since);
  const question = { startMs, endMs, limit: flags.limit, signal: stage.signal };
  return metricListing(client, metric, question);
}
