// An exploration that is always the same: metrics, labels and values by number, some of them
// hostile to a terminal, with a yesterday, policies and refusals. For tests of the explorer's
// screen and command.
import type {
  Exploration,
  ExploreLabel,
  ExploreMetric,
  ExplorePair,
} from '../../src/engine/model/exploration.ts';

export const EVIL = 'Evil\u001b[31m\u0007\n\u202e汉字👩‍👩‍👧\u0e33';
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Who asks differs by number, so that every kind of row is near the top. */
function metric(i: number, atMs: number): ExploreMetric {
  const names = ['http_requests_total', 'kube_pod_labels', EVIL, 'node_cpu_seconds_total'];
  const series = Math.max(1, Math.floor(40_000 / (i + 1)));
  const ago = [120_000, 0, 9 * DAY_MS, 40 * DAY_MS][i % 4];
  return {
    name: i < names.length ? names[i] : `app_metric_${i}_seconds`,
    ...{ series, live: series - (i % 7), begunHour: i * 3, endedHour: i % 5 },
    ...{ begunDay: i * 30, endedDay: i * 11, perSecond: series / 10 },
    ...{ headBytes: series * 700, blockBytes: series * 1900 },
    dayAgo: i % 6 === 5 ? null : Math.floor(series * (i % 3 === 0 ? 0.8 : 1)),
    firstMs: atMs - 60 * DAY_MS,
    queriedMs: ago === 0 ? 0 : atMs - ago,
    queries: i * 17,
    dashboardMs: i % 8 === 4 ? atMs - 30_000 : 0,
    ruleMs: i % 9 === 5 ? atMs : 0,
    rules: i % 9 === 5 ? 2 : 0,
    labelsUsed: [
      ['job', atMs - 60_000],
      ['code', atMs - 3 * DAY_MS],
    ],
    policy: i === 7 ? 'unasked' : '',
  };
}

const LABELS: readonly (readonly [string, number])[] = [
  ...([
    ['pod', 9120],
    ['user_id', 4000],
    ['instance', 412],
    ['__name__', 300],
  ] as const),
  ...([
    ['code', 14],
    ['job', 6],
    [EVIL, 3],
  ] as const),
];

function pairs(label: string | undefined): ExplorePair[] {
  const names = label === undefined ? LABELS.map(([name]) => name) : [label];
  return names.flatMap((name) =>
    Array.from({ length: 40 }, (_, i) => ({
      ...{ name, value: i === 3 ? EVIL : `${name}-${i}` },
      ...{ series: Math.floor(9000 / (i + 1)), dayAgo: i % 4 === 0 ? 100 : null },
    })),
  );
}

/** What a server answers; `match` narrows it to one metric. */
export function fakeExploration(
  atMs: number,
  { metrics = 300, match, label }: { metrics?: number; match?: string; label?: string } = {},
): Exploration {
  const all = Array.from({ length: metrics }, (_, i) => metric(i, atMs));
  const own = match === undefined ? all : all.slice(0, 1);
  const series = own.reduce((sum, one) => sum + one.series, 0);
  const labels = LABELS.map(([name, values]): ExploreLabel => ({
    name,
    values,
    dayAgo: name === 'pod' ? 6000 : null,
  }));
  const sorted = pairs(label).sort((a, b) => b.series - a.series);
  return {
    atMs,
    countedSinceMs: atMs - 60 * DAY_MS,
    totals: {
      ...{ series, live: series - 900, metrics: own.length, pairs: 13_855 },
      ...{ begunHour: 3120, endedHour: 1100, begunDay: 41_000, endedDay: 22_000 },
      ...{ perSecond: series / 10, headBytes: series * 700, blockBytes: series * 1900 },
    },
    dayAgo: match === undefined ? { atMs: atMs - DAY_MS, series: Math.floor(series * 0.85) } : null,
    history: Array.from({ length: match === undefined ? 24 : 0 }, (_, i) => {
      return [atMs - (24 - i) * HOUR_MS, 200_000 + i * 900];
    }),
    metrics: own,
    labels,
    pairs: sorted,
    policies: [
      {
        ...{ name: 'unasked', kind: 'unqueried', dryRun: true, series: 5000, dropped: 0, kept: 0 },
        ...{ metrics: ['app_metric_7_seconds', EVIL], metricCount: 2 },
      },
      {
        ...{ name: 'thin', kind: 'keep_every', dryRun: false, series: 416, dropped: 91_120 },
        ...{ kept: 15_120, metrics: ['node_cpu_seconds_total'], metricCount: 1 },
      },
    ],
    guard: {
      mode: 'reject',
      over: {
        ...{ cardinalityLabels: 0, cardinalityMetric: 990_000 },
        ...{ cardinalityValues: 12, cardinalityDenied: 0 },
      },
      limits: {
        ...{ labels: 20, seriesOfMetric: 10_000, valuesOfLabel: 0 },
        ...{ allowLabels: [], denyLabels: ['user_id', 'request_id'] },
      },
      metrics: [],
      examples: ['hits{id="4"}: the metric has as many series as its limit', `${EVIL}: denied`],
    },
  };
}
