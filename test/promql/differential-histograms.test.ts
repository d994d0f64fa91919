// Generated queries over native histograms, answered by mon and by a real Prometheus 2.42 alike;
// what may differ is named here. More of them are in differential-histograms.long.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runDifferential } from './differential.ts';
import { HISTOGRAMS } from './differential-subject.ts';
import { skipWithout } from '../support/program.ts';

test('generated queries over histograms', { skip: skipWithout('prometheus') }, async (t) => {
  const seed = 20_260_102;
  const found = await runDifferential(seed, 400, HISTOGRAMS);
  t.diagnostic(`seed ${seed}: ${found.asked} asked, ${found.answered} answered`);
  t.diagnostic(`explained: ${JSON.stringify([...found.explained])}`);
  assert.deepEqual(found.found, [], `seed ${seed}`);
  assert.ok(found.answered > 0.8 * found.asked, 'most queries have an answer');
});
