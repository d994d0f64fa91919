// The beat of a dashboard on virtual time: what is asked and when, what is shown meanwhile, and how
// it lives with a server that is slow, broken or away.
import assert from 'node:assert/strict';
import test from 'node:test';
import { makePanel, makeVariable, type Dashboard } from '../../../src/engine/dash/dashboard.ts';
import { MonError } from '../../../src/engine/errors.ts';
import { gridSize, type Grid } from '../../../src/engine/model/fragment.ts';
import { makeLabels } from '../../../src/engine/model/labels.ts';
import type { QueryAnswer } from '../../../src/engine/model/query-result.ts';
import type { Ask } from '../../../src/engine/ports.ts';
import { DashFeed, type DashFeedOptions } from '../../../src/tui/feed/dash-feed.ts';
import { heatRows } from '../../../src/tui/feed/heat-rows.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const NOON = Date.UTC(2025, 10, 20, 12, 0, 7);

interface World {
  readonly clock: VirtualClock;
  readonly feed: DashFeed;
  readonly asked: { expr: string; kind: string; grid: Grid }[];
  /** What the server does with a question; it answers one series by default. */
  serve: (expr: string, signal: AbortSignal | undefined) => Promise<Partial<QueryAnswer> | void>;
}

const WHOLE = { warnings: [], infos: [], whole: true, seriesRead: 1, samplesRead: 1 };

function panel(id: string, expr: string, more: Parameters<typeof makePanel>[2] = {}) {
  return makePanel(id, 'timeseries', {
    queries: [{ expr, legend: '{{job}}', instant: false }],
    ...more,
  });
}

const BOARD: Dashboard = {
  title: 'T',
  description: '',
  tags: [],
  rangeMs: 600_000,
  refreshMs: undefined,
  variables: [],
  panels: [panel('a', 'one'), panel('b', 'one'), panel('c', 'two')],
};

function world(board: Partial<Dashboard> = {}, more: Partial<DashFeedOptions> = {}): World {
  const clock = new VirtualClock(NOON);
  const asked: World['asked'] = [];
  const self: Partial<World> = { clock, asked, serve: async () => undefined };
  const answer = async (
    kind: string,
    expr: string,
    at: { grid: Grid; signal?: AbortSignal },
  ): Promise<QueryAnswer> => {
    asked.push({ expr, kind, grid: at.grid });
    const own = await (self as World).serve(expr, at.signal);
    const steps = gridSize(at.grid);
    const values = Float64Array.from({ length: steps }, (_, i) => at.grid.start + i * at.grid.step);
    const matrix = {
      labels: [makeLabels([['job', expr]])],
      ...{ steps, values, present: new Uint8Array(steps).fill(1) },
    };
    const result =
      kind === 'instant'
        ? ({ type: 'vector', timeMs: at.grid.end, matrix } as const)
        : ({ type: 'matrix', grid: at.grid, matrix } as const);
    return { ...WHOLE, result, ...own };
  };
  const ask: Ask = {
    instant: async (expr, timeMs, options) =>
      await answer('instant', expr, {
        grid: { start: timeMs, end: timeMs, step: 1 },
        signal: options?.signal,
      }),
    range: async (expr, start, end, step, options) =>
      await answer('range', expr, { grid: { start, end, step }, signal: options?.signal }),
  };
  const names = {
    labelValues: async (label: string, question: { matches: readonly string[] }) => {
      asked.push({ expr: `${label} ${question.matches.join()}`, kind: 'names', grid: never });
      return ['x', 'y'];
    },
    labelNames: async () => ['job'],
  };
  const dashboard = { ...BOARD, ...board };
  const feed = new DashFeed({ ask, names, clock, dashboard, columns: 60, ...more });
  return Object.assign(self, { feed }) as World;
}

const never: Grid = { start: 0, end: 0, step: 1 };

function exprs({ asked }: World): string[] {
  return asked.splice(0).map(({ expr }) => expr);
}

