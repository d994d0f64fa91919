// Pushed exposition text: times, refusals singly, bodies refused whole. Easy to get wrong: a body
// that is malformed at its end must not have numbered a series.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PushText } from '../../../src/engine/collector/push-text.ts';
import { REFUSED } from '../../../src/engine/kernels/series-book.ts';
import type { Labels } from '../../../src/engine/model/labels.ts';
import { labelValue } from '../../../src/engine/model/labels.ts';
import { systemClock } from '../../../src/engine/runtime/clock.ts';
import { DoorDouble } from './scrape-double.ts';

const NOW = 1_700_000_000_000;
const encoder = new TextEncoder();

function setUp() {
  const door = new DoorDouble();
  const book = {
    refOfLabels: (labels: Labels) =>
      labelValue(labels, 'bad') === '' ? door.refOf(labels) : REFUSED.tooManyLabels,
  };
  const text = new PushText({ ...systemClock, now: () => NOW });
  const push = (body: string, type = 'text/plain') => {
    const into = {
      book,
      append: door.append.bind(door),
      metadata: door.metadata.bind(door),
    };
    return text.take(into, encoder.encode(body), type);
  };
  return { door, push };
}

test('samples without a time get the receive time', async () => {
  const { door, push } = setUp();
  const outcome = await push('# TYPE a gauge\na{x="1"} 1\na{x="2"} 2 1234\n');
  assert.deepEqual(outcome, { accepted: 2, refused: 0, reasons: {}, examples: [] });
  assert.deepEqual(
    door.rows.map((row) => [row.value, row.timeMs]),
    [
      [1, NOW],
      [2, 1234],
    ],
  );
  assert.equal(door.entries[0].type, 'gauge');
  await push('b 1 2.5\n# EOF\n', 'application/openmetrics-text');
  assert.equal(door.rows.at(-1)?.timeMs, 2500);
});

test('a series that is refused does not stop the rest', async () => {
  const { door, push } = setUp();
  const outcome = await push('a{bad="1"} 1\nb 2\na{bad="2"} 3\n');
  assert.equal(outcome.accepted, 1);
  assert.equal(outcome.refused, 2);
  assert.deepEqual(outcome.reasons, { tooManyLabels: 2 });
  assert.match(outcome.examples[0], /^a\{bad="?1/);
  assert.deepEqual(door.values('b'), [2]);
});

test('a malformed body leaves nothing behind', async () => {
  const { door, push } = setUp();
  for (const body of ['a 1\nb\n', 'a 1\na{x="1",x="2"} 1\n', 'a 1\n{""} 1\n']) {
    await assert.rejects(push(body), { code: 'MON_BODY_MALFORMED' }, body);
  }
  assert.deepEqual([door.rows, door.series], [[], []]);
  const empty = await push('');
  assert.equal(empty.accepted, 0);
});

test('a log that takes nothing is told to the sender', async () => {
  const { door, push } = setUp();
  door.full = true;
  await assert.rejects(push('a 1\n'), { code: 'MON_DISK_FULL' });
});
