// A collector that is killed and away for ten minutes under an agent that is killed too: what the
// agent took is in the collector's store once, in full, and so are the windows that the agent made
// of it. Both ends are the real thing over faulty disks in virtual time; only the socket is real.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { test } from 'node:test';
import { BatchCodec } from '../../../src/engine/codec/batch.ts';
import { AgentBatch } from '../../../src/engine/collector/agent-batch.ts';
import { AgentSender } from '../../../src/engine/collector/agent-sender.ts';
import { progressFile } from '../../../src/engine/collector/progress-file.ts';
import type { AggregateRule } from '../../../src/engine/collector/aggregate/aggregate-rule.ts';
import { Door } from '../../../src/engine/collector/door.ts';
import { ColumnBuffer } from '../../../src/engine/collector/scrape-door.ts';
import { makeAggregation } from '../../../src/engine/daemons/aggregate-wiring.ts';
import { Head } from '../../../src/engine/head/head.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../../src/engine/kernels/series-book.ts';
import { EmbeddedLog } from '../../../src/engine/log/embedded-log.ts';
import { batchEncoder } from '../../../src/engine/log/record-encoder.ts';
import { labelValue, makeLabels } from '../../../src/engine/model/labels.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { Outage, TestRoom } from '../../support/discovery-room.ts';
import { MemoryDisk } from '../../support/memory-disk.ts';

const SERIES = ['jobs', 'queue', 'secret'];
const MINUTE_MS = 60_000;

/** Of two series windows are made; one of them goes no further than that. */
const RULES: readonly AggregateRule[] = ['jobs', 'secret'].map((name) => ({
  match: [[{ name: '__name__', op: '=', value: name }]],
  ...{ labels: [], without: false, windowMs: 10_000, graceMs: 2000 },
  ...{ outputs: ['count', 'sum'], name: '{metric}:{by}_{output}', type: 'gauge' },
  keep: name === 'jobs',
}));

async function openLog(disk: MemoryDisk, { clock }: TestRoom, kernels: Kernels, keepMs: number) {
  const book = new SeriesBook(kernels, 1);
  const encoder = batchEncoder(new BatchCodec(kernels), book);
  const log = await EmbeddedLog.open({
    ...{ folder: '/data/log', disk, clock, encoder, partitions: 1, keepMs, segmentBytes: 4000 },
  });
  return { log, book };
}

/** The collector: remote write over HTTP into a log, nothing before it is durable. */
async function makeCollector(room: TestRoom, seed: number) {
  const disk = new MemoryDisk({ random: seededRandom(seed), clock: room.clock });
  let door: Door | undefined;
  let log: EmbeddedLog | undefined;
  const take = async (request: IncomingMessage, reply: ServerResponse): Promise<void> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const { refused } = await (door as Door).remoteWrite(Buffer.concat(chunks));
    assert.equal(refused, 0);
    reply.writeHead(204).end();
  };
  const server = createServer((request, reply) => {
    take(request, reply).catch(() => reply.writeHead(503).end());
  });
  const outage = new Outage(server);
  const live = async (): Promise<void> => {
    const kernels = new Kernels();
    const opened = await openLog(disk, room, kernels, 24 * 60 * MINUTE_MS);
    log = opened.log;
    door = new Door({ ...opened, kernels, clock: room.clock });
    await outage.up();
  };
  const kill = async (): Promise<void> => {
    disk.freeze();
    await outage.down();
    disk.powerLoss();
  };
  /** Every sample that a store would show, by series, in order of time. */
  const shown = async () => {
    const kernels = new Kernels();
    const head = new Head(kernels, { partition: 0 });
    const opened = log as EmbeddedLog;
    const reader = await opened.read('witness', new Map([[0, await opened.start(0)]]));
    let doubles = 0;
    for (let left = (await opened.end(0)) - (await opened.start(0)); left > 0;) {
      for (const { bytes, definitionsOnly } of await reader.next()) {
        doubles += head.apply(bytes, definitionsOnly).duplicate;
        if (!definitionsOnly) left--;
      }
    }
    await reader.close();
    const found = new Map<string, { at: number; value: number }[]>();
    const buffer = { timestamps: new Float64Array(0), values: new Float64Array(0) };
    const into = { ...buffer, words: new Uint32Array(0) };
    for (const id of head.match([{ name: '__name__', op: '!=', value: '' }], 0, 8e15)) {
      const count = head.read(id, 0, 8e15, into);
      const samples = Array.from({ length: count }, (_, i) => {
        return { at: into.timestamps[i], value: into.values[i] };
      });
      found.set(labelValue(head.labels(id), '__name__'), samples);
    }
    return { found, doubles };
  };
  const end = async (): Promise<void> => {
    await outage.down();
    await log?.close();
  };
  return { outage, live, kill, shown, end };
}

