// The door as its callers see it: what is accepted is in the log, what is refused is told by
// reason, what fails leaves no trace; lateness, partitions, records of bounded size, ticks,
// metadata.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MonError } from '../../../src/engine/errors.ts';
import { labelValue, NAME } from '../../../src/engine/model/labels.ts';
import { STALE_HIGH, STALE_LOW } from '../../../src/engine/model/sample.ts';
import type { PushOutcome } from '../../../src/engine/ports.ts';
import { doorSet, NOW_MS } from '../../support/door-set.ts';
import { field, writeRequestBody } from '../../support/write-request.ts';
import type { WriteSeries } from '../../support/write-request.ts';
import snappy from 'snappy';

const DAY_MS = 86_400_000;

function series(name: string, timestamp: number, more: Record<string, string> = {}): WriteSeries {
  return { labels: { [NAME]: name, ...more }, samples: [{ timestamp, value: 1 }] };
}

function packed(...parts: Buffer[]): Buffer {
  return snappy.compressSync(Buffer.concat(parts)) as Buffer;
}

test('samples land in the partition of their series, each record of one class', async () => {
  const { door, log } = doorSet({ partitions: 3 });
  const all = Array.from({ length: 60 }, (_, i) =>
    series(`m${i}`, NOW_MS - [0, 60_000, 3_600_000][i % 3], { i: String(i) }),
  );
  const outcome = await door.remoteWrite(writeRequestBody(all));
  assert.deepEqual(outcome, { accepted: 60, refused: 0, reasons: {}, examples: [] });
  assert.equal(log.appends, 1);
  const samples = log.samples();
  assert.equal(samples.length, 60);
  for (const sample of samples) {
    const i = Number(labelValue(sample.labels, 'i'));
    assert.equal(sample.lateness, i % 3);
    assert.equal(sample.receivedMs, NOW_MS);
    assert.equal(sample.partition, door.book.partition(door.book.refOfLabels(sample.labels)));
  }
  assert.equal(door.counts.acceptedSamples, 60);
  assert.equal(door.counts.newSeries, 60);
  assert.equal(door.counts.requests, 1);
});

test('one series in several spellings has one ref', async () => {
  const { door, log, book } = doorSet();
  const labels: [string, string][] = [
    [NAME, 'm'],
    ['a', '1'],
    ['b', '2'],
  ];
  const spellings = [labels, [labels[2], labels[0], labels[1]], [...labels, ['c', '']]] as const;
  for (const spelling of spellings) {
    for (let twice = 0; twice < 2; twice++) {
      const samples = [{ timestamp: NOW_MS, value: 1 }];
      await door.remoteWrite(
        writeRequestBody([{ labels: spelling as [string, string][], samples }]),
      );
    }
  }
  assert.equal(book.series, 1);
  assert.equal(log.samples().length, 6);
  assert.equal(door.counts.newSeries, 1);
});

test('__proto__ is a label like any other', async () => {
  const { door, log } = doorSet();
  const labels: [string, string][] = [
    [NAME, 'm'],
    ['__proto__', 'p'],
    ['constructor', 'c'],
  ];
  await door.remoteWrite(
    writeRequestBody([{ labels, samples: [{ timestamp: NOW_MS, value: 1 }] }]),
  );
  await door.json(Buffer.from('{"metrics":{"n":1},"labels":{"__proto__":"p"}}'));
  const found = log.samples().map((sample) => sample.labels.join());
  assert.deepEqual(found.sort(), [
    '__name__,m,__proto__,p,constructor,c',
    '__name__,n,__proto__,p',
  ]);
});

