// A fragment that nobody waits for any more is told to end on the far side too, and only that one;
// estimates and cardinality cross the channel. Who has a channel of his own asks behind the others.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import { MonError } from '../../../src/engine/errors.ts';
import { joinCardinality } from '../../../src/engine/model/cardinality.ts';
import { ShardClient } from '../../../src/engine/remote/shard-client.ts';
import { serveShard } from '../../../src/engine/remote/shard-server.ts';
import type { Channel } from '../../../src/engine/remote/shard-protocol.ts';
import type { Fragment, FragmentResult } from '../../../src/engine/model/fragment.ts';
import type { Sink, Source } from '../../../src/engine/ports.ts';

const FRAGMENT: Fragment = {
  matchers: [],
  grid: { start: 0, end: 0, step: 1 },
  windowMs: 1,
  fn: 'last',
  args: [],
  keepName: true,
  maxSeries: 1,
  maxSamples: 1,
};
const RESULT: FragmentResult = { seriesRead: 7, samplesRead: 0, warnings: [], infos: [] };

test('an abort reaches the far side, once, and nothing is left behind', async () => {
  const { port1, port2 } = new MessageChannel();
  const signals: AbortSignal[] = [];
  const ends: (() => void)[] = [];
  const source = {
    fragment(_: Fragment, signal: AbortSignal): Promise<FragmentResult> {
      signals.push(signal);
      return new Promise((resolve, reject) => {
        ends.push(() => resolve(RESULT));
        signal.addEventListener('abort', () => reject(new MonError('MON_ABORTED', 'told')));
      });
    },
    estimate: async () => ({ series: 3, samples: 9 }),
    cardinality: async () => ({ ...joinCardinality([]), series: 5 }),
  } as unknown as Source;
  const sink = {} as Sink;
  const stats = (): unknown => undefined;
  serveShard(port2 as Channel, async () => ({
    sink,
    source,
    stats,
    truncateBefore: async () => {},
  }));
  const client = new ShardClient(port1 as Channel);
  await client.open({});
  const gone = new AbortController();
  const first = client.fragment(FRAGMENT, gone.signal);
  const second = client.fragment(FRAGMENT, new AbortController().signal);
  while (signals.length < 2) await pause(1);
  gone.abort();
  await assert.rejects(first, /given up/);
  while (!signals[0].aborted) await pause(1);
  assert.equal(signals[1].aborted, false);
  ends[1]();
  assert.equal((await second).seriesRead, 7);
  await assert.rejects(client.fragment(FRAGMENT, gone.signal), /given up/);
  assert.deepEqual(await client.estimate(FRAGMENT), { series: 3, samples: 9 });
  assert.equal((await client.cardinality()).series, 5);
  port1.close();
  port2.close();
});

test('a channel of its own asks the source behind', async () => {
  const { port1, port2 } = new MessageChannel();
  const own = new MessageChannel();
  const named = (seriesRead: number): Source =>
    ({ fragment: async () => ({ ...RESULT, seriesRead }) }) as unknown as Source;
  serveShard(port2 as Channel, async () => ({
    sink: {} as Sink,
    source: named(1),
    behind: named(2),
    stats: () => undefined,
    truncateBefore: async () => {},
  }));
  const client = new ShardClient(port1 as Channel);
  await client.open({});
  await client.connect(own.port1);
  const costly = new ShardClient(own.port2 as Channel);
  assert.equal((await client.fragment(FRAGMENT)).seriesRead, 1);
  assert.equal((await costly.fragment(FRAGMENT)).seriesRead, 2);
  for (const port of [port1, port2, own.port1, own.port2]) port.close();
});
