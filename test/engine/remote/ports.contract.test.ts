// The ports over sockets held to the contracts of the near ones: Log, State, Placement, Source; and
// Ask and Notify to what goes in and comes out.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MonError, UserError } from '../../../src/engine/errors.ts';
import { EmbeddedLog } from '../../../src/engine/log/embedded-log.ts';
import type { Log } from '../../../src/engine/ports.ts';
import type { Ask, AskOptions } from '../../../src/engine/ports.ts';
import type { QueryAnswer } from '../../../src/engine/model/query-result.ts';
import { RemoteAsk, askMethods } from '../../../src/engine/remote/ask-remote.ts';
import { plainService } from '../../../src/engine/remote/listener.ts';
import { RemoteLog } from '../../../src/engine/remote/log-client.ts';
import { LogService } from '../../../src/engine/remote/log-service.ts';
import type { FarEncoder, Translator } from '../../../src/engine/remote/log-wire.ts';
import { RemoteSource, sourceMethods } from '../../../src/engine/remote/source-remote.ts';
import { RemoteState, stateMethods } from '../../../src/engine/remote/state-remote.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { LeasePlacement } from '../../../src/engine/runtime/placement-leases.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { SqliteState } from '../../../src/engine/runtime/state-sqlite.ts';
import { CONTRACT_PARTITIONS } from '../../contract/log-promise.ts';
import { logContract } from '../../contract/log.contract.ts';
import { CONTRACT_PLACES, placementContract } from '../../contract/placement.contract.ts';
import { contractSeries, sourceContract } from '../../contract/source.contract.ts';
import { stateContract } from '../../contract/state.contract.ts';
import { MemoryDisk } from '../../support/memory-disk.ts';
import { MemorySource } from '../../support/memory-series.ts';
import { REFUSED, plainBatch, plainEncoder, plainRecord } from '../../support/plain-records.ts';
import { RemotePair } from '../../support/remote-pair.ts';

const PADDING_BYTES = 100_000;
const ROLL_RECORDS = 60;

/** Batches of `plainBatch` as bytes: what a producer's codec does in earnest. */
const farEncoder: FarEncoder = {
  encode(batch) {
    const number = batch.tick?.timeMs ?? 0;
    if (number === REFUSED) throw new MonError('MON_RECORD_MALFORMED', 'refused by the test');
    const { refs = [], values = [] } = batch.floats ?? {};
    const text = { partition: batch.partition, number, refs: [...refs], values: [...values] };
    return new TextEncoder().encode(JSON.stringify(text));
  },
};
const translator: Translator = {
  open(record) {
    const { partition, number, refs, values } = JSON.parse(new TextDecoder().decode(record)) as {
      partition: number;
      number: number;
      refs: number[];
      values: number[];
    };
    const columns = { refs: Uint32Array.from(refs), values: Float64Array.from(values) };
    // Ticks of one producer only grow here, as in life; the test's numbers need not.
    return { ...plainBatch(partition, number, columns), tick: { timeMs: number, watermarkMs: 0 } };
  },
  close: () => undefined,
};

async function farLog(disk: MemoryDisk, partitions = CONTRACT_PARTITIONS) {
  const near = await EmbeddedLog.open({
    ...{ folder: '/data/log', disk, clock: systemClock, partitions, keepMs: 0 },
    encoder: plainEncoder((n) => (n > 0 && n <= ROLL_RECORDS ? PADDING_BYTES : 0)),
    ...{ segmentBytes: 1_000_000, recentBytes: 1_000_000 },
  });
  const service = new LogService({ log: near, clock: systemClock, translator: () => translator });
  const pair = await RemotePair.open({ log: service });
  const link = pair.link('log');
  const far = await RemoteLog.open({ link, clock: systemClock, encoder: farEncoder });
  const close = async (): Promise<void> => {
    await far.close();
    await pair.close();
    await near.close();
  };
  return { near, far, pair, close };
}

logContract('over a socket', async () => {
  const disk = new MemoryDisk({ random: seededRandom(1) });
  const capacity = disk.capacityBytes;
  let now = await farLog(disk);
  return {
    log: now.far,
    async reopen(partitions = CONTRACT_PARTITIONS) {
      await now.close();
      now = await farLog(disk, partitions);
      return now.far;
    },
    decode: plainRecord,
    refused: (partition) => plainBatch(partition, REFUSED),
    async expire() {
      // A release is told, not asked: it has arrived when the next question is answered.
      await now.far.ends();
      await now.near.retain();
    },
    async roll(log: Log, from) {
      for (let i = 0; i < ROLL_RECORDS; i += 5) {
        const numbers = [0, 1, 2, 3, 4].map((k) => from + i + k);
        await log.append(numbers.map((n, k) => plainBatch(k % CONTRACT_PARTITIONS, n)));
      }
      return ROLL_RECORDS;
    },
    forget: (_log, reader) => now.near.forget(reader),
    async fill() {
      disk.capacityBytes = disk.usedBytes;
      return async () => void (disk.capacityBytes = capacity);
    },
    dispose: () => now.close(),
  };
});

test('a reader comes back to where it was, holds what it held, and misses nothing', async () => {
  const disk = new MemoryDisk({ random: seededRandom(1) });
  const { near, far, pair, close } = await farLog(disk);
  const reader = await far.read('back', new Map([[0, 0]]));
  const seen: number[] = [];
  let next = 1000;
  for (let round = 0; round < 5; round++) {
    await far.append([plainBatch(0, next++), plainBatch(0, next++)]);
    while (seen.length < (round + 1) * 2) {
      const news = (await reader.next()).filter(({ definitionsOnly }) => !definitionsOnly);
      for (const one of news) seen.push(plainRecord(one.bytes).number);
    }
    if (round === 1) reader.release(0, 2);
    await pair.down();
    // What is appended while the log is known to be away waits for it.
    await new Promise((resolve) => setTimeout(resolve, 20));
    const waiting = far.append([plainBatch(1, next++)]);
    await pair.up();
    assert.ok('offset' in (await waiting)[0]);
  }
  assert.deepEqual(seen, [1000, 1001, 1003, 1004, 1006, 1007, 1009, 1010, 1012, 1013]);
  await far.ends();
  await near.retain();
  assert.deepEqual(near.readers(), ['back']);
  await reader.close();
  await close();
});

