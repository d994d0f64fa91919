// `mon.tiers`: what it means, that it comes back from its own rendering, and each mistake with its
// place.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { coldPlan, wholeRetention } from '../../../src/engine/daemons/cold-options.ts';
import { parseConfig, type MonConfig } from '../../../src/engine/daemons/config.ts';
import { renderConfig } from '../../../src/engine/daemons/config-render.ts';
import { UserError } from '../../../src/engine/errors.ts';

const DAY = 24 * 3_600_000;

function parse(tiers: string): MonConfig {
  return parseConfig(`mon:\n  tiers: ${tiers}\n`, '/etc/mon.yml').config;
}

test('a folder, with the defaults', () => {
  const { tiers, retentionMs, rollups } = parse('{store: cold, archive: raw}');
  assert.deepEqual(tiers, {
    ...{ store: { folder: '/etc/cold' }, archiveRaw: true, archiveKeepMs: 730 * DAY },
    ...{ warmAfterMs: 7 * DAY, coldAfterMs: 90 * DAY, cacheBytes: 1024 ** 3 },
  });
  assert.equal(wholeRetention(retentionMs, tiers), 730 * DAY);
  const plan = coldPlan(tiers, '/s', { retentionMs, rollups });
  // Samples are kept here for 15 days, so they cannot wait for the ninetieth.
  assert.equal(plan?.rawAfterMs, 15 * DAY);
  assert.equal(plan?.rollupsAfterMs, 90 * DAY);
  assert.deepEqual(plan?.keep, {
    raw: 730 * DAY,
    ...{ '1m': 30 * DAY, '5m': 90 * DAY, '1h': 365 * DAY, '1d': 730 * DAY },
  });
});

test('samples that are kept for long grow cold without an archive too', () => {
  const { tiers, retentionMs, rollups } = parseConfig(
    'mon:\n  retention: 400d\n  tiers: {store: cold}\n',
    '/etc/mon.yml',
  ).config;
  assert.equal(wholeRetention(retentionMs, tiers), 400 * DAY);
  assert.equal(coldPlan(tiers, '/s', { retentionMs, rollups })?.rawAfterMs, 90 * DAY);
  const short = parse('{store: cold}');
  assert.equal(coldPlan(short.tiers, '/s', short)?.rawAfterMs, undefined);
  assert.equal(coldPlan(parse('{warm_dir: w}').tiers, '/s', short)?.store, undefined);
});

test('a bucket, and what is shown means the same', () => {
  const text =
    '{s3: {bucket: b, endpoint: "http://127.0.0.1:9000", region: eu-1, prefix: mon, ' +
    'access_key_id: AK, secret_file: key}, warm_dir: /slow, warm_after: 3d, cold_after: 30d}';
  const { tiers } = parse(text);
  assert.deepEqual(tiers?.store, {
    s3: {
      ...{ bucket: 'b', region: 'eu-1', endpoint: 'http://127.0.0.1:9000', pathStyle: true },
      ...{ prefix: 'mon/', accessKeyId: 'AK', secretFile: '/etc/key' },
    },
  });
  for (const config of [parse(text), parse('{store: cold, archive: raw}'), parse('{}')]) {
    const again = parseConfig(renderConfig(config), '/etc/mon.yml').config;
    assert.deepEqual(again.tiers, config.tiers);
  }
  assert.equal(parseConfig('', '/etc/mon.yml').config.tiers, undefined);
});

for (const [text, words] of [
  ['{archive: raw}', /archive: raw needs a store/],
  ['{store: a, archive: all}', /archive is raw or none/],
  ['{store: a, s3: {bucket: b}}', /a folder or a bucket, not both/],
  ['{s3: {region: x}}', /s3 needs a bucket/],
  ['{s3: {bucket: b, endpoint: "host:1"}}', /no address of a store/],
  ['{s3: {bucket: b, access_key_id: x}}', /belong together/],
  ['{store: a, cold_after: 1h}', /cold_after must be 2h or more/],
  ['{warm_dir: w, warm_after: 9d, cold_after: 8d}', /cold_after must not be below warm_after/],
  ['{colder: 1}', /colder/],
] as const) {
  test(`${text} is refused with its place`, () => {
    assert.throws(
      () => parse(text),
      (thrown: unknown) => {
        assert.ok(thrown instanceof UserError);
        assert.match(thrown.message, /^\/etc\/mon\.yml:2:\d+: /);
        assert.match(thrown.message, words);
        return true;
      },
    );
  });
}
