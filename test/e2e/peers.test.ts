// Debian's Prometheus writes into a real `mon up` for a few seconds, and both answer the same. The
// long form is peers.long.test.ts.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { skipWithout } from '../support/program.ts';
import { comparePeers } from './peers.ts';

/** Long enough for a window of rates in which every series was there from the start. */
const SHORT_MS = 20_000;

test('Prometheus writes for seconds', { skip: skipWithout('prometheus') }, async (t) => {
  const report = await comparePeers(SHORT_MS);
  t.diagnostic(JSON.stringify(report));
  assert.ok(report.queries >= 10 && report.values > 1000);
});
