// Every key of a dashboard as a change of its state, without a terminal: panels in four directions,
// pages, time, variables, notes; and the command that opens the view again.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ALL, makePanel, makeVariable } from '../../../src/engine/dash/dashboard.ts';
import type { VariableState } from '../../../src/tui/feed/dash-snapshot.ts';
import { DASH_KEYS } from '../../../src/tui/screens/dash-keys.ts';
import { figureTable, reduceSeries, stacked } from '../../../src/tui/screens/dash-figures.ts';
import {
  dashCommand,
  dashModeOf,
  dashState,
  reduceDash,
  shownChoices,
  typeValue,
  type DashAround,
  type DashState,
} from '../../../src/tui/screens/dash-state.ts';

const NOW = Date.UTC(2025, 10, 20, 12);
const START = dashState({ rangeMs: 3_600_000, beatMs: 1000 });

function box(id: string, x: number, y: number) {
  return { id, x, y, width: 40, height: 10 };
}

function variable(name: string, values: readonly string[], multi: boolean): VariableState {
  const options = values.map((value) => ({ text: value, value }));
  const made = makeVariable(name, 'query', { multi, includeAll: multi });
  const chosen = multi ? [ALL] : values.slice(0, 1);
  return { variable: made, options, chosen, trouble: undefined, hidden: 0 };
}

const AROUND: DashAround = {
  nowMs: NOW,
  pages: [[box('a', 0, 0), box('b', 40, 0), box('c', 0, 10)], [box('d', 0, 0)]],
  panels: ['a', 'b', 'c', 'd'],
  variables: [variable('job', ['x', 'y'], true), variable('node', ['n1', 'n2'], false)],
};

function keys(names: string, from: DashState = START, around = AROUND): DashState {
  let state = from;
  for (const name of names.split(' ')) {
    const action = DASH_KEYS.actionFor(dashModeOf(state), name);
    assert.ok(action, `${name} in ${dashModeOf(state)}`);
    state = reduceDash(state, action, around);
  }
  return state;
}

test('panels: around, in four directions, over pages', () => {
  assert.equal(keys('tab').panel, 'a');
  assert.equal(keys('tab tab tab tab').panel, 'd');
  assert.equal(keys('tab tab tab tab').page, 1);
  assert.equal(keys('tab shift-tab').panel, 'd');
  assert.equal(keys('tab right').panel, 'b');
  assert.equal(keys('tab right left').panel, 'a');
  assert.equal(keys('tab down').panel, 'c');
  assert.equal(keys('tab down up').panel, 'a');
  assert.equal(keys('tab down down').panel, 'd', 'below the page is the next one');
  assert.equal(keys('tab left').panel, 'a', 'there is nothing further left');
  assert.deepEqual([keys('pageDown').page, keys('pageDown').panel], [1, undefined]);
  assert.equal(keys('pageDown pageDown').page, 1);
  assert.equal(keys('G g').page, 0);
  assert.equal(keys('pageDown return').panel, 'd', 'the first of the page');
});

test('one panel alone, scrolled, and back', () => {
  const alone = keys('tab return');
  assert.deepEqual([alone.zoomed, dashModeOf(alone)], [true, 'zoom']);
  assert.equal(keys('down down pageDown up', alone).scroll, 11);
  assert.equal(keys('down tab', alone).scroll, 0);
  assert.equal(keys('right', alone).panel, 'b');
  assert.equal(keys('escape', alone).zoomed, false);
});

test('time: range, moves, now, pause, how often', () => {
  assert.equal(keys('+').rangeMs, 1_800_000);
  assert.equal(keys('- -').rangeMs, 6 * 3_600_000);
  assert.equal(keys('[').anchorMs, NOW - 1_800_000);
  assert.equal(keys('[ ]').anchorMs, undefined);
  assert.equal(keys('[ [ n').anchorMs, undefined);
  const pause = reduceDash(START, 'pause', AROUND);
  assert.equal(pause.paused, true);
  assert.deepEqual([keys('R').beatMs, keys('r r').beatMs], [2000, 500]);
  assert.equal(keys('R').said, 'asking every 2s');
  assert.equal(keys('R tab').said, '', 'a word lasts until the next key');
});

