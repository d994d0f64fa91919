// OTLP metrics: every kind of data from both encodings, Prometheus' names, what is refused, and a
// fuzz that may end in nothing but the declared error.
import assert from 'node:assert/strict';
import test from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { readOtlpJson } from '../../../src/engine/wire/otlp-json.ts';
import { labelName, metricName } from '../../../src/engine/wire/otlp-names.ts';
import { readOtlpProtobuf } from '../../../src/engine/wire/otlp-protobuf.ts';
import { fromOtlp } from '../../../src/engine/wire/otlp.ts';
import { WritePen } from '../../../src/engine/wire/write-pen.ts';
import { otlpProtobuf } from '../../support/otlp-messages.ts';
import { below } from '../../support/random-histograms.ts';
import { writtenLines } from '../../support/write-request-oracle.ts';
import type { Resource } from '../../../src/engine/wire/otlp-model.ts';

function write(resources: readonly Resource[]) {
  const pen = new WritePen();
  const counts = fromOtlp(resources, pen, 42);
  return { ...counts, ...writtenLines(pen.written) };
}

const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
const TIME = { timeUnixNano: '1700000000005999999' };
const REQUEST = {
  resourceMetrics: [
    {
      resource: {
        attributes: [
          attribute('service.name', 'shop'),
          attribute('service.namespace', 'eu'),
          attribute('service.instance.id', 'i-1'),
          attribute('host.name', 'a'),
        ],
      },
      scopeMetrics: [
        {
          metrics: [
            {
              name: 'http.requests',
              description: 'Served.',
              sum: {
                aggregationTemporality: 2,
                isMonotonic: true,
                dataPoints: [{ ...TIME, asInt: '7', attributes: [attribute('http.route', '/x')] }],
              },
            },
            { name: 'temp', unit: 'Cel', gauge: { dataPoints: [{ ...TIME, asDouble: -1.5 }] } },
            { name: 'fill', unit: '1', gauge: { dataPoints: [{ ...TIME, flags: 1 }] } },
            {
              name: 'took',
              unit: 'ms',
              histogram: {
                aggregationTemporality: 2,
                dataPoints: [
                  {
                    ...TIME,
                    count: '6',
                    sum: 9.5,
                    bucketCounts: ['1', '2', '3'],
                    explicitBounds: [0.5, 10],
                  },
                ],
              },
            },
            {
              name: 'size',
              unit: 'By/s',
              exponentialHistogram: {
                aggregationTemporality: 2,
                dataPoints: [
                  {
                    ...TIME,
                    count: '5',
                    sum: 8,
                    scale: 9,
                    zeroCount: '1',
                    positive: { offset: -2, bucketCounts: ['1', '2', '0', '1'] },
                  },
                ],
              },
            },
            {
              name: 'wait',
              summary: {
                dataPoints: [
                  { ...TIME, count: '2', sum: 3, quantileValues: [{ quantile: 0.5, value: 1 }] },
                ],
              },
            },
          ],
        },
      ],
    },
  ],
};
const WHO = 'instance="i-1",job="eu/shop"';
const AT = '1700000000005';
const LINES = [
  `http_requests_total{http_route="/x",${WHO}} 7 ${AT}`,
  `temp_celsius{${WHO}} -1.5 ${AT}`,
  `fill_ratio{${WHO}} NaN ${AT}`,
  `took_milliseconds_bucket{${WHO},le="0.5"} 1 ${AT}`,
  `took_milliseconds_bucket{${WHO},le="10"} 3 ${AT}`,
  `took_milliseconds_bucket{${WHO},le="+Inf"} 6 ${AT}`,
  `took_milliseconds_count{${WHO}} 6 ${AT}`,
  `took_milliseconds_sum{${WHO}} 9.5 ${AT}`,
  `size_bytes_per_second{${WHO}} {schema:8 count:5 sum:8 0:3,1:1} ${AT}`,
  `wait{${WHO},quantile="0.5"} 1 ${AT}`,
  `wait_sum{${WHO}} 3 ${AT}`,
  `wait_count{${WHO}} 2 ${AT}`,
  `target_info{host_name="a",${WHO}} 1 ${AT}`,
];

test('JSON and protobuf say the same', () => {
  const json = write(readOtlpJson(Buffer.from(JSON.stringify(REQUEST))));
  assert.deepEqual(json.lines, LINES);
  assert.equal(json.metadata[0], 'http_requests_total|1|Served.|');
  const protobuf = write(readOtlpProtobuf(otlpProtobuf(REQUEST)));
  assert.deepEqual(protobuf, json);
});

test('names as Prometheus writes them', () => {
  const named = (name: string, unit = '', kind: 'gauge' | 'sum' = 'gauge', monotonic = false) =>
    metricName({ name, unit, kind, monotonic });
  assert.equal(named('system.cpu.time', 's', 'sum', true), 'system_cpu_time_seconds_total');
  assert.equal(named('a_total', '', 'sum', true), 'a_total');
  assert.equal(named('a.bytes', 'By'), 'a_bytes');
  assert.equal(named('a', '{packets}'), 'a');
  assert.equal(named('a', '1'), 'a_ratio');
  assert.equal(named('a', '1', 'sum', true), 'a_total');
  assert.equal(named('9a', 'm/s'), '_9a_meters_per_second');
  assert.equal(named('…'), '');
  assert.equal(labelName('http.status-code'), 'http_status_code');
  assert.equal(labelName('1st'), 'key_1st');
});

