// Power loss and kills at random points of random runs: no acknowledged record is lost or changed.
// MON_SEEDS says how many runs, MON_SEED where they begin.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crashRun } from './power-loss.ts';
import type { CrashReport } from './power-loss.ts';

const SEEDS = Number(process.env['MON_SEEDS'] ?? 300);
const FIRST = Number(process.env['MON_SEED'] ?? 1);

async function runAll(options: { faulty: boolean; powerLoss: boolean }): Promise<CrashReport> {
  const sum: CrashReport = { acknowledged: 0, failed: 0, lives: 0 };
  for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
    try {
      const one = await crashRun({ seed, ...options });
      sum.acknowledged += one.acknowledged;
      sum.failed += one.failed;
      sum.lives += one.lives;
    } catch (thrown) {
      const again = `MON_SEED=${seed} MON_SEEDS=1`;
      throw new Error(`seed ${seed} (run again with ${again}): ${String(thrown)}`, {
        cause: thrown,
      });
    }
  }
  return sum;
}

describe('the embedded log', () => {
  it('loses nothing acknowledged when the process is killed', async (t) => {
    const sum = await runAll({ faulty: false, powerLoss: false });
    assert.ok(sum.acknowledged > SEEDS);
    assert.equal(sum.failed, 0);
    t.diagnostic(JSON.stringify(sum));
  });

  it('loses nothing acknowledged when the power fails', async (t) => {
    const sum = await runAll({ faulty: false, powerLoss: true });
    assert.ok(sum.acknowledged > SEEDS);
    assert.equal(sum.failed, 0);
    t.diagnostic(JSON.stringify(sum));
  });

  it('nor when the disk fails and fills up besides', async (t) => {
    const sum = await runAll({ faulty: true, powerLoss: true });
    assert.ok(sum.failed > 0, 'faults did happen');
    t.diagnostic(JSON.stringify(sum));
  });
});
