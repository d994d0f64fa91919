// An agent's buffer and its delivery against a receiver that is away, refuses, asks for patience
// or dies within an answer, while the agent itself is killed at random: each sample arrives, in
// order, and what comes twice is the same.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { uncompressSync } from 'snappy';
import { BatchCodec } from '../../../src/engine/codec/batch.ts';
import { AgentBatch, withLabels } from '../../../src/engine/collector/agent-batch.ts';
import { AgentSender } from '../../../src/engine/collector/agent-sender.ts';
import { Door } from '../../../src/engine/collector/door.ts';
import { progressFile } from '../../../src/engine/collector/progress-file.ts';
import { ColumnBuffer } from '../../../src/engine/collector/scrape-door.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../../src/engine/kernels/series-book.ts';
import { EmbeddedLog } from '../../../src/engine/log/embedded-log.ts';
import { batchEncoder } from '../../../src/engine/log/record-encoder.ts';
import { makeLabels } from '../../../src/engine/model/labels.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { Outage, TestRoom } from '../../support/discovery-room.ts';
import { MemoryDisk } from '../../support/memory-disk.ts';
import { writtenLines } from '../../support/write-request-oracle.ts';

const FOLDER = '/agent/log';
const SERIES = ['a', 'b', 'c'];

async function setUp(t: TestContext, seed: number) {
  const room = new TestRoom();
  const { clock } = room;
  const disk = new MemoryDisk({ random: seededRandom(seed), clock });
  const lines: string[] = [];
  const said: { answer: RequestListener | undefined; headers: unknown[] } = {
    answer: undefined,
    headers: [],
  };
  const server = createServer((request, reply) => {
    const chunks: Uint8Array[] = [];
    request.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    request.on('end', () => {
      said.headers.push(request.headers);
      if (said.answer !== undefined) return said.answer(request, reply);
      const body = uncompressSync(Buffer.concat(chunks)) as Buffer;
      lines.push(...writtenLines(body).lines);
      reply.writeHead(204).end();
    });
  });
  const outage = new Outage(server);
  await outage.up();
  const url = `http://127.0.0.1:${outage.port}/api/v1/write`;
  let bufferBytes = Infinity;
  const live = async () => {
    const kernels = new Kernels();
    const book = new SeriesBook(kernels, 1);
    const encoder = batchEncoder(new BatchCodec(kernels), book);
    const log = await EmbeddedLog.open({
      ...{ folder: FOLDER, disk, clock, encoder, partitions: 1, keepMs: 0, segmentBytes: 2000 },
    });
    const door = new Door({ log, book, kernels, clock });
    const sender = new AgentSender({
      ...{ log, clock, disk, url, warn: room.warn, info: room.warn },
      batch: new AgentBatch(kernels, withLabels({ site: 'lab' })),
      access: { followRedirects: false },
      reader: 'agent',
      progress: progressFile(disk, `${FOLDER}/delivered.json`),
      fullWords: 'the buffer is full: the oldest samples go',
      overfull: () => log.counts.bytesOnDisk > bufferBytes,
      tidy: () => log.retain(),
    });
    const failures: unknown[] = [];
    await sender.start((thrown) => failures.push(thrown));
    const refs = SERIES.map((name) => door.refOf(makeLabels([['__name__', name]])));
    const take = async (value: number): Promise<void> => {
      const columns = new ColumnBuffer();
      for (const ref of refs) columns.put(ref, clock.now(), value);
      await door.append(columns, clock.now());
    };
    return { log, door, sender, failures, take };
  };
  t.after(() => outage.down().catch(() => undefined));
  const bound = (bytes: number): void => void (bufferBytes = bytes);
  return { room, clock, disk, lines, said, outage, live, bound };
}

