// The shapes that only dashboards have, by their cells: large numbers, rings, bars, heatmaps,
// legends and folded words.
import assert from 'node:assert/strict';
import test from 'node:test';
import { drawArc } from '../../../src/tui/draw/arc.ts';
import { drawBars } from '../../../src/tui/draw/bars.ts';
import { bigWidth, drawBig } from '../../../src/tui/draw/big-digits.ts';
import { CellGrid } from '../../../src/tui/draw/cells.ts';
import { drawHeatmap } from '../../../src/tui/draw/heatmap.ts';
import { drawFigures, legendPlace } from '../../../src/tui/draw/legend.ts';
import { STYLE, hasRamp, mapStyle, palette } from '../../../src/tui/draw/styles.ts';
import { formatValue, tickStep } from '../../../src/tui/draw/units.ts';
import { wrapText } from '../../../src/tui/draw/wrap.ts';

const plain = palette('none');

function draw(width: number, height: number, to: (cells: CellGrid) => void): string[] {
  const cells = new CellGrid(width, height);
  to(cells);
  return cells.lines(plain);
}

test('large numbers, and small ones where there is no room', () => {
  const at = { x: 0, y: 0, width: 20, rows: 3 };
  assert.deepEqual(
    draw(20, 3, (cells) => drawBig(cells, at, { text: '40.5k', style: STYLE.plain })),
    ['  █ █ █▀█   █▀▀', '  ▀▀█ █ █   ▀▀█', '    ▀ ▀▀▀ ▀ ▀▀▀ k'],
  );
  assert.equal(bigWidth('40.5k'), 15);
  assert.equal(bigWidth('NaN'), undefined);
  const narrow = { ...at, width: 8 };
  assert.deepEqual(
    draw(8, 3, (cells) => drawBig(cells, narrow, { text: '40.5k', style: STYLE.plain })),
    [' 40.5k', '', ''],
  );
});

test('a ring that is empty looks empty without colour, and becomes a bar', () => {
  const ring = { text: '25%', name: '', style: STYLE.good, ascii: false, marks: [] };
  const area = { x: 0, y: 0, width: 16, height: 4 };
  const quarter = draw(16, 4, (cells) => drawArc(cells, area, { ...ring, share: 0.25 }));
  const none = draw(16, 4, (cells) => drawArc(cells, area, { ...ring, share: 0 }));
  assert.match(quarter[3], /25%/);
  const dots = (lines: readonly string[]): number =>
    [...lines.join('')].reduce((sum, c) => sum + bits(c.codePointAt(0) ?? 0), 0);
  assert.ok(dots(quarter) > dots(none) * 1.2, `${dots(quarter)} ${dots(none)}`);
  const bar = { ...ring, share: 0.25, ascii: true, name: 'cpu' };
  const lines = draw(16, 2, (cells) => drawArc(cells, { ...area, height: 2 }, bar));
  assert.deepEqual(lines, ['cpu', '━━━╌╌╌╌╌╌╌╌╌ 25%']);
});

function bits(code: number): number {
  if (code < 0x2800 || code > 0x28ff) return 0;
  return (code - 0x2800).toString(2).replaceAll('0', '').length;
}

test('bars side by side, and what does not fit is counted', () => {
  const rows = [4, 2, 1, 0, -1].map((value, i) => ({
    name: `name ${i}`,
    value,
    style: STYLE.plain,
  }));
  const area = { x: 0, y: 0, width: 20, height: 3 };
  assert.deepEqual(
    draw(20, 3, (cells) => drawBars(cells, area, { rows, unit: 'short' })),
    ['name 0 ███████████ 4', 'name 1 █████▌      2', '3 more'],
  );
});

const STEP = 1000;

function bucket(lower: number, upper: number, values: readonly number[]) {
  const present = Uint8Array.from(values, (value) => (Number.isNaN(value) ? 0 : 1));
  return { lower, upper, values: Float64Array.from(values), present };
}

