// The client of the Prometheus API against a server with fixed answers and against one that
// misbehaves: columns, deadlines, interruptions, cut connections, certificates.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { createServer as createSecureServer } from 'node:https';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { MonError, UserError } from '../../../src/engine/errors.ts';
import type { FailureCode } from '../../../src/engine/errors.ts';
import { unescapeLabelName } from '../../../src/engine/api/params.ts';
import { PrometheusClient } from '../../../src/engine/remote/prometheus-client.ts';
import { offsetOf } from '../../../src/engine/remote/prometheus-failure.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { FAKE_TIME_S, startFake } from '../../support/fake-prometheus.ts';
import type { FakePrometheus } from '../../support/fake-prometheus.ts';

let fake: FakePrometheus;
let client: PrometheusClient;
before(async () => {
  fake = await startFake();
  client = new PrometheusClient({ url: fake.url }, systemClock);
});
after(async () => {
  client.close();
  await fake.close();
});

const withCode = (code: FailureCode) => (thrown: unknown) =>
  thrown instanceof MonError && thrown.code === code;

describe('answers as columns', () => {
  it('a vector', async () => {
    const { result } = await client.instant('up', 0);
    assert.ok(result.type === 'vector');
    assert.equal(result.timeMs, FAKE_TIME_S * 1000);
    assert.deepEqual(result.matrix.labels[1], [
      '__name__',
      'up',
      'instance',
      'b:9100',
      'job',
      'node',
    ]);
    assert.deepEqual([...result.matrix.values], [1, 0]);
    assert.deepEqual([...result.matrix.present], [1, 1]);
  });

  it('a matrix on the grid that was asked for', async () => {
    const { result } = await client.range('up', 1000, 31_000, 10_000);
    assert.ok(result.type === 'matrix');
    assert.deepEqual(result.grid, { start: 1000, end: 31_000, step: 10_000 });
    assert.deepEqual([...result.matrix.values], [0, 1, 2, 3]);
    assert.equal(fake.requests.at(-1)?.params.get('step'), '10');
  });

  it('samples, scalar, string, and numbers that are none', async () => {
    const { result: raw } = await client.instant('up[1m]', 0);
    assert.ok(raw.type === 'samples');
    assert.deepEqual([...raw.raw.from], [0, 2]);
    assert.deepEqual([...raw.raw.timestamps], [1_699_999_990_000, 1_700_000_000_000]);
    const at = FAKE_TIME_S * 1000;
    const { result: scalar } = await client.instant('1+1', 0);
    assert.deepEqual(scalar, { type: 'scalar', timeMs: at, value: 2 });
    const { result: text } = await client.instant('"s"', 0);
    assert.deepEqual(text, { type: 'string', timeMs: at, value: 'some text' });
    const { result: odd } = await client.instant('odd', 0);
    assert.ok(odd.type === 'vector');
    assert.deepEqual([...odd.matrix.values], [NaN, Infinity, -Infinity, -0]);
  });

  it('what the server knows', async () => {
    assert.deepEqual(await client.labelNames(), ['__name__', 'instance', 'job']);
    assert.deepEqual(await client.labelValues('job'), ['node', 'prometheus']);
    assert.equal((await client.buildInfo()).version, '9.9.9');
    assert.equal(await client.ready(), true);
    assert.deepEqual(
      (await client.targets()).map(({ health }) => health),
      ['up', 'down'],
    );
  });

  it('label names with other characters arrive as they are', async () => {
    for (const name of ['a.b', 'a/b', 'é_x', 'a b', '日本', 'a__b.c', '1a', '']) {
      await client.labelValues(name).catch(() => {});
      const path = fake.requests.at(-1)?.path ?? '';
      const sent = decodeURIComponent(path.slice('/api/v1/label/'.length, -'/values'.length));
      assert.equal(unescapeLabelName(sent), name);
    }
  });
});

