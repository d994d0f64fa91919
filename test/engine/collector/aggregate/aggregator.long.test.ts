// Aggregates against a naive computation, as in the short test, with many more seeds: some of what
// goes wrong between a kill and a replay needs a rare order of things.
import { describe, test } from 'node:test';
import { crashRun } from './aggregate-crash.ts';

describe('aggregates are what a naive computation makes of the log, many seeds', () => {
  for (let seed = 100; seed < 300; seed++) {
    test(`killed anywhere, seed ${seed}`, () => crashRun(seed, { powerLoss: seed % 2 === 0 }));
  }
  for (const dieAt of ['window closed', 'window written', 'state saved']) {
    for (let seed = 300; seed < 330; seed++) {
      test(`killed when: ${dieAt}, seed ${seed}`, () => crashRun(seed, { powerLoss: true, dieAt }));
    }
  }
});