const HEAT = {
  timestamps: Float64Array.from({ length: 10 }, (_, i) => i * STEP),
  rows: [
    bucket(0, 0.1, [0, 0, 1, 1, 4, 4, 1, 1, 0, 0]),
    bucket(0.1, 0.5, [0, 0, 0, 0, 1, 1, 16, 16, 0, NaN]),
    bucket(0.5, Infinity, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
  ],
  startMs: -STEP,
  endMs: 9 * STEP,
  unit: 'seconds' as const,
  zone: 'UTC',
  axisRows: 0 as const,
};

test('a heatmap in density marks: time to the right, buckets upwards', () => {
  const area = { x: 0, y: 0, width: 17, height: 3 };
  const lines = draw(17, 3, (cells) => drawHeatmap(cells, area, { ...HEAT, ramp: false }));
  assert.deepEqual(lines, [' +Inf ┤', '      │    ▒▒██', '100ms ┤  ▒▒▓▓▒▒']);
  const ascii = draw(17, 3, (cells) => {
    drawHeatmap(cells, area, { ...HEAT, ramp: false, ascii: true });
  });
  assert.equal(ascii[1], '      │    ::##');
});

test('a heatmap in colours: two rows to a cell, the greatest value is told', () => {
  const area = { x: 0, y: 0, width: 17, height: 3 };
  const cells = new CellGrid(17, 3);
  assert.equal(drawHeatmap(cells, area, { ...HEAT, ramp: true }), 16);
  assert.deepEqual(cells.cell(13, 1), { char: '█', style: mapStyle(11) });
  assert.deepEqual(cells.cell(7, 1), { char: ' ', style: 0 }, 'nothing is no colour');
  assert.ok(hasRamp(palette('truecolor')) && hasRamp(palette('256')) && !hasRamp(palette('16')));
  const [text] = [cells.lines(palette('truecolor'))[1]];
  assert.ok(text.includes('\u001b[38;2;253;240;138m█'), JSON.stringify(text));
  for (const depth of ['none', 'mono', '16'] as const) {
    assert.equal(palette(depth).open[mapStyle(3, 4)], '', depth);
  }
});

test('an empty heatmap is empty', () => {
  const area = { x: 0, y: 0, width: 17, height: 3 };
  const lines = draw(17, 3, (cells) => {
    assert.equal(drawHeatmap(cells, area, { ...HEAT, rows: [], ramp: true }), 0);
  });
  assert.deepEqual(lines, ['', '', '']);
});

function series(name: string, values: readonly number[]) {
  return {
    name,
    timestamps: Float64Array.from(values, (_, i) => i),
    values: Float64Array.from(values),
    present: Uint8Array.from(values, () => 1),
  };
}

test('a legend with figures, beside or below a chart', () => {
  const two = [series('cart', [1, 3, 2]), series('search', [1000, 4000, 2500])];
  const options = { series: two, hidden: 0, unit: 'short', stale: false, ascii: false } as const;
  assert.deepEqual(
    draw(34, 3, (cells) => drawFigures(cells, { x: 0, y: 0, width: 34, height: 3 }, options)),
    [
      '              last   min   max',
      'a ━ cart         2     1     3',
      'b ━ search    2.5k    1k    4k',
    ],
  );
  assert.deepEqual(legendPlace({ width: 100, height: 8 }, two), { columns: 39, rows: 0 });
  assert.deepEqual(legendPlace({ width: 60, height: 14 }, two), { columns: 0, rows: 3 });
  assert.deepEqual(legendPlace({ width: 60, height: 8 }, two), { columns: 0, rows: 0 });
  const lines = draw(24, 2, (cells) => {
    const many = Array.from({ length: 5 }, (_, i) => series(`s${i}`, [i]));
    drawFigures(cells, { x: 0, y: 0, width: 24, height: 2 }, { ...options, series: many });
  });
  assert.match(lines[1], /5 more/);
});

test('words are folded, long ones cut, lines kept', () => {
  assert.deepEqual(wrapText('one two three', 7), ['one two', 'three']);
  assert.deepEqual(wrapText('a\n\n  indented words here', 12), [
    'a',
    '',
    '  indented',
    'words here',
  ]);
  assert.deepEqual(wrapText('abcdefghij', 4), ['abcd', 'efgh', 'ij']);
  assert.deepEqual(wrapText('日本語 x', 4), ['日本', '語 x']);
  assert.deepEqual(wrapText('x', 0), []);
});

test('units that dashboards add', () => {
  assert.equal(formatValue(12.34, 'percent100'), '12.3%');
  assert.equal(formatValue(1500, 'ms'), '1.5s');
  assert.equal(formatValue(2_500_000, 'bits/s'), '2.5Mb/s');
  assert.equal(formatValue(1_763_600_000, 'unixtime'), '2025-11-20 00:53:20');
  assert.equal(formatValue(1e20, 'unixtime'), '1.0e+20');
  assert.equal(tickStep(7000, 'ms'), 10_000);
});
