// Samples per CPU second of the push protocols through the door, over a log that keeps nothing:
// remote write 1.0 beside 2.0, Influx line protocol and OTLP with the same 10,100 series. Easy to
// get wrong: the decoders run on the main thread, so their cost is the server's.
import snappy from 'snappy';
import protobuf from 'protobufjs';
import { Door } from '../../src/engine/collector/door.ts';
import { Kernels } from '../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../src/engine/kernels/series-book.ts';
import type { Batch } from '../../src/engine/model/batch.ts';
import type { Log } from '../../src/engine/ports.ts';
import { systemClock } from '../../src/engine/runtime/clock.ts';
import { fromInfluxLines } from '../../src/engine/wire/influx-line.ts';
import { readOtlpProtobuf } from '../../src/engine/wire/otlp-protobuf.ts';
import { fromOtlp } from '../../src/engine/wire/otlp.ts';
import { WritePen } from '../../src/engine/wire/write-pen.ts';
import { otlpProtobuf } from '../support/otlp-messages.ts';
import { fleetBodies } from '../support/rwload.ts';
import { remoteWrite2Body } from '../support/write-request2.ts';

const ROUNDS = 20;

const PROTO = `syntax = "proto3";
message Label { string name = 1; string value = 2; }
message Sample { double value = 1; int64 timestamp = 2; }
message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }
message WriteRequest { repeated TimeSeries timeseries = 1; }`;
const Request = protobuf.parse(PROTO).root.lookupType('WriteRequest');

interface Series {
  readonly labels: { readonly name: string; readonly value: string }[];
  readonly samples: { readonly value?: number; readonly timestamp: number }[];
}

const plain = fleetBodies({ hosts: 100, steps: 1, per: 2000, endMs: systemClock.now() });
const requests = plain.map((body) => {
  const message = Request.toObject(Request.decode(body), { longs: Number });
  return message.timeseries as Series[];
});

function version2(series: readonly Series[]): Buffer {
  const symbols = new Map([['', 0]]);
  const ref = (text: string): number => {
    const found = symbols.get(text) ?? symbols.size;
    symbols.set(text, found);
    return found;
  };
  const timeseries = series.map(({ labels, samples }) => {
    return { labelsRefs: labels.flatMap(({ name, value }) => [ref(name), ref(value)]), samples };
  });
  return Buffer.from(remoteWrite2Body({ symbols: [...symbols.keys()], timeseries }));
}

/** Lines of ten fields, as Telegraf groups them. */
function influx(series: readonly Series[]): Buffer {
  const lines = new Map<string, string[]>();
  for (const { labels, samples } of series) {
    const name = labels.find((label) => label.name === '__name__')?.value ?? '';
    const [measurement, ...field] = name.split('_');
    const tags = labels.filter((label) => label.name !== '__name__');
    const key = [measurement, ...tags.map((tag) => `${tag.name}=${tag.value}`)].join(',');
    const fields = lines.get(key) ?? [];
    lines.set(key, [...fields, `${field.join('_')}=${samples[0].value ?? 0}`]);
  }
  const time = `${series[0].samples[0].timestamp}000000`;
  const text = [...lines].map(([key, fields]) => `${key} ${fields.join(',')} ${time}\n`).join('');
  return Buffer.from(text);
}

/** A metric with all its points, as SDKs and collectors send it; or one a point, the worst. */
function otlp(series: readonly Series[], alone = false): Buffer {
  const byName = new Map<string, object[]>();
  const metrics: object[] = [];
  for (const { labels, samples } of series) {
    const name = labels.find((label) => label.name === '__name__')?.value ?? '';
    const attributes = labels
      .filter((label) => label.name !== '__name__')
      .map((label) => ({ key: label.name, value: { stringValue: label.value } }));
    const [{ value = 0, timestamp }] = samples;
    const point = { asDouble: value, timeUnixNano: `${timestamp}000000`, attributes };
    const dataPoints = alone ? [] : (byName.get(name) ?? []);
    if (dataPoints.length === 0) metrics.push({ name, gauge: { dataPoints } });
    byName.set(name, dataPoints);
    dataPoints.push(point);
  }
  return Buffer.from(otlpProtobuf({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] }));
}

function makeDoor(): Door {
  const kernels = new Kernels();
  const book = new SeriesBook(kernels, 4);
  const append = (batches: readonly Batch[]) => Promise.resolve(batches.map(() => ({ offset: 0 })));
  const log = { partitions: 4, generation: 0, append } as unknown as Log;
  return new Door({ log, book, kernels, clock: systemClock });
}

type Take = (door: Door, body: Buffer) => Promise<{ readonly accepted: number }>;

/** As the API has it, one for all requests. */
const pen = new WritePen();

const takeOtlp: Take = (door, body) => {
  pen.clear();
  fromOtlp(readOtlpProtobuf(body, true), pen, 0);
  return door.writeRequest(pen.written);
};

const ways: [string, Buffer[], Take][] = [
  [
    'remote write 1.0',
    plain.map((b) => snappy.compressSync(b) as Buffer),
    (d, b) => d.remoteWrite(b),
  ],
  [
    'remote write 2.0',
    requests.map((r) => snappy.compressSync(version2(r)) as Buffer),
    (d, b) => d.remoteWrite2(b),
  ],
  [
    'Influx line protocol',
    requests.map(influx),
    (d, b) => {
      pen.clear();
      fromInfluxLines(b, pen, { precision: '', database: '', receivedMs: 0 });
      return d.writeRequest(pen.written);
    },
  ],
  ['OTLP protobuf', requests.map((r) => otlp(r)), takeOtlp],
  ['OTLP protobuf, each point a metric', requests.map((r) => otlp(r, true)), takeOtlp],
];

for (const [name, bodies, take] of ways) {
  const door = makeDoor();
  for (const body of bodies) await take(door, body);
  const began = process.cpuUsage();
  let samples = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (const body of bodies) samples += (await take(door, body)).accepted;
  }
  const { user, system } = process.cpuUsage(began);
  const seconds = (user + system) / 1e6;
  const bytes = bodies.reduce((sum, body) => sum + body.length, 0) / (samples / ROUNDS);
  const figures = [
    `${(samples / seconds / 1e6).toFixed(2)} M samples per CPU second`,
    `${bytes.toFixed(1)} bytes a sample on the wire`,
  ];
  process.stdout.write(`${name}: ${figures.join(', ')}\n`);
}
