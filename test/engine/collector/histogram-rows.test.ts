// Native histograms through the door: what is sound is in the log with its bytes as they came, in
// the partition of its series, in records of one class; what is not is refused alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeHistogram, encodeHistogram } from '../../../src/engine/codec/histogram.ts';
import { MonError } from '../../../src/engine/errors.ts';
import { HISTOGRAM_BYTES_MAX } from '../../../src/engine/limits.ts';
import { makeHistogram } from '../../../src/engine/model/histogram.ts';
import { labelValue, NAME } from '../../../src/engine/model/labels.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { doorSet, NOW_MS } from '../../support/door-set.ts';
import { listOf, randomHistogram } from '../../support/random-histograms.ts';
import { writeRequestBody } from '../../support/write-request.ts';
import type { WriteSeries } from '../../support/write-request.ts';

const DAY_MS = 86_400_000;

function body(timestampMs: number, sum = 1): Uint8Array {
  const positive = listOf([0, 1], [1, 2]);
  const histogram = makeHistogram({ schema: 3, count: 3, sum, positive });
  return encodeHistogram(histogram, { timestampMs, integer: true });
}

function series(name: string, histograms: readonly Uint8Array[]): WriteSeries {
  return { labels: { [NAME]: name }, samples: [], histograms };
}

test('histograms land in the log as they came, floats beside them too', async () => {
  const { door, log, book } = doorSet({ partitions: 3 });
  const random = seededRandom(41);
  const all = Array.from({ length: 60 }, (_, i): WriteSeries => {
    const timestampMs = NOW_MS - [0, 60_000, 3_600_000][i % 3];
    const integer = i % 2 === 0;
    const form = { timestampMs, integer, stale: i % 7 === 0 };
    const histograms = [encodeHistogram(randomHistogram(random, integer), form)];
    const samples = i % 4 === 0 ? [{ timestamp: timestampMs - 1, value: i }] : [];
    return { labels: { [NAME]: `m${i}`, i: String(i) }, samples, histograms };
  });
  const outcome = await door.remoteWrite(writeRequestBody(all));
  const counts = { accepted: 75, histograms: 60, refused: 0 };
  assert.deepEqual(outcome, { ...counts, reasons: {}, examples: [] });
  assert.equal(log.appends, 1);
  assert.equal(log.samples().length, 15);
  const found = log.histograms();
  assert.equal(found.length, 60);
  for (const one of found) {
    const i = Number(labelValue(one.labels, 'i'));
    assert.equal(one.lateness, i % 3);
    assert.deepEqual(Buffer.from(one.body), Buffer.from(all[i].histograms?.[0] ?? []));
    assert.equal(one.timestampMs, decodeHistogram(one.body).timestampMs);
    assert.equal(one.partition, book.partition(book.refOfLabels(one.labels)));
  }
  assert.equal(book.series, 60, 'a series of both kinds is one series');
  assert.deepEqual([door.counts.acceptedSamples, door.counts.acceptedHistograms], [75, 60]);
});

test('what is refused leaves the rest', async () => {
  const good = series('good', [body(NOW_MS)]);
  const many = Array.from({ length: HISTOGRAM_BYTES_MAX }, (_, i) => i);
  const huge = makeHistogram({ positive: listOf(many, many) });
  const cases: Record<string, WriteSeries> = {
    tooOld: series('m', [body(NOW_MS - 16 * DAY_MS)]),
    tooNew: series('m', [body(NOW_MS + 11 * 60_000)]),
    noName: { labels: { a: '1' }, samples: [], histograms: [body(NOW_MS)] },
    histogram: series('m', [Uint8Array.of(0x18, 0xff)]),
    histogramTooLarge: series('m', [encodeHistogram(huge, { integer: true })]),
  };
  for (const [reason, bad] of Object.entries(cases)) {
    const { door, log } = doorSet();
    const outcome = await door.remoteWrite(writeRequestBody([good, bad, good]));
    assert.equal(outcome.accepted, 2, reason);
    assert.deepEqual(outcome.reasons, { [reason]: 1 });
    assert.equal(outcome.examples.length, 1);
    assert.equal(log.histograms().length, 2);
    assert.deepEqual({ ...door.counts.refused }, { [reason]: 1 });
  }
  const { door, log, book } = doorSet();
  const mixed = series('m', [body(NOW_MS - 2), Uint8Array.of(0x18, 0xff), body(NOW_MS - 1)]);
  const outcome = await door.remoteWrite(writeRequestBody([mixed]));
  assert.deepEqual([outcome.accepted, outcome.reasons], [2, { histogram: 1 }]);
  assert.deepEqual(outcome.examples, ['m{}: a native histogram is malformed']);
  assert.equal(log.histograms().length, 2);
  assert.equal(book.series, 1);
});

test('a series of refused histograms alone is not numbered', async () => {
  const { door, log, book } = doorSet();
  const outcome = await door.remoteWrite(writeRequestBody([series('m', [Uint8Array.of(1)])]));
  assert.deepEqual(outcome.reasons, { histogram: 1 });
  assert.deepEqual([log.appends, book.series], [0, 0]);
});

test('records of histograms are cut before they grow too large', async () => {
  const recordBytes = 4_000;
  const { door, log } = doorSet({ partitions: 1, limits: { recordBytes } });
  const all = Array.from({ length: 300 }, (_, i) => series(`m${i}`, [body(NOW_MS, i)]));
  await door.remoteWrite(writeRequestBody(all));
  assert.ok(log.records[0].length >= 4);
  for (const record of log.records[0]) assert.ok(record.length <= recordBytes);
  const sums = log.histograms().map((one) => decodeHistogram(one.body).histogram.sum);
  assert.deepEqual(
    sums,
    Array.from({ length: 300 }, (_, i) => i),
  );
});

test('histograms count for the bound on samples of a body', async () => {
  const { door, log, book } = doorSet({ limits: { bodySamples: 10 } });
  const histograms = Array.from({ length: 6 }, (_, i) => body(NOW_MS + i));
  const samples = Array.from({ length: 5 }, (_, i) => ({ timestamp: NOW_MS - i - 1, value: i }));
  for (const bodies of [
    [{ labels: { [NAME]: 'm' }, samples, histograms }],
    [series('a', [...histograms, ...histograms])],
  ]) {
    await assert.rejects(
      door.remoteWrite(writeRequestBody(bodies)),
      (failure) => failure instanceof MonError && failure.code === 'MON_BODY_TOO_LARGE',
    );
  }
  assert.deepEqual([log.appends, book.series], [0, 0]);
});

test('a series that only histograms use is not forgotten', async () => {
  const { door, book } = doorSet();
  for (let i = 0; i < 6; i++) {
    await door.remoteWrite(writeRequestBody([series('m', [body(NOW_MS + i)])]));
    book.turn();
    assert.equal(book.forget(2), 0);
  }
  assert.equal(book.series, 1);
});

test('any bytes as a histogram are taken or refused', async () => {
  const { door } = doorSet();
  const random = seededRandom(42);
  for (let round = 0; round < 400; round++) {
    const form = { timestampMs: NOW_MS, integer: true };
    const bytes = encodeHistogram(randomHistogram(random, true), form);
    for (let n = Math.floor(random() * 4); n > 0; n--) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
    const sent = bytes.subarray(0, Math.floor(bytes.length * Math.min(1, random() * 2)));
    const outcome = await door.remoteWrite(writeRequestBody([series('m', [sent])]));
    assert.equal(outcome.accepted + outcome.refused, 1, `round ${round}`);
  }
});
