// Rows picked into another order and told full or empty, against the plain way, short and long;
// and the columns that a slab hands out.
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  anyMarked,
  filledRows,
  gatherMarks,
  gatherValues,
} from '../../../src/engine/promql/gather-rows.ts';
import { Slab } from '../../../src/engine/promql/slab.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';

test('rows are gathered in the order asked for, and told full when any cell is', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seededRandom(seed);
    const below = (n: number): number => Math.floor(random() * n);
    const steps = 1 + below(seed % 2 === 0 ? 8 : 60);
    const rows = below(20);
    const dense = random();
    const values = Float64Array.from({ length: rows * steps }, () => random());
    const present = Uint8Array.from(values, () => (random() < dense / steps ? 1 : 0));
    const order = Array.from({ length: below(30) }, () => below(rows)).filter((row) => row < rows);
    const cells = order.flatMap((row) => Array.from({ length: steps }, (_, i) => row * steps + i));
    const at = (i: number): number => values[i];
    assert.deepEqual([...gatherValues(values, order, steps)], cells.map(at), `seed ${seed}`);
    const marks = gatherMarks(present, Uint32Array.from(order), steps);
    assert.deepEqual(
      [...marks],
      cells.map((i) => present[i]),
      `seed ${seed}`,
    );
    const isFilled = filledRows(present, steps);
    for (let row = 0; row < rows; row++) {
      // A row that nobody asks for changes nothing for the next.
      if (random() < 0.2) continue;
      const any = anyMarked(present, row * steps, steps);
      assert.equal(isFilled(row), any, `seed ${seed}, row ${row}`);
    }
  }
});

test('columns of a slab are zeros, as long as asked for, and nobody else’s', () => {
  const slab = new Slab();
  const floats: Float64Array[] = [];
  const bytes: Uint8Array[] = [];
  for (let i = 0; i < 200; i++) {
    const cells = i === 100 ? 100_000 : i * 7;
    floats.push(slab.floats(cells));
    bytes.push(slab.bytes(cells));
    assert.deepEqual([floats[i].length, bytes[i].length], [cells, cells]);
    assert.ok(floats[i].every((value) => value === 0) && bytes[i].every((value) => value === 0));
    floats[i].fill(i);
    bytes[i].fill(i);
  }
  assert.ok(floats.every((column, i) => column.every((value) => value === i)));
  assert.ok(bytes.every((column, i) => column.every((value) => value === i)));
});
