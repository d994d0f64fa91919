// Thousands of seeds, and hundreds of power losses: what the short suite has no time for. Seeds
// are others than those of sim.test.ts.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { powerLossLedger } from './power-loss-ledger.ts';
import { simulate } from './simulation.ts';

/** The short suite has the seeds before. */
const FIRST = Number(process.env['MON_SEED'] ?? 1001);
const SEEDS = Number(process.env['MON_SEEDS'] ?? 4000);
const LOT = 200;
const LEDGERS = 10;

describe('the simulation at length', () => {
  for (let from = FIRST; from < FIRST + SEEDS; from += LOT) {
    it(`holds for the seeds from ${from}`, async () => {
      for (let seed = from; seed < Math.min(from + LOT, FIRST + SEEDS); seed++) {
        await simulate(seed);
      }
    });
  }

  it('holds over many ledgers', async (t) => {
    for (let seed = 2; seed < 2 + LEDGERS; seed++) {
      const report = await powerLossLedger({ seed, losses: 100 });
      t.diagnostic(JSON.stringify({ seed, ...report }));
      const { lost, wrong, twice, strangers } = report;
      const none = { lost: 0, wrong: 0, twice: 0, strangers: 0 };
      assert.deepEqual({ lost, wrong, twice, strangers }, none, `seed ${seed}`);
    }
  });
});
