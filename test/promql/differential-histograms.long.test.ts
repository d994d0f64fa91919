// Thousands of generated queries over native histograms of several seeds; what may differ from
// Prometheus 2.42 is listed in differential-subject.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runDifferential } from './differential.ts';
import { HISTOGRAMS } from './differential-subject.ts';
import { skipWithout } from '../support/program.ts';

for (const seed of [1, 2, 3]) {
  const title = `generated queries over histograms, seed ${seed}`;
  test(title, { skip: skipWithout('prometheus') }, async (t) => {
    const { asked, answered, explained, found } = await runDifferential(seed, 1500, HISTOGRAMS);
    t.diagnostic(`${asked} asked, ${answered} answered`);
    t.diagnostic(`explained: ${JSON.stringify([...explained])}`);
    assert.deepEqual(found, []);
    assert.ok(answered > 0.8 * asked, 'most queries have an answer');
  });
}
