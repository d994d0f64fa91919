// Pictures of screens: the same cells are the same bytes, nothing that is in a cell is markup,
// every shape lies in its cell, colours are those of the escape sequences. Easy to get wrong: a
// picture that opens nowhere, because one character of a label is no XML.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { capture, textOf } from '../../../src/tui/capture.ts';
import { color256, lookOf } from '../../../src/tui/draw/ansi-colors.ts';
import { svgOf, type CellRow } from '../../../src/tui/draw/svg.ts';
import { blockShape, brailleDots, lineShape } from '../../../src/tui/draw/svg-shapes.ts';
import { openTop } from '../../../src/tui/screens/top.tsx';
import { fleetAsk, fleetTargets, makeFleet } from '../../support/fake-fleet.ts';
import { projectRoot } from '../../support/project.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

const NOON = Date.UTC(2025, 10, 20, 12, 0, 7);
const DARK = { theme: 'dark', title: 'a test' } as const;

function row(text: string, style = ''): CellRow {
  const chars = [...text];
  return { chars, styles: chars.map(() => style) };
}

/** Opens and closes all that it opens, and holds nothing that XML cannot. */
function assertXml(svg: string): void {
  const open: string[] = [];
  for (const [tag] of svg.matchAll(/<[^>]*>/g)) {
    if (tag.endsWith('/>')) continue;
    const name = /^<\/?([a-z]+)/.exec(tag)?.[1];
    assert.ok(name !== undefined, tag);
    if (tag.startsWith('</')) assert.equal(open.pop(), name, tag);
    else open.push(name);
  }
  assert.deepEqual(open, []);
  assert.doesNotMatch(
    svg.replaceAll('\n', ''),
    /[^\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u,
  );
  for (const [entity] of svg.matchAll(/&[^;]{0,10};?/g))
    assert.match(entity, /^&(?:amp|lt|gt|quot);$/);
}

test('markup in a cell is text in the picture', () => {
  const svg = svgOf([row('</text><script>&"\u0000\u001b\ud800')], { ...DARK, title: '<b>&' });
  assertXml(svg);
  assert.doesNotMatch(svg, /<script/);
  assert.match(svg, /&lt;\/text&gt;&lt;script&gt;&amp;&quot;/);
});

test('random cells are always a picture, and always the same one', () => {
  const seed = 20_251_121;
  const random = seededRandom(seed);
  const some = (list: string): string => [...list][Math.floor(random() * [...list].length)];
  for (let turn = 0; turn < 200; turn++) {
    const rows = Array.from({ length: 5 }, () => {
      const chars = Array.from({ length: 30 }, () => some(' ab<&"╭─│┈┃█▀▄▁▏⣿⠁⢀語\u0001\u202e'));
      const styles = chars
        .map(() => some('0123456'))
        .map((one) => ['', '1', '2', '7;31', '38;5;200', '38;2;1;2;3', '48;5;22;97'][Number(one)]);
      return { chars, styles };
    });
    const svg = svgOf(rows, DARK);
    assertXml(svg);
    assert.equal(svg, svgOf(rows, DARK), `seed ${seed}`);
  }
});

test('shapes lie within their cells, and every drawing character has one', () => {
  for (let code = 0x2800; code < 0x2900; code++) {
    const dots = brailleDots(String.fromCharCode(code)) ?? [];
    const bits = (code - 0x2800).toString(2).replaceAll('0', '').length;
    assert.equal(dots.length, bits);
    for (const [x, y] of dots) assert.ok(x > 0 && x < 84 && y > 0 && y < 180);
  }
  assert.equal(brailleDots('⣿')?.length, 8);
  assert.deepEqual(brailleDots('⠁'), [[21, 23]]);
  for (const char of '▀▁▂▃▄▅▆▇█▏▎▍▌▋▊▉') {
    const { x, y, width, height } = blockShape(char) ?? assert.fail(char);
    assert.ok(x >= 0 && y >= 0 && x + width <= 84 && y + height <= 180, char);
  }
  for (const char of '─│┌┐└┘├┤┬┴┼━┃┏┓┗┛╭╮╰╯┈╌') assert.ok(lineShape(char), char);
  assert.equal(lineShape('x'), undefined);
});

test('colours are those of the terminal', () => {
  const grounds = { ink: 0xcccccc, ground: 0x101010 };
  assert.equal(color256(16), 0);
  assert.equal(color256(231), 0xffffff);
  assert.equal(color256(244), 0x808080);
  assert.deepEqual(lookOf('38;2;1;2;3', grounds), {
    ink: 0x010203,
    ground: undefined,
    bold: false,
  });
  assert.equal(lookOf('1;38;5;196', grounds).ink, 0xff0000);
  const inverse = lookOf('7', grounds);
  assert.deepEqual([inverse.ink, inverse.ground], [0x101010, 0xcccccc]);
  assert.equal(lookOf('2', grounds).ink, 0x6e6e6e);
});

test('a screen runs without a terminal, and its picture is the same each time', async () => {
  const picture = async (): Promise<readonly CellRow[]> => {
    const clock = new VirtualClock(NOON);
    const fleet = makeFleet();
    const rows = capture(
      {
        ...{ columns: 80, rows: 24, clock, quietMs: 400, leastMs: 1200, mostMs: 20_000 },
        signal: new AbortController().signal,
      },
      (streams) =>
        openTop({
          ask: fleetAsk(fleet),
          targets: async () => fleetTargets(fleet, NOON),
          version: async () => '0.1.0',
          server: { url: 'http://127.0.0.1:9590', flags: '' },
          clock,
          look: { env: { TERM: 'xterm-256color', COLORTERM: 'truecolor', LANG: 'C.UTF-8' } },
          zone: 'UTC',
          // A fixed end: what is shown does not go on with the clock.
          view: { rangeMs: 15 * 60_000, anchorMs: NOON },
          process: new EventEmitter(),
          ...streams,
        }),
    );
    let done = false;
    void rows.then(() => (done = true));
    while (!done) {
      // Ink paints with timers of its own.
      await new Promise((resolve) => setTimeout(resolve, 20));
      await clock.advance(50);
    }
    return await rows;
  };
  const rows = await picture();
  assert.match(textOf(rows), /╭─ requests/);
  assert.match(textOf(rows), /targets 8/);
  const svg = svgOf(rows, { theme: 'dark', title: 'mon top' });
  assertXml(svg);
  const path = join(projectRoot, 'fixtures/golden/screens/top-80x24.svg');
  if (process.env['MON_GOLDEN'] === 'write') writeFileSync(path, svg);
  assert.equal(svg, readFileSync(path, 'utf8'));
});
