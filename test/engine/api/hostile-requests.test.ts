// Requests that nobody would write by hand: the server answers each with a status of its list,
// knows no bug, and lives on. Paths, methods, headers and bodies are drawn from a seed.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { startApi } from '../../support/api-fixture.ts';

const ROUNDS = 400;
const STATUSES = [200, 204, 400, 403, 404, 405, 408, 413, 415, 417, 431];
const METHODS = ['GET', 'POST', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'get'];
const PATHS = [
  '/',
  '*',
  '//',
  '/metrics',
  '/api/v1/query',
  '/api/v1/query_range',
  '/api/v1/series',
  '/api/v1/labels',
  '/api/v1/label/%zz/values',
  '/api/v1/label/U__2e_/values',
  '/api/v1/metadata',
  '/api/v1/targets',
  '/api/v1/write',
  '/api/v1/push',
  '/-/ready',
  'http://other/metrics',
  '/constructor',
  '/__proto__',
];
const QUERIES = [
  '',
  '?',
  '?query=%',
  '?match[]=%7B',
  '?match[]=a&match[]=b&limit=-1',
  '?start=x',
  '?&&==',
];
const HEADERS = [
  'Content-Type: application/json',
  'Content-Type: application/x-www-form-urlencoded',
  'Content-Type: application/x-protobuf;proto=',
  'Content-Type:',
  'Content-Encoding: gzip',
  'Content-Encoding: snappy',
  'Accept-Encoding: gzip;q=',
  'Authorization: Bearer',
  'Expect: 100-continue',
  'Expect: something',
  'Origin: ://',
  'Host: a',
];
const BODIES = ['', 'query=up&time=%', '{', '\0\0\0', 'match[]=up{a=~"("}', '\x1f\x8b\x08'];

/** Sends bytes and answers the first status line, or an empty text when there is none. */
function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let got = '';
    socket.on('data', (page) => (got += page.toString('latin1')));
    socket.on('error', () => resolve(got));
    socket.on('close', () => resolve(got));
    socket.end(text);
  });
}

test(`${ROUNDS} hostile requests get an answer each`, async () => {
  const seed = 20261121;
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
  await using api = await startApi();
  for (let i = 0; i < ROUNDS; i++) {
    const body = pick(BODIES);
    const length = random() < 0.9 ? body.length : Math.floor(random() * 1e9);
    const headers = Array.from({ length: Math.floor(random() * 4) }, () => pick(HEADERS));
    const head = `${pick(METHODS)} ${pick(PATHS)}${pick(QUERIES)} HTTP/1.1`;
    const lines = [head, 'Host: x', 'Connection: close', `Content-Length: ${length}`, ...headers];
    const text = `${lines.join('\r\n')}\r\n\r\n${body}`;
    const answer = (await exchange(api.port, text)).replace(/^HTTP\/1\.1 100 [^]*?\r\n\r\n/, '');
    const status = Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0);
    // A body that never comes whole is a connection that ended; nobody is there to be answered.
    const known = STATUSES.includes(status) || (status === 0 && length !== body.length);
    assert.ok(
      known,
      `seed ${seed}, round ${i}: ${JSON.stringify(text)} -> ${answer.slice(0, 300)}`,
    );
  }
  assert.deepEqual(api.fakes.bugs, []);
  assert.equal(api.server.pendingBytes, 0);
});