test('variables: the list, the values, typing', () => {
  const list = keys('v');
  assert.equal(dashModeOf(list), 'variables');
  const values = keys('down return', list);
  assert.deepEqual([values.variable, values.row, dashModeOf(values)], ['node', 0, 'values']);
  const typed = typeValue(typeValue(values, 'n'), '2');
  assert.deepEqual(
    shownChoices(typed, AROUND).map(({ value }) => value),
    ['n2'],
  );
  assert.equal(keys('backspace', typed).typed, 'n');
  assert.equal(keys('ctrl-u', typed).typed, '');
  assert.equal(typeValue(values, 'pageDown').typed, '', 'a name of a key is no text');
  assert.equal(dashModeOf(keys('return', typed)), 'variables');
  assert.equal(dashModeOf(keys('return escape', typed)), 'board');
  const one = { ...AROUND, variables: AROUND.variables.slice(0, 1) };
  assert.equal(dashModeOf(keys('v', START, one)), 'values', 'one alone needs no list');
  assert.equal(dashModeOf(keys('v escape', START, one)), 'board');
  const none = keys('v', START, { ...AROUND, variables: [] });
  assert.equal(none.said, 'this dashboard has no variables');
});

test('notes open over the panels, scroll and close', () => {
  for (const [name, overlay] of [
    ['?', 'help'],
    ['c', 'command'],
    ['e', 'explain'],
  ]) {
    const open = keys(name);
    assert.equal(open.overlay, overlay);
    assert.equal(keys('down down', open).scroll, 2);
    assert.equal(keys('escape', open).overlay, 'none');
  }
  assert.equal(keys('c').panel, 'a', 'a note is about a panel');
});

test('the view as a command', () => {
  const state = { ...START, anchorMs: NOW, panel: 'a', zoomed: true };
  assert.equal(
    dashCommand('my board.yaml', state, AROUND.variables),
    "mon dash 'my board.yaml' --since 1h --to 2025-11-20T12:00:00.000Z --var job=All" +
      ' --var node=n1 --refresh 1s --panel a --zoom',
  );
});

test('ranges become numbers, rows a table, series a stack', () => {
  const series = (values: readonly number[]) => ({
    ...{ name: 's', labels: [] as string[] },
    timestamps: Float64Array.from(values, (_, i) => i),
    values: Float64Array.from(values),
    present: Uint8Array.from(values, () => 1),
  });
  const one = series([NaN, 4, 1, 7, NaN]);
  const all = ['last', 'first', 'min', 'max', 'mean', 'sum'] as const;
  assert.deepEqual(
    all.map((how) => reduceSeries(one, how)),
    [7, 4, 1, 7, 4, 12],
  );
  assert.equal(reduceSeries(series([NaN]), 'mean'), undefined);
  const [low, high] = stacked([series([1, 2]), series([10, NaN])]);
  assert.deepEqual([...low.values, ...high.values], [1, 2, 11, 2]);
  const queries = ['a', 'b'].map((expr) => ({ expr, legend: `${expr}!`, instant: true }));
  const panel = makePanel('t', 'table', { queries, thresholds: [{ value: 5, level: 'bad' }] });
  const figure = (job: string, value: number, query: number) => ({
    ...{ name: '', value, query, series: undefined },
    labels: ['__name__', 'm', 'job', job],
  });
  const { columns, rows } = figureTable(panel, [
    figure('x', 1, 0),
    figure('y', 9, 1),
    figure('x', 2, 1),
  ]);
  assert.deepEqual(
    columns.map(({ title }) => title),
    ['job', 'a!', 'b!'],
  );
  assert.deepEqual(
    rows.map((row) => row.map(({ text }) => text)),
    [
      ['x', '1', '2'],
      ['y', '–', '▲ 9'],
    ],
  );
});
