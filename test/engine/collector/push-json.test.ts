// The seed's JSON push: both forms of "metrics", timestamps in seconds and ms, refusals by
// sample, and bodies that are not of this form at all.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readJsonPush } from '../../../src/engine/collector/push-json.ts';
import { MonError } from '../../../src/engine/errors.ts';
import { labelsKey } from '../../../src/engine/model/labels.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { doorSet, NOW_MS } from '../../support/door-set.ts';
import { mutated } from '../../support/random-labels.ts';

const bytes = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));

test('an object of names', async () => {
  const { door, log } = doorSet();
  const body = { metrics: { cpu: 0.5, memory: 12 }, labels: { device_id: 'iot-1', floor: 5 } };
  const outcome = await door.json(bytes(body));
  assert.equal(outcome.accepted, 2);
  const found = log.samples().map((s) => [labelsKey(s.labels), s.value, s.timestampMs]);
  assert.deepEqual(found.sort(), [
    [labelsKey(['__name__', 'cpu', 'device_id', 'iot-1', 'floor', '5']), 0.5, NOW_MS],
    [labelsKey(['__name__', 'memory', 'device_id', 'iot-1', 'floor', '5']), 12, NOW_MS],
  ]);
});

test('an array with timestamps, own labels and types', async () => {
  const { door, log } = doorSet();
  const metrics = [
    { name: 'a', value: 1, timestamp: NOW_MS / 1000 - 1.5, type: 'gauge' },
    { name: 'a', value: 'NaN', timestamp: NOW_MS - 500, labels: { host: 'own' } },
    { name: 'a', value: '-Inf', timestamp: null, labels: { host: '' } },
  ];
  const outcome = await door.json(
    bytes({ metrics, labels: { host: 'shared', __name__: 'not this' } }),
  );
  assert.equal(outcome.accepted, 3);
  const found = log.samples().map((s) => [labelsKey(s.labels), String(s.value), s.timestampMs]);
  const expected = [
    [labelsKey(['__name__', 'a']), '-Infinity', NOW_MS],
    [labelsKey(['__name__', 'a', 'host', 'own']), 'NaN', NOW_MS - 500],
    [labelsKey(['__name__', 'a', 'host', 'shared']), '1', NOW_MS - 1500],
  ];
  assert.deepEqual(found.sort(), expected.sort());
  assert.deepEqual(log.metadata(), [{ family: 'a', type: 'gauge', help: '', unit: '' }]);
});

test('bad samples are refused one by one', async () => {
  const { door } = doorSet();
  const metrics = [
    { name: 'good', value: 1 },
    { value: 1 },
    { name: '', value: 1 },
    { name: 'm', value: '12' },
    { name: 'm' },
    { name: 'm', value: null },
    { name: 'm', value: 1, timestamp: 'now' },
    { name: 'm', value: 1, timestamp: 1e300 },
    { name: 'm', value: 1, timestamp: 1 },
    { name: 'm', value: 1, labels: { a: {} } },
    { name: 'm', value: 1, labels: 'x' },
    { name: 'm', value: 1, labels: { '': 'x' } },
    { name: 'm', value: 1, labels: { a: 'x'.repeat(5000) } },
  ];
  const outcome = await door.json(bytes({ metrics }));
  assert.equal(outcome.accepted, 1);
  assert.deepEqual(outcome.reasons, {
    noName: 2,
    value: 3,
    timestamp: 2,
    tooOld: 1,
    labelValue: 2,
    labelName: 1,
    labelValueTooLong: 1,
  });
  assert.equal(outcome.examples.length, 5);
});

test('a lone surrogate in a label is refused, not stored as another label', async () => {
  const { door } = doorSet();
  const outcome = await door.json(bytes('{"metrics":{"m":1},"labels":{"a":"\\ud800"}}'));
  assert.deepEqual(outcome.reasons, { labelValue: 1 });
});

test('bodies of another form are refused whole', async () => {
  const { door, log } = doorSet();
  const bodies = ['', '{', '[]', 'null', '1', '{}', '{"metrics":1}', '{"metrics":[1]}'];
  bodies.push('{"metrics":{},"labels":[]}', '{"metrics":null}', '\uffff'.slice(1), '['.repeat(1e5));
  for (const body of [...bodies.map(bytes), Uint8Array.of(0xff)]) {
    await assert.rejects(
      door.json(body),
      (failure) => failure instanceof MonError && failure.code === 'MON_BODY_MALFORMED',
      new TextDecoder().decode(body.subarray(0, 40)),
    );
  }
  const many = {
    metrics: Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`m${i}`, i])),
  };
  for (const body of [bytes(many), new Uint8Array(17 * 2 ** 20)]) {
    await assert.rejects(
      door.json(body),
      (failure) => failure instanceof MonError && failure.code === 'MON_BODY_TOO_LARGE',
    );
  }
  assert.deepEqual([log.appends, door.book.series], [0, 0]);
});

test('mutated bodies are read or refused', () => {
  const random = seededRandom(51);
  const metrics = [
    { name: 'a', value: 1, timestamp: 17, labels: { __proto__x: 'y' }, type: 'gauge' },
  ];
  const body = bytes({ metrics, labels: { a: 'b' } });
  for (let i = 0; i < 5000; i++) {
    try {
      readJsonPush(mutated(random, body), NOW_MS);
    } catch (failure) {
      assert.ok(failure instanceof MonError && failure.code === 'MON_BODY_MALFORMED');
    }
  }
});
