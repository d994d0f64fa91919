// What there was yesterday: figures of the largest metrics, labels and pairs, kept hourly for two
// days and once a day for five weeks, so that growth has a name. Written by the beat, read by the
// explorer and the growth alert. Easy to get wrong: what is not among the largest of a snapshot was
// smaller than its smallest, not absent.
import { MonError } from '../errors.ts';
import {
  GROWTH_AGE_MS_MIN,
  HISTORY_DAYS,
  HISTORY_HOURS,
  HISTORY_ROWS_MAX,
} from '../limits-explore.ts';
import type { MetricFigures, PairRow, SeriesFigures } from '../model/cardinality.ts';
import type { CountRow } from '../model/cardinality.ts';
import type { State } from '../ports.ts';

const PREFIX = 'series/';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

type KeptMetric = readonly [
  name: string,
  series: number,
  bytes: number,
  begun: number,
  ended: number,
];

/** How it was at one time. */
export interface Snapshot {
  readonly atMs: number;
  readonly series: number;
  /** The same as the heads tell it at any time, series without samples included. */
  readonly held: number;
  readonly perSecond: number;
  readonly bytes: number;
  /** Series that began and ended within the hour before. */
  readonly begun: number;
  readonly ended: number;
  readonly metrics: readonly KeptMetric[];
  readonly labels: readonly CountRow[];
  readonly pairs: readonly PairRow[];
}

export interface Churn {
  readonly begun: number;
  readonly ended: number;
}

export class SeriesHistory {
  readonly #state: State;
  #snapshots: Snapshot[] = [];
  #loaded = false;

  constructor(state: State) {
    this.#state = state;
  }

  /** From the oldest to the newest. */
  get snapshots(): readonly Snapshot[] {
    return this.#snapshots;
  }

  async load(): Promise<void> {
    const found = await this.#state.list(PREFIX);
    this.#snapshots = found.flatMap(([, { value }]) => readSnapshot(value) ?? []);
    this.#snapshots.sort((a, b) => a.atMs - b.atMs);
    this.#loaded = true;
  }

  /** True when the figures of this hour are missing. */
  isDue(nowMs: number): boolean {
    const last = this.#snapshots.at(-1);
    return this.#loaded && (last === undefined || hourOf(last.atMs) < hourOf(nowMs));
  }

  /** Keeps the figures of this hour, and lets go of what is too old. */
  async keep(figures: SeriesFigures, held: number, nowMs: number): Promise<void> {
    const snapshot = snapshotOf(figures, held, nowMs);
    const key = keyOf(nowMs);
    try {
      const before = (await this.#state.get(key))?.version ?? 0;
      await this.#state.compareAndSet(key, JSON.stringify(snapshot), before);
    } catch (thrown) {
      // Another process was faster: its figures are as good.
      if (!(thrown instanceof MonError) || thrown.code !== 'MON_STATE_CONFLICT') throw thrown;
    }
    const others = this.#snapshots.filter(({ atMs }) => hourOf(atMs) !== hourOf(nowMs));
    this.#snapshots = [...others, snapshot];
    await this.#forget(nowMs);
  }

  /** The snapshot nearest to a day ago; one of the last hour is too young to tell anything. */
  dayAgo(nowMs: number): Snapshot | undefined {
    const old = this.#snapshots.filter(({ atMs }) => nowMs - atMs >= GROWTH_AGE_MS_MIN);
    const far = (one: Snapshot): number => Math.abs(nowMs - one.atMs - DAY_MS);
    return old.reduce<Snapshot | undefined>(
      (best, one) => (best === undefined || far(one) < far(best) ? one : best),
      undefined,
    );
  }

  /** Series that began and ended within the last day, as far as hours of it are known. */
  churnOfDay(nowMs: number): Churn {
    const day = this.#lastDay(nowMs);
    return {
      begun: day.reduce((sum, one) => sum + one.begun, 0),
      ended: day.reduce((sum, one) => sum + one.ended, 0),
    };
  }

  /** The same of each metric that was among the largest. */
  churnOfMetrics(nowMs: number): ReadonlyMap<string, Churn> {
    const found = new Map<string, Churn>();
    for (const { metrics } of this.#lastDay(nowMs)) {
      for (const [name, , , begun, ended] of metrics) {
        const before = found.get(name) ?? { begun: 0, ended: 0 };
        found.set(name, { begun: before.begun + begun, ended: before.ended + ended });
      }
    }
    return found;
  }

  #lastDay(nowMs: number): readonly Snapshot[] {
    return this.#snapshots.filter(({ atMs }) => nowMs - atMs < DAY_MS);
  }

  async #forget(nowMs: number): Promise<void> {
    const isKept = ({ atMs }: Snapshot): boolean => {
      const age = nowMs - atMs;
      if (age < HISTORY_HOURS * HOUR_MS) return true;
      return age < HISTORY_DAYS * DAY_MS && hourOf(atMs) % 24 === 0;
    };
    for (const one of this.#snapshots.filter((snapshot) => !isKept(snapshot))) {
      const key = keyOf(one.atMs);
      const version = (await this.#state.get(key))?.version;
      if (version !== undefined) await this.#state.remove(key, version);
    }
    this.#snapshots = this.#snapshots.filter(isKept);
  }
}

function hourOf(ms: number): number {
  return Math.floor(ms / HOUR_MS);
}

function keyOf(ms: number): string {
  return PREFIX + String(hourOf(ms)).padStart(8, '0');
}

function snapshotOf(figures: SeriesFigures, held: number, atMs: number): Snapshot {
  const { metrics, labels, pairs, total } = figures;
  const kept = (one: MetricFigures): KeptMetric => [
    ...([one.name, one.series, Math.round(one.bytes)] as const),
    ...([one.begun, one.ended] as const),
  ];
  return {
    atMs,
    series: figures.seriesCounted,
    held,
    perSecond: total.perSecond,
    bytes: Math.round(total.bytes),
    begun: total.begun,
    ended: total.ended,
    metrics: metrics.slice(0, HISTORY_ROWS_MAX).map(kept),
    labels: labels.slice(0, HISTORY_ROWS_MAX),
    pairs: pairs.slice(0, HISTORY_ROWS_MAX),
  };
}

function readSnapshot(text: string): Snapshot | undefined {
  try {
    const read = JSON.parse(text) as Partial<Snapshot> | null;
    const lists = [read?.metrics, read?.labels, read?.pairs];
    const whole = typeof read?.atMs === 'number' && typeof read.series === 'number';
    return whole && lists.every(Array.isArray) ? (read as Snapshot) : undefined;
  } catch {
    return undefined;
  }
}
