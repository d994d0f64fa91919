// The series book against a Map of strings: same bytes same ref, other spellings, refusals,
// forgetting and giving refs again, growth, a full book.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { canonicalOf } from '../../../src/engine/codec/canonical.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import {
  REFUSED,
  refusalOf,
  SeriesBook,
  type BookLimits,
} from '../../../src/engine/kernels/series-book.ts';
import { labelsKey, makeLabels, NAME, type Labels } from '../../../src/engine/model/labels.ts';
import { partitionOf, shardOf } from '../../support/partition.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { below, randomLabels } from '../../support/random-labels.ts';

function makeBook(partitions = 4, limits: Partial<BookLimits> = {}): SeriesBook {
  return new SeriesBook(new Kernels(), partitions, limits);
}

function named(name: string, more: Record<string, string> = {}): Labels {
  return makeLabels([[NAME, name], ...Object.entries(more)]);
}

/** Calls with raw bytes in kernel memory, a word longer than they are. */
function withRaw<T>(
  book: SeriesBook,
  text: string | Uint8Array,
  call: (at: number, n: number) => T,
) {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const padded = new Uint8Array(bytes.length + 8);
  padded.set(bytes);
  const at = book.kernels.put(padded);
  const answer = call(at, bytes.length);
  book.kernels.exports.free(at, padded.length);
  return answer;
}

test('refs are 0, 1, 2, … and stay with their series', () => {
  const book = makeBook();
  const random = seededRandom(11);
  const known = new Map<string, number>();
  for (let i = 0; i < 5000; i++) {
    const labels = randomLabels(random);
    const ref = book.refOfLabels(labels);
    const before = known.get(labelsKey(labels));
    assert.equal(ref, before ?? known.size);
    known.set(labelsKey(labels), ref);
    assert.deepEqual(book.labels(ref), labels);
    assert.deepEqual(book.canonical(ref), canonicalOf(labels));
  }
  assert.equal(book.series, known.size);
});

test('a partition is the identity hash mapped by partition.ts', () => {
  const book = makeBook(24);
  const random = seededRandom(12);
  for (let i = 0; i < 300; i++) {
    const labels = randomLabels(random);
    const ref = book.refOfLabels(labels);
    const high = withRaw(book, canonicalOf(labels), (at, n) =>
      book.kernels.exports.hashHigh(at, n),
    );
    assert.equal(book.partition(ref), partitionOf(shardOf(high >>> 0), 24));
  }
});

test('spellings under different salts are different keys of one series', () => {
  const book = makeBook();
  const labels = named('up', { job: 'a' });
  const raw = 'up{job="a"}';
  assert.equal(
    withRaw(book, raw, (at, n) => book.lookup(at, n, 1)),
    -1,
  );
  const ref = withRaw(book, raw, (at, n) => book.insert(at, n, 1, labels));
  assert.equal(ref, book.refOfLabels(labels));
  assert.equal(
    withRaw(book, raw, (at, n) => book.lookup(at, n, 1)),
    ref,
  );
  assert.equal(
    withRaw(book, raw, (at, n) => book.lookup(at, n, 2)),
    -1,
  );
  const other = withRaw(book, raw, (at, n) => book.insert(at, n, 2, named('up', { job: 'b' })));
  assert.notEqual(other, ref);
  const canonical = canonicalOf(labels);
  assert.equal(
    withRaw(book, canonical, (at, n) => book.lookup(at, n, 0)),
    ref,
  );
});

test('a canonical spelling is stored once', () => {
  const book = makeBook();
  const labels = named('up', { job: 'a' });
  const canonical = canonicalOf(labels);
  withRaw(book, canonical, (at, n) => book.insert(at, n, 0, labels));
  assert.equal(book.bytes, canonical.length);
});

describe('refusals', () => {
  const limits = { labels: 3, nameBytes: 8, valueBytes: 10, series: 2, bytes: 1e6 };
  const cases: [keyof typeof REFUSED, Labels][] = [
    ['noName', ['a', '1']],
    ['noName', [NAME, '']],
    ['noName', []],
    ['labelName', [NAME, 'm', '', '1']],
    ['labelName', [NAME, 'm', 'a\ud800', '1']],
    ['labelValue', [NAME, 'm', 'a', '\udc00']],
    ['labelNameTooLong', [NAME, 'm', 'a'.repeat(9), '1']],
    ['labelNameTooLong', [NAME, 'm', 'é'.repeat(5), '1']],
    ['labelValueTooLong', [NAME, 'm', 'a', 'x'.repeat(11)]],
    ['labelValueTooLong', [NAME, 'm', 'a', '日'.repeat(4)]],
    ['tooManyLabels', [NAME, 'm', 'a', '1', 'b', '1', 'c', '1']],
    ['duplicateLabel', [NAME, 'm', 'a', '1', 'a', '2']],
    ['duplicateLabel', ['a', '1', NAME, 'm', 'a', '2']],
  ];
  for (const [reason, labels] of cases) {
    test(`${reason}: ${JSON.stringify(labels)}`, () => {
      const book = makeBook(4, limits);
      const ref = book.refOfLabels(labels);
      assert.equal(ref, REFUSED[reason]);
      assert.equal(refusalOf(ref), reason);
      assert.equal(book.series, 0);
    });
  }

  test('a full book knows its series still, but takes no more', () => {
    const book = makeBook(4, limits);
    const refs = [book.refOfLabels(named('a')), book.refOfLabels(named('b'))];
    assert.equal(book.refOfLabels(named('c')), REFUSED.tooManySeries);
    assert.deepEqual([book.refOfLabels(named('a')), book.refOfLabels(named('b'))], refs);
    const bytes = book.bytes;
    const raw = withRaw(book, 'another spelling', (at, n) => book.insert(at, n, 1, named('a')));
    assert.equal(raw, refs[0]);
    assert.equal(book.bytes, bytes);
  });

  test('a book is full by bytes too', () => {
    const book = makeBook(4, { ...limits, series: 1000, bytes: 100 });
    const refs = Array.from({ length: 20 }, (_, i) => book.refOfLabels(named(`m${i}`)));
    assert.ok(refs.includes(REFUSED.tooManySeries));
    assert.ok(book.bytes < 120);
  });
});

