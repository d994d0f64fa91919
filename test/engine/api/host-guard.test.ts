// The Host header on loopback: names of this machine come in, others do not; with a token, or on
// another address, names are nobody's business.
import assert from 'node:assert/strict';
import test from 'node:test';
import { HostGuard } from '../../../src/engine/api/host-guard.ts';
import { startApi } from '../../support/api-fixture.ts';
import type { IncomingMessage } from 'node:http';

function request(host: string | undefined): IncomingMessage {
  return { rawHeaders: host === undefined ? [] : ['Host', host] } as unknown as IncomingMessage;
}

const OURS = [
  'localhost',
  'LOCALHOST:9590',
  'localhost.:9590',
  'mon.localhost:9590',
  '127.0.0.1:9590',
  '127.9.8.7',
  '[::1]:9590',
  '[::1]',
  undefined,
];
const OTHERS = [
  'evil.example',
  'evil.example:9590',
  'localhost.evil.example',
  '127.0.0.1.evil.example:9590',
  '192.168.1.2:9590',
  '[2001:db8::1]:80',
];

test('on loopback without a token only names of this machine', () => {
  for (const listen of ['127.0.0.1', '::1', '[::1]', 'localhost', '127.0.0.2']) {
    const guard = new HostGuard(listen, false);
    for (const host of OURS) assert.equal(guard.allows(request(host)), true, `${listen} ${host}`);
    for (const host of OTHERS)
      assert.equal(guard.allows(request(host)), false, `${listen} ${host}`);
  }
});

test('with a token or on another address any name', () => {
  for (const guard of [new HostGuard('127.0.0.1', true), new HostGuard('0.0.0.0', false)]) {
    for (const host of [...OURS, ...OTHERS]) assert.equal(guard.allows(request(host)), true);
  }
});

test('a server on loopback refuses a rebound name, health checks too', async () => {
  await using api = await startApi();
  const headers = { host: 'evil.example' };
  for (const path of ['/api/v1/query?query=up', '/-/healthy', '/metrics', '/']) {
    const { status, text } = await api.call(path, { headers });
    assert.equal(status, 403, path);
    assert.match(text, /the Host header names another machine/);
  }
  assert.equal((await api.call('/-/healthy', { headers: { host: 'localhost' } })).status, 200);
  await using guarded = await startApi({ token: 'secret' });
  assert.equal((await guarded.call('/-/healthy', { headers })).status, 200);
});
