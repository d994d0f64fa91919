// A change of an alert comes back from its record as it was, whatever its texts are; bytes that are
// none are refused by one failure and nothing else. Easy to get wrong: `__proto__` is a label.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  alertPartition,
  decodeAlert,
  encodeAlert,
} from '../../../src/engine/codec/alert-record.ts';
import { MonError } from '../../../src/engine/errors.ts';
import { ALERT_RECORD_BYTES_MAX } from '../../../src/engine/limits-links.ts';
import { makeLabels } from '../../../src/engine/model/labels.ts';
import type { AlertEvent } from '../../../src/engine/ports.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import type { Random } from '../../../src/engine/runtime/random.ts';

const TEXTS = [
  '__proto__',
  'constructor',
  'host',
  '"',
  '\u0000',
  'ü€😀',
  '</b>',
  '\\',
  'a\nb',
  '0',
];

function textOf(random: Random): string {
  const count = 1 + Math.floor(random() * 3);
  return Array.from({ length: count }, () => TEXTS[Math.floor(random() * TEXTS.length)]).join('');
}

function eventOf(random: Random): AlertEvent {
  const some = () =>
    makeLabels(
      Array.from({ length: Math.floor(random() * 6) }, () => [textOf(random), textOf(random)]),
    );
  const at = Math.floor(random() * 2e12);
  return {
    ...{ id: textOf(random), labels: some(), annotations: some(), generatorUrl: textOf(random) },
    ...{ startsAtMs: at, endsAtMs: random() < 0.5 ? 0 : at + 1000, atMs: at },
    ...(random() < 0.3 ? { channels: [textOf(random)] } : {}),
  };
}

test('a change comes back as it was', () => {
  const seed = 5;
  const random = seededRandom(seed);
  for (let i = 0; i < 2000; i++) {
    const event = eventOf(random);
    assert.deepEqual(decodeAlert(encodeAlert(event)), event, `seed ${seed}, ${i}`);
  }
});

test('other people can read it', () => {
  const labels = makeLabels([['alertname', 'HighCpu']]);
  const times = { startsAtMs: 5, endsAtMs: 0, atMs: 5 };
  const event = { id: 'x', labels, annotations: [], generatorUrl: 'http://mon', ...times };
  assert.deepEqual(JSON.parse(Buffer.from(encodeAlert(event)).toString()), {
    ...{ version: 1, id: 'x', status: 'firing', labels: { alertname: 'HighCpu' } },
    ...{ annotations: {}, ...times, generatorUrl: 'http://mon' },
  });
});

test('annotations that are too large are left out, and said to be', () => {
  const event = eventOf(seededRandom(1));
  const annotations = makeLabels([['summary', 'x'.repeat(ALERT_RECORD_BYTES_MAX)]]);
  const record = encodeAlert({ ...event, annotations });
  assert.ok(record.length < ALERT_RECORD_BYTES_MAX);
  const { id, labels, annotations: told } = decodeAlert(record);
  assert.deepEqual([id, labels], [event.id, event.labels]);
  assert.match(told[1], /too large/);
});

test('bytes that are no change are the data\u2019s fault, whatever they are', () => {
  const seed = 9;
  const random = seededRandom(seed);
  let refused = 0;
  for (let i = 0; i < 5000; i++) {
    const bytes = Buffer.from(encodeAlert(eventOf(random)));
    const hits = 1 + Math.floor(random() * 4);
    for (let hit = 0; hit < hits; hit++) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
    const cut = random() < 0.3 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes;
    try {
      decodeAlert(cut);
    } catch (thrown) {
      assert.ok(thrown instanceof MonError, `seed ${seed}, ${i}: ${String(thrown)}`);
      assert.equal(thrown.code, 'MON_RECORD_MALFORMED');
      refused++;
    }
  }
  assert.ok(refused > 1000);
  for (const text of ['null', '[]', '{}', '{"version":1}', '{"version":2,"id":"x"}', '']) {
    assert.throws(() => decodeAlert(Buffer.from(text)), { code: 'MON_RECORD_MALFORMED' });
  }
});

test('all changes of an alert go to one partition', () => {
  const random = seededRandom(3);
  const seen = new Set<number>();
  for (let i = 0; i < 500; i++) {
    const { labels } = eventOf(random);
    const partition = alertPartition(labels, 12);
    assert.equal(alertPartition([...labels], 12), partition);
    assert.ok(partition >= 0 && partition < 12);
    seen.add(partition);
  }
  assert.equal(seen.size, 12);
});
