// How a scrape target stands, as commands and the API tell it. Easy to get wrong: a target that was
// never scraped is neither up nor down.
import type { Labels } from './labels.ts';

/** One scrape target as /api/v1/targets tells it. Times in ms, 0 for never. */
export interface TargetStatus {
  readonly scrapePool: string;
  readonly scrapeUrl: string;
  readonly discoveredLabels: Labels;
  readonly labels: Labels;
  readonly health: 'up' | 'down' | 'unknown';
  readonly lastError: string;
  readonly lastScrapeMs: number;
  readonly lastDurationMs: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}
