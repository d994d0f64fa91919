// The pictures of the small widgets, by string equality, without React and without colour.
// Golden frames show them in place; here are the edges that a frame does not reach.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import stringWidth from 'string-width';
import { STYLE } from '../../../src/tui/draw/styles.ts';
import { ALERT_KEYS } from '../../../src/tui/screens/alert-centre-keys.ts';
import { DASH_KEYS } from '../../../src/tui/screens/dash-keys.ts';
import { EXPLORE_KEYS } from '../../../src/tui/screens/explore-keys.ts';
import { TOP_KEYS } from '../../../src/tui/screens/top-keys.ts';
import { screenTheme } from '../../../src/tui/theme.ts';
import { drawChart, type ChartProps } from '../../../src/tui/widgets/chart.tsx';
import { drawGauge } from '../../../src/tui/widgets/gauge.tsx';
import { drawHelp, drawNote, noteScrollMax } from '../../../src/tui/widgets/help.tsx';
import { drawStatusLine } from '../../../src/tui/widgets/status-line.tsx';

const mono = screenTheme({ TERM: 'xterm', LANG: 'C.UTF-8' }, { color: 'never' });
// oxlint-disable-next-line no-control-regex -- weights stay without colour; here they are in the
// way
const bare = (line: string): string => line.replaceAll(/\u001b\[\d+m/g, '');

test('a gauge has a bar and its number', () => {
  assert.deepEqual(drawGauge({ share: 0.5, width: 14, theme: mono }).map(bare), ['━━━━╌╌╌╌   50%']);
  assert.deepEqual(drawGauge({ share: 0.25, label: 'cpu', width: 18, theme: mono }).map(bare), [
    'cpu ━━╌╌╌╌╌╌   25%',
  ]);
  assert.deepEqual(drawGauge({ share: 1.2, width: 9, theme: mono }).map(bare), ['━━━  120%']);
});

test('a status line keeps the left, then the outermost right', () => {
  const words = (text: string) => ({ words: [{ text, style: STYLE.plain }] });
  const line = (width: number): string =>
    drawStatusLine({
      left: [words('first'), words('second')],
      right: [words('third'), words('fourth')],
      width,
      theme: mono,
    })[0];
  assert.equal(line(30), 'first  second    third  fourth');
  assert.equal(line(24), 'first  second     fourth');
  assert.equal(line(16), 'first  second');
  assert.equal(line(8), 'first');
});

test('a note goes on in the next row, and loses nothing', () => {
  const text = "mon query 'sum by (service) (rate(x[1m]))' --since 15m --graph";
  const size = { width: 30, height: 8 };
  const lines = drawNote({
    title: 'command',
    lines: [{ text, style: STYLE.plain }],
    theme: mono,
    ...size,
  }).map(bare);
  const inside = lines.slice(1, -1).map((line) => line.slice(3, 27));
  assert.equal(inside.join('').trimEnd(), text);
});

test('a note that is longer than its box says so, and scrolls to its end', () => {
  const size = { width: 30, height: 5 };
  const lines = Array.from({ length: 4 }, (_, i) => ({
    text: `line ${i} ${'x'.repeat(24)}`,
    style: STYLE.plain,
  }));
  const shown = (scroll: number): string =>
    drawNote({ title: 'command', lines, scroll, theme: mono, ...size })
      .map(bare)
      .join('\n');
  assert.equal(noteScrollMax(lines, size), 5);
  assert.match(shown(0), /line 0[^]*line 1.*▼/);
  assert.match(shown(99), /▲[^]*line 3[^]*xxx/);
  assert.doesNotMatch(shown(5), /▼/);
});

const TABLES = [
  TOP_KEYS.keysOf('overview'),
  DASH_KEYS.keysOf('board'),
  EXPLORE_KEYS.keysOf('list'),
  ALERT_KEYS.keysOf('alerts'),
];

test('the help of every screen tells all its keys on a terminal of 80x24, whole', () => {
  for (const keys of TABLES) {
    const lines = drawHelp({ keys, width: 80, height: 20, theme: mono }).map(bare);
    const text = lines.join('\n');
    for (const { shown, help } of keys) assert.ok(text.includes(help), `${shown} ${help}`);
    assert.ok(!/[…▼]/.test(text), text);
  }
});

test('a help that is longer than its box says so, and scrolls to its end', () => {
  const keys = Array.from({ length: 9 }, (_, i) => ({ shown: `k${i}`, help: `does ${i}` }));
  const told = (scroll: number): string =>
    drawHelp({ keys, scroll, width: 40, height: 6, theme: mono }).map(bare).join('\n');
  assert.match(told(0), /does 0[^]*does 3 *▼/);
  assert.match(told(2), /does 2 *▲[^]*does 5 *▼/);
  assert.match(told(99), /does 5 *▲[^]*does 8 *┃/);
  const wide = drawHelp({ keys, width: 130, height: 7, theme: mono }).map(bare).join('\n');
  assert.match(wide, /does 0 +k5 +does 5/);
});

const CHART: ChartProps = {
  title: 'load',
  unit: 'short',
  head: 'max',
  series: [],
  hidden: 0,
  startMs: 0,
  endMs: 60_000,
  width: 40,
  height: 7,
  theme: mono,
  zone: 'UTC',
  selected: false,
  empty: 'waiting',
};

function line(name: string, values: readonly number[]) {
  return {
    name,
    timestamps: Float64Array.from(values, (_, i) => i * 10_000),
    values: Float64Array.from(values),
    present: new Uint8Array(values.length).fill(1),
  };
}

test('a chart says why it is empty', () => {
  assert.match(drawChart(CHART).join('\n'), /waiting/);
  const nothing = { ...CHART, series: [line('x', [Number.NaN, Number.NaN])] };
  assert.match(drawChart(nothing).join('\n'), /every value in this range is NaN/);
});

test('a chart with trouble keeps its line and tells the age on its edge', () => {
  const series = [line('x', [1, 2, 3, 4, 5, 6, 7])];
  const lines = drawChart({ ...CHART, series, trouble: '12s old: connection refused' }).map(bare);
  assert.equal(lines.length, 7);
  assert.match(lines[6], /^╰─ ! 12s old: connection refused ─+╯$/);
  assert.match(lines.join('\n'), /[\u2801-\u28ff]/);
  for (const row of lines) assert.equal(stringWidth(row), 40);
});

test('a legend counts what it cannot show', () => {
  const series = ['one', 'two', 'three', 'four', 'five'].map((name) => line(name, [1, 2, 3]));
  const lines = drawChart({ ...CHART, series, hidden: 3 }).map(bare);
  assert.equal(lines[6], '╰─ a one 3 b two 3 c three 3 +5 ───────╯');
});