/** Values of a series in the order in which they came, and that each time has one value. */
function arrived(lines: readonly string[], name: string): number[] {
  const seen = new Map<string, number>();
  for (const line of lines) {
    if (!line.startsWith(`${name}{site="lab"} `)) continue;
    const [, value, time] = line.split(' ');
    assert.equal(seen.get(time) ?? Number(value), Number(value), 'a double is the same');
    seen.set(time, Number(value));
  }
  return [...seen.values()];
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

test('an hour without the server: everything waits and comes in order', async (t) => {
  const { room, clock, lines, said, outage, live } = await setUp(t, 1);
  const life = await live();
  await life.take(0);
  await room.until('the first', () => lines.length === 3);
  assert.deepEqual(lines.slice().sort(), [
    `a{site="lab"} 0 ${1_700_000_000_000}`,
    `b{site="lab"} 0 ${1_700_000_000_000}`,
    `c{site="lab"} 0 ${1_700_000_000_000}`,
  ]);
  const headers = said.headers[0] as Record<string, string>;
  assert.equal(headers['content-encoding'], 'snappy');
  assert.equal(headers['x-prometheus-remote-write-version'], '0.1.0');
  await outage.down();
  for (let i = 1; i <= 360; i++) {
    await clock.advance(10_000);
    await life.take(i);
  }
  assert.equal(lines.length, 3);
  assert.equal(room.warnings.length, 1, room.warnings.join());
  assert.match(room.warnings[0], /nothing can be delivered: .*it waits on disk/);
  await outage.up();
  await room.until('the rest', () => lines.length >= 3 * 361);
  for (const name of SERIES) assert.deepEqual(arrived(lines, name), upTo(361));
  assert.equal(lines.length, 3 * 361, 'nothing came twice');
  await room.until('the segments are gone', () => life.log.counts.segments <= 1);
  assert.match(room.warnings[1], /answers again/);
  await life.sender.stop();
  await life.log.close();
  assert.deepEqual(life.failures, []);
});

test('killed again and again, at both ends: every sample once', async (t) => {
  for (const seed of [11, 12, 13]) {
    const random = seededRandom(seed);
    const { room, clock, disk, lines, outage, live } = await setUp(t, seed);
    let next = 0;
    let isUp = true;
    for (let round = 0; round < 12; round++) {
      const life = await live();
      for (let n = Math.floor(random() * 8); n >= 0; n--) {
        await clock.advance(1000 + Math.floor(random() * 60_000));
        if (random() < 0.3) {
          await (isUp ? outage.down() : outage.up());
          isUp = !isUp;
        }
        await life.take(next++);
        if (random() < 0.5) await room.pass(1);
      }
      // The process is gone in the middle of whatever it did.
      disk.freeze();
      void life.sender.stop();
      await room.pass(1);
      disk.processCrash();
      assert.deepEqual(life.failures, [], `seed ${seed}`);
    }
    if (!isUp) await outage.up();
    const last = await live();
    await room.until(`all, seed ${seed}`, () => arrived(lines, 'c').length === next);
    for (const name of SERIES) assert.deepEqual(arrived(lines, name), upTo(next), `seed ${seed}`);
    await last.sender.stop();
    await last.log.close();
  }
});

test('who does not know us, and who asks for patience, gets it later', async (t) => {
  const { room, lines, said, live } = await setUp(t, 2);
  const life = await live();
  said.answer = (_, reply) => void reply.writeHead(401).end('who are you');
  await life.take(0);
  await room.until('a refusal', () => room.warnings.length === 1);
  assert.match(room.warnings[0], /HTTP status 401: "who are you"; it waits/);
  said.answer = (_, reply) => void reply.writeHead(429, { 'Retry-After': '120' }).end();
  await room.until('patience', () => life.sender.counts.requests === 3);
  const { requests } = life.sender.counts;
  await room.pass(100_000);
  assert.ok(life.sender.counts.requests <= requests + 1, 'it waits as long as it was asked to');
  said.answer = undefined;
  await room.until('all', () => lines.length === 3);
  assert.equal(life.sender.counts.sent, 3);
  await life.sender.stop();
  await life.log.close();
});

test('what is refused for good does not hold up the rest', async (t) => {
  const { room, lines, said, live } = await setUp(t, 3);
  const life = await live();
  said.answer = (_, reply) => void reply.writeHead(400).end('too old');
  await life.take(0);
  await room.until('a refusal', () => life.sender.counts.refused === 3);
  assert.match(room.warnings[0], /refused some of 3 samples for good: .*400: "too old"/);
  said.answer = undefined;
  await life.take(1);
  await room.until('the next', () => lines.length === 3);
  await life.sender.stop();
  await life.log.close();
});

test('past its bound the buffer loses the oldest, and says so', async (t) => {
  const { room, clock, lines, outage, live, bound } = await setUp(t, 4);
  const life = await live();
  bound(20_000);
  await outage.down();
  for (let i = 0; i < 600; i++) {
    await clock.advance(10_000);
    await life.take(i);
    if (i % 10 === 0) await room.pass(1);
  }
  await room.pass(120_000);
  assert.ok(life.log.counts.bytesOnDisk < 40_000, String(life.log.counts.bytesOnDisk));
  assert.match(room.warnings.join(), /the buffer is full: the oldest samples go/);
  await outage.up();
  await room.until('the newest', () => arrived(lines, 'a').includes(599));
  const values = arrived(lines, 'a');
  assert.deepEqual(values, upTo(600).slice(-values.length), 'the newest, without a gap');
  assert.ok(values.length > 50, String(values.length));
  assert.equal(life.sender.counts.overflowed, 3 * (600 - values.length));
  await life.sender.stop();
  await life.log.close();
});
