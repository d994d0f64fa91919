// Protobuf exposition: what each kind of metric becomes, agreement with the text of the same
// families, native histograms, odd names, and a fuzz that may end in nothing but the declared
// errors.
import assert from 'node:assert/strict';
import test from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import { HINT } from '../../../src/engine/model/histogram.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { ParsedExposition } from '../../../src/engine/wire/exposition-columns.ts';
import { isProtobuf, parseProtobuf } from '../../../src/engine/wire/exposition-protobuf.ts';
import { goNumber } from '../../../src/engine/wire/go-number.ts';
import { parseSeriesPairs } from '../../../src/engine/wire/series-text.ts';
import { PROTOBUF_TYPE, protobufBody } from '../../support/metric-families.ts';
import { below } from '../../support/random-histograms.ts';

function read(body: Uint8Array, classic = false) {
  const into = new ParsedExposition();
  const text = parseProtobuf(body, into, classic);
  const rows = Array.from({ length: into.count }, (_, i) => ({
    name: parseSeriesPairs(text, into.starts[i], into.ends[i]).get('__name__'),
    series: Buffer.from(text.subarray(into.starts[i], into.ends[i])).toString(),
    value: into.histograms.get(i) ?? into.values[i],
    time: into.timestamps[i],
  }));
  return { rows, metadata: into.metadata(text), into, text };
}

const label = (name: string, value: string) => ({ name, value });
const NATIVE = {
  sampleCount: 12,
  sampleSum: 18.4,
  schema: 1,
  zeroThreshold: 0.001,
  zeroCount: 2,
  positiveSpan: [
    { offset: 0, length: 2 },
    { offset: 1, length: 2 },
  ],
  positiveDelta: [1, 1, -1, 0],
  negativeSpan: [{ offset: -1, length: 1 }],
  negativeDelta: [5],
  createdTimestamp: { seconds: 1700000000, nanos: 5_000_000 },
};
const BUCKETS = [
  { cumulativeCount: 3, upperBound: 0.5 },
  { cumulativeCount: 9, upperBound: 1e6 },
];

test('every kind of metric becomes what its text would be', () => {
  const counter = { label: [label('a', 'x"y\n\\')], counter: { value: 5 }, timestampMs: 1234 };
  const quantile = [{ quantile: 0.5, value: 0.2 }];
  const summary = { summary: { sampleCount: 4, sampleSum: 2.5, quantile } };
  const histogram = { sampleCount: 9, sampleSum: 3, bucket: BUCKETS };
  const { rows, metadata } = read(
    protobufBody([
      { name: 'c_total', help: 'Line\nand \\.', type: 0, metric: [counter] },
      { name: 'g', type: 1, metric: [{ gauge: { value: NaN } }], unit: '' },
      { name: 's', type: 2, metric: [summary] },
      { name: 'u', type: 3, metric: [{ untyped: {} }] },
      { name: 'h', type: 4, metric: [{ label: [label('z', '1')], histogram }] },
    ]),
  );
  assert.deepEqual(
    rows.map(({ series, value, time }) => [series, value, time]),
    [
      ['c_total{a="x\\"y\\n\\\\"}', 5, 1234],
      ['g', NaN, NaN],
      ['s{quantile="0.5"}', 0.2, NaN],
      ['s_sum', 2.5, NaN],
      ['s_count', 4, NaN],
      ['u', 0, NaN],
      ['h_bucket{z="1",le="0.5"}', 3, NaN],
      ['h_bucket{z="1",le="1e+06"}', 9, NaN],
      ['h_bucket{z="1",le="+Inf"}', 9, NaN],
      ['h_sum{z="1"}', 3, NaN],
      ['h_count{z="1"}', 9, NaN],
    ],
  );
  assert.ok(rows.every(({ name, series }) => series.startsWith(name ?? '?')));
  assert.deepEqual(metadata[0], {
    family: 'c_total',
    type: 'counter',
    help: 'Line\nand \\.',
    unit: '',
  });
  assert.deepEqual(
    metadata.map(({ family, type }) => `${family} ${type}`),
    ['c_total counter', 'g gauge', 's summary', 'u unknown', 'h histogram'],
  );
});

test('a native histogram, alone and beside its classic buckets', () => {
  const both = { name: 'h', type: 4, metric: [{ histogram: { ...NATIVE, bucket: BUCKETS } }] };
  const { rows } = read(protobufBody([both]));
  assert.equal(rows.length, 1);
  assert.deepEqual(rows[0].value, {
    histogram: {
      hint: HINT.unknown,
      schema: 1,
      zeroThreshold: 0.001,
      zeroCount: 2,
      count: 12,
      sum: 18.4,
      positive: { indexes: Int32Array.of(0, 1, 3, 4), counts: Float64Array.of(1, 2, 1, 1) },
      negative: { indexes: Int32Array.of(-1), counts: Float64Array.of(5) },
      custom: new Float64Array(0),
    },
    integer: true,
    startMs: 1700000000005,
  });
  const names = read(protobufBody([both]), true).rows.map((row) => row.series);
  const classic = ['h_bucket{le="0.5"}', 'h_bucket{le="1e+06"}', 'h_bucket{le="+Inf"}'];
  assert.deepEqual(names, ['h', ...classic, 'h_sum', 'h_count']);
});

