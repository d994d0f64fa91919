// The doors of pushed samples, with real requests: what reaches the Intake, what the sender is
// told, and that no memory stays behind.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { MonError } from '../../../src/engine/errors.ts';
import { BODY_BYTES_MAX, BODY_COMPRESSED_BYTES_MAX } from '../../../src/engine/limits.ts';
import { outcomeOf, startApi } from '../../support/api-fixture.ts';
import type { Ask, Fixture, Reply } from '../../support/api-fixture.ts';

const WRITE = { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' };
const JSON_HEADERS = { 'content-type': 'application/json' };

function post(api: Fixture, path: string, more: Ask): Promise<Reply> {
  return api.call(path, { method: 'POST', ...more });
}

test('a remote-write body arrives whole, whatever its size, and 204 follows', async () => {
  await using api = await startApi();
  const sizes = [0, 1, 65_535, 65_536, 65_537, 140_000, 3_000_000];
  const bodies = sizes.map((size) => randomBytes(size));
  for (const body of bodies) {
    const reply = await post(api, '/api/v1/write', { headers: WRITE, body });
    assert.equal(reply.status, 204);
    assert.equal(reply.text, '');
  }
  assert.deepEqual(
    api.fakes.bodies,
    bodies.map((bytes) => ({ door: 'remoteWrite', bytes })),
  );
  assert.equal(api.server.pendingBytes, 0);
});

test('a body of unknown length is read as it comes', async () => {
  await using api = await startApi();
  const body = randomBytes(300_000);
  const headers = { ...WRITE, 'transfer-encoding': 'chunked' };
  const reply = await post(api, '/api/v1/write', { headers, body });
  assert.equal(reply.status, 204);
  assert.deepEqual(api.fakes.bodies[0].bytes, body);
  assert.equal(api.server.pendingBytes, 0);
});

test('bodies that are stored at the same time do not share memory', async () => {
  await using api = await startApi();
  const waiting: (() => void)[] = [];
  api.fakes.outcome = () =>
    new Promise((resolve) => {
      waiting.push(() => resolve(outcomeOf()));
      if (waiting.length === 8) for (const go of waiting) go();
    });
  const bodies = Array.from({ length: 8 }, () => randomBytes(100_000));
  const replies = bodies.map((body) => post(api, '/api/v1/write', { headers: WRITE, body }));
  for (const reply of await Promise.all(replies)) assert.equal(reply.status, 204);
  const texts = (list: Buffer[]): string[] => list.map((b) => b.toString('hex')).toSorted();
  assert.deepEqual(texts(api.fakes.bodies.map((b) => b.bytes)), texts(bodies));
});

test('remote write takes its two versions in snappy and nothing else', async () => {
  await using api = await startApi();
  const f = async (headers: Record<string, string>, status: number): Promise<void> => {
    const reply = await post(api, '/api/v1/write', { headers, body: 'x' });
    assert.equal(reply.status, status, JSON.stringify(headers));
  };
  await f({}, 204);
  await f({ 'content-type': 'application/x-protobuf;proto=prometheus.WriteRequest' }, 204);
  await f({ 'content-type': 'application/x-protobuf; proto=io.prometheus.write.v2.Request' }, 204);
  await f({ 'content-type': 'application/x-protobuf; proto=io.prometheus.write.v3.Request' }, 415);
  await f({ 'content-type': 'application/json' }, 415);
  await f({ ...WRITE, 'content-encoding': 'gzip' }, 415);
  await f({ ...WRITE, 'content-encoding': 'zstd' }, 415);
});

test('a refusal for the fault of the data is 400 and names counts and examples', async () => {
  await using api = await startApi();
  const examples = ['up{job="a"}: 20 minutes in the future.'];
  const reasons = { tooNew: 2, tooOld: 1 };
  api.fakes.outcome = async () => outcomeOf({ accepted: 7, refused: 3, reasons, examples });
  const write = await post(api, '/api/v1/write', { headers: WRITE, body: 'x' });
  assert.equal(write.status, 400);
  assert.match(String(write.headers['content-type']), /^text\/plain/);
  const words =
    '3 of 10 samples were refused (tooNew 2, tooOld 1); the rest is stored. ' +
    'up{job="a"}: 20 minutes in the future.';
  assert.equal(write.text, `${words}\n`);
  const json = await post(api, '/metrics', { headers: JSON_HEADERS, body: '{}' });
  assert.equal(json.status, 400);
  assert.deepEqual(JSON.parse(json.text), {
    status: 'error',
    errorType: 'bad_data',
    error: words,
    accepted: 7,
    refused: 3,
    reasons,
    examples,
  });
});

test('what the Intake throws becomes the status that makes a sender do right', async () => {
  await using api = await startApi();
  const f = async (thrown: MonError, status: number): Promise<Reply> => {
    api.fakes.outcome = () => Promise.reject(thrown);
    const reply = await post(api, '/api/v1/write', { headers: WRITE, body: 'x' });
    assert.equal(reply.status, status);
    assert.equal(JSON.parse(reply.text).error, thrown.message);
    return reply;
  };
  await f(new MonError('MON_BODY_MALFORMED', 'not snappy'), 400);
  await f(new MonError('MON_BODY_TOO_LARGE', 'a bomb'), 413);
  const full = await f(new MonError('MON_DISK_FULL', 'no room', { hint: 'make room' }), 503);
  assert.equal(full.headers['retry-after'], '2');
  assert.equal(JSON.parse(full.text).hint, 'make room');
  await f(new MonError('MON_LOG_CLOSED', 'closed'), 500);
  assert.equal(api.server.pendingBytes, 0);
});

test('JSON and exposition text have doors of their own', async () => {
  await using api = await startApi();
  const body = '{"metrics":{"a":1},"labels":{}}';
  const type = 'Application/JSON; charset=utf-8';
  const json = await post(api, '/metrics', { headers: { 'content-type': type }, body });
  assert.equal(json.status, 200);
  assert.equal(json.text, '{"status":"success","accepted":1,"refused":0,"reasons":{}}');
  const open = 'application/openmetrics-text; version=1.0.0';
  const text = await post(api, '/api/v1/push', { headers: { 'content-type': open }, body: 'a 1' });
  assert.equal(text.status, 200);
  const packed = { body: gzipSync('b 2\n'), headers: { 'content-encoding': 'gzip' } };
  assert.equal((await post(api, '/api/v1/push', packed)).status, 200);
  assert.deepEqual(api.fakes.bodies, [
    { door: 'json', bytes: Buffer.from(body) },
    { door: 'exposition', bytes: Buffer.from('a 1'), type: open },
    { door: 'exposition', bytes: Buffer.from('b 2\n'), type: 'text/plain' },
  ]);
});

test('wrong types and codings are 415, broken gzip 400, a gzip bomb 413', async () => {
  await using api = await startApi();
  const f = async (path: string, more: Ask, status: number): Promise<void> => {
    const reply = await post(api, path, more);
    assert.equal(reply.status, status, reply.text);
  };
  await f('/metrics', { headers: { 'content-type': 'text/plain' }, body: 'a 1' }, 415);
  await f('/metrics', { body: '{}' }, 415);
  await f('/api/v1/push', { headers: JSON_HEADERS, body: '{}' }, 415);
  await f('/api/v1/push', { headers: { 'content-encoding': 'br' }, body: 'x' }, 415);
  const gzip = { 'content-encoding': 'gzip' };
  await f('/api/v1/push', { headers: gzip, body: 'not gzip' }, 400);
  await f('/api/v1/push', { headers: gzip, body: gzipSync('a 1\n').subarray(0, 12) }, 400);
  const bomb = gzipSync(Buffer.alloc(BODY_BYTES_MAX + 1));
  await f('/api/v1/push', { headers: gzip, body: bomb }, 413);
  assert.deepEqual(api.fakes.bodies, []);
  assert.equal(api.server.pendingBytes, 0);
});

test('a body that is too large is refused before it is read, with the reason', async () => {
  await using api = await startApi();
  const size = BODY_COMPRESSED_BYTES_MAX + 1;
  const declared = await post(api, '/api/v1/write', { headers: WRITE, body: Buffer.alloc(size) });
  assert.equal(declared.status, 413);
  assert.equal(declared.headers.connection, 'close');
  assert.match(declared.text, /more than 16777216 bytes/);
  const headers = { ...WRITE, 'transfer-encoding': 'chunked' };
  const unknown = await post(api, '/api/v1/write', { headers, body: Buffer.alloc(size) });
  assert.equal(unknown.status, 413);
  assert.deepEqual(api.fakes.bodies, []);
  assert.equal(api.server.pendingBytes, 0);
});

test('a sender that asks first is told to go on, or why not', async () => {
  await using api = await startApi();
  const f = (length: number): Promise<{ continued: boolean; status: number }> =>
    new Promise((resolve, reject) => {
      const headers = { ...WRITE, expect: '100-continue', 'content-length': length };
      const options = { method: 'POST', agent: false, headers } as const;
      let continued = false;
      const req = request(`${api.base}/api/v1/write`, options, (res) => {
        res.resume();
        res.on('end', () => {
          resolve({ continued, status: res.statusCode ?? 0 });
          req.destroy();
        });
      });
      req.on('continue', () => {
        continued = true;
        req.end(Buffer.alloc(length));
      });
      req.on('error', reject);
      req.flushHeaders();
    });
  assert.deepEqual(await f(1000), { continued: true, status: 204 });
  assert.deepEqual(await f(BODY_COMPRESSED_BYTES_MAX + 1), { continued: false, status: 413 });
});

test('a sender that stops half way changes nothing and holds nothing', async () => {
  await using api = await startApi();
  await new Promise<void>((resolve) => {
    const headers = { ...WRITE, 'content-length': 1000 };
    const options = { method: 'POST', agent: false, headers } as const;
    const req = request(`${api.base}/api/v1/write`, options);
    req.on('error', () => resolve());
    req.on('close', () => resolve());
    req.write(Buffer.alloc(500), () => req.destroy());
  });
  while (api.server.pendingBytes > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(api.fakes.bodies, []);
});

test('a web page of another site cannot make a browser push', async () => {
  await using api = await startApi();
  const f = async (headers: Record<string, string>, status: number): Promise<void> => {
    const reply = await post(api, '/api/v1/push', { headers, body: 'a 1' });
    assert.equal(reply.status, status, JSON.stringify(headers));
  };
  await f({ 'sec-fetch-site': 'cross-site' }, 403);
  await f({ 'sec-fetch-site': 'same-site' }, 403);
  await f({ 'sec-fetch-site': 'same-origin' }, 200);
  await f({ origin: 'http://evil.example' }, 403);
  await f({ origin: 'null' }, 403);
  await f({ origin: api.base }, 200);
  const reply = await post(api, '/api/v1/write', { headers: { origin: 'http://evil.example' } });
  assert.equal(reply.status, 403);
});
