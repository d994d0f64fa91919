// A run of seeds as tests, in lots, with what all of them saw: for the files of the short suite
// that share out two hundred seeds. Easy to get wrong: a file of the suite has five minutes, on a
// machine that is busy too.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { simulate } from './simulation.ts';

/** Seeds of one test, so that a report says early what failed. */
const LOT = 25;

/** What a hundred seeds must have met, or they prove nothing. */
const WANTED = [
  ...['powerLosses', 'kills', 'restarts', 'cut short', 'cutBytes', 'failedStarts', 'checks'],
  ...['acknowledged', 'scrapes', 'applied duplicate', 'applied outOfOrder', 'event truncate'],
  ...['unanswered that stand', 'unanswered that are gone', 'checkpointsPostponed'],
  ...['sealed', 'joined', 'deletions', 'deleted', 'deletions asked for again', 'cleaned'],
  ...['histograms', 'event delete'],
  ...['refused MON_DISK_FULL', 'refused MON_DISK_FAILED', 'refused MON_LOG_BUSY'],
];

/** Declares the tests. Few seeds need not see everything. */
export function holdsFor(first: number, count: number): void {
  const sum: Record<string, number> = {};
  for (let from = first; from < first + count; from += LOT) {
    const to = Math.min(from + LOT, first + count);
    it(`holds for the seeds ${from} to ${to - 1}`, async () => {
      for (let seed = from; seed < to; seed++) {
        const tally = await simulate(seed);
        for (const [what, by] of Object.entries(tally)) sum[what] = (sum[what] ?? 0) + by;
      }
    });
  }

  it('has seen what it is for', { skip: count < 100 && 'too few seeds' }, (t) => {
    t.diagnostic(JSON.stringify(sum));
    const missing = WANTED.filter((what) => !((sum[what] ?? 0) > 0));
    assert.deepEqual(missing, []);
  });
}