test('what cannot be told truly is refused, and the rest is taken', () => {
  const point = { ...TIME, asInt: 1 };
  const metrics = [
    { name: 'd', sum: { aggregationTemporality: 1, dataPoints: [point, point] } },
    { name: '', gauge: { dataPoints: [point] } },
    {
      name: 'h',
      histogram: {
        aggregationTemporality: 2,
        dataPoints: [{ ...TIME, bucketCounts: [1, 2], explicitBounds: [1, 2] }],
      },
    },
    {
      name: 'e',
      exponentialHistogram: {
        aggregationTemporality: 2,
        dataPoints: [
          { ...TIME, count: -1 },
          { ...TIME, scale: -9 },
        ],
      },
    },
    { name: 'good', gauge: { dataPoints: [point] } },
  ];
  const body = { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] };
  const { lines, refused, examples } = write(readOtlpJson(Buffer.from(JSON.stringify(body))));
  assert.deepEqual(lines, [`good{} 1 ${AT}`]);
  assert.equal(refused, 6);
  assert.match(examples[0], /^d_?.*delta temporality/);
});

/** A body with an attribute of arrays in arrays. */
function deepAttribute(depth: number): string {
  const value = `${'{"arrayValue": {"values": ['.repeat(depth)}{}${']}}'.repeat(depth)}`;
  return `{"resourceMetrics": [{"resource": {"attributes": [{"key": "a", "value": ${value}}]}}]}`;
}

test('JSON of other shapes is refused', () => {
  const wrong = [
    '',
    '[]',
    '{"resourceMetrics": 5}',
    '{"resourceMetrics": [5]}',
    '{"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": 5}]}]}]}',
    deepAttribute(20),
  ];
  for (const text of wrong) {
    assert.throws(() => readOtlpJson(Buffer.from(text)), { code: 'MON_BODY_MALFORMED' }, text);
  }
});

test('mutated bodies are read or refused', () => {
  const seed = 1984;
  const random = seededRandom(seed);
  const protobuf = otlpProtobuf(REQUEST);
  const json = Buffer.from(JSON.stringify(REQUEST));
  for (let round = 0; round < 6000; round++) {
    const isJson = round % 2 === 0;
    const bytes = Uint8Array.from(isJson ? json : protobuf);
    for (let k = below(random, 4); k >= 0; k--) {
      const at = below(random, bytes.length);
      if (isJson) bytes[at] = '0123456789-[]{}",:.e'.charCodeAt(below(random, 20));
      else bytes[at] ^= 1 << below(random, 8);
    }
    try {
      write(isJson ? readOtlpJson(bytes) : readOtlpProtobuf(bytes));
    } catch (thrown) {
      const known = thrown instanceof MonError && thrown.code.startsWith('MON_BODY_');
      assert.ok(known, `seed ${seed}, round ${round}: ${String(thrown)}`);
    }
  }
});

/** What a body becomes, or the code of its refusal. */
function outcome(read: () => readonly Resource[]): unknown {
  try {
    return write(read());
  } catch (thrown) {
    assert.ok(thrown instanceof MonError, String(thrown));
    return thrown.code;
  }
}

test('points that are walked as they lie mean what points that are read mean', () => {
  const points = Array.from({ length: 12 }, (_, i) => ({
    timeUnixNano: `${1_700_000_000_000 + i}000000`,
    ...(i % 3 === 0 ? { asInt: String(i - 5) } : { asDouble: i / 7 }),
    ...(i === 4 ? { flags: 1 } : {}),
    attributes: [attribute('a', String(i % 4)), attribute('__proto__', 'p'), attribute('a.b', 'x')],
  }));
  const metrics = [
    { name: 'n', gauge: { dataPoints: points } },
    { name: 'n', unit: 's', sum: { aggregationTemporality: 2, dataPoints: points } },
    { name: 'd', sum: { aggregationTemporality: 1, dataPoints: points } },
    { name: '', gauge: { dataPoints: points } },
  ];
  const resource = { attributes: [attribute('service.name', 'shop'), attribute('zone', 'eu')] };
  const mine = { resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] };
  const seed = 77;
  const random = seededRandom(seed);
  for (const request of [REQUEST, mine]) {
    const plain = otlpProtobuf(request);
    for (let round = 0; round < 1500; round++) {
      const bytes = Uint8Array.from(plain);
      // First as it is, twice, so that what was remembered is used.
      for (let k = round < 2 ? 0 : 1 + below(random, 4); k > 0; k--) {
        bytes[below(random, bytes.length)] ^= 1 << below(random, 8);
      }
      const what = `seed ${seed}, round ${round}`;
      const slowly = outcome(() => readOtlpProtobuf(bytes));
      assert.deepEqual(
        outcome(() => readOtlpProtobuf(bytes, true)),
        slowly,
        what,
      );
    }
  }
});
