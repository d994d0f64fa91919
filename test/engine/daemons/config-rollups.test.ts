// Rollups and retention presets in the configuration. Easy to get wrong: a preset sets samples and
// rows, and what is written beside it wins.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { UserError } from '../../../src/engine/errors.ts';
import { parseConfig } from '../../../src/engine/daemons/config.ts';
import { renderConfig } from '../../../src/engine/daemons/config-render.ts';
import type { MonConfig } from '../../../src/engine/daemons/config.ts';

const DAY = 24 * 3_600_000;
const parsed = (mon: string): MonConfig => parseConfig(`mon: {${mon}}\n`, '/c.yml').config;

test('rows are kept a month, a quarter, a year and two', () => {
  const { retentionMs, rollups } = parsed('');
  assert.equal(retentionMs, 15 * DAY);
  assert.deepEqual(rollups?.keepMs, [30 * DAY, 90 * DAY, 365 * DAY, 730 * DAY]);
  assert.equal(rollups?.runMs, DAY);
});

test('a preset sets all, and what stands beside it wins', () => {
  const { retentionMs, rollups } = parsed('retention: seed, rollups: {keep: {5m: 60d}}');
  assert.equal(retentionMs, DAY);
  assert.deepEqual(rollups?.keepMs, [7 * DAY, 60 * DAY, 365 * DAY, 730 * DAY]);
  assert.equal(rollups?.runMs, DAY / 4);
  assert.equal(parsed('retention: staff').retentionMs, 7 * DAY);
  assert.equal(parsed('retention: pipeline').rollups?.keepMs[1], 90 * DAY);
});

test('rollups are off when told so, and when samples go too soon', () => {
  assert.equal(parsed('rollups: {enabled: false}').rollups, undefined);
  const { config, warnings } = parseConfig('mon: {retention: 1h, rollups: {}}\n', '/c.yml');
  assert.equal(config.rollups, undefined);
  assert.match(warnings.join(), /c\.yml:1:.*kept less than 3h are not rolled up/);
});

test('quantiles are selectors, and what is in force is what was written', () => {
  const config = parsed(`rollups: {quantiles: ['{job="a"}', latency]}`);
  assert.equal(config.rollups?.sketches.length, 2);
  const again = parseConfig(renderConfig(config), '/c.yml').config;
  assert.deepEqual(again.rollups, config.rollups);
  const off = renderConfig(parsed('rollups: {enabled: false}'));
  assert.equal(parseConfig(off, '/c.yml').config.rollups, undefined);
  for (const [bad, why] of [
    [`rollups: {quantiles: ['sum(x)']}`, /no series selector/],
    ['rollups: {keep: {1h: 5m}}', /rows of 1h must be kept for 1h at least/],
    ['rollups: {keep: {2h: 5m}}', /unknown field "2h"/],
    ['retention: seeds', /not a duration/],
  ] as const) {
    assert.throws(
      () => parsed(bad),
      (thrown) => {
        return thrown instanceof UserError && why.test(thrown.message);
      },
    );
  }
});
