// The life of a process: order of starting and stopping, failures on the way, and the deadline. On
// virtual time: the deadline costs nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import { makeLogger } from '../../../src/engine/runtime/logger.ts';
import { Services } from '../../../src/engine/runtime/service.ts';
import type { Service } from '../../../src/engine/runtime/service.ts';
import { VirtualClock, settle } from '../../support/virtual-clock.ts';

function setUp() {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const logger = makeLogger({ clock, write: (line) => void lines.push(line) });
  const services = new Services({ clock, logger, stopMsMax: 1000 });
  const steps: string[] = [];
  const add = (name: string, more: Partial<Service> = {}): void =>
    services.add({
      name,
      start: async () => void steps.push(`start ${name}`),
      drain: async () => void steps.push(`drain ${name}`),
      stop: async () => void steps.push(`stop ${name}`),
      ...more,
    });
  return { clock, lines, services, steps, add };
}

const STOPPED = ['drain b', 'drain a', 'stop b', 'stop a'];

test('starts in order, drains and stops in reverse order', async () => {
  const { services, steps, add } = setUp();
  add('a');
  add('b');
  assert.deepEqual(services.waitingFor(), ['a', 'b']);
  await services.start();
  assert.equal(services.ready, true);
  assert.deepEqual(await services.stop(), []);
  assert.deepEqual(steps, ['start a', 'start b', ...STOPPED]);
  assert.equal(services.state, 'stopped');
  assert.equal(services.ready, false);
  await services.stop();
  assert.equal(steps.length, 6);
});

test('is ready when every service is', async () => {
  const { services, add } = setUp();
  let ready = false;
  add('a');
  add('slow', { ready: () => ready });
  await services.start();
  assert.deepEqual(services.waitingFor(), ['slow']);
  ready = true;
  assert.equal(services.ready, true);
  await services.stop();
});

test('stops what has started when a start fails', async () => {
  const { services, steps, add } = setUp();
  add('a');
  add('bad', { start: () => Promise.reject(new MonError('MON_PORT_IN_USE', 'taken')) });
  add('never');
  await assert.rejects(services.start(), /taken/);
  assert.deepEqual(steps, ['start a', 'stop a']);
  assert.equal(services.state, 'stopped');
});

test('a service that hangs does not keep the others from stopping', async () => {
  const { clock, lines, services, steps, add } = setUp();
  add('a');
  add('hangs', {
    drain: () => new Promise(() => undefined),
    stop: () => new Promise(() => undefined),
  });
  await services.start();
  const stopping = services.stop();
  await clock.advance(1000);
  await clock.advance(100);
  assert.deepEqual(await stopping, ['hangs']);
  assert.deepEqual(steps, ['start a', 'start hangs', 'drain a', 'stop a']);
  assert.match(lines.join(''), /hangs did not drain in time/);
  assert.equal(clock.waiting, 0);
});

test('a service that fails to stop is told and the others stop', async () => {
  const { lines, services, steps, add } = setUp();
  add('a');
  add('bad', { stop: () => Promise.reject(new Error('no')) });
  await services.start();
  assert.deepEqual(await services.stop(), ['bad']);
  assert.ok(steps.includes('stop a'));
  assert.match(lines.join(''), /bad failed to stop: no/);
});

test('a stop while starting stops also what is just starting', async () => {
  const { services, steps, add } = setUp();
  let go = (): void => undefined;
  add('a');
  add('b', { start: () => new Promise((resolve) => (go = resolve)) });
  add('never');
  const starting = assert.rejects(services.start(), /while it was starting/);
  await settle();
  const stopping = services.stop();
  await settle();
  go();
  await Promise.all([starting, stopping]);
  assert.deepEqual(steps, ['start a', 'stop a', 'stop b']);
});
