// Histogram messages: round trips of both forms, agreement with a protobuf library, what is
// refused, and a fuzz that may end in nothing but the declared error.
import assert from 'node:assert/strict';
import test from 'node:test';
import protobuf from 'protobufjs';
import { decodeHistogram, encodeHistogram } from '../../../src/engine/codec/histogram.ts';
import { MonError } from '../../../src/engine/errors.ts';
import { CUSTOM_SCHEMA, makeHistogram } from '../../../src/engine/model/histogram.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { below, listOf, randomHistogram } from '../../support/random-histograms.ts';
import type { FloatHistogram } from '../../../src/engine/model/histogram.ts';

const PROTO = `syntax = "proto3";
message BucketSpan { sint32 offset = 1; uint32 length = 2; }
message Histogram {
  oneof count { uint64 count_int = 1; double count_float = 2; }
  double sum = 3;
  sint32 schema = 4;
  double zero_threshold = 5;
  oneof zero_count { uint64 zero_count_int = 6; double zero_count_float = 7; }
  repeated BucketSpan negative_spans = 8;
  repeated sint64 negative_deltas = 9;
  repeated double negative_counts = 10;
  repeated BucketSpan positive_spans = 11;
  repeated sint64 positive_deltas = 12;
  repeated double positive_counts = 13;
  int32 reset_hint = 14;
  int64 timestamp = 15;
  repeated double custom_values = 16;
  int64 start_timestamp = 17;
}`;
const Message = protobuf.parse(PROTO).root.lookupType('Histogram');

test('both forms come back as they were', () => {
  const seed = 4711;
  const random = seededRandom(seed);
  for (let i = 0; i < 2000; i++) {
    const integer = below(random, 2) === 0;
    const histogram = randomHistogram(random, integer);
    const form = { integer, timestampMs: below(random, 2 ** 40) - 5, startMs: below(random, 9) };
    const back = decodeHistogram(encodeHistogram(histogram, form));
    const { timestampMs, startMs } = form;
    const wanted = { histogram, integer, stale: false, timestampMs, startMs };
    assert.deepEqual(back, wanted, `seed ${seed}, round ${i}`);
  }
});

test('a protobuf library reads the same', () => {
  const random = seededRandom(815);
  for (let i = 0; i < 300; i++) {
    const integer = i % 2 === 0;
    const histogram = randomHistogram(random, integer);
    const bytes = encodeHistogram(histogram, { integer, timestampMs: 1234 });
    const told = Message.toObject(Message.decode(bytes), { longs: Number, defaults: true });
    assert.equal(integer ? told.countInt : told.countFloat, histogram.count);
    assert.equal(told.schema, histogram.schema);
    assert.equal(told.timestamp, 1234);
    assert.deepEqual(told.customValues, [...histogram.custom]);
    // Written by the library, field by field and packed as it likes, it is the same histogram.
    const again = decodeHistogram(Message.encode(Message.decode(bytes)).finish());
    assert.deepEqual(again.histogram, histogram);
  }
});

test('fields that are not packed, unknown fields and zero-length spans are taken', () => {
  const bytes = Uint8Array.of(
    ...[0x08, 0x05], // count_int = 5
    ...[0x5a, 0x02, 0x08, 0x02], // positive span: offset 1, length 0
    ...[0x5a, 0x04, 0x08, 0x02, 0x10, 0x02], // positive span: offset 1, length 2
    ...[0x60, 0x06], // positive delta 3
    ...[0x60, 0x01], // positive delta -1
    ...[0x9a, 0x06, 0x01, 0xff], // field 99
  );
  const { histogram } = decodeHistogram(bytes);
  assert.deepEqual([...histogram.positive.indexes], [2, 3]);
  assert.deepEqual([...histogram.positive.counts], [3, 2]);
  assert.equal(histogram.count, 5);
});

test('the stale marker is told by its bits', () => {
  const bytes = encodeHistogram(makeHistogram({}), { stale: true });
  assert.equal(decodeHistogram(bytes).stale, true);
  assert.equal(decodeHistogram(encodeHistogram(makeHistogram({ sum: NaN }))).stale, false);
  const words = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  assert.match(words, /19020000000000f07f/);
});

test('a finer schema than 8 is brought down to 8', () => {
  const positive = { indexes: Int32Array.of(1, 2, 3, 5), counts: Float64Array.of(1, 2, 4, 8) };
  const { histogram } = decodeHistogram(encodeHistogram(makeHistogram({ schema: 9, positive })));
  assert.equal(histogram.schema, 8);
  assert.deepEqual([...histogram.positive.indexes], [1, 2, 3]);
  assert.deepEqual([...histogram.positive.counts], [3, 4, 8]);
});

const WRONG: readonly (readonly [string, Partial<FloatHistogram>])[] = [
  ['schema -5', { schema: -5 }],
  ['schema 53', { schema: 53 }],
  ['a negative count', { count: -1 }],
  ['a negative zero threshold', { zeroThreshold: -1 }],
  ['a bucket has a negative count', { positive: listOf([0], [-1]) }],
  ['custom bounds without custom buckets', { custom: Float64Array.of(1) }],
  ['too few custom bounds', { schema: CUSTOM_SCHEMA, positive: listOf([1], [1]) }],
  ['too few custom bounds', { schema: CUSTOM_SCHEMA, positive: listOf([-1], [1]) }],
  ['custom bounds have to rise', { schema: CUSTOM_SCHEMA, custom: Float64Array.of(2, 2) }],
  ['custom bounds have to rise', { schema: CUSTOM_SCHEMA, custom: Float64Array.of(1, Infinity) }],
  ['custom buckets go with no', { schema: CUSTOM_SCHEMA, negative: listOf([0], [1]) }],
];

test('what is no histogram is refused', () => {
  for (const [words, parts] of WRONG) {
    const bytes = encodeHistogram(makeHistogram(parts));
    assert.throws(() => decodeHistogram(bytes), refusal(words), words);
  }
  const endless = Uint8Array.of(0x5a, 0x06, 0x10, 0xff, 0xff, 0xff, 0xff, 0x0f);
  assert.throws(() => decodeHistogram(endless), refusal('a span ends nowhere'));
  const short = Uint8Array.of(0x5a, 0x02, 0x10, 0x03);
  assert.throws(() => decodeHistogram(short), refusal('3 buckets in spans, 0 counts'));
});

function refusal(words: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof MonError);
    assert.equal(error.code, 'MON_RECORD_MALFORMED');
    assert.ok(error.message.includes(words), error.message);
    return true;
  };
}

test('bytes of chance and damaged messages end in a histogram or in a refusal', () => {
  const seed = 99;
  const random = seededRandom(seed);
  let refused = 0;
  for (let i = 0; i < 20_000; i++) {
    const bytes =
      i % 2 === 0
        ? Uint8Array.from({ length: below(random, 60) }, () => below(random, 256))
        : encodeHistogram(randomHistogram(random, false));
    if (i % 2 === 1) {
      for (let hits = 1 + below(random, 4); hits > 0 && bytes.length > 0; hits--) {
        bytes[below(random, bytes.length)] = below(random, 256);
      }
    }
    try {
      decodeHistogram(bytes.subarray(0, bytes.length - below(random, 2)));
    } catch (error) {
      refused++;
      assert.ok(error instanceof MonError, `seed ${seed}, round ${i}: ${String(error)}`);
      assert.equal(error.code, 'MON_RECORD_MALFORMED');
    }
  }
  assert.ok(refused > 5000);
});
