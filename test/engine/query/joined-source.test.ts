// Several sources as one: lists merged, sorted, unique, fragments answered by all, and failures not
// hidden.
import assert from 'node:assert/strict';
import test from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import { JoinedSource } from '../../../src/engine/query/joined-source.ts';
import { MemorySeries, MemorySource } from '../../support/memory-series.ts';
import type { Matcher } from '../../../src/engine/model/matcher.ts';

function sourceOf(...names: readonly string[]): MemorySource {
  const series = new MemorySeries();
  for (const name of names) series.add({ __name__: 'm', name }, [{ t: 1, v: 1 }]);
  return new MemorySource(series);
}

const ALL: readonly (readonly Matcher[])[] = [[{ name: '__name__', op: '=', value: 'm' }]];

test('lists are merged, sorted and unique', async () => {
  const joined = new JoinedSource([sourceOf('c', 'a'), sourceOf('b', 'a')]);
  const series = await joined.series(ALL, 0, 10, 0);
  assert.deepEqual(
    series.map((labels) => labels[3]),
    ['a', 'b', 'c'],
  );
  assert.equal((await joined.series(ALL, 0, 10, 2)).length, 2);
  assert.deepEqual(await joined.labelNames(ALL, 0, 10), ['__name__', 'name']);
  assert.deepEqual(await joined.labelValues('name', ALL, 0, 10), ['a', 'b', 'c']);
});

test('metadata of all, each entry once', async () => {
  const one = sourceOf();
  const two = sourceOf();
  const entry = (family: string, help = 'h') => ({ family, type: 'counter', help, unit: '' });
  one.metadata = async () => [entry('b'), entry('a')];
  two.metadata = async () => [entry('b'), entry('b', 'other')];
  const found = await new JoinedSource([one, two]).metadata();
  assert.deepEqual(found, [entry('a'), entry('b'), entry('b', 'other')]);
});

test('a list that a source cannot give fails', async () => {
  const gone = sourceOf();
  gone.labelNames = async () => {
    throw new MonError('MON_SERVER_UNREACHABLE', 'gone');
  };
  await assert.rejects(new JoinedSource([sourceOf('a'), gone]).labelNames(ALL, 0, 10), /gone/);
});

test('a fragment is answered by all', async () => {
  const joined = new JoinedSource([sourceOf('a'), sourceOf('b')]);
  const { matrix, seriesRead } = await joined.fragment({
    matchers: ALL[0],
    grid: { start: 1, end: 1, step: 1 },
    windowMs: 300_000,
    fn: 'last',
    args: [],
    keepName: true,
    maxSeries: 10,
    maxSamples: 10,
  });
  assert.equal(matrix?.labels.length, 2);
  assert.equal(seriesRead, 2);
});
