// The promise of `mon watch` as it comes: with its own settings each role that dies is told within
// 30 seconds. The short suite does the same with a faster beat.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { watchCluster } from './watch-cluster.ts';

test('with the defaults every role that dies is told within 30 s', async (t) => {
  const noticed = await watchCluster([], 30_000);
  for (const { member, ms } of noticed) {
    t.diagnostic(`${member}: ${Math.round(ms)} ms`);
    assert.ok(ms < 30_000, member);
  }
});