describe('refusals leave the rest', () => {
  const good = series('good', NOW_MS);
  const cases: Record<string, WriteSeries> = {
    tooOld: series('m', NOW_MS - 16 * DAY_MS),
    tooNew: series('m', NOW_MS + 11 * 60_000),
    noName: { labels: { a: '1' }, samples: good.samples },
    labelName: {
      labels: [
        [NAME, 'm'],
        ['', 'x'],
      ],
      samples: good.samples,
    },
    labelNameTooLong: series('m', NOW_MS, { ['n'.repeat(1025)]: 'x' }),
    labelValueTooLong: series('m', NOW_MS, { a: 'x'.repeat(4097) }),
    duplicateLabel: {
      labels: [
        [NAME, 'm'],
        ['a', '1'],
        ['a', '2'],
      ],
      samples: good.samples,
    },
    tooManyLabels: series(
      'm',
      NOW_MS,
      Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`l${i}`, 'x'])),
    ),
  };
  for (const [reason, bad] of Object.entries(cases)) {
    test(reason, async () => {
      const { door, log, book } = doorSet();
      const outcome = await door.remoteWrite(writeRequestBody([good, bad, good]));
      assert.equal(outcome.accepted, 2);
      assert.deepEqual(outcome.reasons, { [reason]: 1 });
      assert.equal(outcome.examples.length, 1);
      assert.equal(log.samples().length, 2);
      assert.deepEqual({ ...door.counts.refused }, { [reason]: 1 });
      const seen = reason === 'tooOld' || reason === 'tooNew' ? 2 : 1;
      assert.equal(book.series, seen);
    });
  }

  test('a value that is not UTF-8', async () => {
    const { door } = doorSet();
    const label = (name: string, value: Buffer): Buffer =>
      field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, value)]));
    const sample = field(2, Buffer.from([9, 0, 0, 0, 0, 0, 0, 0, 0, 16, 1]));
    const labels = [label(NAME, Buffer.from('m')), label('a', Buffer.from([0xff]))];
    const outcome = await door.remoteWrite(packed(field(1, Buffer.concat([...labels, sample]))));
    assert.deepEqual(outcome.reasons, { labelValue: 1 });
  });

  test('examples cannot carry control characters', async () => {
    const { door } = doorSet();
    const labels = { [NAME]: 'm', a: '\u001b[31m\u009b\u202e"' };
    const samples = [{ timestamp: 0, value: 1 }];
    const { examples } = await door.remoteWrite(writeRequestBody([{ labels, samples }]));
    assert.deepEqual(examples, [
      'm{a="\\u001b[31m\\u009b\\u202e\\""}: older than the retention of raw samples',
    ]);
  });
});

test('an empty request is fine and appends nothing', async () => {
  const { door, log } = doorSet();
  const nothing: PushOutcome = { accepted: 0, refused: 0, reasons: {}, examples: [] };
  assert.deepEqual(await door.remoteWrite(packed(Buffer.alloc(0))), nothing);
  assert.deepEqual(
    await door.remoteWrite(writeRequestBody([{ labels: { a: 'b' }, samples: [] }])),
    nothing,
  );
  assert.equal(log.appends, 0);
  assert.equal(door.book.series, 0);
});

test('records are cut before they grow too large', async () => {
  const recordBytes = 20_000;
  const { door, log } = doorSet({ partitions: 1, limits: { recordBytes } });
  const all = Array.from({ length: 400 }, (_, i) =>
    series(`m${i}`, NOW_MS, { filler: `${i} `.repeat(50) }),
  );
  await door.remoteWrite(writeRequestBody(all));
  assert.ok(log.records[0].length >= 4);
  for (const record of log.records[0]) assert.ok(record.length <= recordBytes);
  const names = log.samples().map((sample) => labelValue(sample.labels, NAME));
  assert.deepEqual(
    names,
    Array.from({ length: 400 }, (_, i) => `m${i}`),
  );
});

test('a body of more samples than the bound is refused whole', async () => {
  const { door, log } = doorSet({ limits: { bodySamples: 10 } });
  const samples = Array.from({ length: 11 }, (_, i) => ({ timestamp: NOW_MS + i, value: i }));
  await assert.rejects(
    door.remoteWrite(writeRequestBody([{ labels: { [NAME]: 'm' }, samples }])),
    (failure) => failure instanceof MonError && failure.code === 'MON_BODY_TOO_LARGE',
  );
  assert.deepEqual([log.appends, door.book.series], [0, 0]);
});

test('a log that fails is told to the sender, and the next append defines anew', async () => {
  const { door, log } = doorSet();
  const body = writeRequestBody([series('a', NOW_MS), series('b', NOW_MS), series('c', NOW_MS)]);
  log.failNext = (i) => (i === 0 ? new MonError('MON_DISK_FULL', 'no room') : undefined);
  await assert.rejects(
    door.remoteWrite(body),
    (failure) => failure instanceof MonError && failure.kind === 'retry',
  );
  assert.equal(door.counts.acceptedSamples, 0);
  const outcome = await door.remoteWrite(body);
  assert.equal(outcome.accepted, 3);
  const names = new Set(log.samples().map((sample) => labelValue(sample.labels, NAME)));
  assert.deepEqual(names, new Set(['a', 'b', 'c']));
});

