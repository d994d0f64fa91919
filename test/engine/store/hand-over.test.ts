// Which blocks are due for the cold tier: what is archived counts before all that stays, so blocks
// that overlap must go in order of the log, and all of them must go in the end. Seeds are printed
// with a failure.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import type { BlockEntry } from '../../../src/engine/store/checkpoint-file.ts';
import { dueBlocks } from '../../../src/engine/store/hand-over.ts';

const SPAN = 8;

function block(sequence: number, minMs: number, maxMs: number): BlockEntry {
  const sizes = { bytes: 1, series: 1, samples: 1, level: 0 };
  const offsets = { from: sequence, to: sequence + 1 };
  return { name: `${sequence}`, id: `${sequence}`, minMs, maxMs, sequence, ...sizes, ...offsets };
}

function overlap(a: BlockEntry, b: BlockEntry): boolean {
  return a.maxMs >= b.minMs && a.minMs <= b.maxMs;
}

test('a late block waits for a wider one before it that is not due yet', () => {
  const wide = block(1, 0, 23);
  const late = block(2, 3, 4);
  const apart = block(3, 8, 9);
  assert.deepEqual(dueBlocks([wide, late], 16, SPAN), []);
  assert.deepEqual(dueBlocks([late, wide], 16, SPAN), [late]);
  assert.deepEqual(dueBlocks([wide, late], 24, SPAN), [wide, late]);
  assert.deepEqual(dueBlocks([block(0, 24, 30), late, apart], 16, SPAN), [late]);
});

test('a late block that begins in an earlier window waits for what it overlaps', () => {
  const early = block(1, 8, 12);
  const late = block(2, 5, 10);
  assert.deepEqual(dueBlocks([early, late], 24, SPAN), [early]);
  assert.deepEqual(dueBlocks([late], 24, SPAN), [late]);
});

test('blocks go in order of the log where they overlap, a window at a time, and all go', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const random = seededRandom(seed);
    const below = (n: number): number => Math.floor(random() * n);
    let left: readonly BlockEntry[] = Array.from({ length: 1 + below(30) }, (_, i) => {
      const minMs = below(100);
      return block(i, minMs, minMs + below(30));
    });
    for (let boundaryMs = 0; boundaryMs <= 144; boundaryMs += 1 + below(12)) {
      for (;;) {
        const due = dueBlocks(left, boundaryMs, SPAN);
        if (due.length === 0) break;
        const windows = new Set(due.map(({ minMs }) => Math.floor(minMs / SPAN)));
        assert.equal(windows.size, 1, `seed ${seed}: one window`);
        const stay = left.filter((one) => !due.includes(one));
        for (const one of due) {
          assert.ok(one.maxMs < boundaryMs, `seed ${seed}: all of it is old`);
          const first = stay.find((two) => two.sequence < one.sequence && overlap(one, two));
          assert.equal(first, undefined, `seed ${seed}: nothing earlier that it overlaps stays`);
        }
        const order = due.map(({ sequence }) => sequence);
        assert.deepEqual(
          order,
          order.toSorted((a, b) => a - b),
          `seed ${seed}: order of the log`,
        );
        left = stay;
      }
    }
    while (dueBlocks(left, 1000, SPAN).length > 0) {
      const due = dueBlocks(left, 1000, SPAN);
      left = left.filter((one) => !due.includes(one));
    }
    assert.deepEqual(left, [], `seed ${seed}: all of them go`);
  }
});
