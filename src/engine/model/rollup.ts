// What is said of rollups between the parts: which windows there are, which of their columns can be
// asked for by name, and what a query asks of a shard. Plain data. Easy to get wrong: windows are
// left-open and end at multiples of their width since 1970, so that each divides the next.
import type { Matcher } from './matcher.ts';

const MINUTE = 60_000;

/** Windows from narrow to wide; each is a multiple of the one before. */
export const RESOLUTIONS: readonly { readonly name: string; readonly ms: number }[] = [
  { name: '1m', ms: MINUTE },
  { name: '5m', ms: 5 * MINUTE },
  { name: '1h', ms: 60 * MINUTE },
  { name: '1d', ms: 24 * 60 * MINUTE },
];

/** The label by which a stored column is asked for: `x{__rollup__="1h:max"}`. */
export const ROLLUP_LABEL = '__rollup__';

export const ROLLUP_COLUMNS = [
  'count',
  'sum',
  'avg',
  'min',
  'max',
  'first',
  'last',
  'increase',
  'p50',
  'p95',
  'p99',
] as const;
export type RollupColumn = (typeof ROLLUP_COLUMNS)[number];

/** What a fragment asks of rollups. A shard without any answers from its samples. */
export interface FragmentRollup {
  /** The window that the answer is made of; one of RESOLUTIONS. */
  readonly resolutionMs: number;
  /** `raw`: rollups only where the samples are gone; `rows`: wherever there are any. */
  readonly prefer: 'raw' | 'rows';
  /** Steps and windows of the fragment end where rollup windows do. */
  readonly aligned: boolean;
  /** One column as a series of its own, a sample at the end of each window. */
  readonly column?: RollupColumn;
}

/** What is rolled up beside count, sum, extremes, ends and resets, and how long it is kept. */
export interface RollupKeep {
  /** By window, in the order of RESOLUTIONS; ms. */
  readonly keepMs: readonly number[];
  /** Samples are rolled up in runs that end at multiples of this, a divisor of a day; ms. */
  readonly runMs: number;
  /** Series that get a sketch for quantiles: those of any of these selections. */
  readonly sketches: readonly (readonly Matcher[])[];
  /** The selections as somebody wrote them. */
  readonly sketchTexts?: readonly string[];
}

/** How far the rollups of a shard, or of all together, are. */
export interface RollupStatus {
  /** Hours of partitions that wait to be computed anew. */
  waiting: number;
  /** Hours of partitions that were computed since the start. */
  folded: number;
  rows: number;
  files: number;
  bytes: number;
}

/** The work of rollups on what a store holds. What cannot be done now is tried again. */
export interface RollupWork {
  /** Does a piece of what is due at this time; false when nothing was. */
  workRollups(nowMs: number): Promise<boolean>;
  /** Has all hours from this time on computed anew; answers how many wait. Durable then. */
  replayRollups(fromMs: number): Promise<number>;
  rollupStatus(): Promise<RollupStatus>;
}

export function noRollups(): RollupStatus {
  return { waiting: 0, folded: 0, rows: 0, files: 0, bytes: 0 };
}

export function addRollups(into: RollupStatus, more: RollupStatus): void {
  into.waiting += more.waiting;
  into.folded += more.folded;
  into.rows += more.rows;
  into.files += more.files;
  into.bytes += more.bytes;
}
