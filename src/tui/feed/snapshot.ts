// What a screen sees of its feed: plain immutable data, a new object only where something changed,
// so that a widget draws again only then. Times in ms of the feed's wall clock.
import type { Grid } from '../../engine/model/fragment.ts';
import type { Labels } from '../../engine/model/labels.ts';

/** One expression of a panel. `$window` and `$step` stand for the range window and the step. */
export interface PanelQuery {
  readonly expr: string;
  /** Fixed name of its line; otherwise `legend` names the label whose value it is. */
  readonly name?: string;
  readonly legend?: string;
}

export interface PanelSpec {
  readonly id: string;
  readonly queries: readonly PanelQuery[];
}

/** A single number, asked for at each beat; the first series of the answer gives it. */
export interface FigureSpec {
  readonly id: string;
  readonly expr: string;
}

export interface FeedSeries {
  readonly name: string;
  readonly labels: Labels;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  readonly present: Uint8Array;
}

export interface Trouble {
  readonly message: string;
  /** When it began. */
  readonly sinceMs: number;
}

export interface PanelData {
  readonly id: string;
  /** 'waiting' before the first answer; 'absent' when the server has no such series. */
  readonly state: 'waiting' | 'shown' | 'absent';
  readonly series: readonly FeedSeries[];
  /** Series beyond what a panel keeps. */
  readonly hidden: number;
  readonly trouble: Trouble | undefined;
  /** When the series were last answered; 0 for never. */
  readonly freshMs: number;
}

/** A scrape target as any server of the Prometheus API tells it. Times in ms, 0 for never. */
export interface FeedTarget {
  readonly scrapePool: string;
  readonly scrapeUrl: string;
  readonly labels: Labels;
  readonly health: string;
  readonly lastError: string;
  readonly lastScrapeMs: number;
  readonly lastDurationMs: number;
  readonly intervalMs?: number;
}

export interface TargetsData {
  readonly list: readonly FeedTarget[];
  readonly known: boolean;
  readonly trouble: Trouble | undefined;
}

export interface FeedSnapshot {
  readonly version: number;
  /** The beat that made this snapshot. */
  readonly nowMs: number;
  /** What the time axis shows; its end moves in strides, so that a chart does not crawl. */
  readonly startMs: number;
  readonly endMs: number;
  readonly grid: Grid;
  readonly rangeMs: number;
  /** The fixed end of the range, or undefined while it follows the clock. */
  readonly anchorMs: number | undefined;
  readonly paused: boolean;
  readonly windowMs: number;
  readonly panels: ReadonlyMap<string, PanelData>;
  readonly figures: ReadonlyMap<string, number>;
  readonly targets: TargetsData;
  /** Trouble with the server as a whole. */
  readonly trouble: Trouble | undefined;
  /** When the server last answered anything; 0 for never. */
  readonly aliveMs: number;
}
