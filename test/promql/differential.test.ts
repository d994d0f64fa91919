// A few hundred generated queries, answered by mon and by a real Prometheus alike. All of them
// are in differential.long.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runDifferential } from './differential.ts';
import { skipWithout } from '../support/program.ts';

test('generated queries, short', { skip: skipWithout('prometheus') }, async (t) => {
  const seed = 20_260_101;
  const { asked, answered, refused, explained, found } = await runDifferential(seed, 300);
  t.diagnostic(`seed ${seed}: ${asked} asked, ${answered} answered, ${refused} refused by both`);
  t.diagnostic(`explained: ${JSON.stringify([...explained])}`);
  assert.deepEqual(found, [], `seed ${seed}`);
  assert.ok(answered > 0.8 * asked, 'most queries have an answer');
});
