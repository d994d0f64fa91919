// The long form of crash.test.ts: five hundred kills, with a seed of the moment that a failure
// prints. What is killed and what is checked stands in crash.ts.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { crash } from './crash.ts';

const KILLS = Number(process.env['MON_KILLS'] ?? 500);

test('five hundred kills lose no acknowledged sample and count none twice', async (t) => {
  const seed = Number(process.env['MON_SEED'] ?? Date.now() % 1_000_000);
  const report = await crash(KILLS, seed);
  t.diagnostic(`seed ${seed}: ${JSON.stringify(report)}`);
  assert.ok(report.acknowledged > 1000);
  assert.ok(report.blocks > KILLS / 10, 'kills fell among seals');
  assert.ok(report.level > 0, 'and among compactions');
});
