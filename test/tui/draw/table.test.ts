// Columns fitted into widths, and boxes with words on their edges.
// Rows must keep their width, also where a wide character is half overwritten.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import stringWidth from 'string-width';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { CellGrid } from '../../../src/tui/draw/cells.ts';
import { drawFrame } from '../../../src/tui/draw/frame.ts';
import { STYLE, palette } from '../../../src/tui/draw/styles.ts';
import { drawTable, fitColumns, type TableColumn } from '../../../src/tui/draw/table.ts';

const COLUMNS: readonly TableColumn[] = [
  { title: 'name', min: 4, rank: 0 },
  { title: 'size', align: 'right', min: 4, rank: 1 },
  { title: 'note', min: 6, rank: 2, grow: true },
];
const ROWS = [
  [{ text: 'alpha' }, { text: '12' }, { text: 'first' }],
  [{ text: 'a very long name' }, { text: '3' }, { text: '' }],
];

function table(width: number, height: number): string[] {
  const cells = new CellGrid(width, height);
  const area = { x: 0, y: 0, width, height };
  drawTable(cells, area, { columns: COLUMNS, rows: ROWS, top: 0, selected: 1 });
  return cells.lines(palette('none'));
}

test('a table with room, with little room, and without room for all columns', () => {
  assert.deepEqual(table(40, 3), [
    '  name              size  note',
    '  alpha               12  first',
    '▸ a very long name     3',
  ]);
  assert.deepEqual(table(26, 3), [
    '  name       size  note',
    '  alpha        12  first',
    '▸ a very l…     3',
  ]);
  assert.deepEqual(table(14, 3), ['  name   size', '  alpha    12', '▸ a ve…     3']);
});

test('widths and gaps never exceed the width', () => {
  const seed = 5;
  const random = seededRandom(seed);
  for (let round = 0; round < 500; round++) {
    const columns = Array.from({ length: 1 + Math.floor(random() * 6) }, (_, i) => ({
      title: 'x'.repeat(1 + Math.floor(random() * 10)),
      min: 1 + Math.floor(random() * 12),
      rank: i,
      grow: random() < 0.2,
    }));
    const row = columns.map(() => ({ text: 'y'.repeat(Math.floor(random() * 30)) }));
    const width = 1 + Math.floor(random() * 80);
    const widths = fitColumns(columns, [row], width).filter((w) => w > 0);
    const sum = widths.reduce((a, b) => a + b + 2, -2);
    assert.ok(sum <= width, `seed ${seed} round ${round}`);
  }
});

test('a box with title, figure and legend; what does not fit is left out', () => {
  const draw = (width: number, selected: boolean): string[] => {
    const cells = new CellGrid(width, 3);
    drawFrame(
      cells,
      { x: 0, y: 0, width, height: 3 },
      {
        title: 'cpu',
        right: [{ text: '42%', style: STYLE.bold }],
        bottom: [
          { text: 'a one', style: STYLE.plain },
          { text: 'b two', style: STYLE.plain },
        ],
        selected,
      },
    );
    return cells.lines(palette('none'));
  };
  assert.deepEqual(draw(22, false), [
    '╭─ cpu ──────── 42% ─╮',
    '│                    │',
    '╰─ a one b two ──────╯',
  ]);
  assert.deepEqual(draw(13, true), ['┏━ cpu ━━━━━┓', '┃           ┃', '┗━ a one ━━━┛']);
});

test('a wide character that is half overwritten leaves a blank, and rows keep their width', () => {
  const cells = new CellGrid(6, 1);
  cells.put(0, 0, '日本語');
  cells.set(1, 0, 'x', 0);
  assert.deepEqual(cells.lines(palette('none')), [' x本語']);
  cells.put(3, 0, 'yz');
  assert.equal(stringWidth(cells.lines(palette('none'))[0]), 5);
  cells.put(5, 0, '日');
  assert.ok(stringWidth(cells.lines(palette('none'))[0]) <= 6);
});
