// At least 50 power losses under concurrent remote writes: nothing acknowledged is lost, nothing
// is wrong, nothing is counted twice.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { powerLossLedger } from './power-loss-ledger.ts';

const SEED = Number(process.env['MON_SEED'] ?? 1);
const LOSSES = Number(process.env['MON_LOSSES'] ?? 60);

describe('the ledger of acknowledged samples', () => {
  it(`holds over ${LOSSES} power losses (MON_SEED=${SEED})`, async (t) => {
    const report = await powerLossLedger({ seed: SEED, losses: LOSSES });
    t.diagnostic(JSON.stringify(report));
    const { powerLosses, lost, wrong, twice, strangers } = report;
    assert.equal(powerLosses, LOSSES);
    assert.ok(report.acknowledged > LOSSES, 'something was acknowledged');
    assert.ok(report.unanswered > LOSSES / 2, 'losses came while writes were under way');
    assert.deepEqual(
      { lost, wrong, twice, strangers },
      { lost: 0, wrong: 0, twice: 0, strangers: 0 },
    );
  });
});
