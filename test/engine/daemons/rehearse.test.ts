// The rehearsal of queries, over a real shard protocol and a real socket: it asks what it should,
// leaves nothing behind, and steps back when somebody else comes in.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { rehearse } from '../../../src/engine/daemons/rehearse.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import type { Source } from '../../../src/engine/ports.ts';
import { ShardClient } from '../../../src/engine/remote/shard-client.ts';
import type { Channel } from '../../../src/engine/remote/shard-protocol.ts';
import { serveShard, type Shard } from '../../../src/engine/remote/shard-server.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { openRehearsal } from '../../../src/engine/store/rehearsal.ts';

interface Seen {
  fragments: number;
  series: number;
  made: number;
}

/** A shard whose own source may not be asked. */
async function shardOf(seen: Seen): Promise<{ client: ShardClient; close: () => void }> {
  const { port1, port2 } = new MessageChannel();
  const kernels = new Kernels();
  const rehearsal: Shard['rehearsal'] = async () => {
    seen.made++;
    const { source, end } = await openRehearsal(systemClock, kernels);
    const fragment: Source['fragment'] = async (one, signal) => {
      const result = await source.fragment(one, signal);
      seen.fragments++;
      seen.series += result.seriesRead;
      return result;
    };
    const made: Source = { ...unasked, fragment, estimate: (one) => source.estimate(one) };
    return { source: made, end };
  };
  serveShard(port2 as Channel, async () => ({ source: unasked, rehearsal }) as unknown as Shard);
  const client = new ShardClient(port1 as Channel);
  await client.open({});
  const close = (): void => [port1, port2].forEach((port) => port.close());
  return { client, close };
}

const never = (): never => assert.fail('a rehearsal asks for nothing else');
const unasked: Source = {
  ...{ fragment: never, series: never, labelNames: never, labelValues: never, metadata: never },
};

test('a rehearsal asks its own series over HTTP and gives them back', async () => {
  const seen = { fragments: 0, series: 0, made: 0 };
  const { client, close } = await shardOf(seen);
  const { signal } = new AbortController();
  const caughtUp = (): Promise<void> => Promise.resolve();
  const given = { caughtUp, clock: systemClock, signal, retentionMs: undefined };
  await rehearse({ ...given, shards: [client], served: () => 0 });
  assert.ok(seen.fragments > 400, `${seen.fragments} fragments`);
  assert.ok(seen.series > seen.fragments, `${seen.series} series`);
  assert.equal(seen.made, 1);
  close();
});

test('a rehearsal rests while others are served, and ends when it is told to', async () => {
  const seen = { fragments: 0, series: 0, made: 0 };
  const { client, close } = await shardOf(seen);
  const stop = new AbortController();
  let served = 0;
  const caughtUp = (): Promise<void> => Promise.resolve();
  const given = { caughtUp, clock: systemClock, signal: stop.signal, retentionMs: undefined };
  const options = { ...given, shards: [client] };
  setTimeout(() => stop.abort(), 800);
  await rehearse({ ...options, served: () => served++ }).catch(() => undefined);
  assert.ok(seen.fragments < 40, `${seen.fragments} fragments in half a second`);
  close();
});