test('series that nobody used are forgotten, held ones are not', () => {
  const book = makeBook();
  const old = book.refOfLabels(named('old'));
  const held = book.refOfLabels(named('held'));
  withRaw(book, 'old raw', (at, n) => book.insert(at, n, 9, named('old')));
  book.hold(held);
  book.turn();
  book.turn();
  const fresh = book.refOfLabels(named('fresh'));
  assert.equal(book.forget(2), 1);
  assert.equal(book.series, 2);
  assert.ok(!book.has(old) && book.has(held) && book.has(fresh));
  assert.equal(
    withRaw(book, 'old raw', (at, n) => book.lookup(at, n, 9)),
    -1,
  );
  assert.deepEqual(book.labels(held), named('held'));
  book.release(held);
  assert.equal(book.forget(2), 1);
  assert.equal(book.refOfLabels(named('fresh')), fresh);
});

test('a ref is given again only to a series of the same partition', () => {
  const book = makeBook(8);
  const partitions = new Map<number, number>();
  const random = seededRandom(13);
  for (let round = 0; round < 20; round++) {
    for (let i = 0; i < 500; i++) {
      const ref = book.refOfLabels(named(`m${round}`, { n: String(i), r: String(random()) }));
      const partition = book.partition(ref);
      assert.equal(partitions.get(ref) ?? partition, partition);
      partitions.set(ref, partition);
    }
    book.turn();
    assert.equal(book.forget(1), 500);
  }
  assert.ok(book.refs < 1000, `${book.refs} refs for 500 series at a time`);
});

test('random life: numbering, spelling, forgetting, against a Map', () => {
  const seed = 14;
  const random = seededRandom(seed);
  const book = makeBook(3);
  const known = new Map<string, { ref: number; turn: number }>();
  let turn = 0;
  for (let step = 0; step < 30_000; step++) {
    const labels = named(`m${below(random, 60)}`, { a: String(below(random, 60)) });
    const key = labelsKey(labels);
    const salted = random() < 0.3;
    const entry = known.get(key);
    const ref = salted
      ? withRaw(book, key, (at, n) => book.insert(at, n, 5, labels))
      : book.refOfLabels(labels);
    if (entry) assert.equal(ref, entry.ref, `seed ${seed} step ${step}`);
    // Only samples count as use; this test has none, so the turn of numbering stays.
    else known.set(key, { ref, turn });
    if (step % 3000 === 2999) {
      turn++;
      book.turn();
      let expected = 0;
      for (const [name, one] of known) {
        if (turn - one.turn < 2) continue;
        known.delete(name);
        expected++;
      }
      assert.equal(book.forget(2), expected, `seed ${seed} step ${step}`);
    }
  }
  assert.equal(book.series, known.size);
});

test('long label sets are kept close together and given back', () => {
  const book = makeBook();
  const value = 'x'.repeat(1500);
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 2000; i++) book.refOfLabels(named(`r${round}`, { i: String(i), value }));
    book.turn();
    book.forget(1);
    assert.equal(book.series, 0);
  }
  const used = book.kernels.exports.arenaUsedBytes();
  assert.ok(used < 2 * 2000 * 1600, `${used} bytes after all series were forgotten`);
});

test('series that differ in their names only share the rest, through forgetting and moving', () => {
  const book = makeBook(4);
  const tail = Object.fromEntries(
    Array.from({ length: 9 }, (_, i) => [`label_${i}`, 'v'.repeat(25)]),
  );
  const labelsAt = (i: number): Labels => {
    return named(`metric_${i % 100}`, { ...tail, host: String(Math.floor(i / 100)) });
  };
  const before = book.kernels.exports.arenaUsedBytes();
  for (let i = 0; i < 20_000; i++) assert.equal(book.refOfLabels(labelsAt(i)), i);
  const used = book.kernels.exports.arenaUsedBytes() - before;
  assert.ok(used < 20_000 * 200, `${used} bytes for ${book.bytes} bytes of labels`);
  for (let i = 0; i < 20_000; i += 3) book.hold(i);
  book.turn();
  book.forget(1);
  assert.equal(book.series, Math.ceil(20_000 / 3));
  for (let i = 0; i < 20_000; i += 3) {
    assert.deepEqual(book.labels(i), labelsAt(i));
    assert.equal(book.refOfLabels(labelsAt(i)), i);
  }
  for (let i = 1; i < 20_000; i += 3) {
    const ref = book.refOfLabels(labelsAt(i));
    assert.deepEqual(book.labels(ref), labelsAt(i));
  }
});
