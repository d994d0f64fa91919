// Scraping over HTTPS with each way of trusting the server, with a client certificate, and over
// kept connections that the server closes.
import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { createServer as createPlain } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import type { TlsConfig } from '../../../src/engine/collector/access-config.ts';
import { HttpScraper } from '../../../src/engine/collector/scrape-http.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { memoryFiles } from './scrape-double.ts';
import { TEST_CERTIFICATE, TEST_KEY } from './tls-pair.ts';

const files = new Map([
  ['/ca', TEST_CERTIFICATE],
  ['/cert', TEST_CERTIFICATE],
  ['/key', TEST_KEY],
]);

function scraper(t: TestContext, tls?: TlsConfig): HttpScraper {
  const made = new HttpScraper({
    followRedirects: true,
    compression: true,
    bodyBytesMax: 0,
    disk: memoryFiles(files),
    clock: systemClock,
    ...(tls === undefined ? {} : { tls }),
  });
  t.after(() => made.close());
  return made;
}

async function secureServer(t: TestContext, answer: RequestListener): Promise<string> {
  const options = { key: TEST_KEY, cert: TEST_CERTIFICATE, ca: TEST_CERTIFICATE };
  const server = createServer({ ...options, requestCert: true, rejectUnauthorized: false }, answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`;
}

const forever = new AbortController().signal;

test('a server is trusted by its authority, by word, or not at all', async (t) => {
  const url = await secureServer(t, (_, reply) => void reply.end('a 1\n'));
  const ways: [TlsConfig | undefined, RegExp | undefined][] = [
    [undefined, /self-signed certificate/],
    [{ insecureSkipVerify: true }, undefined],
    [{ insecureSkipVerify: false, caFile: '/ca', serverName: 'mon-test' }, undefined],
    [{ insecureSkipVerify: false, caFile: '/ca', serverName: 'other' }, /does not match/],
    [{ insecureSkipVerify: false, caFile: '/missing' }, /no file \/missing/],
  ];
  for (const [tls, want] of ways) {
    const answer = scraper(t, tls).reader(url, 5000)(forever);
    if (want === undefined) assert.equal((await answer).bytes.length, 4);
    else await assert.rejects(answer, want, JSON.stringify(tls));
  }
});

test('a client certificate is shown', async (t) => {
  const url = await secureServer(t, (request, reply) => {
    reply.end(`a{name="${(request.socket as TLSSocket).getPeerCertificate().subject?.CN}"} 1\n`);
  });
  const tls = { insecureSkipVerify: true, certFile: '/cert', keyFile: '/key' };
  const { bytes } = await scraper(t, tls).reader(url, 5000)(forever);
  assert.match(new TextDecoder().decode(bytes), /mon-test/);
});

test('a kept connection is used again, a closed one is opened anew', async (t) => {
  let connections = 0;
  const server = createPlain((_, reply) => void reply.end('a 1\n'));
  server.on('connection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const http = scraper(t);
  for (let i = 0; i < 3; i++) await http.reader(url, 5000)(forever);
  assert.equal(connections, 1);
  server.closeAllConnections();
  await http.reader(url, 5000)(forever);
  assert.equal(connections, 2);
});

test('a body that stops in the middle is no body', async (t) => {
  const server = createPlain((_, reply) => {
    reply.writeHead(200, { 'Content-Length': '100' });
    reply.write('a 1\n', () => reply.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await assert.rejects(scraper(t).reader(url, 5000)(forever), { code: 'MON_SCRAPE_FAILED' });
});

test('the reason of the signal comes out', async (t) => {
  const url = await secureServer(t, () => undefined);
  const ending = new AbortController();
  const answer = scraper(t, { insecureSkipVerify: true }).reader(url, 5000)(ending.signal);
  setTimeout(() => ending.abort(new Error('enough')), 20);
  await assert.rejects(answer, /enough/);
});
