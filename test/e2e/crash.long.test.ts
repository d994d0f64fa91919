// The long form of crash.test.ts: sixty kills, with a seed of the moment that a failure prints.
// What is killed and what is checked stands in crash.ts.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { crash } from './crash.ts';

test('sixty kills lose no acknowledged sample and count none twice', async (t) => {
  const seed = Date.now() % 1_000_000;
  const report = await crash(60, seed);
  t.diagnostic(`seed ${seed}: ${report.kills} kills, ${report.acknowledged} samples checked`);
  assert.ok(report.acknowledged > 1000);
});
