// The layout of `mon top`: whatever the size, the pieces fill the terminal and nothing sticks out.
// All sizes are tried, not a few: the odd ones are those that break.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TOP_COLUMNS_MIN, TOP_ROWS_MIN, topLayout } from '../../../src/tui/screens/top-layout.ts';

test('rows and columns add up for every size and number of charts', () => {
  for (let columns = TOP_COLUMNS_MIN; columns <= 300; columns += 7) {
    for (let rows = TOP_ROWS_MIN; rows <= 100; rows += 3) {
      for (let panels = 0; panels <= 9; panels++) {
        const selected = Math.max(0, panels - 1);
        const layout = topLayout({ columns, rows, panels, selected, targets: 30 });
        const where = `${columns}x${rows} with ${panels}`;
        const charts = layout.chartRows.reduce((a, b) => a + b, 0);
        assert.equal(layout.headerRows + charts + layout.targetRows + 1, rows, where);
        if (panels === 0) continue;
        assert.equal(
          layout.chartWidths.reduce((a, b) => a + b, 0),
          columns,
          where,
        );
        assert.ok(Math.min(...layout.chartRows) >= 6, where);
        assert.ok(Math.min(...layout.chartWidths) >= 38, where);
        assert.ok(layout.targetRows >= 5, where);
        assert.ok(selected >= layout.firstPanel, where);
        assert.ok(selected < layout.firstPanel + layout.perPage, where);
      }
    }
  }
});
