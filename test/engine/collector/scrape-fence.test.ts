// What a collector may still do when another one may have its targets: nothing is asked of a target
// and nothing is appended, at whichever moment it finds out. Real servers, so that connections are
// made and kept as they are in use.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createPlain } from 'node:net';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { MonError } from '../../../src/engine/errors.ts';
import { ScrapeManager } from '../../../src/engine/collector/scrape-manager.ts';
import type { ReadBody, TargetShare } from '../../../src/engine/collector/scrape-loop.ts';
import { HttpScraper } from '../../../src/engine/collector/scrape-http.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { until } from '../../support/until.ts';
import { VirtualClock, settle } from '../../support/virtual-clock.ts';
import { DoorDouble, job, memoryFiles, serve } from './scrape-double.ts';

const forever = new AbortController().signal;
const INTERVAL_MS = 1000;

interface Held extends TargetShare {
  allowedNow: boolean;
}

function held(): Held {
  const share: Held = { allowedNow: true, mine: () => true, allowed: () => share.allowedNow };
  return share;
}

function scraper(t: TestContext): HttpScraper {
  const made = new HttpScraper({
    ...{ followRedirects: true, compression: true, bodyBytesMax: 0 },
    ...{ disk: memoryFiles(new Map()), clock: systemClock },
  });
  t.after(() => made.close());
  return made;
}

function fence() {
  const one = {
    open: true,
    may: (): void => {
      if (!one.open) throw new MonError('MON_ABORTED', 'not ours');
    },
  };
  return one;
}

test('nothing is sent over a connection that took too long to be made', async (t) => {
  let asked = 0;
  const server = createPlain((socket) => socket.on('data', () => asked++));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const one = fence();
  const answer = scraper(t).reader(`http://127.0.0.1:${port}/`, 5000)(forever, one.may);
  // The connection is on its way; whoever sleeps now wakes up when it stands.
  one.open = false;
  await assert.rejects(answer, /not ours/);
  await pause(50);
  assert.equal(asked, 0);
});

test('a kept connection that was closed meanwhile is not tried anew', async (t) => {
  let asked = 0;
  const one = fence();
  const server = createServer((_, reply) => {
    if (++asked > 1) {
      one.open = false;
      reply.destroy();
    } else reply.end('a 1\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const read = scraper(t).reader(`http://127.0.0.1:${port}/`, 5000);
  await read(forever, one.may);
  await assert.rejects(read(forever, one.may), /not ours/);
  assert.equal(asked, 2);
});

test('what a target said is dropped when it is another collector’s by then', async (t) => {
  const door = new DoorDouble();
  const share = held();
  const answers: (() => void)[] = [];
  const server = await serve((_, reply) => {
    answers.push(() => void reply.end('a 1\n'));
  });
  const manager = new ScrapeManager({
    ...{ door, clock: systemClock, disk: memoryFiles(new Map()), share },
    warn: () => undefined,
  });
  t.after(async () => {
    await manager.stop();
    await server.close();
  });
  const group = { source: 'static/0', targets: [server.address], labels: {} };
  const times = { intervalMs: 200, timeoutMs: 150 };
  await manager.apply([job({ staticConfigs: [group], ...times })]);
  await until('it is asked', () => answers.length === 1);
  share.allowedNow = false;
  answers[0]();
  await pause(500);
  assert.equal(door.rows.length, 0, 'no samples, no stale markers, no up');
  assert.equal(answers.length, 1, 'and it is not asked again');
  share.allowedNow = true;
  await until('it is asked again', () => answers.length === 2);
  answers[1]();
  await until('it is taken', () => door.values('up').length === 1);
});

test('a scrape that is late by half an interval gives way to the next one', async () => {
  const clock = new VirtualClock();
  const door = new DoorDouble();
  const times: number[] = [];
  const read = async () => {
    times.push(clock.now());
    return { bytes: Buffer.from('a 1\n'), contentType: 'text/plain' };
  };
  const share = held();
  let late = 0;
  // A process that sleeps: its timers run when it wakes up, at another time.
  const sleepy = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    sleep: (ms: number, signal?: AbortSignal) => clock.sleep(ms, signal),
    after: (ms: number, call: () => void) => clock.after(ms + late, call),
  };
  const manager = new ScrapeManager({
    ...{ door, clock: sleepy, disk: memoryFiles(new Map()), share, makeReader: () => read },
    warn: () => undefined,
  });
  const group = { source: 'static/0', targets: ['a:1'], labels: {} };
  await manager.apply([job({ staticConfigs: [group], intervalMs: INTERVAL_MS, timeoutMs: 500 })]);
  await clock.advance(3000);
  const before = times.length;
  for (const ms of [600, 900, 400, 700]) {
    late = ms;
    await clock.advance(1100);
    late = 0;
    await clock.advance(2000);
  }
  assert.ok(times.length > before + 4, 'it is scraped');
  for (let i = 2; i < times.length; i++) {
    assert.ok(times[i] - times[i - 1] >= INTERVAL_MS / 2, `${times[i] - times[i - 1]} ms apart`);
  }
  const stopped = manager.stop();
  await settle();
  await clock.advance(1000);
  await stopped;
});

test('a scrape that grew late on its way to the target is left to the next one', async () => {
  const clock = new VirtualClock();
  const door = new DoorDouble();
  let slow = 0;
  const sent: number[] = [];
  const read: ReadBody = async (_, may) => {
    if (slow > 0) await clock.sleep(slow);
    may?.();
    sent.push(clock.now());
    return { bytes: Buffer.from('a 1\n'), contentType: 'text/plain' };
  };
  const manager = new ScrapeManager({
    ...{ door, clock, disk: memoryFiles(new Map()), share: held(), makeReader: () => read },
    warn: () => undefined,
  });
  const group = { source: 'static/0', targets: ['a:1'], labels: {} };
  await manager.apply([job({ staticConfigs: [group], intervalMs: INTERVAL_MS, timeoutMs: 900 })]);
  await clock.advance(3000);
  const before = sent.length;
  slow = 450;
  await clock.advance(2000);
  slow = 0;
  await clock.advance(2000);
  assert.equal(sent.length, before + 2, 'two were left out');
  assert.ok(
    door.values('up').every((value) => value === 1),
    'and none failed',
  );
  const stopped = manager.stop();
  await settle();
  await clock.advance(1000);
  await stopped;
});
