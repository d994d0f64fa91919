// Retention in the configuration: by size, by pattern, and where blocks are uploaded to; mistakes
// have their place, and what is shown means the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderConfig } from '../../../src/engine/daemons/config-render.ts';
import { parseConfig } from '../../../src/engine/daemons/config.ts';
import { UserError } from '../../../src/engine/errors.ts';

const PATH = '/etc/mon/prometheus.yml';
const TEXT = `mon:
  retention: 30d
  retention_size: 2GiB
  object_store: objects
  retention_for:
    - {match: '{__name__=~"debug_.*"}', keep: 1d}
    - match: up{job="x"}
      keep: 2h
`;

test('retention by size and pattern is read and shown', () => {
  const { config, warnings } = parseConfig(TEXT, PATH);
  assert.deepEqual(warnings, []);
  assert.equal(config.retentionBytes, 2 * 1024 ** 3);
  assert.equal(config.objectStore, '/etc/mon/objects');
  assert.deepEqual(
    config.retentionFor.map(({ keepMs }) => keepMs),
    [86_400_000, 7_200_000],
  );
  const [{ matchers }] = config.retentionFor;
  assert.deepEqual({ ...matchers[0] }, { name: '__name__', op: '=~', value: 'debug_.*' });
  assert.deepEqual(parseConfig(renderConfig(config), PATH).config, config);
});

test('mistakes are told with their place', () => {
  for (const [from, to, words] of [
    ['keep: 1d', 'keep: 31d', /not above the retention/],
    ['keep: 2h', 'kepp: 2h', /kepp/],
    ['up{job="x"}', 'sum(up)', /no series selector/],
    ['up{job="x"}', 'up{', /./],
    ['2GiB', 'much', /is not a size/],
  ] as const) {
    assert.throws(
      () => parseConfig(TEXT.replace(from, to), PATH),
      (thrown) => thrown instanceof UserError && words.test(thrown.message),
      to,
    );
  }
});
