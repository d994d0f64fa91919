// The alarm has to ring: each broken part of canaries.ts is found within a few seeds, and the
// ledger finds what is lost. A canary that survives means that the simulation has become blind.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CANARIES } from './canaries.ts';
import { powerLossLedger } from './power-loss-ledger.ts';
import { simulate } from './simulation.ts';

const SEEDS_MAX = 40;

describe('the simulation finds', () => {
  for (const [name, seams] of Object.entries(CANARIES)) {
    it(name, async (t) => {
      for (let seed = 1; seed <= SEEDS_MAX; seed++) {
        const found = await simulate(seed, seams).then(
          () => undefined,
          (thrown: unknown) => thrown as Error,
        );
        if (!found) continue;
        t.diagnostic(`${found.message.split('\n', 1)[0]}`);
        return;
      }
      assert.fail(`${name} was not found by ${SEEDS_MAX} seeds`);
    });
  }
});

describe('the ledger finds', () => {
  it('a log that acknowledges before it has synced', async (t) => {
    const seams = CANARIES['a log that acknowledges before it has synced'];
    const { lost } = await powerLossLedger({ seed: 1, losses: 3, seams });
    t.diagnostic(`${lost} lost`);
    assert.ok(lost > 0);
  });
});
