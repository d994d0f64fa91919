// `mon: store:` and `mon: regions:` of a configuration: what is read, what is refused and where,
// and that what is shown means the same without its secrets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderConfig } from '../../../src/engine/daemons/config-render.ts';
import { parseConfig } from '../../../src/engine/daemons/config.ts';
import type { MonConfig } from '../../../src/engine/daemons/config.ts';
import { UserError } from '../../../src/engine/errors.ts';

const PATH = '/etc/mon/mon.yml';
const read = (mon: string): MonConfig => {
  const { config, warnings } = parseConfig(`mon: ${mon}\n`, PATH);
  assert.deepEqual(warnings, []);
  return config;
};
const STORE = `{store: {kind: remote, write: 'http://vm:8428/api/v1/write',
  query: 'http://vm:8428/', hot: 6h,
  headers: {X-Scope-OrgID: team}, basic_auth: {username: mon, password: hush}}}`;
const REGIONS = `{kafka: {brokers: 'g1:9092'}, regions: {from: {eu: eu.metrics.raw, us: }}}`;

test('a store behind mon', () => {
  const { behind } = read(STORE);
  assert.ok(behind);
  assert.equal(behind.write, 'http://vm:8428/api/v1/write');
  assert.equal(behind.query, 'http://vm:8428');
  assert.equal(behind.hotMs, 6 * 3_600_000);
  assert.equal(behind.shared, false);
  assert.deepEqual({ ...behind.headers }, { 'X-Scope-OrgID': 'team' });
  assert.equal(behind.access.auth?.kind, 'basic');
  assert.equal(read('{store: {kind: local}}').behind, undefined);
  assert.equal(read('{}').behind, undefined);
});

test('regions, by name and topic', () => {
  const { regions } = read(REGIONS);
  assert.equal(regions?.label, 'region');
  assert.equal(regions?.kafka.brokers, 'g1:9092');
  assert.deepEqual(regions?.regions, [
    { name: 'eu', topic: 'eu.metrics.raw' },
    { name: 'us', topic: 'us.metrics.raw' },
  ]);
  const own = read(`{regions: {label: site, kafka: {brokers: 'k:1'}, from: {a: t}}}`);
  assert.equal(own.regions?.label, 'site');
  assert.equal(own.kafka, undefined, 'its own log may be the embedded one');
});

test('what is shown means the same, and secrets are not shown', () => {
  for (const text of [STORE, REGIONS]) {
    const first = read(text);
    const shown = renderConfig(first);
    assert.doesNotMatch(shown, /hush|: team/);
    const again = parseConfig(shown.replaceAll('<secret>', 'x'), PATH);
    assert.deepEqual(again.warnings, []);
    assert.equal(renderConfig(again.config), shown);
    assert.deepEqual(again.config.regions, first.regions);
    assert.equal(again.config.behind?.hotMs, first.behind?.hotMs);
  }
});

test('mistakes have a place and a hint', () => {
  const remote = (more: string): string => {
    return `{store: {kind: remote, write: 'http://v/w', query: 'http://v', ${more}}}`;
  };
  for (const [text, words] of [
    [`{store: {kind: remote, query: 'http://v'}}`, /a remote store needs write/],
    [`{store: {kind: remote, write: 'http://v/w'}}`, /a remote store needs query/],
    [`{store: {kind: remote, write: 'v:1', query: 'http://v'}}`, /write is no http/],
    [`{store: {kind: remote, write: 'http://a:b@v/', query: 'http://v'}}`, /write holds a user/],
    [`{store: {kind: m3, write: 'http://v'}}`, /kind must be one of local, remote/],
    [`{store: {write: 'http://v/w'}}`, /write needs kind: remote/],
    [remote('hot: 10m'), /hot must be 2h or more/],
    [remote('headers: {Authorization: x}'), /mon sets Authorization itself/],
    [remote('headers: {"a b": x}'), /is no header/],
    [remote('headers: {a: "x\\r\\ny"}'), /holds what a header cannot/],
    [remote('wirte: x'), /did you mean write/],
    [`{regions: {from: {eu: t}}}`, /regions need the Kafka/],
    [`{kafka: {brokers: 'k:1'}, regions: {}}`, /no region is named/],
    [`{kafka: {brokers: 'k:1'}, regions: {from: {'a b': t}}}`, /no name of a region/],
    [`{kafka: {brokers: 'k:1'}, regions: {from: {a: 't t'}}}`, /no topic/],
    [`{kafka: {brokers: 'k:1'}, regions: {from: {a: t, b: t}}}`, /two regions have one topic/],
    [`{kafka: {brokers: 'k:1'}, regions: {label: __x, from: {a: t}}}`, /no label/],
    [`{regions: {kafka: {}, from: {a: t}}}`, /kafka needs brokers/],
  ] as const) {
    assert.throws(
      () => parseConfig(`mon: ${text}\n`, PATH),
      (thrown) => {
        assert.ok(thrown instanceof UserError, String(thrown));
        assert.match(`${thrown.message} ${thrown.hint}`, words);
        assert.match(thrown.message, /^\/etc\/mon\/mon\.yml:1:\d+: /);
        return true;
      },
      text,
    );
  }
});
