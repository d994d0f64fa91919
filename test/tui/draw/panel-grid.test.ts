// Panels on pages: whatever the grid and the terminal, no two panels overlap, none leaves the page,
// and every panel is on exactly one.
import assert from 'node:assert/strict';
import test from 'node:test';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { gridPages, type GridItem, type GridPage } from '../../../src/tui/draw/panel-grid.ts';

function item(id: string, place: readonly number[], more: Partial<GridItem> = {}): GridItem {
  const [x, y, w, h] = place;
  return { id, x, y, w, h, least: { columns: 30, rows: 6 }, heading: false, ...more };
}

function boxes(page: GridPage): string[] {
  return page.map(({ id, x, y, width, height }) => `${id} ${x},${y} ${width}x${height}`);
}

test('panels side by side keep their shares and fill the page', () => {
  const items = [item('a', [0, 0, 12, 8]), item('b', [12, 0, 12, 8]), item('c', [0, 8, 24, 8])];
  const pages = gridPages(items, { columns: 100, rows: 20 });
  assert.deepEqual(pages.map(boxes), [['a 0,0 50x10', 'b 50,0 50x10', 'c 0,10 100x10']]);
});

test('a panel beside two that stand on one another keeps that shape', () => {
  const items = [item('a', [0, 0, 12, 16]), item('b', [12, 0, 12, 8]), item('c', [12, 8, 12, 8])];
  const pages = gridPages(items, { columns: 80, rows: 30 });
  assert.deepEqual(pages.map(boxes), [['a 0,0 40x30', 'b 40,0 40x15', 'c 40,15 40x15']]);
});

test('where it is too narrow, fewer stand side by side', () => {
  const items = [0, 1, 2].map((i) => item(`p${i}`, [i * 8, 0, 8, 8]));
  const pages = gridPages(items, { columns: 70, rows: 20 });
  assert.deepEqual(pages.map(boxes), [['p0 0,0 35x10', 'p1 35,0 35x10', 'p2 0,10 70x10']]);
});

test('what does not fit is on the next page, a heading with what it heads', () => {
  const heading = item('row', [0, 8, 24, 1], { heading: true, least: { columns: 10, rows: 1 } });
  const items = [item('a', [0, 0, 24, 8]), heading, item('b', [0, 9, 24, 8])];
  const pages = gridPages(items, { columns: 60, rows: 10 });
  assert.deepEqual(pages.map(boxes), [['a 0,0 60x10'], ['row 0,0 60x1', 'b 0,1 60x9']]);
});

test('no panels is one empty page', () => {
  assert.deepEqual(gridPages([], { columns: 80, rows: 20 }), [[]]);
});

test('no overlap, nothing outside, everybody once', () => {
  const seed = 4711;
  const random = seededRandom(seed);
  const whole = (max: number): number => Math.floor(random() * max);
  for (let round = 0; round < 400; round++) {
    const items = Array.from({ length: 1 + whole(20) }, (_, i) => {
      const x = whole(24);
      const place = [x, whole(40), 1 + whole(24 - x), 1 + whole(12)];
      const least = { columns: 10 + whole(30), rows: 3 + whole(6) };
      return whole(8) === 0
        ? item(`p${i}`, [0, place[1], 24, 1], { heading: true, least: { columns: 10, rows: 1 } })
        : item(`p${i}`, place, { least });
    });
    const room = { columns: 40 + whole(180), rows: 10 + whole(50) };
    const say = `seed ${seed}, round ${round}`;
    const pages = gridPages(items, room);
    const ids = pages.flat().map(({ id }) => id);
    assert.deepEqual(ids.toSorted(), items.map(({ id }) => id).toSorted(), say);
    for (const page of pages) {
      const taken = new Uint8Array(room.columns * room.rows);
      for (const { x, y, width, height } of page) {
        assert.ok(x >= 0 && y >= 0 && x + width <= room.columns && y + height <= room.rows, say);
        // Panels that overlap in the file overlap on the screen too.
        if (overlapping(items)) continue;
        for (let r = y; r < y + height; r++) {
          for (let c = x; c < x + width; c++) {
            assert.equal(taken[r * room.columns + c]++, 0, `${say}: ${JSON.stringify(page)}`);
          }
        }
      }
    }
  }
});

function overlapping(items: readonly GridItem[]): boolean {
  return items.some((a, i) =>
    items.slice(i + 1).some((b) => {
      return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
    }),
  );
}
