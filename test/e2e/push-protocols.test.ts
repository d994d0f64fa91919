// Every push protocol from the wire to an answer, through the real process: remote write 2.0 with
// its headers, OTLP in both encodings, Influx line protocol; and what each is told when a part, or
// the whole, cannot be taken.
import { strict as assert } from 'node:assert';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import snappy from 'snappy';
import { otlpProtobuf } from '../support/otlp-messages.ts';
import { remoteWrite2Body } from '../support/write-request2.ts';
import { MonFolder } from './mon-folder.ts';
import type { MonProcess } from '../support/mon-process.ts';

let folder: MonFolder;
let mon: MonProcess;
before(async () => {
  folder = await MonFolder.make();
  mon = await folder.start();
});
after(async () => await folder.remove());

interface Row {
  readonly metric: Record<string, string>;
  readonly value?: [number, string];
}

async function rows(query: string): Promise<Row[]> {
  const reply = await fetch(`${mon.url}/api/v1/query?query=${encodeURIComponent(query)}`);
  const body = (await reply.json()) as { data: { result: Row[] } };
  return body.data.result;
}

async function valueOf(query: string): Promise<string | undefined> {
  return (await rows(query))[0]?.value?.[1];
}

function post(path: string, type: string, body: Uint8Array | string, more = {}): Promise<Response> {
  const headers = { 'Content-Type': type, ...more };
  return fetch(`${mon.url}${path}`, { method: 'POST', headers, body });
}

const V2 = 'application/x-protobuf;proto=io.prometheus.write.v2.Request';

test('remote write 2.0', async () => {
  const now = Date.now();
  const symbols = ['', '__name__', 'rw2_total', 'host', 'a', 'Told once.'];
  const metadata = { type: 1, helpRef: 5 };
  const good = { labelsRefs: [1, 2, 3, 4], samples: [{ value: 3, timestamp: now }], metadata };
  const old = { labelsRefs: [1, 2], samples: [{ value: 1, timestamp: 5 }] };
  const send = (timeseries: unknown[]) =>
    post(
      '/api/v1/write',
      V2,
      snappy.compressSync(Buffer.from(remoteWrite2Body({ symbols, timeseries }))),
      {
        'Content-Encoding': 'snappy',
        'X-Prometheus-Remote-Write-Version': '2.0.0',
      },
    );
  const whole = await send([good]);
  assert.equal(whole.status, 204);
  assert.equal(whole.headers.get('x-prometheus-remote-write-samples-written'), '1');
  assert.equal(whole.headers.get('x-prometheus-remote-write-histograms-written'), '0');
  assert.equal(await valueOf('rw2_total{host="a"}'), '3');
  const told = (await (await fetch(`${mon.url}/api/v1/metadata?metric=rw2_total`)).json()) as {
    data: Record<string, { help: string }[]>;
  };
  assert.equal(told.data.rw2_total[0].help, 'Told once.');
  const part = await send([old, { ...good, samples: [{ value: 4, timestamp: now + 1 }] }]);
  assert.equal(part.status, 400);
  assert.equal(part.headers.get('x-prometheus-remote-write-samples-written'), '1');
  const none = await send([{ labelsRefs: [1, 99] }]);
  assert.equal(none.status, 400);
  assert.match(await none.text(), /symbol 99/);
  const type = 'application/x-protobuf;proto=other.Request';
  assert.equal((await post('/api/v1/write', type, 'x')).status, 415);
});

function otlpBody(value: number, temporality = 2) {
  const point = { asInt: value, timeUnixNano: `${Date.now()}000000` };
  const sum = { isMonotonic: true, aggregationTemporality: temporality, dataPoints: [point] };
  const attributes = [{ key: 'service.name', value: { stringValue: 'shop' } }];
  const metrics = [{ name: 'orders', sum }];
  return { resourceMetrics: [{ resource: { attributes }, scopeMetrics: [{ metrics }] }] };
}

test('OTLP in both encodings, packed and plain', async () => {
  const json = await post(
    '/api/v1/otlp/v1/metrics',
    'application/json',
    JSON.stringify(otlpBody(7)),
  );
  assert.equal(json.status, 200);
  assert.deepEqual(await json.json(), {});
  assert.equal(await valueOf('orders_total{job="shop"}'), '7');
  const packed = gzipSync(otlpProtobuf(otlpBody(8)));
  const gzip = { 'Content-Encoding': 'gzip' };
  const protobuf = await post('/v1/metrics', 'application/x-protobuf', packed, gzip);
  assert.equal(protobuf.status, 200);
  assert.equal((await protobuf.arrayBuffer()).byteLength, 0);
  assert.equal(await valueOf('orders_total{job="shop"}'), '8');
  const delta = await post('/v1/metrics', 'application/json', JSON.stringify(otlpBody(1, 1)));
  const told = (await delta.json()) as { partialSuccess: Record<string, string> };
  assert.equal(told.partialSuccess.rejectedDataPoints, '1');
  assert.match(told.partialSuccess.errorMessage, /delta temporality/);
  assert.equal((await post('/v1/metrics', 'text/plain', '{}')).status, 415);
});

test('OTLP: what failed is told as a google.rpc.Status, encoded as the request is', async () => {
  const json = await post('/v1/metrics', 'application/json', '{');
  assert.equal(json.status, 400);
  const { code, message } = (await json.json()) as { code: number; message: string };
  assert.equal(code, 3);
  assert.match(message, /^OTLP: /);
  const cut = otlpProtobuf(otlpBody(9)).subarray(0, -3);
  const protobuf = await post('/v1/metrics', 'application/x-protobuf', cut);
  assert.equal(protobuf.status, 400);
  assert.equal(protobuf.headers.get('content-type'), 'application/x-protobuf');
  const bytes = Buffer.from(await protobuf.arrayBuffer());
  assert.deepEqual([...bytes.subarray(0, 4)], [0x08, 3, 0x12, bytes.length - 4]);
  assert.match(bytes.subarray(4).toString(), /^OTLP: /);
  const bomb = gzipSync(Buffer.alloc(300 * 1024 * 1024));
  const gzip = { 'Content-Encoding': 'gzip' };
  const large = await post('/v1/metrics', 'application/x-protobuf', bomb, gzip);
  assert.equal(large.status, 413);
  assert.equal(Buffer.from(await large.arrayBuffer())[1], 3);
});

test('Influx line protocol, as Telegraf sends it', async () => {
  assert.equal((await fetch(`${mon.url}/ping`)).status, 204);
  const create = await post('/query?q=CREATE+DATABASE+%22telegraf%22', 'text/plain', '');
  assert.equal(create.status, 200);
  const lines = `cpu,host=web-1,cpu=cpu0 usage_idle=91.5,n=3i ${Date.now()}000000\n`;
  const whole = await post('/write?db=telegraf', 'text/plain', gzipSync(lines), {
    'Content-Encoding': 'gzip',
  });
  assert.equal(whole.status, 204);
  assert.equal(await valueOf('cpu_usage_idle{host="web-1",db="telegraf"}'), '91.5');
  const part = await post('/api/v2/write?precision=ms', 'text/plain', `x\ny v=1 ${Date.now()}`);
  assert.equal(part.status, 400);
  assert.match(await part.text(), /partial write: line 1, column 2: .*dropped=1/);
  assert.equal(await valueOf('y_v'), '1');
  assert.equal((await post('/write?precision=year', 'text/plain', 'x v=1')).status, 400);
});
