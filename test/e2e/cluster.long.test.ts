// Thirty rounds of killing roles at random under the ledger. What is killed and what is checked
// stands in cluster-crash.ts.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { clusterCrash } from './cluster-crash.ts';

test('thirty kills lose no acknowledged sample and count none twice', async (t) => {
  const report = await clusterCrash(30, 2);
  t.diagnostic(`${report.acknowledged} samples checked, ${report.refused} bodies sent again`);
  assert.ok(report.acknowledged > 0);
});
