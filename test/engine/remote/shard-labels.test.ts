// Labels of many answers over one channel at once, small ones between the pieces of large ones, and
// both ends forgetting now and then: each answer has its own.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import { ShardClient } from '../../../src/engine/remote/shard-client.ts';
import { serveShard } from '../../../src/engine/remote/shard-server.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import type { Channel } from '../../../src/engine/remote/shard-protocol.ts';
import type { Fragment, FragmentResult } from '../../../src/engine/model/fragment.ts';
import type { Labels } from '../../../src/engine/model/labels.ts';
import type { Sink, Source } from '../../../src/engine/ports.ts';

const FRAGMENT: Fragment = {
  ...{ matchers: [], grid: { start: 0, end: 0, step: 1 }, windowMs: 1, fn: 'last', args: [] },
  ...{ keepName: true, maxSeries: 1, maxSamples: 1 },
};
const ALL = Array.from({ length: 60_000 }, (_, i): Labels => ['i', String(i), 'm', `${i % 7}`]);

let shared: Promise<void> | undefined;

/** One turn for all who wait now, so that they go on right after each other. */
function together(): Promise<void> {
  return (shared ??= turn().then(() => {
    shared = undefined;
  }));
}

/** Answers with as many label sets as `maxSeries` says, from `maxSamples` on, after some turns. */
function source(): Source {
  const fragment = async ({ maxSeries, maxSamples }: Fragment): Promise<FragmentResult> => {
    for (let i = 0; i < maxSeries % 3; i++) await together();
    const labels = ALL.slice(maxSamples, maxSamples + maxSeries);
    const values = new Float64Array(labels.length);
    const matrix = { labels, steps: 1, values, present: new Uint8Array(labels.length) };
    return { matrix, seriesRead: 0, samplesRead: 0, warnings: [], infos: [] };
  };
  return { fragment } as unknown as Source;
}

test('answers of all sizes under way together have the labels of their series', async () => {
  const { port1, port2 } = new MessageChannel();
  serveShard(port2 as Channel, async () => ({
    ...{ sink: {} as Sink, source: source(), stats: () => undefined },
    truncateBefore: async () => {},
    breathe: together,
  }));
  const client = new ShardClient(port1 as Channel);
  await client.open({});
  const random = seededRandom(11);
  for (let round = 0; round < 6; round++) {
    const asked = Array.from({ length: 30 }, () => {
      const most = [3, 900, 4000, 24_000, 51_000][Math.floor(random() ** 2 * 5)];
      const from = Math.floor(random() * (ALL.length - most));
      return [from, 1 + Math.floor(random() * most)] as const;
    });
    const answers = await Promise.all(
      asked.map(([maxSamples, maxSeries]) =>
        client.fragment({ ...FRAGMENT, maxSamples, maxSeries }),
      ),
    );
    for (const [i, [from, count]] of asked.entries()) {
      assert.deepEqual(answers[i].matrix?.labels, ALL.slice(from, from + count), `${round} ${i}`);
    }
  }
  port1.close();
  port2.close();
});
