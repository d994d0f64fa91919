// What `mon explore` prints: where a server's series come from, and the relabelling rule that takes
// some of them away. Easy to get wrong: a rule is a regular expression and YAML at once, so names
// are escaped for both.
import { labelValue } from '../engine/model/labels.ts';
import type { PrometheusClient } from '../engine/remote/prometheus-client.ts';
import type { Cell, Listing } from './listing.ts';

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
export async function exploreListing(
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
export async function metricListing(
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

function pattern(name: string): string {
  return name.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** A text within single quotes of YAML; it holds no line break. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''").replaceAll(/[\u0000-\u001f\u007f]/g, '')}'`;
}

/** The rule that drops a metric, a label of all metrics, or a label of one metric. */
export function dropRule(metric: string | undefined, label: string | undefined): string {
  const lines = ['metric_relabel_configs:'];
  if (label === undefined) {
    lines.push('  - source_labels: [__name__]', `    regex: ${quoted(pattern(metric ?? ''))}`);
    lines.push('    action: drop');
  } else if (metric === undefined) {
    lines.push(`  - regex: ${quoted(pattern(label))}`, '    action: labeldrop');
  } else {
    lines.push('  - source_labels: [__name__]', `    regex: ${quoted(pattern(metric))}`);
    lines.push(`    target_label: ${quoted(label)}`, "    replacement: ''");
  }
  return `${lines.join('\n')}\n`;
}
