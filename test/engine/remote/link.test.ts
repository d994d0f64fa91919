// Calls between processes: deadlines, cancellation, back-pressure, tokens, versions, peers that go
// away and come back, and peers that are no mon at all. Over real sockets.
import { strict as assert } from 'node:assert';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { MonError, UserError } from '../../../src/engine/errors.ts';
import { takeCall } from '../../../src/engine/remote/calls.ts';
import { encodeFrame } from '../../../src/engine/remote/frames.ts';
import { plainService } from '../../../src/engine/remote/listener.ts';
import type { Methods } from '../../../src/engine/remote/calls.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { RemotePair } from '../../support/remote-pair.ts';

async function withPair(
  methods: Methods,
  work: (pair: RemotePair) => Promise<void>,
  over: 'unix' | 'tcp' = 'unix',
): Promise<void> {
  const pair = await RemotePair.open({ test: plainService(methods) }, over);
  try {
    await work(pair);
  } finally {
    await pair.close();
  }
}

const failsAs = (code: string) => (thrown: unknown) =>
  thrown instanceof MonError && thrown.code === code;

for (const over of ['unix', 'tcp'] as const) {
  test(`calls are answered in any order over ${over}`, async () => {
    const slow = async ([ms]: readonly unknown[]): Promise<unknown> => {
      await pause(ms as number);
      return ms;
    };
    await withPair(
      { slow },
      async (pair) => {
        const link = pair.link('test');
        const times = [40, 1, 20];
        assert.deepEqual(await Promise.all(times.map((ms) => link.call('slow', [ms]))), times);
      },
      over,
    );
  });
}

test('failures keep their kind, and a bug of the peer is a failure here', async () => {
  const methods: Methods = {
    mon: async () => Promise.reject(new MonError('MON_LOG_BUSY', 'busy', { hint: 'later' })),
    user: async () => Promise.reject(new UserError('bad query', { source: 'abc', start: 1 })),
    bug: async () => Promise.reject(new TypeError('x is not y')),
  };
  await withPair(methods, async (pair) => {
    const link = pair.link('test');
    await assert.rejects(link.call('mon', []), failsAs('MON_LOG_BUSY'));
    await assert.rejects(link.call('user', []), (e) => e instanceof UserError && e.start === 1);
    await assert.rejects(link.call('bug', []), failsAs('MON_SERVER_FAILED'));
    assert.equal(pair.bugs.length, 1);
    await assert.rejects(link.call('no such', []), failsAs('MON_NOT_FOUND'));
    await assert.rejects(link.call('constructor', []), failsAs('MON_NOT_FOUND'));
  });
});

test('a call ends at its deadline on both ends', async () => {
  let ended = false;
  const never: Methods['x'] = async (_args, { signal }) => {
    signal.addEventListener('abort', () => (ended = true));
    return new Promise(() => undefined);
  };
  await withPair({ never }, async (pair) => {
    await assert.rejects(pair.link('test').call('never', [], { ms: 50 }), failsAs('MON_TIMEOUT'));
    assert.equal(ended, true);
  });
});

test('a call that is given up is ended at the far end', async () => {
  let ended = false;
  const until: Methods['x'] = async (_args, { signal }) =>
    new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        ended = true;
        resolve('what was there');
      });
    });
  await withPair({ until }, async (pair) => {
    const link = pair.link('test');
    await link.facts();
    const one = new AbortController();
    const asked = link.call('until', [], { signal: one.signal });
    await pause(20);
    one.abort();
    await assert.rejects(asked, failsAs('MON_ABORTED'));
    await pause(50);
    assert.equal(ended, true);
    const two = new AbortController();
    const patient = link.call('until', [], { signal: two.signal, patient: true });
    await pause(20);
    two.abort();
    assert.equal(await patient, 'what was there');
  });
});

test('what was under way fails when the peer goes, and the next call finds it again', async () => {
  const methods: Methods = {
    never: async () => new Promise(() => undefined),
    echo: async ([value]) => value,
  };
  await withPair(methods, async (pair) => {
    const link = pair.link('test', { waitMs: 3000 });
    assert.equal(await link.call('echo', [1]), 1);
    const lost = link.call('never', []);
    lost.catch(() => undefined);
    await pair.down();
    await assert.rejects(lost, failsAs('MON_SERVER_UNREACHABLE'));
    const waiting = link.call('echo', [2]);
    await pause(200);
    await pair.up();
    assert.equal(await waiting, 2);
  });
});

test('a peer that stays away is said to be away', async () => {
  await withPair({}, async (pair) => {
    const link = pair.link('test', { waitMs: 100 });
    await pair.down();
    await assert.rejects(link.call('echo', []), failsAs('MON_SERVER_UNREACHABLE'));
  });
});

test('without the token nobody comes in', async () => {
  await withPair({ echo: async () => 1 }, async (pair) => {
    const link = pair.link('test', { token: 'guessed' });
    await assert.rejects(link.call('echo', []), failsAs('MON_AUTH_REQUIRED'));
    const none = pair.link('none', { waitMs: 50 });
    await assert.rejects(none.call('echo', []), /no service none/);
  });
});

test('a peer of another version is told so', async () => {
  await withPair({}, async (pair) => {
    const socket = connect(pair.address as { path: string });
    const greeting = { name: 'mon-remote', version: 99, service: 'test', token: 'between-us' };
    socket.write(encodeFrame(greeting, 10_000));
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    assert.match(Buffer.concat(chunks).toString('latin1'), /version 99/);
  });
});

test('what is no mon is cut off, and others are served on', async () => {
  await withPair({ echo: async ([value]) => value }, async (pair) => {
    const link = pair.link('test');
    for (let seed = 1; seed <= 60; seed++) {
      const random = seededRandom(seed);
      const socket = connect(pair.address as { path: string });
      socket.on('error', () => undefined);
      socket.write(Buffer.from(Array.from({ length: 200 }, () => Math.floor(random() * 256))));
      await pause(1);
      socket.destroy();
    }
    assert.equal(await link.call('echo', [1]), 1);
    assert.deepEqual(pair.bugs, []);
  });
});

test('a peer that does not read makes nobody grow', async () => {
  const big = new Uint8Array(8 * 1024 * 1024);
  await withPair({ big: async () => big }, async (pair) => {
    const link = pair.link('test');
    const before = process.memoryUsage.rss();
    const asked = Array.from({ length: 30 }, () => link.call('big', []));
    const sizes = await Promise.all(asked.map(async (one) => ((await one) as Uint8Array).length));
    assert.equal(new Set(sizes).size, 1);
    assert.ok(process.memoryUsage.rss() - before < 1.5e9);
  });
});

test('a message that is no call is refused', () => {
  for (const value of [undefined, null, 1, [], {}, { id: 1 }, { id: 1.5, method: 'x', args: [] }]) {
    assert.throws(() => takeCall(value), /no call/);
  }
});
