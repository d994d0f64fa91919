// The count of who asks for what: told apart by asker, kept over a restart, joined with what
// another process counted, bounded, and never taking a metric for unasked that is too young or was
// asked for in any way. Random histories are held against a naive one.
import assert from 'node:assert/strict';
import test from 'node:test';
import { USAGE_METRICS_MAX } from '../../../src/engine/limits-explore.ts';
import type { Asker } from '../../../src/engine/model/usage.ts';
import { parse } from '../../../src/engine/promql/parse.ts';
import { usesOf } from '../../../src/engine/promql/uses.ts';
import { UsageBook } from '../../../src/engine/query/usage-book.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import { MemoryState } from '../../support/memory-state.ts';

const DAY = 86_400_000;
const NOW = 1_700_000_000_000;
const nothing = async (): Promise<readonly string[]> => [];
const uses = (query: string) => usesOf(parse(query));

test('askers are told apart, labels are noted, and all of it outlives the process', async () => {
  const state = new MemoryState();
  const book = new UsageBook(NOW);
  book.seen(['hits', 'idle', '__proto__'], NOW);
  book.note(uses('rate(hits{code="5"}[5m])'), 'query', NOW + 1);
  book.note(uses('hits'), 'dashboard', NOW + 2);
  book.ruled('hits', ['job'], 3, NOW + 3);
  book.note(uses('{__name__="__proto__"}'), 'query', NOW + 4);
  await book.save(state, nothing, true);
  const next = new UsageBook(NOW + DAY);
  await next.load(state);
  assert.equal(next.sinceMs, NOW);
  for (const one of [book, next]) {
    const { by, labels, firstMs } = one.of('hits') ?? assert.fail('hits is known');
    assert.deepEqual(by, {
      query: { lastMs: NOW + 1, count: 1 },
      dashboard: { lastMs: NOW + 2, count: 1 },
      rule: { lastMs: NOW + 3, count: 3 },
    });
    assert.deepEqual(labels, [
      ['code', NOW + 1],
      ['job', NOW + 3],
    ]);
    assert.equal(firstMs, NOW);
    assert.equal(one.of('__proto__')?.by.query.count, 1);
    assert.equal(one.of('idle')?.by.query.lastMs, 0);
  }
});

test('selectors without a name are resolved when the book is saved', async () => {
  const book = new UsageBook(NOW);
  book.note(uses('{job="api"}'), 'dashboard', NOW);
  book.note(uses('{job="api"}'), 'dashboard', NOW + 1);
  const asked: unknown[] = [];
  await book.save(new MemoryState(), async (matchers) => {
    asked.push(matchers);
    return ['a', 'b'];
  });
  assert.deepEqual(asked, [[{ name: 'job', op: '=', value: 'api' }]]);
  assert.deepEqual(book.of('b')?.by.dashboard, { lastMs: NOW + 1, count: 2 });
});

test('unasked is only what is old enough and nobody asked for since counting began', () => {
  const book = new UsageBook(NOW);
  book.seen(['old', 'asked', 'ruled', 'watched'], NOW);
  book.seen(['young'], NOW + 20 * DAY);
  book.note(uses('asked'), 'query', NOW + 5 * DAY);
  book.note(uses('watched'), 'dashboard', NOW + 29 * DAY);
  book.note(uses('never_there'), 'query', NOW);
  const at = (day: number): string[] => [...book.unasked(30 * DAY, NOW + day * DAY)].sort();
  book.ruled('ruled', [], 1, NOW + 31 * DAY);
  assert.deepEqual(at(29), []);
  assert.deepEqual(at(31), ['old']);
  assert.deepEqual(at(36), ['asked', 'old']);
  assert.deepEqual(at(51), ['asked', 'old', 'young']);
  book.note(uses('old'), 'query', NOW + 51 * DAY);
  assert.deepEqual(at(52), ['asked', 'young']);
});

test('two processes that count write together, the later time winning', async () => {
  const state = new MemoryState();
  const [a, b] = [new UsageBook(NOW), new UsageBook(NOW)];
  a.note(uses('hits'), 'query', NOW + 1);
  await a.save(state, nothing, true);
  b.note(uses('hits'), 'query', NOW + 9);
  b.note(uses('hits'), 'query', NOW + 9);
  await b.save(state, nothing, true);
  await b.save(state, nothing, true);
  const joined = new UsageBook(NOW);
  await joined.load(state);
  assert.deepEqual(joined.of('hits')?.by.query, { lastMs: NOW + 9, count: 2 });
});

test('what is asked again and again is not written again and again', async () => {
  const state = new MemoryState();
  const book = new UsageBook(NOW);
  for (let minute = 0; minute < 30; minute++) {
    book.note(uses('hits'), 'dashboard', NOW + minute * 60_000);
    await book.save(state, nothing);
  }
  assert.ok(state.commits <= 5, `${state.commits} commits`);
});

test('names that nobody has fill no memory without end, and old ones go', async () => {
  const book = new UsageBook(NOW);
  book.note(uses('first'), 'query', NOW);
  for (let i = 0; i < USAGE_METRICS_MAX; i++) book.seen([`m${i}`], NOW);
  assert.equal(book.size, USAGE_METRICS_MAX);
  book.note(uses('one_too_many'), 'query', NOW);
  assert.equal(book.counts.lost, 1);
  book.note(uses('first'), 'query', NOW + 60 * DAY);
  book.prune(NOW + 100 * DAY);
  assert.equal(book.size, 1);
});

test('what somebody else put into State is not believed, and nothing breaks', async () => {
  const state = new MemoryState();
  for (const [i, value] of [
    'no json',
    'null',
    '[1, "x", ["a"], ["a",1,2,3,4,5,6,7,"8",[]]]',
    '[["ok",1,2,3,4,5,6,7,8,["job",9]]]',
  ].entries()) {
    await state.compareAndSet(`usage/0${i}`, value, 0);
  }
  await state.compareAndSet('usage/zz', '[]', 0);
  const book = new UsageBook(NOW);
  await book.load(state);
  assert.equal(book.size, 1);
  assert.deepEqual(book.of('ok')?.labels, [['job', 9]]);
});

test('random histories of asking, saving and restarting are those of a naive count', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seededRandom(seed);
    const pick = (most: number): number => Math.floor(random() * most);
    const state = new MemoryState();
    let book = new UsageBook(NOW);
    const last = new Map<string, number>();
    let now = NOW;
    for (let step = 0; step < 200; step++) {
      now += pick(DAY);
      const name = `m${pick(8)}`;
      const asker = (['query', 'dashboard', 'rule'] as const)[pick(3)] satisfies Asker;
      book.note(uses(name), asker, now);
      last.set(`${name} ${asker}`, now);
      if (pick(5) === 0) await book.save(state, nothing, true);
      if (pick(20) > 0) continue;
      await book.save(state, nothing, true);
      book = new UsageBook(now);
      await book.load(state);
    }
    for (const [key, ms] of last) {
      const [name, asker] = key.split(' ') as [string, Asker];
      assert.equal(book.of(name)?.by[asker].lastMs, ms, `seed ${seed}: ${key}`);
    }
  }
});
