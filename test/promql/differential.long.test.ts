// Thousands of generated queries over data of several seeds, answered by mon and by a real
// Prometheus alike; what may differ is listed in differential.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runDifferential } from './differential.ts';
import { skipWithout } from '../support/program.ts';

const SEEDS = [1, 2, 3, 4, 5];
const QUERIES = 2000;

for (const seed of SEEDS) {
  test(`generated queries, seed ${seed}`, { skip: skipWithout('prometheus') }, async (t) => {
    const { asked, answered, refused, explained, found } = await runDifferential(seed, QUERIES);
    t.diagnostic(`${asked} asked, ${answered} answered, ${refused} refused by both`);
    t.diagnostic(`explained: ${JSON.stringify([...explained])}`);
    assert.deepEqual(found, []);
    assert.ok(answered > 0.8 * asked, 'most queries have an answer');
    assert.ok([...explained.values()].reduce((a, b) => a + b, 0) < 0.02 * asked);
  });
}