test('floats, gauges, and histograms that nobody has observed yet', () => {
  const floats = {
    sampleCountFloat: 2.5,
    schema: 0,
    positiveSpan: [{ offset: 3, length: 1 }],
    positiveCount: [2.5],
  };
  const empty = { sampleCount: 0, positiveSpan: [{ offset: 0, length: 0 }] };
  const { rows } = read(
    protobufBody([
      { name: 'f', type: 5, metric: [{ histogram: floats }] },
      { name: 'e', type: 4, metric: [{ histogram: empty }] },
    ]),
  );
  const [f, e] = rows.map(({ value }) => (typeof value === 'number' ? undefined : value));
  assert.equal(f?.integer, false);
  assert.equal(f.histogram.hint, HINT.gauge);
  assert.deepEqual([...f.histogram.positive.counts], [2.5]);
  assert.equal(e?.histogram.count, 0);
});

test('names that text has to quote come back as they were', () => {
  const metric = [{ label: [label('a.b "c"', 'v')], gauge: { value: 1 } }];
  const { into, text, metadata } = read(protobufBody([{ name: 'x.y"z\\', type: 1, metric }]));
  const pairs = parseSeriesPairs(text, into.starts[0], into.ends[0]);
  assert.deepEqual(
    [...pairs],
    [
      ['__name__', 'x.y"z\\'],
      ['a.b "c"', 'v'],
    ],
  );
  assert.equal(metadata[0].family, 'x.y"z\\');
});

test('what is wrong is named, and nothing is taken', () => {
  const wrong: [Uint8Array, RegExp][] = [
    [Uint8Array.of(5, 1), /cut off/],
    [protobufBody([{ type: 1 }]), /without a name/],
    [protobufBody([{ name: 'a', metric: [{}] }]), /"a" without a value/],
    [protobufBody([{ name: 'a', type: 4, metric: [{ gauge: { value: 1 } }] }]), /another type/],
    [protobufBody([{ name: 'a', metric: [{ label: [label('', 'x')], gauge: {} }] }]), /a label/],
    [
      protobufBody([{ name: 'a', type: 4, metric: [{ histogram: { ...NATIVE, schema: 9 } }] }]),
      /schema 9/,
    ],
    [
      protobufBody([
        { name: 'a', type: 4, metric: [{ histogram: { ...NATIVE, positiveDelta: [1] } }] },
      ]),
      /4 buckets in spans, 1 counts/,
    ],
  ];
  const good = protobufBody([{ name: 'good', metric: [{ gauge: { value: 1 } }] }]);
  for (const [body, why] of wrong) {
    const into = new ParsedExposition();
    assert.throws(() => parseProtobuf(Buffer.concat([good, body]), into, false), {
      code: 'MON_BODY_MALFORMED',
      message: why,
    });
    assert.equal(into.count, 0);
  }
});

test('the header decides', () => {
  assert.ok(isProtobuf(PROTOBUF_TYPE));
  assert.ok(!isProtobuf('application/vnd.google.protobuf; encoding=text'));
  assert.ok(!isProtobuf('text/plain'));
});

test('bounds are spelled as Go spells them', () => {
  const spelled = [0.005, 1, 10, 123456, 1e6, 1234567, 1e21, 0.0001, 0.00001, 1.5e-7, -2, Infinity];
  assert.deepEqual(spelled.map(goNumber), [
    ...['0.005', '1', '10', '123456', '1e+06', '1.234567e+06', '1e+21', '0.0001', '1e-05'],
    ...['1.5e-07', '-2', '+Inf'],
  ]);
});

test('mutated bodies are read or refused', () => {
  const seed = 90125;
  const random = seededRandom(seed);
  const body = protobufBody([
    { name: 'h', help: 'x', type: 4, metric: [{ histogram: { ...NATIVE, bucket: BUCKETS } }] },
    { name: 'c', type: 0, metric: [{ label: [label('a', 'b')], counter: { value: 5 } }] },
  ]);
  const into = new ParsedExposition();
  for (let round = 0; round < 20_000; round++) {
    let bytes = body.slice();
    for (let k = below(random, 4); k >= 0; k--)
      bytes[below(random, bytes.length)] ^= 1 << below(random, 8);
    if (below(random, 3) === 0) bytes = bytes.subarray(0, below(random, bytes.length));
    try {
      const text = parseProtobuf(bytes, into, round % 2 === 0);
      for (let i = 0; i < into.count; i++) parseSeriesPairs(text, into.starts[i], into.ends[i]);
    } catch (thrown) {
      const known = thrown instanceof MonError && thrown.code.startsWith('MON_BODY_');
      assert.ok(known, `seed ${seed}, round ${round}: ${String(thrown)}`);
    }
  }
});
