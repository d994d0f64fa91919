// Lists of what a server knows: series, labels, targets. From the client's answers to rows. Pure
// but for the asking.
import { labelValue } from '../engine/model/labels.ts';
import type { PrometheusClient } from '../engine/remote/prometheus-client.ts';
import type { Clock } from '../engine/runtime/clock.ts';
import type { Listing } from './listing.ts';
import { seriesText } from './series-text.ts';
import { durationFlag, timeText } from './times.ts';

export interface CatalogQuestion {
  readonly since: string;
  readonly match?: string;
  readonly limit?: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

function spanOf(question: CatalogQuestion): { startMs: number; endMs: number } {
  const endMs = question.clock.now();
  return { startMs: endMs - durationFlag('--since', question.since), endMs };
}

/** Series that match, in the server's order. */
export async function seriesListing(
  client: PrometheusClient,
  selector: string,
  question: CatalogQuestion,
): Promise<Listing> {
  const { limit, signal } = question;
  const found = await client.series({ matches: [selector], ...spanOf(question), limit, signal });
  // A server that does not know the limit sends everything.
  const rows = found.slice(0, limit).map((labels) => [seriesText(labels)]);
  return { kind: 'SeriesList', columns: [{ name: 'series' }], rows, valueColumn: 0 };
}

/** Label names, or the values of one. */
export async function labelsListing(
  client: PrometheusClient,
  name: string | undefined,
  question: CatalogQuestion,
): Promise<Listing> {
  const matches = question.match === undefined ? [] : [question.match];
  const asked = { matches, ...spanOf(question), signal: question.signal };
  if (name === undefined) {
    const rows = (await client.labelNames(asked)).map((label) => [label]);
    return { kind: 'LabelNames', columns: [{ name: 'label' }], rows, valueColumn: 0 };
  }
  const rows = (await client.labelValues(name, asked)).map((value) => [value]);
  return { kind: 'LabelValues', columns: [{ name: 'value' }], rows, valueColumn: 0 };
}

/** Active targets, those that fail first. */
export async function targetsListing(
  client: PrometheusClient,
  signal: AbortSignal,
): Promise<Listing> {
  const targets = [...(await client.targets(signal))];
  const rank = (health: string): number => (health === 'up' ? 1 : 0);
  targets.sort((a, b) => rank(a.health) - rank(b.health));
  const time = timeText();
  const rows = targets.map((target) => [
    target.scrapePool,
    labelValue(target.labels, 'instance'),
    target.scrapeUrl,
    target.health,
    target.lastScrapeMs === 0 ? '' : time(target.lastScrapeMs),
    // Microseconds: what is below them is noise of the clock.
    Math.round(target.lastDurationMs * 1000) / 1e6,
    target.lastError,
  ]);
  return {
    kind: 'Targets',
    columns: [
      { name: 'pool' },
      { name: 'instance' },
      { name: 'url' },
      { name: 'health' },
      { name: 'lastScrape', title: 'LAST SCRAPE' },
      { name: 'seconds', align: 'right' },
      { name: 'error' },
    ],
    rows,
    valueColumn: 2,
  };
}