describe('failures', () => {
  it('a deadline and an interruption end a request', async () => {
    const quick = new PrometheusClient({ url: fake.url }, systemClock, 100);
    await assert.rejects(quick.instant('slow', 0), withCode('MON_TIMEOUT'));
    const stop = new AbortController();
    const asked = client.instant('slow', 0, { signal: stop.signal });
    systemClock.after(50, () => stop.abort());
    await assert.rejects(asked, withCode('MON_ABORTED'));
    await assert.rejects(client.instant('up', 0, { signal: stop.signal }), withCode('MON_ABORTED'));
    quick.close();
  });

  it('a mistake in the query carries its place', async () => {
    await assert.rejects(
      client.instant('up + rat(up)', 0),
      (thrown) =>
        thrown instanceof UserError &&
        thrown.source === 'up + rat(up)' &&
        thrown.start === 5 &&
        thrown.end === 8,
    );
  });

  it('codes by status', async () => {
    await assert.rejects(client.instant('dup', 0), withCode('MON_QUERY_FAILED'));
    await assert.rejects(client.instant('late', 0), withCode('MON_TIMEOUT'));
    await assert.rejects(client.instant('broken', 0), withCode('MON_SERVER_FAILED'));
    const nowhere = new PrometheusClient({ url: `${fake.url}/nowhere` }, systemClock);
    await assert.rejects(nowhere.instant('up', 0), withCode('MON_SERVER_FAILED'));
    const gone = new PrometheusClient({ url: 'http://host.invalid' }, systemClock);
    await assert.rejects(gone.instant('up', 0), withCode('MON_SERVER_UNREACHABLE'));
  });

  it('a kept connection that the server has closed is opened again, once', async () => {
    const body = JSON.stringify({ status: 'success', data: { version: '1' } });
    const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    let sockets = 0;
    const server = createServer((socket: Socket) => {
      let asked = 0;
      sockets++;
      socket.on('error', () => {});
      // Answers once, then cuts the connection at the next request.
      socket.on('data', () => (asked++ === 0 ? socket.write(answer) : socket.destroy()));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const kept = new PrometheusClient({ url: `http://127.0.0.1:${port}` }, systemClock);
    for (let n = 0; n < 3; n++) assert.equal((await kept.buildInfo()).version, '1');
    assert.equal(sockets, 3);
    kept.close();
    server.close();
  });

  it('half an answer is a failure', async () => {
    const server = createServer((socket: Socket) => {
      socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"st'));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const half = new PrometheusClient({ url: `http://127.0.0.1:${port}` }, systemClock);
    await assert.rejects(half.buildInfo(), withCode('MON_SERVER_UNREACHABLE'));
    half.close();
    server.close();
  });
});

describe('https', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mon-tls-'));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const kind = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'.split(' ');
  const files = ['-keyout', key, '-out', cert];
  const made = spawnSync('openssl', ['req', '-x509', ...kind, ...files, ...subject]);
  const skip = made.status === 0 ? false : 'no openssl here';

  it('a certificate is trusted when it is named', { skip }, async () => {
    const options = { key: readFileSync(key), cert: readFileSync(cert) };
    const server = createSecureServer(options, (_request, response) => {
      response.end('{"status":"success","data":{"version":"tls"}}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const strict = new PrometheusClient({ url }, systemClock);
    await assert.rejects(
      strict.buildInfo(),
      (thrown) => thrown instanceof MonError && /--ca-file/.test(thrown.hint ?? ''),
    );
    const ca = readFileSync(cert, 'utf8');
    const trusting = new PrometheusClient({ url, ca }, systemClock);
    assert.equal((await trusting.buildInfo()).version, 'tls');
    trusting.close();
    server.close();
  });
});

it('lines and columns in bytes become offsets', () => {
  for (const [text, line, column, want] of [
    ['up', 1, 1, 0],
    ['up', 1, 3, 2],
    ['up', 1, 99, 2],
    ['up', 9, 1, 2],
    ['a\nbc', 2, 2, 3],
    ['é日x', 1, 6, 2],
    ['😀x', 1, 5, 2],
  ] as const) {
    assert.equal(offsetOf(text, line, column), want, `${text} ${line}:${column}`);
  }
});
