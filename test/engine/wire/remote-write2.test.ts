// Remote write 2.0 as it comes from a protobuf library: samples, histograms and metadata arrive as
// 1.0 would have sent them, references that lead nowhere refuse the body, and a fuzz.
import assert from 'node:assert/strict';
import test from 'node:test';
import { encodeHistogram } from '../../../src/engine/codec/histogram.ts';
import { MonError } from '../../../src/engine/errors.ts';
import { makeHistogram } from '../../../src/engine/model/histogram.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { fromRemoteWrite2 } from '../../../src/engine/wire/remote-write2.ts';
import { WritePen } from '../../../src/engine/wire/write-pen.ts';
import { below, listOf } from '../../support/random-histograms.ts';
import { remoteWrite2Body } from '../../support/write-request2.ts';
import { writtenLines } from '../../support/write-request-oracle.ts';

function read(bytes: Uint8Array) {
  const pen = new WritePen();
  const counts = fromRemoteWrite2(bytes, pen);
  return { counts, ...writtenLines(pen.written) };
}

const symbols = ['', '__name__', 'hits_total', 'host', 'a', 'Hits.', 'h', 'ü'];
const histogram = makeHistogram({ count: 3, sum: 2, positive: listOf([1], [3]) });
const body = encodeHistogram(histogram, { timestampMs: 7, integer: true });
const REQUEST = {
  symbols,
  timeseries: [
    {
      labelsRefs: [1, 2, 3, 4],
      samples: [
        { value: 1.5, timestamp: 5, startTimestamp: 2 },
        { value: 2, timestamp: 6 },
      ],
      metadata: { type: 1, helpRef: 5 },
    },
    { labelsRefs: [1, 2, 3, 7], samples: [{ value: -1, timestamp: 5 }], metadata: { type: 1 } },
    { labelsRefs: [1, 6], histograms: [body] },
  ],
};

test('symbols become labels, samples and histograms stay as they are', () => {
  const { lines, metadata, counts } = read(remoteWrite2Body(REQUEST));
  assert.deepEqual(lines, [
    'hits_total{host="a"} 1.5 5',
    'hits_total{host="a"} 2 6',
    'hits_total{host="ü"} -1 5',
    'h{} {schema:0 count:3 sum:2 1:3} 7',
  ]);
  assert.deepEqual(metadata, ['hits_total|1|Hits.|']);
  assert.deepEqual(counts, { samples: 3, histograms: 1 });
  assert.deepEqual(read(new Uint8Array(0)).lines, []);
});

test('references that lead nowhere refuse the whole body', () => {
  const wrong: [Record<string, unknown>, RegExp][] = [
    [{ symbols, timeseries: [{ labelsRefs: [1, 99] }] }, /symbol 99, there are 8/],
    [{ symbols, timeseries: [{ labelsRefs: [1] }] }, /a label name without a value/],
    [{ symbols: ['x'], timeseries: [] }, /first symbol is not empty/],
    [
      { symbols, timeseries: [{ labelsRefs: [1, 2], metadata: { type: 1, helpRef: 77 } }] },
      /symbol 77/,
    ],
  ];
  for (const [request, why] of wrong) {
    const wanted = { code: 'MON_BODY_MALFORMED', message: why };
    assert.throws(() => read(remoteWrite2Body(request)), wanted);
  }
});

test('mutated bodies are read or refused', () => {
  const seed = 2112;
  const random = seededRandom(seed);
  const good = remoteWrite2Body(REQUEST);
  for (let round = 0; round < 20_000; round++) {
    const bytes = Uint8Array.from(good);
    for (let k = below(random, 4); k >= 0; k--) {
      bytes[below(random, bytes.length)] ^= 1 << below(random, 8);
    }
    try {
      fromRemoteWrite2(bytes, new WritePen());
    } catch (thrown) {
      const known = thrown instanceof MonError && thrown.code.startsWith('MON_BODY_');
      assert.ok(known, `seed ${seed}, round ${round}: ${String(thrown)}`);
    }
  }
});
