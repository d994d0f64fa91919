// A head and a block joined by their labels: in turns the same series come out as at once, and what
// a pause says is heeded.
import assert from 'node:assert/strict';
import test from 'node:test';
import { JOINED_AT_ONCE } from '../../../src/engine/model/sliced-match.ts';
import { PartitionReader } from '../../../src/engine/store/partition-reader.ts';
import { MemorySeries } from '../../support/memory-series.ts';

const SERIES = JOINED_AT_ONCE * 3;
const ALL = [{ name: '__name__', op: '=', value: 'm' }] as const;

/** Half of the series of each are also in the other. */
function joined(): PartitionReader {
  const parts = [0, 1].map((part) => {
    const reader = new MemorySeries();
    for (let i = 0; i < SERIES; i++) {
      const labels = { __name__: 'm', i: String(i + (part * SERIES) / 2) };
      reader.add(labels, [{ t: 1000 + part, v: i }]);
    }
    return { reader, hidden: [], samplesOfSeries: 1 };
  });
  return new PartitionReader(parts, 0);
}

test('series joined in turns are those joined at once', async () => {
  const whole = joined();
  const ids = whole.match(ALL, 0, 5000);
  const labels = [...ids].map((id) => whole.labels(id));
  assert.equal(labels.length, SERIES * 1.5);
  const sliced = joined();
  let pauses = 0;
  const found = await sliced.matchSliced(ALL, 0, 5000, {
    rest: async () => void pauses++,
    steady: () => true,
  });
  assert.deepEqual(
    [...(found ?? [])].map((id) => sliced.labels(id)),
    labels,
  );
  assert.equal(pauses, 6);
});

test('nothing is looked at any more once series may have gone', async () => {
  let pauses = 0;
  const found = await joined().matchSliced(ALL, 0, 5000, {
    rest: async () => void pauses++,
    steady: () => pauses < 3,
  });
  assert.equal(found, undefined);
  assert.equal(pauses, 3);
});
