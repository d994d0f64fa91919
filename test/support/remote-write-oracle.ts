// What a remote-write 1.0 body says according to protobufjs, and bodies that put the reader to
// the test: fields in odd orders, repeated, missing, unknown. The oracle reads names and values
// as bytes, so that what is UTF-8 is decided here and not by the library.
import protobuf from 'protobufjs';
import { makeLabels, NAME, type Labels } from '../../src/engine/model/labels.ts';
import type { Random } from '../../src/engine/runtime/random.ts';
import { below, pick, randomBytes, randomLabels } from './random-labels.ts';
import { field } from './write-request.ts';

const SCHEMA = `syntax = "proto3";
message WriteRequest { repeated TimeSeries timeseries = 1; repeated bytes metadata = 3; }
message TimeSeries {
  repeated Label labels = 1;
  repeated Sample samples = 2;
  repeated bytes exemplars = 3;
  repeated bytes histograms = 4;
}
message Label { bytes name = 1; bytes value = 2; }
message Sample { double value = 1; int64 timestamp = 2; }`;

const WriteRequest = protobuf.parse(SCHEMA).root.lookupType('WriteRequest');

interface OracleSeries {
  readonly labels?: readonly { readonly name?: Uint8Array; readonly value?: Uint8Array }[];
  readonly samples?: readonly { readonly value?: number; readonly timestamp?: unknown }[];
}

/** A series as the oracle reads it; without labels when they have to be refused. */
export interface ExpectedSeries {
  readonly labels: Labels | undefined;
  readonly samples: readonly { readonly timestampMs: number; readonly value: number }[];
}

/** The series of a body, or undefined when protobufjs does not take it. */
export function oracle(body: Uint8Array): ExpectedSeries[] | undefined {
  let message: { timeseries?: readonly OracleSeries[] };
  try {
    message = WriteRequest.decode(body) as typeof message;
  } catch {
    return undefined;
  }
  return (message.timeseries ?? []).map((series) => ({
    labels: labelsOfOracle(series.labels ?? []),
    samples: (series.samples ?? []).map((sample) => ({
      timestampMs: Number(sample.timestamp ?? 0),
      value: sample.value ?? 0,
    })),
  }));
}

function labelsOfOracle(given: NonNullable<OracleSeries['labels']>): Labels | undefined {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const pairs = new Map<string, string>();
  try {
    for (const { name, value } of given) {
      const text = decoder.decode(bytesOf(name));
      if (text === '' || pairs.has(text)) return undefined;
      pairs.set(text, decoder.decode(bytesOf(value)));
    }
  } catch {
    return undefined;
  }
  return pairs.get(NAME) ? makeLabels(pairs) : undefined;
}

/** A bytes field; absent ones are an empty plain array to protobufjs. */
function bytesOf(given: ArrayLike<number> | undefined): Uint8Array {
  return Uint8Array.from(given ?? []);
}

function varintField(number: number, value: number): Buffer {
  return Buffer.from([(number << 3) | 0, value & 0x7f]);
}

function doubleField(number: number, value: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = (number << 3) | 1;
  bytes.writeDoubleLE(value, 1);
  return bytes;
}

function int64Field(number: number, value: number): Buffer {
  const bytes: number[] = [number << 3];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}

function unknownField(random: Random): Buffer {
  const number = 5 + below(random, 10);
  if (random() < 0.3) return varintField(number, below(random, 100));
  if (random() < 0.5) return Buffer.concat([Buffer.from([(number << 3) | 5]), Buffer.alloc(4, 7)]);
  return field(number, Buffer.from(randomBytes(random, below(random, 10))));
}

function shuffled<T>(random: Random, items: T[]): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = below(random, i + 1);
    [items[i], items[j]] = [items[j], items[i]];
  }
  return items;
}

/** A label as senders write it, or spelled so that it still means something definite. */
function labelField(random: Random, odd: boolean, [name, value]: [string, string]): Buffer {
  const plain = [field(1, Buffer.from(name)), field(2, Buffer.from(value))];
  if (!odd) return field(1, Buffer.concat(plain));
  if (random() < 0.3) plain.reverse();
  if (random() < 0.2) plain.unshift(field(2, Buffer.from('overwritten')));
  if (random() < 0.2) plain.push(unknownField(random));
  if (random() < 0.05) plain.push(field(2, Buffer.from([0xff, 0x41])));
  if (random() < 0.05) plain.splice(below(random, plain.length), 1);
  return field(1, Buffer.concat(plain));
}

function sampleField(random: Random, odd: boolean, timestampMs: number): Buffer {
  const value = pick(random, [0, 1, -0, 1.5, 12345, 1e300, below(random, 1e6)]);
  const parts = [doubleField(1, value), int64Field(2, timestampMs)];
  if (odd && random() < 0.4) parts.reverse();
  if (odd && random() < 0.2) parts.pop();
  if (odd && random() < 0.2) parts.push(int64Field(2, timestampMs + 1));
  if (odd && random() < 0.2) parts.unshift(unknownField(random));
  return field(2, Buffer.concat(parts));
}

/** A body of a few series with timestamps around `nowMs`. */
export function randomBody(random: Random, nowMs: number, pool: readonly Labels[]): Buffer {
  const body: Buffer[] = [];
  for (let series = below(random, 6); series >= 0; series--) {
    const odd = random() < 0.3;
    const labels = random() < 0.8 ? pick(random, pool) : randomLabels(random);
    const fields: Buffer[] = [];
    for (let i = 0; i < labels.length; i += 2) {
      fields.push(labelField(random, odd, [labels[i], labels[i + 1]]));
    }
    if (odd && random() < 0.4) shuffled(random, fields);
    if (odd && random() < 0.1) fields.push(fields[below(random, fields.length)]);
    for (let samples = below(random, 4); samples > 0; samples--) {
      fields.push(sampleField(random, odd, nowMs - below(random, 1e6)));
    }
    if (random() < 0.1) fields.push(field(3, Buffer.from(randomBytes(random, 8))));
    if (random() < 0.1) fields.push(field(4, Buffer.from(randomBytes(random, 8))));
    if (odd && random() < 0.3) fields.push(unknownField(random));
    if (odd && random() < 0.3) shuffled(random, fields);
    body.push(field(1, Buffer.concat(fields)));
  }
  if (random() < 0.1)
    body.push(field(3, Buffer.concat([varintField(1, 1), field(2, Buffer.from('m'))])));
  if (random() < 0.1) body.push(unknownField(random));
  if (random() < 0.1) shuffled(random, body);
  return Buffer.concat(body);
}
