// The rehearsal's series lie in the shard's own kernel memory: they answer as others do, and all of
// it is given back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { openRehearsal, REHEARSAL } from '../../../src/engine/store/rehearsal.ts';

const { counter, endMs: end } = REHEARSAL;

test('a rehearsal answers from all its heads, and its memory is given back', async () => {
  const kernels = new Kernels();
  const used: number[] = [];
  for (let i = 0; i < 4; i++) {
    const { source, end: giveBack } = await openRehearsal(systemClock, kernels);
    const { seriesRead, samplesRead } = await source.fragment({
      matchers: [{ name: '__name__', op: '=', value: counter }],
      ...{ grid: { start: end, end, step: 1 }, windowMs: 100_000, fn: 'rate', args: [] },
      ...{ keepName: false, maxSeries: 1000, maxSamples: 1e6 },
    });
    assert.deepEqual([seriesRead, samplesRead], [80, 800]);
    giveBack();
    used.push(kernels.exports.arenaUsedBytes());
  }
  // The first one leaves what all heads of a memory share, the room that queries work in.
  assert.equal(new Set(used).size, 1, used.join(', '));
});