test('equal queries are one, on one grid, and only new instants are asked again', async () => {
  const w = world();
  w.feed.start();
  await w.clock.advance(100);
  assert.deepEqual(
    w.asked.map(({ expr }) => expr),
    ['one', 'two'],
  );
  const [first, second] = w.asked.splice(0);
  assert.deepEqual(first.grid, second.grid);
  assert.equal(first.grid.step, 10_000);
  assert.equal(first.grid.end % first.grid.step, 0, 'aligned to the step');
  await w.clock.advance(2000);
  assert.deepEqual(exprs(w), [], 'nothing new within a step');
  await w.clock.advance(3000);
  assert.equal(w.asked.length, 2, 'the next step has come');
  assert.equal(gridSize(w.asked[0].grid), 3, 'two instants again and the new one');
  const { panels, grid } = w.feed.snapshot();
  assert.equal(panels.get('a')?.series[0].name, 'one');
  assert.equal(panels.get('a')?.series[0].values.length, gridSize(grid));
  w.feed.stop();
});

test('only panels in sight are asked; others when they come into sight', async () => {
  const w = world();
  w.feed.look({ panels: ['c'] });
  w.feed.start();
  await w.clock.advance(100);
  assert.deepEqual(exprs(w), ['two']);
  assert.deepEqual([...w.feed.snapshot().panels.keys()], ['c']);
  w.feed.look({ panels: ['a', 'b'] });
  await w.clock.advance(100);
  assert.deepEqual(exprs(w), ['one']);
  w.feed.look({ panels: ['c'] });
  await w.clock.advance(100);
  assert.deepEqual(exprs(w), [], 'what was asked before is still there');
  assert.equal(w.feed.snapshot().panels.get('c')?.state, 'shown');
  w.feed.stop();
});

test('an unchanged panel keeps its object, so that nobody draws it again', async () => {
  const w = world();
  w.feed.start();
  await w.clock.advance(100);
  const before = w.feed.snapshot().panels.get('a');
  await w.clock.advance(1000);
  assert.equal(w.feed.snapshot().panels.get('a'), before);
  await w.clock.advance(10_000);
  assert.notEqual(w.feed.snapshot().panels.get('a'), before);
  w.feed.stop();
});

test('tables and bars ask for one instant; scrapes make the window of rates', async () => {
  const queries = [{ expr: 'rate(x[$__rate_interval])', legend: '', instant: true }];
  const panels = [makePanel('t', 'table', { queries })];
  const w = world({ panels }, { scrapeMs: async () => 5000 });
  w.feed.start();
  await w.clock.advance(100);
  assert.deepEqual(w.asked[0].kind, 'instant');
  assert.equal(w.asked[0].expr, 'rate(x[20s])');
  assert.equal(w.asked[0].grid.end, NOON - 2000, 'in strides of five seconds');
  assert.equal(w.feed.snapshot().panels.get('t')?.rows.length, 1);
  w.feed.stop();
});

test('one broken query is its panel’s trouble, and the last good picture stays', async () => {
  const w = world();
  w.feed.start();
  await w.clock.advance(100);
  w.serve = async (expr) => {
    if (expr === 'two') throw new MonError('MON_QUERY_FAILED', 'duplicate series');
  };
  await w.clock.advance(20_000);
  const { panels, trouble } = w.feed.snapshot();
  assert.equal(trouble, undefined);
  assert.equal(panels.get('a')?.trouble, undefined);
  assert.equal(panels.get('c')?.trouble?.message, 'duplicate series');
  assert.equal(panels.get('c')?.series.length, 1);
  w.serve = async () => undefined;
  await w.clock.advance(20_000);
  assert.equal(w.feed.snapshot().panels.get('c')?.trouble, undefined);
  w.feed.stop();
});

test('a server that is away is asked once a beat, told with its age, and seen again', async () => {
  const w = world();
  w.serve = async () => {
    throw new MonError('MON_SERVER_UNREACHABLE', 'connection refused');
  };
  w.feed.start();
  await w.clock.advance(3500);
  assert.ok(w.asked.length <= 8, `${w.asked.length} questions in four beats`);
  assert.equal(w.feed.snapshot().trouble?.message, 'connection refused');
  assert.equal(w.feed.snapshot().panels.get('a')?.trouble?.message, 'connection refused');
  w.serve = async () => undefined;
  await w.clock.advance(1500);
  assert.equal(w.feed.snapshot().trouble, undefined);
  assert.equal(w.feed.snapshot().panels.get('a')?.state, 'shown');
  w.feed.stop();
});

