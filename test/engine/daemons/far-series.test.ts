// Metrics of series as records define them, by producer: the newest definition counts, another
// producer's number means another series, and only so many producers are remembered.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalOf } from '../../../src/engine/codec/canonical.ts';
import type { OpenRecord } from '../../../src/engine/codec/record.ts';
import { DefinedSeries } from '../../../src/engine/daemons/far-series.ts';
import { HEAD_EPOCHS_MAX } from '../../../src/engine/limits.ts';
import { makeLabels, NAME } from '../../../src/engine/model/labels.ts';

function record(epoch: number, names: readonly (readonly [number, string])[]): OpenRecord {
  const all = names.map(([ref, name]) => {
    const labels = makeLabels([
      [NAME, name],
      ['host', 'x'],
    ]);
    return [ref, canonicalOf(labels)] as const;
  });
  return {
    epoch,
    definitionCount: all.length,
    forEachDefinition: (call: (ref: number, canonical: Uint8Array) => void) => {
      for (const [ref, canonical] of all) call(ref, canonical);
    },
  } as unknown as OpenRecord;
}

test('a number means what its producer defined last', () => {
  const series = new DefinedSeries(() => new Set(['ALERTS', 'job:x']));
  const nameOf = (epoch: number, ref: number): string => series.name(series.of(epoch, ref));
  series.learn(
    record(1, [
      [0, 'up'],
      [5000, 'job:x'],
    ]),
  );
  series.learn(record(2, [[0, 'ALERTS']]));
  assert.deepEqual([nameOf(1, 0), nameOf(1, 5000), nameOf(2, 0)], ['up', 'job:x', 'ALERTS']);
  assert.deepEqual([nameOf(1, 3), nameOf(3, 0), series.of(1, 1e9)], ['', '', 0]);
  assert.deepEqual(
    [series.of(1, 0), series.of(1, 5000), series.of(2, 0), 0].map((m) => series.isOwn(m)),
    [false, true, true, false],
  );
  series.learn(record(1, [[0, 'ALERTS']]));
  assert.ok(series.isOwn(series.of(1, 0)));
});

test('producers that are long gone are forgotten, those at work are not', () => {
  const series = new DefinedSeries(() => new Set());
  for (let epoch = 1; epoch <= HEAD_EPOCHS_MAX + 10; epoch++) {
    series.learn(record(epoch, [[1, `m${epoch}`]]));
    series.learn(record(1, [[2, 'at_work']]));
  }
  assert.equal(series.name(series.of(1, 2)), 'at_work');
  assert.equal(series.of(2, 1), 0);
  const last = HEAD_EPOCHS_MAX + 10;
  assert.equal(series.name(series.of(last, 1)), `m${last}`);
});
