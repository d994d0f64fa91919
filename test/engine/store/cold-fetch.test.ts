// What the cold tier tells of series, beside a store that hands blocks over meanwhile: a block that
// leaves after the tier was asked must not be missing in both halves of the answer.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { makeLabels, type Labels } from '../../../src/engine/model/labels.ts';
import type { ColdTier } from '../../../src/engine/ports-cold.ts';
import { coldSeries } from '../../../src/engine/store/cold-fetch.ts';

test('the tier is asked again when a block was handed over meanwhile', async () => {
  const archived: Labels[] = [];
  let asked = 0;
  const store = {
    handedOver: 0,
    partitions: new Map([[0, { head: { floorMs: -Infinity } }]]),
    cold: {
      reach: () => ({ minMs: 0, maxMs: 100 }),
      series: async () => {
        const series = [...archived];
        if (++asked === 1) {
          archived.push(makeLabels([['__name__', 'moved']]));
          store.handedOver++;
        }
        return { series, warnings: [] };
      },
    } as unknown as ColdTier,
  };
  assert.deepEqual(await coldSeries(store, [[]], { minMs: 0, maxMs: 100 }), archived);
  assert.equal(asked, 2);
});
