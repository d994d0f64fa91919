// Two hundred seeds of the simulation: collector, log, stores and queries on virtual time over a
// bad disk, against the model. A failing seed prints itself and how to run it alone.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { simulate } from './simulation.ts';

const FIRST = Number(process.env['MON_SEED'] ?? 1);
const SEEDS = Number(process.env['MON_SEEDS'] ?? 200);
/** Seeds of one test, so that a report says early what failed. */
const LOT = 25;

describe('the simulation', () => {
  const sum: Record<string, number> = {};
  for (let from = FIRST; from < FIRST + SEEDS; from += LOT) {
    const to = Math.min(from + LOT, FIRST + SEEDS);
    it(`holds for the seeds ${from} to ${to - 1}`, async () => {
      for (let seed = from; seed < to; seed++) {
        const tally = await simulate(seed);
        for (const [what, by] of Object.entries(tally)) sum[what] = (sum[what] ?? 0) + by;
      }
    });
  }

  it('has seen what it is for', { skip: SEEDS < 200 }, (t) => {
    t.diagnostic(JSON.stringify(sum));
    const wanted = [
      ...['powerLosses', 'kills', 'restarts', 'cut short', 'cutBytes', 'failedStarts', 'checks'],
      ...['acknowledged', 'scrapes', 'applied duplicate', 'applied outOfOrder', 'event truncate'],
      ...['unanswered that stand', 'unanswered that are gone', 'checkpointsPostponed'],
      ...['sealed', 'joined', 'deletions', 'deleted', 'deletions asked for again', 'cleaned'],
      ...['histograms', 'event delete'],
      ...['refused MON_DISK_FULL', 'refused MON_DISK_FAILED', 'refused MON_LOG_BUSY'],
    ];
    assert.deepEqual(
      wanted.filter((what) => !((sum[what] ?? 0) > 0)),
      [],
    );
  });

  it('runs the same way each time', async () => {
    assert.deepEqual(await simulate(FIRST + 1), await simulate(FIRST + 1));
  });
});
