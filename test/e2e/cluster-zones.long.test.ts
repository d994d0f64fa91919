// Stores that share a zone: each has its partitions, and when one hangs for longer than its lease
// the other takes them over, rebuilt from the log, with nothing lost and nothing twice.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { until } from '../support/until.ts';
import { ClusterWorld } from './cluster-world.ts';
import { numberOf, writeSamples } from './mon-folder.ts';

const SERIES = 100;

test('partitions of a store that hangs are taken over in its zone', async () => {
  const world = await ClusterWorld.start(2, { args: ['--zones', '1'] });
  try {
    const now = Date.now();
    const write = async (name: string): Promise<void> => {
      const series = Array.from({ length: SERIES }, (_, i) => ({
        labels: { __name__: name, i: `${i}` },
        samples: [{ timestamp: now, value: 1 }],
      }));
      assert.equal((await writeSamples(world.url, series)).status, 204);
    };
    await write('first');
    assert.equal(await numberOf(world.url, 'sum(first)', now), SERIES);
    const thaw = await world.freeze('store-0');
    await write('second');
    await until('the other store has everything', async () => {
      const url = `${world.url}/api/v1/query?query=sum(first)%2Bsum(second)&time=${now / 1000}`;
      const answer = (await (await fetch(url)).json()) as {
        warnings?: string[];
        data?: { result: { value: [number, string] }[] };
      };
      const value = Number(answer.data?.result[0]?.value[1] ?? 0);
      assert.ok(value <= 2 * SERIES, 'nothing is there twice');
      // An answer without a warning is whole.
      if (answer.data !== undefined && answer.warnings === undefined) {
        assert.equal(value, 2 * SERIES);
        return true;
      }
      return false;
    });
    thaw();
    await world.ready();
    await write('third');
    for (const name of ['first', 'second', 'third']) {
      assert.equal(await numberOf(world.url, `sum(${name})`, now), SERIES, name);
    }
  } finally {
    await world.remove();
  }
});
