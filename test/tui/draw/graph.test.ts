// Whole charts: some by string equality, all by the rule that no line is wider than asked for.
// Random series with hostile names come from a seed that a failure prints.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import stringWidth from 'string-width';
import { seededRandom, type Random } from '../../../src/engine/runtime/random.ts';
import { gridTimes, renderGraph, seriesStats } from '../../../src/tui/draw/graph.ts';
import type { GraphSeries } from '../../../src/tui/draw/plot.ts';

const START = Date.UTC(2025, 0, 1, 12);

function series(name: string, values: readonly number[], stepMs = 60_000): GraphSeries {
  return {
    name,
    timestamps: gridTimes({
      start: START,
      end: START + (values.length - 1) * stepMs,
      step: stepMs,
    }),
    values: Float64Array.from(values),
    present: Uint8Array.from(values, (v) => (Number.isNaN(v) ? 0 : 1)),
  };
}

test('a ramp, with axes and legend', () => {
  const ramp = series(
    'up we go',
    Array.from({ length: 31 }, (_, i) => i),
  );
  const lines = renderGraph({
    series: [ramp],
    width: 48,
    height: 12,
    color: 'none',
    tz: 'UTC',
    title: 'ramp',
  });
  assert.deepEqual(lines, [
    'ramp',
    '30 ┤┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈⢀⣀⠤⠔⠒⠉',
    '   │                               ⢀⣀⠤⠔⠒⠉⠉⠁',
    '20 ┤┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈⢀⣀⠤⠔⠒⠉⠁┈┈┈┈┈┈┈┈┈┈┈┈',
    '   │                  ⢀⣀⠤⠤⠤⠒⠉⠁',
    '10 ┤┈┈┈┈┈┈┈┈┈┈┈┈⢀⣀⠤⠔⠒⠉⠁┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈',
    '   │     ⢀⣀⣀⡠⠔⠒⠉⠁',
    ' 0 ┤⣀⠤⠔⠒⠉⠁',
    '   └┬─────────────┬──────────────┬─────────────┬',
    '    12:00       12:10          12:20       12:30',
    '                   last       min       max',
    ' ━━ up we go         30         0        30',
  ]);
});

test('a gap breaks the line', () => {
  const holed = series('x', [1, 1, 1, Number.NaN, Number.NaN, 1, 1, 1]);
  const [row] = renderGraph({
    series: [holed],
    width: 30,
    height: 4,
    color: 'none',
    tz: 'UTC',
    startMs: START,
    endMs: START + 420_000,
  }).filter((line) => /[\u2801-\u28ff]/.test(line));
  assert.match(row, /[\u2801-\u28ff]+[ ┈]+[\u2801-\u28ff]+$/);
});

test('a peak of one sample among thousands is drawn', () => {
  const values = Array.from({ length: 5000 }, (_, i) => (i === 3210 ? 100 : 1));
  const lines = renderGraph({
    series: [series('spike', values, 1000)],
    width: 60,
    height: 8,
    color: 'none',
    tz: 'UTC',
  });
  assert.match(lines[0], /[\u2801-\u28ff]/);
});

test('without Unicode each series has its own mark', () => {
  const lines = renderGraph({
    series: [series('a', [1, 2, 3]), series('b', [3, 2, 1])],
    width: 40,
    height: 9,
    color: 'none',
    ascii: true,
    tz: 'UTC',
  });
  for (const line of lines) assert.match(line, /^[ -~]*$/);
  assert.ok(lines.some((l) => l.includes('*')) && lines.some((l) => l.includes('+')));
});

test('nothing to draw is said in words', () => {
  const text = renderGraph({ series: [], width: 40, height: 8, color: 'none' }).join('\n');
  assert.match(text, /no series/);
  const empty = series('x', [Number.NaN, Number.NaN]);
  const words = renderGraph({ series: [empty], width: 40, height: 8, color: 'none' }).join('\n');
  assert.match(words, /no values in this range/);
});

test('colours change rarely: at most one sequence a run', () => {
  const lines = renderGraph({
    series: [series('a', [1, 5, 2, 8])],
    width: 100,
    height: 20,
    color: 'truecolor',
    fill: true,
    heat: true,
    tz: 'UTC',
  });
  for (const line of lines) assert.ok(line.split('\u001b[').length <= 16, JSON.stringify(line));
  for (const line of lines)
    assert.ok(!/\u001b\[[\d;]*m$/.test(line) || /\u001b\[(39|22|27)/.test(line));
});

test('no line is wider than asked for, whatever the series are called and hold', () => {
  const seed = 7;
  const random = seededRandom(seed);
  for (let round = 0; round < 400; round++) {
    const width = Math.floor(random() * 130);
    const height = Math.floor(random() * 40);
    const color = (['none', 'mono', '16', '256', 'truecolor'] as const)[round % 5];
    const lines = renderGraph({
      series: Array.from({ length: Math.floor(random() * 12) }, () => randomSeries(random)),
      width,
      height,
      color,
      ascii: random() < 0.2,
      unit: (['short', 'bytes', 'percent', 'seconds'] as const)[round % 4],
      title: randomName(random),
      tz: 'UTC',
      fill: random() < 0.5,
      stale: random() < 0.2,
    });
    const where = `seed ${seed} round ${round}`;
    assert.equal(lines.length, height, where);
    for (const line of lines) {
      assert.ok(stringWidth(line) <= width, `${where}: ${JSON.stringify(line)}`);
      // oxlint-disable-next-line no-control-regex -- looking for escape sequences is the point
      const rest = line.replaceAll(/\u001b\[[\d;]*m/g, '');
      assert.ok(!/\p{Cc}|\p{Cf}/u.test(rest), where);
      if (color === 'none') assert.equal(rest, line, where);
    }
  }
});

function randomSeries(random: Random): GraphSeries {
  const specials = [Number.NaN, Infinity, -Infinity, 0, -0, 1e308, -1e308, 5e-324];
  const values = Array.from({ length: Math.floor(random() * 300) }, () =>
    random() < 0.1 ? specials[Math.floor(random() * specials.length)] : random() * 1000 - 200,
  );
  const made = series(randomName(random), values, 1 + Math.floor(random() * 100_000));
  for (let i = 0; i < values.length; i++) if (random() < 0.1) made.present[i] = 0;
  return made;
}

function randomName(random: Random): string {
  const parts = ['\u001b[2J', '👩‍👩‍👧', '\u202e', 'x'.repeat(200), '日本', '\n', 'job="a"', '\u0000'];
  const length = Math.floor(random() * 4);
  return Array.from({ length }, () => parts[Math.floor(random() * parts.length)]).join('');
}

test('the figures of a legend skip what is missing', () => {
  const stats = seriesStats(series('x', [1, Number.NaN, 3, Number.NaN]));
  assert.deepEqual(stats, { last: 3, min: 1, max: 3, avg: 2 });
  assert.equal(seriesStats(series('x', [Number.NaN])), undefined);
});
