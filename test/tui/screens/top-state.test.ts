// What keys do to the view of `mon top`, without a terminal.
// The view written as a command must be safe to paste into a shell.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TopAction } from '../../../src/tui/screens/top-keys.ts';
import {
  SORTS,
  modeOf,
  reduceTop,
  topCommand,
  topState,
  typeFilter,
  type TopState,
} from '../../../src/tui/screens/top-state.ts';

const around = {
  ...{ nowMs: 1_000_000_000_000, panels: ['cpu', 'memory', 'network'], targets: 12 },
  scrollMax: 15,
};

function after(actions: readonly TopAction[], from: TopState = topState()): TopState {
  return actions.reduce((state, action) => reduceTop(state, action, around), from);
}

test('range and movement in time', () => {
  assert.equal(after(['wider']).rangeMs, 900_000);
  assert.equal(after(['narrower', 'narrower', 'narrower', 'narrower']).rangeMs, 60_000);
  assert.equal(after(['wider'], topState({ rangeMs: 604_800_000 })).rangeMs, 604_800_000);
  assert.equal(after(['earlier']).anchorMs, around.nowMs - 150_000);
  assert.equal(after(['earlier', 'earlier', 'later']).anchorMs, around.nowMs - 150_000);
  assert.equal(after(['earlier', 'later']).anchorMs, undefined);
  assert.equal(after(['later']).anchorMs, undefined);
  assert.deepEqual(after(['earlier', 'pause', 'live']), topState());
});

test('charts: next wraps round, zoom and back, overlays close first', () => {
  assert.equal(after(['next']).panel, 'memory');
  assert.equal(after(['previous']).panel, 'network');
  assert.equal(after(['next', 'next', 'next']).panel, 'cpu');
  const zoomed = after(['zoom', 'help']);
  assert.equal(modeOf(zoomed), 'help');
  assert.equal(modeOf(after(['back'], zoomed)), 'zoom');
  assert.equal(modeOf(after(['back', 'back'], zoomed)), 'overview');
  const none = reduceTop(topState(), 'zoom', { ...around, panels: [] });
  assert.equal(none.zoomed, false);
});

test('targets: marking stays in the list, sorting goes round', () => {
  assert.equal(after(['up']).row, 0);
  assert.equal(after(['last', 'down']).row, 11);
  assert.equal(after(['pageDown', 'pageDown', 'pageUp']).row, 1);
  assert.equal(after(SORTS.map(() => 'sort' as const)).sort, 'health');
  assert.equal(after(['reverse']).reversed, true);
  assert.equal(reduceTop(topState({ row: 3 }), 'down', { ...around, targets: 0 }).row, 0);
});

test('an overlay scrolls between its ends, and a press beyond them counts for nothing', () => {
  const past = after(['help', 'pageDown', 'pageDown', 'pageDown', 'down']);
  assert.equal(past.scroll, 15);
  assert.equal(after(['up'], past).scroll, 14);
  assert.equal(after(['last', 'first', 'up'], past).scroll, 0);
  assert.equal(after(['last', 'back', 'command'], past).scroll, 0);
  assert.equal(after(['down'], after(['help', 'back'])).row, 1);
});

test('a filter is typed, kept or left as it was', () => {
  const typed = ['j', 'o', 'b', '=', '日', 'x', '\u0001', 'f1'];
  let state = typed.reduce(typeFilter, after(['filter']));
  assert.equal(state.draft, 'job=日x');
  state = after(['erase'], state);
  assert.equal(state.draft, 'job=日');
  assert.equal(modeOf(state), 'filter');
  assert.equal(after(['back'], state).filter, '');
  assert.equal(after(['submit'], state).filter, 'job=日');
  assert.equal(after(['submit', 'clear'], state).filter, '');
  assert.equal(typeFilter(topState(), 'x').draft, undefined);
});

test('the view as a command, fit for a shell', () => {
  assert.equal(topCommand(topState()), 'mon top --since 5m');
  const view = topState({
    rangeMs: 5_400_000,
    anchorMs: Date.UTC(2025, 0, 1),
    filter: "it's $(here)",
    sort: 'age',
    reversed: true,
    panel: 'cpu',
    zoomed: true,
  });
  assert.equal(
    topCommand(view),
    'mon top --since 1h30m --to 2025-01-01T00:00:00.000Z' +
      " --filter 'it'\\''s $(here)' --sort age --reverse --panel cpu --zoom",
  );
});
