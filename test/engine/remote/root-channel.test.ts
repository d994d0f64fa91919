// The channel to the thread for costly queries: pages come in order and no faster than they are
// read, an error may come at any place, and who goes away ends it; the end is told once.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import { MonError, UserError } from '../../../src/engine/errors.ts';
import { RootClient } from '../../../src/engine/remote/root-client.ts';
import { PAGES_UNDER_WAY } from '../../../src/engine/remote/root-protocol.ts';
import { serveRoot } from '../../../src/engine/remote/root-server.ts';
import type { AnswerPages } from '../../../src/engine/remote/root-server.ts';
import type { Channel } from '../../../src/engine/remote/shard-protocol.ts';
import type { QueryAnswer } from '../../../src/engine/model/query-result.ts';

interface Pair {
  readonly client: RootClient;
  readonly ask: (query: string, signal?: AbortSignal) => Promise<QueryAnswer>;
  /** How often an end was told. */
  readonly ends: () => number;
  close(): void;
}

function pair(answer: AnswerPages): Pair {
  const { port1, port2 } = new MessageChannel();
  serveRoot(port2 as Channel, answer);
  const client = new RootClient(port1 as Channel);
  let ends = 0;
  const ask = (query: string, signal = new AbortController().signal): Promise<QueryAnswer> =>
    client.ask({
      ...{ query, times: { timeMs: 5 }, options: { user: 'u', lookbackMs: 7 }, signal },
      ...{ json: { limit: 3, stats: true }, ended: () => ends++ },
    });
  const close = (): void => {
    port1.close();
    port2.close();
  };
  return { client, ask, ends: () => ends, close };
}

async function texts(answer: QueryAnswer): Promise<string[]> {
  const out: string[] = [];
  for await (const page of answer.pages ?? []) out.push(Buffer.from(page).toString());
  return out;
}

test('what was asked crosses, and its pages come back in order', async () => {
  const { ask, ends, client, close } = pair(async (asked) => [
    Buffer.from('a'),
    Buffer.from(JSON.stringify(asked)),
  ]);
  const options = { lookbackMs: 7, timeoutMs: undefined, maxCost: undefined, user: 'u' };
  const want = {
    id: 1,
    query: 'q',
    times: { timeMs: 5 },
    options,
    json: { limit: 3, stats: true },
  };
  assert.deepEqual(await texts(await ask('q')), ['a', JSON.stringify(want)]);
  assert.equal(ends(), 1);
  assert.equal(client.running, 0);
  close();
});

test('no more pages are made than were read, but a few', async () => {
  let made = 0;
  const { ask, ends, close } = pair(async () =>
    (function* (): Generator<Uint8Array, void> {
      for (; made < 100; made++) yield Buffer.from(String(made));
    })(),
  );
  const answer = await ask('q');
  await pause(50);
  assert.equal(made, PAGES_UNDER_WAY);
  const got = await texts(answer);
  assert.deepEqual(
    got,
    Array.from({ length: 100 }, (_, i) => String(i)),
  );
  assert.equal(ends(), 1);
  close();
});

test('errors come as what they are, before the first page or after it', async () => {
  const { ask, ends, close } = pair(async ({ query }) => {
    if (query === 'user') throw new UserError('bad', { source: 'x', start: 0, end: 1 });
    if (query === 'limit') throw new MonError('MON_QUERY_LIMIT', 'too much', { hint: 'less' });
    return (function* (): Generator<Uint8Array, void> {
      yield Buffer.from('one');
      throw new MonError('MON_QUERY_FAILED', 'half way');
    })();
  });
  await assert.rejects(ask('user'), (e) => e instanceof UserError && e.source === 'x');
  await assert.rejects(ask('limit'), (e) => e instanceof MonError && e.hint === 'less');
  await assert.rejects(texts(await ask('late')), /half way/);
  assert.equal(ends(), 3);
  close();
});

test('an abort while it is computed reaches the far side', async () => {
  let told = false;
  const { ask, ends, close } = pair(
    (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          told = true;
          reject(signal.reason as Error);
        });
      }),
  );
  const gone = new AbortController();
  const answer = ask('q', gone.signal);
  await pause(5);
  gone.abort();
  await assert.rejects(answer, /given up/);
  while (ends() === 0) await pause(1);
  assert.ok(told);
  assert.equal(ends(), 1);
  close();
});

test('a reader that stops ends it, and a thread that dies fails what is under way', async () => {
  let made = 0;
  const { ask, ends, client, close } = pair(async () =>
    (function* (): Generator<Uint8Array, void> {
      for (;;) yield Buffer.from(String(made++));
    })(),
  );
  for await (const _ of (await ask('q')).pages ?? []) break;
  while (ends() === 0) await pause(1);
  const before = made;
  await pause(20);
  assert.equal(made, before);
  const answer = await ask('q');
  client.fail(new MonError('MON_QUERY_LIMIT', 'gone'));
  await assert.rejects(texts(answer), /gone/);
  assert.equal(ends(), 2);
  close();
});
