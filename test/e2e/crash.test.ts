// A few kills for the short suite, always the same seed. What is killed and what is checked stands
// in crash.ts.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { crash } from './crash.ts';

test('five kills lose no acknowledged sample and count none twice', async () => {
  const report = await crash(5, 1);
  assert.ok(report.acknowledged > 0);
  assert.ok(report.blocks > 0, 'blocks were sealed meanwhile');
});
