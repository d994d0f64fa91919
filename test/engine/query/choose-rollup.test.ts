// Which windows a fragment is answered from. Easy to get wrong: what is exact must divide step,
// range and start; what is not may only be taken where the samples are gone.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import type { Fragment } from '../../../src/engine/model/fragment.ts';
import { withRollup } from '../../../src/engine/query/choose-rollup.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = 20_000 * DAY + 1234;
const HORIZONS = { retentionMs: 15 * DAY, keepMs: [30 * DAY, 90 * DAY, 365 * DAY, 730 * DAY] };

interface Asked {
  readonly fn?: string;
  readonly daysAgo: number;
  readonly step: number;
  readonly window: number;
  readonly shift?: number;
}

function fragmentOf({ fn = 'rate', daysAgo, step, window, shift = 0 }: Asked): Fragment {
  const start = (20_000 - daysAgo) * DAY + shift;
  const grid = { start, end: start + 5 * step, step };
  const limits = { maxSeries: 1, maxSamples: 1 };
  return { matchers: [], grid, windowMs: window, fn, args: [], keepName: true, ...limits };
}

function chosen(asked: Asked): string {
  const { rollup } = withRollup(fragmentOf(asked), HORIZONS, NOW);
  if (rollup === undefined) return 'samples';
  const { resolutionMs, prefer, aligned } = rollup;
  return `${resolutionMs / MINUTE} ${prefer} ${aligned ? 'exact' : 'estimate'}`;
}

test('rows stand for samples where they are exact and save work', () => {
  assert.equal(chosen({ daysAgo: 10, step: HOUR, window: HOUR }), '60 rows exact');
  assert.equal(chosen({ daysAgo: 10, step: HOUR, window: 5 * MINUTE }), '5 rows exact');
  assert.equal(chosen({ daysAgo: 10, step: DAY, window: 7 * DAY }), '1440 rows exact');
  assert.equal(
    chosen({ fn: 'last', daysAgo: 10, step: HOUR, window: 5 * MINUTE }),
    '60 rows exact',
  );
  assert.equal(chosen({ daysAgo: 10, step: MINUTE, window: MINUTE }), 'samples');
  assert.equal(chosen({ daysAgo: 10, step: HOUR, window: HOUR, shift: 1 }), 'samples');
  assert.equal(chosen({ daysAgo: 1, step: HOUR, window: HOUR }), 'samples');
  assert.equal(chosen({ fn: 'changes', daysAgo: 10, step: HOUR, window: HOUR }), 'samples');
  const quantile = { fn: 'quantile_over_time', daysAgo: 10, step: HOUR, window: HOUR };
  assert.equal(chosen(quantile), 'samples');
});

test('where samples are gone, rows are taken as they are', () => {
  assert.equal(chosen({ daysAgo: 20, step: HOUR, window: HOUR }), '60 rows exact');
  assert.equal(chosen({ daysAgo: 20, step: MINUTE, window: 2 * MINUTE }), '1 raw exact');
  assert.equal(chosen({ daysAgo: 20, step: 90_000, window: 90_000 }), '1 raw estimate');
  assert.equal(chosen({ daysAgo: 40, step: 90_000, window: 90_000 }), '5 raw estimate');
  assert.equal(chosen({ daysAgo: 400, step: HOUR, window: HOUR }), '1440 raw estimate');
  assert.equal(chosen({ daysAgo: 900, step: 1, window: 1 }), '1440 raw estimate');
  assert.equal(chosen({ fn: 'changes', daysAgo: 20, step: HOUR, window: HOUR }), '1 raw exact');
});

test('a stored column widens how far a selector looks back', () => {
  const matchers = [{ name: '__rollup__', op: '=', value: '1d:increase' }] as const;
  const asked = fragmentOf({ fn: 'last', daysAgo: 1, step: HOUR, window: 5 * MINUTE });
  const { rollup, windowMs, matchers: left } = withRollup({ ...asked, matchers }, HORIZONS, NOW);
  assert.equal(rollup?.column, 'increase');
  assert.equal(windowMs, DAY);
  assert.deepEqual(left, []);
});