test('a reader that was replaced releases nothing any more', async () => {
  const disk = new MemoryDisk({ random: seededRandom(1) });
  const { near, far, pair, close } = await farLog(disk);
  const old = await far.read('store', new Map([[0, 0]]));
  for (let n = 1; n <= ROLL_RECORDS; n++) await far.append([plainBatch(0, n)]);
  const other = await RemoteLog.open({ link: pair.link('log'), clock: systemClock });
  const successor = await other.read('store', new Map([[0, 0]]));
  old.release(0, ROLL_RECORDS);
  await far.ends();
  await near.retain();
  assert.equal(await near.start(0), 0, 'the successor still needs it');
  successor.release(0, ROLL_RECORDS);
  await other.ends();
  await near.retain();
  assert.ok((await near.start(0)) > 0);
  await Promise.all([old.close(), successor.close()]);
  await close();
});

async function farState(path: string) {
  const near = new SqliteState(path);
  const pair = await RemotePair.open({ state: plainService(stateMethods(near)) });
  const far = new RemoteState(pair.link('state'));
  const close = async (): Promise<void> => {
    await pair.close();
    await near.close();
  };
  return { far, pair, close };
}

stateContract('over a socket', async () => {
  const where = await mkdtemp(join(tmpdir(), 'mon-far-state-'));
  const path = join(where, 'state.db');
  let now = await farState(path);
  return {
    state: now.far,
    other: async () => new RemoteState(now.pair.link('state')),
    async reopen() {
      await now.close();
      now = await farState(path);
      return now.far;
    },
    async dispose() {
      await now.close();
      await rm(where, { recursive: true });
    },
  };
});

placementContract('leases in a State over a socket', async () => {
  const where = await mkdtemp(join(tmpdir(), 'mon-far-placement-'));
  const now = await farState(join(where, 'state.db'));
  const made: LeasePlacement[] = [];
  const make = (): LeasePlacement => {
    const state = new RemoteState(now.pair.link('state'));
    const lease = { places: CONTRACT_PLACES, leaseMs: 3000, beatMs: 500 };
    const owner = `owner-${made.length}`;
    const placement = new LeasePlacement({ ...lease, state, clock: systemClock, owner });
    made.push(placement);
    return placement;
  };
  return {
    ...{ placement: make(), other: make, shared: true },
    async dispose() {
      for (const placement of made) await placement.pause();
      await now.close();
      await rm(where, { recursive: true });
    },
  };
});

sourceContract('near', async () => {
  return { source: new MemorySource(contractSeries()), dispose: async () => undefined };
});

sourceContract('over a socket', async () => {
  const near = new MemorySource(contractSeries());
  const pair = await RemotePair.open({ source: plainService(sourceMethods(async () => near)) });
  return { source: new RemoteSource(pair.link('source')), dispose: () => pair.close() };
});

test('a question of a strange shape is refused, not a bug', async () => {
  const near = new MemorySource(contractSeries());
  const pair = await RemotePair.open({ source: plainService(sourceMethods(async () => near)) });
  const link = pair.link('source');
  const strange = [undefined, null, 7, 'x', [], {}, [[[]]], { matchers: 1 }, { fn: 'last' }];
  for (const method of ['fragment', 'series', 'labelNames', 'labelValues', 'estimate']) {
    for (const one of strange) {
      const asked = link.call(method, [{}, one, one, one, one]);
      await asked.catch((thrown: unknown) => {
        assert.ok(thrown instanceof MonError);
        assert.equal(thrown.code, 'MON_RECORD_MALFORMED', `${method} ${JSON.stringify(one)}`);
      });
    }
  }
  assert.deepEqual(pair.bugs, []);
  await pair.close();
});

test('an Ask over a socket passes on the question, the answer and the mistake', async () => {
  const asked: unknown[] = [];
  const answer: QueryAnswer = {
    result: { type: 'scalar', timeMs: 5, value: 1.5 },
    ...{ warnings: ['w'], infos: [], whole: false, seriesRead: 1, samplesRead: 2 },
  };
  const near: Ask = {
    async instant(query, timeMs, options: AskOptions = {}) {
      asked.push([query, timeMs, options.user, options.lookbackMs]);
      if (query === 'bad') throw new UserError('parse error', { source: 'bad', start: 1, end: 2 });
      return answer;
    },
    range: async () => new Promise(() => undefined),
  };
  const pair = await RemotePair.open({ ask: plainService(askMethods(near)) });
  const far = new RemoteAsk(pair.link('ask'));
  assert.deepEqual(await far.instant('up', 5, { user: 'me', lookbackMs: 7 }), answer);
  assert.deepEqual(asked, [['up', 5, 'me', 7]]);
  await assert.rejects(far.instant('bad', 5), (e) => e instanceof UserError && e.end === 2);
  const given = new AbortController();
  const range = far.range('up', 0, 10, 1, { signal: given.signal });
  given.abort();
  await assert.rejects(range, (e) => e instanceof MonError && e.code === 'MON_ABORTED');
  await assert.rejects(far.explain('up', { timeMs: 1 }), /nothing is explained/);
  await pair.close();
});
