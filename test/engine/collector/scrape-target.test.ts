// From discovered labels to a target: defaults, the labels that steer a scrape, and what makes no
// sense.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTargetFile } from '../../../src/engine/collector/discovery-file.ts';
import { Relabeller } from '../../../src/engine/collector/relabel.ts';
import type { ScrapeConfig } from '../../../src/engine/collector/scrape-config.ts';
import { RELABEL_DEFAULT } from '../../../src/engine/collector/scrape-config.ts';
import { makeTargets } from '../../../src/engine/collector/scrape-target.ts';
import { job } from './scrape-double.ts';

function make(labels: Record<string, string>, more: Partial<ScrapeConfig> = {}) {
  const config = job({ intervalMs: 10_000, timeoutMs: 5000, ...more });
  const { __address__: address = '', ...rest } = labels;
  const groups = [{ source: 'static/0', targets: [address], labels: rest }];
  return makeTargets(config, new Relabeller(config.relabel), groups);
}

test('defaults, job and instance', () => {
  const { targets } = make({ __address__: 'h:1', zone: 'a', __meta_x: 'y', __own: 'z' });
  const [target] = targets;
  assert.deepEqual(target.labels, ['instance', 'h:1', 'job', 'test', 'zone', 'a']);
  assert.equal(target.url, 'http://h:1/metrics');
  assert.deepEqual([target.intervalMs, target.timeoutMs], [10_000, 5000]);
  assert.ok(target.discovered.join('|').includes('__scrape_interval__|10s'));
  assert.ok(target.discovered.includes('__meta_x'));
});

test('labels that steer the scrape', () => {
  const steer = {
    __address__: '[::1]:9115',
    __scheme__: 'https',
    __metrics_path__: '/a b?c',
    __param_module: 'http 2xx',
    __scrape_interval__: '1m',
    __scrape_timeout__: '1s500ms',
    job: 'own',
    instance: 'me',
  };
  const params = { module: ['other', 'second'], a: ['1'] };
  const [target] = make(steer, { params }).targets;
  const query = 'a=1&module=http+2xx&module=second';
  assert.equal(target.url, `https://[::1]:9115/a%20b%3Fc?${query}`);
  assert.deepEqual([target.intervalMs, target.timeoutMs], [60_000, 1500]);
  assert.deepEqual(target.labels, ['instance', 'me', 'job', 'own']);
});

test('relabelling drops or changes the address', () => {
  const rule = { ...RELABEL_DEFAULT, sourceLabels: ['__address__'] };
  const drop = { ...rule, action: 'drop' as const, regex: 'h:.*' };
  const dropped = make({ __address__: 'h:1' }, { relabel: [drop] });
  assert.deepEqual([dropped.targets.length, dropped.dropped.length], [0, 1]);
  const proxy = [
    { ...rule, targetLabel: '__param_target' },
    { ...RELABEL_DEFAULT, targetLabel: '__address__', replacement: 'proxy:9' },
  ];
  const [target] = make({ __address__: 'h:1' }, { relabel: proxy }).targets;
  assert.equal(target.url, 'http://proxy:9/metrics?target=h%3A1');
});

test('targets that make no sense are named and left out', () => {
  const table: [Record<string, string>, RegExp][] = [
    [{ __address__: '' }, /no address/],
    [{ __address__: 'http://h' }, /holds a slash/],
    [{ __address__: 'a b' }, /is no host:port/],
    [{ __address__: 'user@h:1' }, /is no host:port/],
    [{ __address__: 'h:99999' }, /is no host:port/],
    [{ __address__: 'h', __scheme__: 'ftp' }, /not http or https/],
    [{ __address__: 'h', __scrape_interval__: '0s' }, /not a duration above 0/],
    [{ __address__: 'h', __scrape_timeout__: '1h' }, /longer than its interval/],
  ];
  for (const [labels, want] of table) {
    const { targets, problems } = make(labels);
    assert.equal(targets.length, 0, JSON.stringify(labels));
    assert.match(problems[0], want);
    assert.match(problems[0], /^test: target ".*" of static\/0: /);
  }
});

test('equal targets are one', () => {
  const group = { source: 's', targets: ['h:1', 'h:1'], labels: {} };
  const { targets } = makeTargets(job(), new Relabeller([]), [group, group]);
  assert.equal(targets.length, 1);
});

test('target files that are not target files', async () => {
  const table: [string, string, RegExp | number][] = [
    ['[]', 'a.json', 0],
    ['', 'a.yml', 0],
    ['[{"targets":["a"],"labels":null}]', 'a.json', 1],
    ['- targets: [a, b]\n- targets: [c]\n', 'a.yaml', 2],
    ['{}', 'a.json', /not a list/],
    ['- a\n', 'a.yml', /group 1 is no map/],
    ['- targets: a\n', 'a.yml', /group 1: targets is no list/],
    ['- target: [a]\n', 'a.yml', /unknown field "target"/],
    ['[{"targets":["a"],"labels":{"x":1}}]', 'a.json', /the label "x" is no text/],
    ['[', 'a.json', /JSON/],
    ['- [', 'a.yml', /./],
  ];
  for (const [text, path, want] of table) {
    if (typeof want === 'number') assert.equal((await parseTargetFile(text, path)).length, want);
    else await assert.rejects(parseTargetFile(text, path), want, text);
  }
});
