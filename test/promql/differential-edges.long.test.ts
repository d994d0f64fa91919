// Thousands of queries at the edges of the language, and thousands of any kind over samples in the
// head, in blocks, in Parquet and in rollups, answered by mon and by a real Prometheus alike.
// MON_SEED and MON_QUERIES ask for another run.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCatalog } from './differential-catalog.ts';
import { EDGES } from './differential-edge-subject.ts';
import { FAR_EDGES, FAR_FLOATS, FAR_MODERN } from './differential-tiers.ts';
import { FLOATS, runDifferential } from './differential.ts';
import { MODERN } from './differential-modern.ts';
import { runTexts } from './differential-texts.ts';
import { HISTOGRAMS } from './differential-subject.ts';
import { skipWithout } from '../support/program.ts';
import type { Subject } from './differential.ts';

const GIVEN = process.env['MON_SEED'];
const QUERIES = Number(process.env['MON_QUERIES'] ?? 2000);

/** What is run with the seeds of the suite; the others are for seeds that somebody gives. */
const SUBJECTS: Readonly<Record<string, { subject: Subject; seeds: readonly number[] }>> = {
  'at the edges': { subject: EDGES, seeds: [11, 12] },
  'over all tiers': { subject: FAR_FLOATS, seeds: [21, 22] },
  'at the edges, over all tiers': { subject: FAR_EDGES, seeds: [31, 32] },
  'of a Prometheus 3': { subject: MODERN, seeds: [41, 42] },
  'of a Prometheus 3, over all tiers': { subject: FAR_MODERN, seeds: [71] },
  'every day': { subject: FLOATS, seeds: [] },
  'over histograms': { subject: HISTOGRAMS, seeds: [] },
};

for (const [name, { subject, seeds }] of Object.entries(SUBJECTS)) {
  for (const seed of GIVEN === undefined ? seeds : [Number(GIVEN)]) {
    const title = `generated queries ${name}, seed ${seed}`;
    test(title, { skip: skipWithout(subject.program ?? 'prometheus') }, async (t) => {
      const run = await runDifferential(seed, QUERIES, subject);
      const { asked, answered, refused, explained, found } = run;
      t.diagnostic(`${asked} asked, ${answered} answered, ${refused} refused by both`);
      t.diagnostic(`explained: ${JSON.stringify([...explained])}`);
      assert.deepEqual(found, []);
      assert.ok(answered > 0.5 * asked, 'most queries have an answer');
    });
  }
}

for (const seed of GIVEN === undefined ? [51] : [Number(GIVEN)]) {
  const title = `texts as a Prometheus 3 reads them, seed ${seed}`;
  test(title, { skip: skipWithout('prometheus3') }, async () => {
    assert.deepEqual(await runTexts(seed, QUERIES), []);
  });
}

for (const seed of GIVEN === undefined ? [61] : [Number(GIVEN)]) {
  test(`lists of names, seed ${seed}`, { skip: skipWithout('prometheus3') }, async () => {
    assert.deepEqual(await runCatalog(seed, QUERIES / 4), []);
  });
}