test('a change gives up what is under way and does not wait for it', async () => {
  const w = world();
  const aborted: string[] = [];
  w.serve = async (expr, signal) => {
    await new Promise<void>((resolve) => {
      signal?.addEventListener('abort', () => {
        aborted.push(expr);
        resolve();
      });
    });
  };
  w.feed.start();
  await w.clock.advance(200);
  assert.deepEqual(exprs(w), ['one', 'two']);
  w.serve = async () => undefined;
  w.feed.look({ rangeMs: 3_600_000 });
  await w.clock.advance(100);
  assert.deepEqual(aborted, ['one', 'two']);
  assert.deepEqual(exprs(w), ['one', 'two']);
  const { panels, rangeMs } = w.feed.snapshot();
  assert.equal(rangeMs, 3_600_000);
  assert.equal(panels.get('a')?.state, 'shown');
  assert.equal(panels.get('a')?.trouble, undefined, 'given up is no trouble');
  w.feed.stop();
});

test('a question that hangs ends, and a paused feed asks nothing', async () => {
  const w = world();
  w.serve = async () => await new Promise<void>(() => undefined);
  w.feed.start();
  await w.clock.advance(11_000);
  assert.match(w.feed.snapshot().trouble?.message ?? '', /no answer within 10s/);
  w.serve = async () => undefined;
  w.feed.pause(true);
  await w.clock.advance(11_000);
  exprs(w);
  await w.clock.advance(30_000);
  assert.deepEqual(exprs(w), []);
  assert.equal(w.feed.snapshot().paused, true);
  w.feed.pause(false);
  await w.clock.advance(100);
  assert.deepEqual(exprs(w), ['one', 'two']);
  w.feed.stop();
});

test('variables are asked in order; a choice shows the old picture until the new', async () => {
  const variables = [
    makeVariable('job', 'query', {
      source: { kind: 'label_values', selector: 'up', label: 'job' },
      multi: true,
      includeAll: true,
    }),
    makeVariable('node', 'query', {
      source: { kind: 'label_values', selector: 'up{job=~"$job"}', label: 'node' },
    }),
  ];
  const w = world({ variables, panels: [panel('a', 'm{job=~"$job",node="$node"}')] });
  w.feed.start();
  await w.clock.advance(100);
  assert.deepEqual(exprs(w), ['job up', 'node up{job=~"(x|y)"}', 'm{job=~"(x|y)",node="x"}']);
  w.serve = async () => await new Promise((resolve) => void w.clock.after(500, () => resolve()));
  w.feed.choose('job', ['y']);
  await w.clock.advance(10);
  assert.equal(w.feed.snapshot().panels.get('a')?.behind, true);
  await w.clock.advance(700);
  assert.deepEqual(exprs(w), ['node up{job=~"y"}', 'm{job=~"y",node="x"}']);
  const { panels, variables: states } = w.feed.snapshot();
  assert.equal(panels.get('a')?.behind, false);
  assert.deepEqual(states.get('job')?.chosen, ['y']);
  const [asked] = w.feed.asked(panel('z', 'm{job=~"$job"}'));
  assert.deepEqual(asked, { expr: 'm{job=~"y"}', instant: false });
  w.feed.stop();
});

test('an answer that lacks a source is marked, with what is missing', async () => {
  const w = world();
  const note = 'source 2 of 3 is missing: connection refused';
  w.serve = async (expr) => (expr === 'two' ? { warnings: [note] } : { whole: true });
  w.feed.start();
  await w.clock.advance(100);
  const c = w.feed.snapshot().panels.get('c');
  assert.deepEqual([c?.partial, c?.note], [true, note]);
  assert.equal(w.feed.snapshot().panels.get('a')?.partial, false);
  w.feed.stop();
});

test('buckets become what fell into each, summed over instances', () => {
  const timestamps = Float64Array.of(0, 1);
  const row = (le: string, values: readonly number[], instance = 'a') => ({
    name: le,
    labels: makeLabels([
      ['le', le],
      ['instance', instance],
    ]),
    timestamps,
    values: Float64Array.from(values),
    present: Uint8Array.from(values, (v) => (Number.isNaN(v) ? 0 : 1)),
  });
  const found = heatRows([
    row('+Inf', [10, 10]),
    row('0.5', [9, 4]),
    row('0.1', [2, NaN]),
    row('0.1', [1, 3], 'b'),
  ]);
  assert.deepEqual(
    found?.rows.map(({ lower, upper, values }) => [lower, upper, ...values]),
    [
      [0, 0.1, 3, 3],
      [0.1, 0.5, 6, 1],
      [0.5, Infinity, 1, 6],
    ],
  );
  assert.equal(heatRows([{ ...row('x', [1, 1]) }]), undefined);
});
