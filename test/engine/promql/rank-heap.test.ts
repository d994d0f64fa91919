// The heap of topk beside one that is written as Go's container/heap is: the same rows in the same
// order, with ties, NaN and infinities.
import assert from 'node:assert/strict';
import test from 'node:test';
import { RankHeap } from '../../../src/engine/promql/rank-heap.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';

interface Item {
  readonly row: number;
  readonly rank: number;
}

/** Prometheus' way: push while there is room, else replace the top by a better one. */
function chosen(ranks: readonly number[], most: number): number[] {
  const heap: Item[] = [];
  const less = (i: number, j: number): boolean =>
    Number.isNaN(heap[i].rank) || heap[i].rank < heap[j].rank;
  const swap = (i: number, j: number): void => {
    [heap[i], heap[j]] = [heap[j], heap[i]];
  };
  ranks.forEach((rank, row) => {
    if (heap.length < most) {
      heap.push({ row, rank });
      for (let j = heap.length - 1; ;) {
        const i = Math.trunc((j - 1) / 2);
        if (i === j || !less(j, i)) return;
        swap(i, j);
        j = i;
      }
    }
    const top = heap[0].rank;
    if (!(top < rank || (Number.isNaN(top) && !Number.isNaN(rank)))) return;
    heap[0] = { row, rank };
    for (let i = 0; ;) {
      let j = 2 * i + 1;
      if (j >= heap.length) return;
      if (j + 1 < heap.length && less(j + 1, j)) j++;
      if (!less(j, i)) return;
      swap(i, j);
      i = j;
    }
  });
  return heap.map(({ row }) => row);
}

const SEED = 20261121;
const ODD = [NaN, Infinity, -Infinity, 0, -0];

test('the same rows as of a plain heap, in the same order', () => {
  const random = seededRandom(SEED);
  const below = (n: number): number => Math.floor(random() * n);
  for (let round = 0; round < 3000; round++) {
    const ranks = Array.from({ length: below(40) }, () =>
      below(6) === 0 ? ODD[below(ODD.length)] : below(8),
    );
    const most = 1 + below(12);
    const heap = new RankHeap(most);
    ranks.forEach((rank, row) => heap.offer(row, rank));
    const where = `seed ${SEED}, ${most} of ${ranks.join()}`;
    assert.deepEqual(heap.rows, chosen(ranks, most), where);
  }
});
