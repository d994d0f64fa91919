// The long form of peers.test.ts: Prometheus writes into mon for two minutes, and afterwards both
// answer the same. Needs Debian's prometheus.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { skipWithout } from '../support/program.ts';
import { comparePeers } from './peers.ts';

const LONG_MS = 120_000;

test('Prometheus writes for two minutes', { skip: skipWithout('prometheus') }, async (t) => {
  const report = await comparePeers(LONG_MS);
  t.diagnostic(JSON.stringify(report));
  assert.ok(report.queries >= 10 && report.values > 10_000);
});
