// The channel between a shard's thread and its owner: packing, failures as plain data, and both
// ends together over a real MessageChannel with a sink and a source that only remember.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { MonError, UserError } from '../../../src/engine/errors.ts';
import { ShardClient } from '../../../src/engine/remote/shard-client.ts';
import {
  packDeliveries,
  plainError,
  thrownError,
  unpackDeliveries,
} from '../../../src/engine/remote/shard-protocol.ts';
import type { Channel } from '../../../src/engine/remote/shard-protocol.ts';
import { serveShard } from '../../../src/engine/remote/shard-server.ts';
import type { Delivery, Sink, Source } from '../../../src/engine/ports.ts';

const deliveries: Delivery[] = [
  { partition: 3, offset: 7, bytes: Uint8Array.of(1, 2, 3), definitionsOnly: false },
  { partition: 0, offset: 2 ** 40, bytes: new Uint8Array(0), definitionsOnly: true },
  { partition: 1, offset: 0, bytes: Uint8Array.of(255), definitionsOnly: false },
];

test('deliveries come out of a pack as they went in', () => {
  assert.deepEqual(unpackDeliveries(packDeliveries(deliveries)), deliveries);
  assert.deepEqual(unpackDeliveries(packDeliveries([])), []);
});

test('failures keep kind, code, hint and place', () => {
  const mon = thrownError(plainError(new MonError('MON_TIMEOUT', 'late', { hint: 'wait' })));
  assert.ok(mon instanceof MonError);
  assert.equal(mon.code, 'MON_TIMEOUT');
  assert.equal(mon.hint, 'wait');
  const user = thrownError(plainError(new UserError('no', { source: 'abc', start: 1, end: 2 })));
  assert.ok(user instanceof UserError);
  assert.deepEqual([user.source, user.start, user.end], ['abc', 1, 2]);
  const bug = thrownError(plainError(new TypeError('x is not y')));
  assert.equal(bug.message, 'x is not y');
  assert.match(bug.stack ?? '', /TypeError/);
});

interface Wired {
  client: ShardClient;
  applied: Delivery[];
  close(): void;
}

function wired(): Wired {
  const { port1, port2 } = new MessageChannel();
  const applied: Delivery[] = [];
  const counts = { accepted: 1, duplicate: 0, outOfOrder: 0, tooOld: 0, newSeries: 0 };
  const sink: Sink = {
    resumeAt: async () => new Map([[0, 5]]),
    apply: async (some) => {
      applied.push(...some);
      return counts;
    },
    checkpoint: async () => new Map([[0, 9]]),
    close: async () => undefined,
  };
  const source: Partial<Source> = {
    fragment: async () => {
      throw new MonError('MON_QUERY_LIMIT', 'too many samples');
    },
    labelNames: async () => [`after ${applied.length}`],
  };
  serveShard(port2 as Channel, async () => ({
    sink,
    source: source as Source,
    stats: () => ({ series: 1 }),
    truncateBefore: async () => undefined,
  }));
  const client = new ShardClient(port1 as Channel);
  return { client, applied, close: () => port1.close() };
}

test('a shard answers over its channel, questions after deliveries see them', async () => {
  const { client, applied, close } = wired();
  try {
    await client.open({});
    assert.deepEqual(await client.resumeAt(), new Map([[0, 5]]));
    const apply = client.apply(deliveries);
    assert.deepEqual(await client.labelNames([], 0, 1), ['after 3']);
    assert.equal((await apply).accepted, 1);
    assert.deepEqual(applied, deliveries);
    const fragment = client.fragment({} as never);
    await assert.rejects(fragment, (e) => e instanceof MonError && e.code === 'MON_QUERY_LIMIT');
    assert.deepEqual(await client.stats(), { series: 1 });
  } finally {
    close();
  }
});

test('a dead thread fails what waits and what comes later', async () => {
  const { client, close } = wired();
  const waiting = client.resumeAt();
  client.fail(new MonError('MON_ABORTED', 'the thread is gone'));
  await assert.rejects(waiting, /the thread is gone/);
  await assert.rejects(client.checkpoint(), /the thread is gone/);
  close();
});

test('an abort gives a question up without waiting for its answer', async () => {
  const { client, close } = wired();
  const abort = new AbortController();
  const asked = client.fragment({} as never, abort.signal);
  abort.abort();
  await assert.rejects(asked, (e) => e instanceof MonError && e.code === 'MON_ABORTED');
  close();
});
