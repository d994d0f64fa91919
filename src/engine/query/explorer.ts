// Answers what `mon explore` asks: the figures of the heads, beside them what there was yesterday,
// who asks for each metric, and what policies do about it. Easy to get wrong: bytes in blocks are
// an estimate, by each metric's share of the samples in the heads, for blocks do not tell metrics
// apart.
import type { CardinalityReport } from '../model/cardinality-report.ts';
import type { MetricFigures, SeriesFigures } from '../model/cardinality.ts';
import type {
  Exploration,
  ExploreLabel,
  ExploreMetric,
  ExplorePair,
  ExploreQuestion,
  ExploreTotals,
  PolicyReport,
} from '../model/exploration.ts';
import type { Source } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Churn, SeriesHistory, Snapshot } from './series-history.ts';
import type { UsageBook } from './usage-book.ts';

export interface ExplorerOptions {
  readonly source: Source;
  readonly usage: UsageBook;
  readonly history: SeriesHistory;
  readonly clock: Clock;
  readonly policies: () => readonly PolicyReport[];
  readonly guard: () => CardinalityReport | null;
}

const NO_CHURN: Churn = { begun: 0, ended: 0 };
const NOTHING = { series: 0, live: 0, begun: 0, ended: 0, samples: 0, perSecond: 0, bytes: 0 };

/** What rows are compared with. */
interface Beside {
  readonly figures: SeriesFigures;
  readonly before: ReadonlyMap<string, number> | undefined;
  readonly churn: ReadonlyMap<string, Churn>;
  readonly policyOf: ReadonlyMap<string, string>;
}

export class Explorer {
  readonly #options: ExplorerOptions;

  constructor(options: ExplorerOptions) {
    this.#options = options;
  }

  /** Undefined where the sources do not count their series. */
  async explore({ matchers, label, rows }: ExploreQuestion): Promise<Exploration | undefined> {
    const { source, clock, history, usage, policies, guard } = this.#options;
    const nowMs = clock.now();
    const scope = {
      ...{ nowMs, rows },
      ...(matchers === undefined ? {} : { matchers }),
      ...(label === undefined ? {} : { label }),
    };
    const found = (await source.cardinality?.(scope))?.figures;
    if (found === undefined) return undefined;
    const whole = matchers === undefined;
    const past = history.dayAgo(nowMs);
    const told = policies();
    const beside: Beside = {
      figures: found,
      before: past && new Map(past.metrics.map(([name, series]) => [name, series])),
      churn: history.churnOfMetrics(nowMs),
      policyOf: new Map(told.flatMap(({ name, metrics }) => metrics.map((one) => [one, name]))),
    };
    return {
      ...{ atMs: nowMs, countedSinceMs: usage.sinceMs, policies: told, guard: guard() },
      totals: this.#totals(found, nowMs, whole),
      dayAgo: past === undefined || !whole ? null : { atMs: past.atMs, series: past.series },
      history: whole ? history.snapshots.map(({ atMs, series }) => [atMs, series]) : [],
      metrics: this.#metrics(beside, whole),
      labels: labelsOf(found, whole ? past : undefined),
      pairs: pairsOf(found, whole ? past : undefined),
    };
  }

  #totals(figures: SeriesFigures, nowMs: number, whole: boolean): ExploreTotals {
    const { total, seriesCounted, metricCount, pairCount } = figures;
    const churn = whole ? this.#options.history.churnOfDay(nowMs) : NO_CHURN;
    return {
      ...{ series: seriesCounted, live: total.live, metrics: metricCount, pairs: pairCount },
      ...{ begunHour: total.begun, endedHour: total.ended },
      begunDay: Math.max(churn.begun, total.begun),
      endedDay: Math.max(churn.ended, total.ended),
      perSecond: total.perSecond,
      headBytes: Math.round(total.bytes),
      blockBytes: whole ? figures.blockBytes : blockShare(total, figures),
    };
  }

  #metrics(beside: Beside, whole: boolean): ExploreMetric[] {
    const { figures, policyOf } = beside;
    const rows = figures.metrics.map((one) => this.#metric(one, beside));
    if (!whole) return rows;
    // What is dropped at the door has left the heads after a while, and still has to be told of.
    const known = new Set(rows.map(({ name }) => name));
    for (const name of policyOf.keys()) {
      if (!known.has(name)) rows.push(this.#metric({ name, ...NOTHING }, beside));
    }
    return rows;
  }

  #metric(one: MetricFigures, { figures, before, churn, policyOf }: Beside): ExploreMetric {
    const { name, series, live, perSecond } = one;
    const use = this.#options.usage.of(name);
    const day = churn.get(name) ?? NO_CHURN;
    return {
      ...{ name, series, live, perSecond, begunHour: one.begun, endedHour: one.ended },
      begunDay: Math.max(day.begun, one.begun),
      endedDay: Math.max(day.ended, one.ended),
      headBytes: Math.round(one.bytes),
      blockBytes: blockShare(one, figures),
      dayAgo: before === undefined ? null : (before.get(name) ?? null),
      firstMs: use?.firstMs ?? 0,
      queriedMs: use?.by.query.lastMs ?? 0,
      queries: (use?.by.query.count ?? 0) + (use?.by.dashboard.count ?? 0),
      dashboardMs: use?.by.dashboard.lastMs ?? 0,
      ruleMs: use?.by.rule.lastMs ?? 0,
      rules: use?.by.rule.count ?? 0,
      labelsUsed: use?.labels ?? [],
      policy: policyOf.get(name) ?? '',
    };
  }
}

/** Bytes of the blocks that samples like these take. */
function blockShare(one: MetricFigures, { total, blockBytes }: SeriesFigures): number {
  const [mine, all] = total.perSecond > 0 ? [one.perSecond, total.perSecond] : [0, 1];
  return Math.round((blockBytes * mine) / all);
}

function labelsOf({ labels }: SeriesFigures, past: Snapshot | undefined): ExploreLabel[] {
  const before = past && new Map(past.labels);
  return labels.map(([name, values]) => ({ name, values, dayAgo: before?.get(name) ?? null }));
}

function pairsOf({ pairs }: SeriesFigures, past: Snapshot | undefined): ExplorePair[] {
  const before =
    past && new Map(past.pairs.map(([name, value, count]) => [`${name}\u0000${value}`, count]));
  return pairs.map(([name, value, series]) => {
    return { name, value, series, dayAgo: before?.get(`${name}\u0000${value}`) ?? null };
  });
}