type Collector = Awaited<ReturnType<typeof makeCollector>>;

function makeAgent(room: TestRoom, collector: Collector, seed: number) {
  const { clock } = room;
  const disk = new MemoryDisk({ random: seededRandom(seed), clock });
  const taken: { at: number; value: number }[] = [];
  const failures: unknown[] = [];
  const live = async () => {
    const kernels = new Kernels();
    const { log, book } = await openLog(disk, room, kernels, 0);
    const door = new Door({ log, book, kernels, clock });
    const failed = (thrown: unknown): void => void failures.push(thrown);
    const aggregation = makeAggregation({
      ...{ rules: RULES, log, epoch: log.epoch, door, dataDir: '/data', clock, disk, failed },
      warn: room.warn,
    });
    const sender = new AgentSender({
      ...{ log, clock, disk, warn: room.warn, info: room.warn },
      url: `http://127.0.0.1:${collector.outage.port}/api/v1/write`,
      batch: new AgentBatch(kernels),
      access: { followRedirects: false },
      progress: progressFile(disk, '/data/log/delivered.json'),
      reader: 'agent',
      fullWords: 'full',
      overfull: () => false,
      tidy: () => log.retain(),
    });
    await sender.start(failed);
    await aggregation.start?.();
    const refs = SERIES.map((name) => door.refOf(makeLabels([['__name__', name]])));
    const take = async (): Promise<void> => {
      const columns = new ColumnBuffer();
      const [at, value] = [clock.now(), taken.length];
      for (const ref of refs) columns.put(ref, at, value);
      await door.append(columns, at);
      taken.push({ at, value });
      await door.tick();
    };
    return { log, door, sender, aggregation, take };
  };
  const kill = async (life: { sender: AgentSender }): Promise<void> => {
    disk.freeze();
    void life.sender.stop();
    await room.pass(1);
    disk.powerLoss();
  };
  return { live, kill, taken, failures };
}

for (const seed of [21, 22, 23]) {
  test(`a collector away for ten minutes, the agent killed too, seed ${seed}`, async () => {
    const random = seededRandom(seed);
    const room = new TestRoom();
    const collector = await makeCollector(room, seed);
    const agent = makeAgent(room, collector, seed + 1);
    const sinceMs = room.clock.now();
    await collector.live();
    let life = await agent.live();
    const scrapes = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        await room.clock.advance(2000);
        await life.take();
        if (random() < 0.2) await room.pass(1);
      }
    };
    await scrapes(40);
    await collector.kill();
    const awayMs = room.clock.now();
    for (let kills = 0; kills < 3; kills++) {
      await scrapes(30 + Math.floor(random() * 40));
      await agent.kill(life);
      life = await agent.live();
    }
    while (room.clock.now() < awayMs + 10 * MINUTE_MS) await scrapes(10);
    await collector.live();
    await scrapes(30);
    // The last windows end, and everything arrives.
    for (let i = 0; i < 15; i++) {
      await room.clock.advance(1000);
      await life.door.tick();
    }
    const { taken } = agent;
    const count = async (): Promise<number> => {
      return (await collector.shown()).found.get('queue')?.length ?? 0;
    };
    for (let i = 0; i < 400 && (await count()) < taken.length; i++) await room.pass(5000);
    await room.pass(20_000);
    const { found, doubles } = await collector.shown();
    for (const name of ['jobs', 'queue']) assert.deepEqual(found.get(name), taken, name);
    // At most a request came twice for each time that somebody was killed.
    assert.ok(doubles < 3 * taken.length, `${doubles} doubles were dropped`);
    const windows = new Map<number, number[]>();
    for (const { at, value } of taken) {
      const end = Math.ceil(at / 10_000) * 10_000;
      if (end - 10_000 >= sinceMs) windows.set(end, [...(windows.get(end) ?? []), value]);
    }
    const counted = [...windows].map(([at, values]) => ({ at, value: values.length }));
    const summed = [...windows].map(([at, values]) => {
      return { at, value: values.reduce((sum, value) => sum + value, 0) };
    });
    for (const name of ['jobs', 'secret']) {
      assert.deepEqual(found.get(`${name}:all_count`), counted, `${name}:all_count`);
      assert.deepEqual(found.get(`${name}:all_sum`), summed, `${name}:all_sum`);
    }
    // What is held back arrives only where no whole window was there for it.
    const early = taken.filter(({ at }) => Math.ceil(at / 10_000) * 10_000 - 10_000 < sinceMs);
    assert.deepEqual(found.get('secret') ?? [], early);
    assert.deepEqual(agent.failures, []);
    await life.sender.stop();
    await life.aggregation.drain?.();
    await life.log.close();
    await collector.end();
  });
}
