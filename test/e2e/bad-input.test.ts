// The same bad things said in every push protocol to a real `mon up`: cut bodies, bombs, bytes that
// are no text, a label of a megabyte, ten thousand labels, times of long ago and far ahead. Each
// gets the status that its protocol asks for, and afterwards the server holds exactly what it held
// before; what is only odd is taken.
import { strict as assert } from 'node:assert';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import snappy from 'snappy';
import type { MonProcess } from '../support/mon-process.ts';
import { otlpProtobuf } from '../support/otlp-messages.ts';
import { remoteWrite2Body } from '../support/write-request2.ts';
import { MonFolder, numberOf, writeSamples } from './mon-folder.ts';

const MIB = 1024 * 1024;
const DAY_MS = 86_400_000;

let folder: MonFolder;
let mon: MonProcess;
before(async () => {
  folder = await MonFolder.make();
  mon = await folder.start();
  const first = { labels: { __name__: 'before' }, samples: [{ timestamp: Date.now(), value: 1 }] };
  assert.equal((await writeSamples(mon.url, [first])).status, 204);
});
after(async () => await folder.remove());

/** Series and samples that the server holds, whatever their time. */
async function held(): Promise<number[]> {
  const every = 'count_over_time({__name__!=""}[40d])';
  const at = Date.now() + 20 * DAY_MS;
  return [
    await numberOf(mon.url, `count(${every})`, at),
    await numberOf(mon.url, `sum(${every})`, at),
  ];
}

type Labels = Readonly<Record<string, string>>;

/** One sample of `intruder` in a protocol's words. */
interface Protocol {
  readonly name: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: (labels: Labels, timeMs: number) => Uint8Array;
  /** Applied to the body after it was cut or spoilt. */
  readonly pack?: (body: Uint8Array) => Uint8Array;
  /** The status of a body that cannot be read. */
  readonly malformed: number;
  /** The status where the body is well formed and its sample is not taken. */
  readonly refused: number;
}

/** Unpacks to more than any body may. */
const BOMB = gzipSync(Buffer.alloc(300 * MIB, 32));
const V2 = 'application/x-protobuf;proto=io.prometheus.write.v2.Request';

function otlpOf(labels: Labels, timeMs: number) {
  const attributes = Object.entries(labels).map(([key, stringValue]) => {
    return { key, value: { stringValue } };
  });
  const point = { timeUnixNano: `${timeMs}000000`, asDouble: 1.5, attributes };
  const metrics = [{ name: 'intruder', gauge: { dataPoints: [point] } }];
  return { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] };
}