test('columns: bits are kept, and they may be used again at once', async () => {
  const { door, log } = doorSet();
  const ref = door.refOf([NAME, 'm']);
  const values = new Float64Array(2);
  new Uint32Array(values.buffer).set([STALE_LOW, STALE_HIGH, 1, 0xfff80000]);
  const timestamps = Float64Array.of(NOW_MS - 1, NOW_MS, 0, 0);
  const refs = Uint32Array.of(ref, ref, 99, 99);
  const pending = door.append({ refs, timestamps, values, count: 2 }, NOW_MS);
  values.fill(0);
  refs.fill(0);
  assert.equal((await pending).accepted, 2);
  const bits = log.samples().map((sample) => sample.bits.toString(16));
  assert.deepEqual(bits, ['7ff0000000000002', 'fff8000000000001']);
});

test('refOf answers a refusal as a negative number', () => {
  const { door } = doorSet();
  assert.ok(door.refOf(['a', '1']) < 0);
  assert.equal(door.refOf([NAME, 'm']), 0);
  assert.equal(door.refOf([NAME, 'm']), 0);
  assert.equal(door.counts.newSeries, 1);
});

test('ticks: one a partition, and a clock that is set back takes back no promise', async () => {
  const { log, book, kernels } = doorSet({ partitions: 2 });
  let now = NOW_MS;
  const clock = { now: () => now, monotonic: () => 0 } as never;
  const { Door } = await import('../../../src/engine/collector/door.ts');
  const door = new Door({ log, book, kernels, clock });
  await door.tick();
  now -= 60_000;
  await door.tick();
  const watermarkMs = NOW_MS - 10_000;
  assert.deepEqual(log.ticks(), [
    { partition: 0, timeMs: NOW_MS, watermarkMs },
    { partition: 0, timeMs: NOW_MS - 60_000, watermarkMs },
    { partition: 1, timeMs: NOW_MS, watermarkMs },
    { partition: 1, timeMs: NOW_MS - 60_000, watermarkMs },
  ]);
  // Live by the clock, but older than what was promised: late.
  await door.remoteWrite(writeRequestBody([series('m', now)]));
  assert.equal(log.samples()[0].lateness, 1);
});

test('series that nobody sends are forgotten by and by, held ones are kept', async () => {
  const { door, book, clock } = doorSet();
  const held = door.refOf([NAME, 'held']);
  await door.remoteWrite(writeRequestBody([series('pushed', NOW_MS)]));
  assert.equal(book.series, 2);
  for (let hour = 0; hour < 5; hour++) {
    await clock.advance(3_600_000);
    await door.tick();
  }
  assert.equal(book.series, 1);
  assert.deepEqual(book.labels(held), [NAME, 'held']);
  door.release([held]);
  await clock.advance(3_600_000);
  await door.tick();
  assert.equal(book.series, 0);
});

test('metadata is logged when it is news, in partition 0, with the next append', async () => {
  const { door, log, clock } = doorSet();
  const entry = { family: 'm', type: 'counter', help: 'Help.', unit: '' };
  door.metadata([entry, entry]);
  assert.equal(log.appends, 0);
  await door.tick();
  door.metadata([entry]);
  await door.tick();
  assert.deepEqual(log.metadata(), [entry]);
  const pushed = Buffer.concat([
    Buffer.from([8, 1]),
    field(2, Buffer.from('m')),
    field(4, Buffer.from('New help.')),
  ]);
  log.failNext = () => new MonError('MON_DISK_FULL', 'no room');
  await assert.rejects(door.remoteWrite(packed(field(3, pushed))));
  await door.tick();
  assert.deepEqual(log.metadata(), [entry, { ...entry, help: 'New help.' }]);
  await clock.advance(3_600_001);
  door.metadata([{ ...entry, help: 'New help.' }]);
  await door.tick();
  assert.equal(log.metadata().length, 3);
});

test('exposition is whatever the daemon gave the door', async () => {
  const { door } = doorSet();
  await assert.rejects(door.exposition(Buffer.from('m 1'), 'text/plain'));
  const seen: unknown[] = [];
  const outcome: PushOutcome = { accepted: 1, refused: 0, reasons: {}, examples: [] };
  const other = doorSet({
    exposition: (given, body, type) => {
      seen.push(given === other.door, body.toString(), type);
      return Promise.resolve(outcome);
    },
  });
  assert.equal(await other.door.exposition(Buffer.from('m 1'), 'text/plain'), outcome);
  assert.deepEqual(seen, [true, 'm 1', 'text/plain']);
});
