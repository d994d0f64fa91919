// The thread for costly queries against a real shard thread: answers as JSON, errors as errors, a
// thread that is ended is replaced, a closed one answers no more, standing by changes nothing.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { RootThread } from '../../../src/engine/daemons/root-thread.ts';
import { startShards } from '../../../src/engine/daemons/shards.ts';
import { UserError } from '../../../src/engine/errors.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';

test('a root in a thread of its own', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mon-root-'));
  const died = (error: Error): void => assert.fail(error);
  const shards = await startShards({ partitions: [[0], [1]], generation: 1, folder, died });
  const caughtUp = async (): Promise<void> => undefined;
  const clients = shards.map(({ client }) => client);
  const thread = new RootThread({ shards: clients, clock: systemClock, caughtUp });
  let ends = 0;
  const ask = async (query: string, signal = new AbortController().signal): Promise<string> => {
    const { pages } = await thread.ask({
      ...{ query, times: { timeMs: 1000 }, options: {}, json: { limit: 0, stats: false } },
      ...{ signal, ended: () => ends++ },
    });
    const texts: Buffer[] = [];
    for await (const page of pages ?? []) texts.push(Buffer.from(page));
    return Buffer.concat(texts).toString();
  };
  try {
    thread.standBy();
    thread.standBy();
    const empty = '{"status":"success","data":{"resultType":"vector","result":[]}}';
    assert.equal(await ask('sum(nothing)'), empty);
    const one = '{"status":"success","data":{"resultType":"scalar","result":[1,"3"]}}';
    assert.equal(await ask('1 + 2'), one);
    await assert.rejects(ask('sum('), UserError);
    const gone = new AbortController();
    gone.abort();
    await assert.rejects(ask('sum(nothing)', gone.signal), /given up/);
    assert.equal(await ask('1 + 2'), one);
    assert.equal(ends, 5);
    await thread.close();
    thread.standBy();
    await assert.rejects(ask('1'), /stopping/);
    assert.equal(ends, 6);
  } finally {
    await thread.close();
    for (const shard of shards) await shard.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
