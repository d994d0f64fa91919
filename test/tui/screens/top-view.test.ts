// From what the feed knows to what `mon top` says: order and filter of targets, ages, words of the
// header.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeLabels } from '../../../src/engine/model/labels.ts';
import type { FeedTarget, PanelData } from '../../../src/tui/feed/snapshot.ts';
import { topState, type TopState } from '../../../src/tui/screens/top-state.ts';
import { panelTrouble, shownTargets, targetRow } from '../../../src/tui/screens/top-view.ts';

function target(instance: string, more: Partial<FeedTarget> = {}): FeedTarget {
  return {
    scrapePool: 'pool',
    scrapeUrl: `http://${instance}/metrics`,
    labels: makeLabels([
      ['job', 'api'],
      ['instance', instance],
    ]),
    health: 'up',
    lastError: '',
    lastScrapeMs: 1000,
    lastDurationMs: 5,
    ...more,
  };
}

const LIST = [
  target('c', { lastDurationMs: 9, lastScrapeMs: 3000 }),
  target('a', { health: 'down', lastError: 'refused' }),
  target('b', {
    lastScrapeMs: 2000,
    labels: makeLabels([
      ['job', 'db'],
      ['instance', 'b'],
    ]),
  }),
];

function order(view: Partial<TopState>): string {
  return shownTargets(LIST, topState(view))
    .map((t) => t.scrapeUrl[7])
    .join('');
}

test('targets in the order asked for, those that are down first', () => {
  assert.equal(order({}), 'acb');
  assert.equal(order({ reversed: true }), 'bca');
  assert.equal(order({ sort: 'instance' }), 'abc');
  assert.equal(order({ sort: 'duration' }), 'cab');
  assert.equal(order({ sort: 'age' }), 'abc');
  assert.equal(order({ sort: 'job' }), 'acb');
});

test('a filter looks into labels, health, address and error; ! inverts; the draft counts', () => {
  assert.equal(order({ filter: 'JOB=db' }), 'b');
  assert.equal(order({ filter: 'refused' }), 'a');
  assert.equal(order({ filter: '!down' }), 'cb');
  assert.equal(order({ filter: 'nothing like it' }), '');
  assert.equal(order({ filter: 'db', draft: '' }), 'acb');
});

test('a row says health in a word, and a target never scraped has no age', () => {
  const [state, job, instance, took, address, age] = targetRow(LIST[0], 10_000).map((c) => c.text);
  assert.deepEqual(
    [state, job, instance, took, address, age],
    ['● up', 'api', 'c', '9ms', 'http://c/metrics', '7s ago'],
  );
  assert.equal(targetRow(LIST[1], 0)[0].text, '✗ DOWN');
  assert.equal(targetRow(LIST[1], 0)[4].text, 'refused');
  const fresh = targetRow(target('x', { health: 'unknown', lastScrapeMs: 0 }), 5000);
  assert.equal(fresh[0].text, '○ new');
  assert.equal(fresh[5].text, 'never');
  assert.equal(targetRow(target('x', { lastScrapeMs: 9000 }), 5000)[5].text, '0s ago');
});

test('trouble has the age of the data, or of itself where there are none', () => {
  const panel: PanelData = {
    id: 'x',
    state: 'shown',
    series: [],
    hidden: 0,
    trouble: { message: 'refused', sinceMs: 50_000 },
    freshMs: 40_000,
  };
  assert.equal(panelTrouble(panel, 60_000), '20s old: refused');
  assert.equal(panelTrouble({ ...panel, freshMs: 0 }, 60_000), 'for 10s: refused');
  assert.equal(panelTrouble({ ...panel, trouble: undefined }, 60_000), undefined);
});
