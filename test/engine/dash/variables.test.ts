// The values of variables: what a query for them means, what is kept, and what is chosen when that
// is no longer there.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ALL, AUTO, makeVariable } from '../../../src/engine/dash/dashboard.ts';
import {
  chooseFrom,
  choices,
  optionsFrom,
  sourceOf,
  sourceText,
  toggle,
} from '../../../src/engine/dash/variables.ts';
import { DASH_VALUES_MAX } from '../../../src/engine/limits-dash.ts';

const options = ['a', 'b', 'c'].map((value) => ({ text: value, value }));

test('queries for values', () => {
  const label = { kind: 'label_values', selector: 'up{a="x, y"}', label: 'job' };
  assert.deepEqual(sourceOf(' label_values(up{a="x, y"}, job) '), label);
  assert.deepEqual(sourceOf('label_values(job)'), { ...label, selector: '' });
  assert.deepEqual(sourceOf('label_names()'), { kind: 'label_names', selector: '' });
  assert.deepEqual(sourceOf('metrics(node_.*)'), { kind: 'metrics', pattern: 'node_.*' });
  const expr = { kind: 'query_result', expr: 'topk(3, up)' };
  assert.deepEqual(sourceOf('query_result(topk(3, up))'), expr);
  assert.deepEqual(sourceOf('topk(3, up)'), expr);
  assert.equal(sourceOf(''), undefined);
  assert.equal(sourceOf('label_values(up, not a label)'), undefined);
  for (const text of [
    'label_values(up, job)',
    'label_values(job)',
    'metrics(x)',
    'query_result(up)',
  ]) {
    assert.equal(sourceText(sourceOf(text) as never), text);
  }
});

test('a regular expression keeps, cuts and names; the order is asked for', () => {
  const of = (more: Parameters<typeof makeVariable>[2], values: readonly string[]) =>
    optionsFrom(values, makeVariable('v', 'query', more)).options;
  const hosts = ['web-10:9100', 'web-9:9100', 'db-1:9100', 'web-9:9100'];
  assert.deepEqual(
    of({ regex: '/web-(\\d+):.*/', sort: 'number' }, hosts).map((o) => o.value),
    ['9', '10'],
  );
  assert.deepEqual(
    of({ regex: '^db', sort: 'none' }, hosts).map((o) => o.value),
    ['db-1:9100'],
  );
  assert.deepEqual(of({ regex: '/(?<text>[a-z]+)-(?<value>\\d+)/' }, ['web-10']), [
    { text: 'web', value: '10' },
  ]);
  assert.deepEqual(
    of({ sort: 'text-down' }, ['a', 'c', 'b']).map((o) => o.value),
    ['c', 'b', 'a'],
  );
});

test('values beyond the bound are counted', () => {
  const values = Array.from({ length: DASH_VALUES_MAX + 5 }, (_, i) => `v${i}`);
  const found = optionsFrom(values, makeVariable('v', 'query'));
  assert.equal(found.options.length, DASH_VALUES_MAX);
  assert.equal(found.hidden, 5);
});

test('what is chosen is there, or all, or the first', () => {
  const one = makeVariable('v', 'custom', { options });
  assert.deepEqual(chooseFrom(one, options, []), ['a']);
  assert.deepEqual(chooseFrom(one, options, ['b', 'c']), ['b']);
  assert.deepEqual(chooseFrom(one, options, ['gone']), ['a']);
  const many = makeVariable('v', 'custom', { options, multi: true, includeAll: true });
  assert.deepEqual(chooseFrom(many, options, ['b', 'gone', 'c', 'b']), ['b', 'c']);
  assert.deepEqual(chooseFrom(many, options, ['gone']), [ALL]);
  assert.deepEqual(chooseFrom(many, options, ['b', ALL]), [ALL]);
  const query = makeVariable('q', 'query');
  assert.deepEqual(chooseFrom(query, [], ['remembered']), ['remembered']);
  const interval = makeVariable('i', 'interval', { auto: { count: 3, minMs: 1 } });
  assert.deepEqual(chooseFrom(interval, [], ['$__auto_interval_i']), [AUTO]);
  assert.deepEqual(chooseFrom(makeVariable('t', 'text'), [], ['anything at all']), [
    'anything at all',
  ]);
});

test('choices and marks', () => {
  const variable = makeVariable('v', 'custom', { multi: true, includeAll: true });
  const known = { variable, options, chosen: [ALL] };
  assert.deepEqual(
    choices(known).map(({ text }) => text),
    ['All', 'a', 'b', 'c'],
  );
  assert.deepEqual(toggle(known, 'b'), ['b']);
  assert.deepEqual(toggle({ ...known, chosen: ['b'] }, 'c'), ['b', 'c']);
  assert.deepEqual(toggle({ ...known, chosen: ['b', 'c'] }, 'b'), ['c']);
  assert.deepEqual(toggle({ ...known, chosen: ['b'] }, 'b'), ['b'], 'never nothing');
  assert.deepEqual(toggle({ ...known, chosen: ['b'] }, ALL), [ALL]);
});
