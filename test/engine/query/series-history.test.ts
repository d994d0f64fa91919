// Hourly and daily figures: what is kept and for how long, what a day ago means when there is no
// day yet, churn added up, and snapshots that another process or a vandal wrote.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { SeriesFigures } from '../../../src/engine/model/cardinality.ts';
import { SeriesHistory } from '../../../src/engine/query/series-history.ts';
import { MemoryState } from '../../support/memory-state.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Math.floor(1_700_000_000_000 / DAY) * DAY + 10 * 60_000;

function figures(series: number, begun = 0, ended = 0): SeriesFigures {
  const one = { series, live: series, begun, ended, samples: 1, perSecond: 2, bytes: 3.4 };
  return {
    ...{ seriesCounted: series, total: { name: '', ...one }, metricCount: 1, pairCount: 1 },
    metrics: [{ name: 'hits', ...one }],
    labels: [['job', 2]],
    pairs: [['job', 'a', series]],
    ...{ blockBytes: 0, blockSamples: 0 },
  };
}

test('one an hour for two days, then one a day for five weeks, over restarts', async () => {
  const state = new MemoryState();
  let history = new SeriesHistory(state);
  assert.equal(history.isDue(START), false, 'not before it was read');
  await history.load();
  for (let hour = 0; hour < 60 * 24; hour++) {
    const now = START + hour * HOUR;
    assert.equal(history.isDue(now), true);
    await history.keep(figures(1000 + hour), 1000 + hour, now);
    assert.equal(history.isDue(now + HOUR / 2), false);
    if (hour % 100 > 0) continue;
    history = new SeriesHistory(state);
    await history.load();
  }
  const now = START + (60 * 24 - 1) * HOUR;
  const ages = history.snapshots.map(({ atMs }) => (now - atMs) / HOUR);
  assert.equal(ages.filter((age) => age < 49).length, 49);
  const old = ages.filter((age) => age >= 49);
  assert.ok(old.length >= 32 && old.length <= 34, String(old.length));
  assert.ok(Math.max(...ages) < 35 * 24);
  assert.equal(state.rows.size, history.snapshots.length);
  assert.equal(history.dayAgo(now)?.series, 1000 + 59 * 24 - 1);
});

test('a day ago is as long ago as is known, but not the last hour', async () => {
  const history = new SeriesHistory(new MemoryState());
  await history.load();
  await history.keep(figures(10), 11, START);
  assert.equal(history.dayAgo(START + HOUR / 2), undefined);
  assert.equal(history.dayAgo(START + HOUR)?.held, 11);
  await history.keep(figures(20), 21, START + 5 * HOUR);
  assert.equal(history.dayAgo(START + 6 * HOUR)?.held, 11);
  assert.equal(history.dayAgo(START + 28 * HOUR)?.held, 21);
});

test('churn of a day is the sum of its hours, for all and by metric', async () => {
  const history = new SeriesHistory(new MemoryState());
  await history.load();
  for (let hour = 0; hour < 30; hour++) {
    await history.keep(figures(10, 2, 1), 10, START + hour * HOUR);
  }
  const now = START + 29.5 * HOUR;
  assert.deepEqual(history.churnOfDay(now), { begun: 48, ended: 24 });
  assert.deepEqual(history.churnOfMetrics(now).get('hits'), { begun: 48, ended: 24 });
});

test('what cannot be read is as if it were not there', async () => {
  const state = new MemoryState();
  const texts = ['x', 'null', '{"atMs":1}', '{"atMs":1,"series":2,"metrics":3}'];
  for (const [i, text] of texts.entries()) await state.compareAndSet(`series/${i}`, text, 0);
  const history = new SeriesHistory(state);
  await history.load();
  assert.deepEqual(history.snapshots, []);
});