function tagsOf(labels: Labels, joint: string, quote: string): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${quote}${value}${quote}`)
    .join(joint);
}

const PROTOCOLS: readonly Protocol[] = [
  {
    ...{ name: 'remote write 2.0', path: '/api/v1/write', malformed: 400, refused: 400 },
    headers: {
      ...{ 'Content-Type': V2, 'Content-Encoding': 'snappy' },
      'X-Prometheus-Remote-Write-Version': '2.0.0',
    },
    body: (labels, timestamp) => {
      const words = Object.entries(labels).flat();
      const symbols = ['', '__name__', 'intruder', ...words];
      const labelsRefs = [1, 2, ...words.map((_, i) => i + 3)];
      const timeseries = [{ labelsRefs, samples: [{ value: 1.5, timestamp }] }];
      return remoteWrite2Body({ symbols, timeseries });
    },
    pack: (body) => snappy.compressSync(Buffer.from(body)) as Buffer,
  },
  {
    ...{ name: 'OTLP protobuf', path: '/v1/metrics', malformed: 400, refused: 200 },
    headers: { 'Content-Type': 'application/x-protobuf' },
    body: (labels, timeMs) => otlpProtobuf(otlpOf(labels, timeMs)),
  },
  {
    ...{ name: 'OTLP JSON', path: '/v1/metrics', malformed: 400, refused: 200 },
    headers: { 'Content-Type': 'application/json' },
    body: (labels, timeMs) => Buffer.from(JSON.stringify(otlpOf(labels, timeMs))),
  },
  {
    ...{ name: 'Influx line', path: '/write?precision=ms', malformed: 400, refused: 400 },
    headers: {},
    body: (labels, timeMs) => {
      const tags = tagsOf(labels, ',', '');
      return Buffer.from(`intruder${tags === '' ? '' : ','}${tags} v=1.5 ${timeMs}\n`);
    },
  },
  {
    ...{ name: 'exposition text', path: '/api/v1/push', malformed: 400, refused: 400 },
    headers: { 'Content-Type': 'text/plain' },
    body: (labels, timeMs) => Buffer.from(`intruder{${tagsOf(labels, ',', '"')}} 1.5 ${timeMs}\n`),
  },
  {
    ...{ name: 'JSON', path: '/metrics', malformed: 400, refused: 400 },
    headers: { 'Content-Type': 'application/json' },
    body: (labels, timestamp) => {
      const metrics = [{ name: 'intruder', value: 1.5, timestamp, labels }];
      return Buffer.from(JSON.stringify({ metrics }));
    },
  },
  {
    ...{ name: 'collectd', path: '/api/v1/push/collectd', malformed: 400, refused: 400 },
    headers: { 'Content-Type': 'application/json' },
    body: (labels, timeMs) => {
      const [value = ''] = Object.values(labels);
      const list = { values: [1.5], time: timeMs / 1000, plugin: 'intruder', type: 'gauge' };
      return Buffer.from(JSON.stringify([{ ...list, type_instance: value }]));
    },
  },
];

async function post({ path, headers, pack }: Protocol, body: Uint8Array, more = {}) {
  const sent = pack === undefined ? body : pack(body);
  const options = { method: 'POST', headers: { ...headers, ...more }, body: sent };
  const reply = await fetch(`${mon.url}${path}`, options);
  return { status: reply.status, text: await reply.text() };
}

/** A text that is no UTF-8, in the place of this word. */
function spoilt(body: Uint8Array, word: string): Uint8Array {
  const out = Buffer.from(body);
  const at = out.indexOf(word);
  assert.ok(at >= 0, 'the word is there');
  out[at] = 0xff;
  return out;
}

for (const protocol of PROTOCOLS) {
  describe(protocol.name, () => {
    const { body, malformed, refused } = protocol;
    const now = (): number => Date.now();
    const many = (): Labels => {
      return Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`l${i}`, 'v']));
    };
    const cases: readonly (readonly [
      string,
      readonly number[],
      () => Promise<{ status: number }>,
    ])[] = [
      [
        'cut',
        [malformed],
        () => {
          const whole = body({ a: 'b' }, now());
          return post(protocol, whole.subarray(0, Math.floor(whole.length / 3)));
        },
      ],
      [
        'rubbish',
        [malformed],
        () => post(protocol, Buffer.from('\u0000\u0001\u00ff{]=~'.repeat(9))),
      ],
      [
        'bytes that are no text',
        [malformed, refused],
        () => post(protocol, spoilt(body({ a: 'someword' }, now()), 'someword')),
      ],
      [
        'a label of a megabyte',
        [refused],
        () => post(protocol, body({ a: 'x'.repeat(MIB) }, now())),
      ],
      ['a time of 1971', [refused], () => post(protocol, body({ a: 'old' }, 40_000_000_000))],
      [
        'a time of next month',
        [refused],
        () => post(protocol, body({ a: 'new' }, now() + 30 * DAY_MS)),
      ],
    ];
    for (const [what, statuses, send] of cases) {
      it(`${what}: ${statuses.join(' or ')}, and nothing changes`, async () => {
        const had = await held();
        const { status } = await send();
        assert.ok(statuses.includes(status), String(status));
        assert.deepEqual(await held(), had);
      });
    }
    // collectd's lists have no labels of their own.
    if (protocol.name !== 'collectd') {
      it('ten thousand labels, and nothing changes', async () => {
        const had = await held();
        assert.equal((await post(protocol, body(many(), now()))).status, refused);
        assert.deepEqual(await held(), had);
      });
    }
    if (protocol.pack === undefined) {
      it('a bomb: 413, and nothing changes', async () => {
        const had = await held();
        const { status } = await post(protocol, BOMB, { 'Content-Encoding': 'gzip' });
        assert.equal(status, 413);
        assert.deepEqual(await held(), had);
      });
    }
    it('__proto__ is a label, and a double counts once', async () => {
      const [series, samples] = await held();
      const label = protocol.name === 'collectd' ? 'intruder' : '__proto__';
      const value = `p-${protocol.name}`.replaceAll(' ', '-');
      const labels = JSON.parse(`{"${label}": "${value}"}`) as Labels;
      const at = now();
      for (let twice = 0; twice < 2; twice++) {
        const { status, text } = await post(protocol, body(labels, at));
        assert.ok(status < 300, `${status} ${text}`);
      }
      assert.equal(await numberOf(mon.url, `count({${label}="${value}"})`), 1);
      assert.equal(await numberOf(mon.url, `sum({${label}="${value}"})`), 1.5);
      assert.deepEqual(await held(), [series + 1, samples + 1]);
    });
  });
}
