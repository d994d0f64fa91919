// Some hundred queries at the edges of the language, answered by mon and by a real Prometheus
// alike. More of them, and the same over all tiers, are in differential-edges.long.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EDGES } from './differential-edge-subject.ts';
import { runDifferential } from './differential.ts';
import { skipWithout } from '../support/program.ts';

test('generated queries at the edges', { skip: skipWithout('prometheus') }, async (t) => {
  const seed = 20_260_103;
  const { asked, answered, refused, explained, found } = await runDifferential(seed, 400, EDGES);
  t.diagnostic(`seed ${seed}: ${asked} asked, ${answered} answered, ${refused} refused by both`);
  t.diagnostic(`explained: ${JSON.stringify([...explained])}`);
  assert.deepEqual(found, [], `seed ${seed}`);
  assert.ok(answered > 0.5 * asked, 'most queries have an answer');
});
