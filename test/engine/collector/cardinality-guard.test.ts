// The cardinality guard within the book and the door: each limit, warn and reject, what goes on,
// what is forgotten, and what is told.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { CardinalityLimits } from '../../../src/engine/collector/cardinality-guard.ts';
import { CardinalityGuard } from '../../../src/engine/collector/cardinality-guard.ts';
import { CARDINALITY_VALUES_OF_LABEL } from '../../../src/engine/limits.ts';
import { makeLabels } from '../../../src/engine/model/labels.ts';
import { doorSet, NOW_MS } from '../../support/door-set.ts';
import { writeRequestBody } from '../../support/write-request.ts';

const LIMITS: CardinalityLimits = {
  mode: 'reject',
  labels: 3,
  seriesOfMetric: 2,
  valuesOfLabel: 3,
  allowLabels: [],
  denyLabels: ['user_id'],
};

function guarded(more: Partial<CardinalityLimits> = {}) {
  const set = doorSet();
  const guard = new CardinalityGuard({ ...LIMITS, ...more });
  set.book.guard = guard;
  const write = (labels: Record<string, string>[]) =>
    set.door.remoteWrite(
      writeRequestBody(
        labels.map((one) => ({ labels: one, samples: [{ timestamp: NOW_MS, value: 1 }] })),
      ),
    );
  return { ...set, guard, write };
}

test('only the new series over a limit is refused, the known ones go on', async () => {
  const { write, guard, log } = guarded();
  const hits = (host: string) => ({ __name__: 'hits', host });
  const first = await write([hits('a'), hits('b'), hits('c'), { __name__: 'other', host: 'c' }]);
  assert.deepEqual(
    [first.accepted, first.refused, first.reasons],
    [3, 1, { cardinalityMetric: 1 }],
  );
  assert.match(first.examples[0], /^hits\{host="c"\}: the metric has as many series/);
  const again = await write([hits('a'), hits('b'), hits('c')]);
  assert.deepEqual([again.accepted, again.refused], [2, 1]);
  assert.equal(log.samples().length, 5);
  const { over, metrics, examples } = guard.report();
  assert.equal(over.cardinalityMetric, 2);
  assert.deepEqual(metrics, [
    { name: 'hits', series: 2 },
    { name: 'other', series: 1 },
  ]);
  assert.equal(examples.length, 1);
});

test('labels: how many, which, how many values', async () => {
  const { write, guard } = guarded({ seriesOfMetric: 0 });
  const wide = { __name__: 'm', a: '1', b: '1', c: '1', d: '1' };
  assert.deepEqual((await write([wide])).reasons, { cardinalityLabels: 1 });
  const denied = { __name__: 'm', user_id: '1' };
  assert.deepEqual((await write([denied])).reasons, { cardinalityDenied: 1 });
  const values = ['1', '2', '3', '4'].map((v) => ({ __name__: 'm', v }));
  const many = await write([...values, { __name__: 'again', v: '2' }]);
  assert.deepEqual([many.accepted, many.reasons], [4, { cardinalityValues: 1 }]);
  // A limit that is low for labels is none for names of metrics.
  const names = await write(['third', 'fourth'].map((__name__) => ({ __name__ })));
  assert.deepEqual([names.accepted, names.refused], [2, 0]);
  assert.deepEqual(guard.report().examples, [
    'm{a="1", b="1", c="1", d="1"}: 4 labels, and the limit is 3',
    'm{user_id="1"}: the label "user_id" is not allowed',
    'm{v="4"}: the label "v" has as many new values as its limit, 3',
  ]);
  const allowing = guarded({ allowLabels: ['host'] });
  const outcome = await allowing.write([
    { __name__: 'm', host: 'a' },
    { __name__: 'm', path: '/' },
  ]);
  assert.deepEqual([outcome.accepted, outcome.reasons], [1, { cardinalityDenied: 1 }]);
});

test('a sender that makes names of metrics up is held as well', () => {
  const { book, guard } = guarded({ labels: 0 });
  const ref = (i: number): number => book.refOfLabels(makeLabels([['__name__', `made_up_${i}`]]));
  for (let i = 0; i < CARDINALITY_VALUES_OF_LABEL; i++) assert.ok(ref(i) >= 0);
  assert.ok(ref(CARDINALITY_VALUES_OF_LABEL) < 0);
  assert.ok(ref(0) >= 0, 'the known ones go on');
  assert.match(guard.report().examples[0], /as many names of metrics as the limit$/);
});

test('warn takes everything and counts each series once', async () => {
  const { write, guard } = guarded({ mode: 'warn' });
  const rows = ['a', 'b', 'c'].map((host) => ({ __name__: 'hits', host }));
  for (let i = 0; i < 3; i++) assert.equal((await write(rows)).accepted, 3);
  assert.equal(guard.report().over.cardinalityMetric, 1);
});

test('a series that is forgotten makes room, and a day makes room for values', async () => {
  const { write, guard, book } = guarded();
  await write([
    { __name__: 'hits', host: 'a' },
    { __name__: 'hits', host: 'b' },
  ]);
  assert.equal(
    book.refOfLabels(
      makeLabels([
        ['__name__', 'hits'],
        ['host', 'c'],
      ]),
    ),
    -11,
  );
  book.turn();
  book.turn();
  assert.equal(book.forget(1), 2);
  assert.deepEqual(guard.report().metrics, []);
  assert.equal((await write([{ __name__: 'hits', host: 'c' }])).accepted, 1);
  assert.equal((await write([{ __name__: 'm2', host: 'd' }])).refused, 1);
  guard.newDay();
  guard.newDay();
  assert.equal((await write([{ __name__: 'm2', host: 'd' }])).accepted, 1);
});
