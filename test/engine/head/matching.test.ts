// Matchers find what a filter over all series finds; names and values are those of the series
// found; common shapes of expressions answer as the engine would.
import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { RE2JS } from 're2js';
import { UserError } from '../../../src/engine/errors.ts';
import { Head } from '../../../src/engine/head/head.ts';
import { intersectIds, subtractIds, unionIds } from '../../../src/engine/head/id-sets.ts';
import { regexpTest } from '../../../src/engine/head/value-test.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { labelsKey, type Labels } from '../../../src/engine/model/labels.ts';
import type { Matcher, MatchOp } from '../../../src/engine/model/matcher.ts';
import { seededRandom, type Random } from '../../../src/engine/runtime/random.ts';
import { bitsOf, labelsOf, withOpen } from '../../support/open-records.ts';
import { NaiveHead } from './naive-head.ts';

const VALUES = [
  '',
  'a',
  'b',
  'ab',
  'abc',
  'a.c',
  'a\nc',
  'été',
  'x|y',
  '\u{1F600}',
  'long'.repeat(60),
];
const EXPRESSIONS = [
  '',
  '.*',
  '.+',
  'a',
  'a|b',
  '(a|b)',
  '(?:a|ab)',
  'a|',
  'a.*',
  'a.+',
  'a\\.c',
  'a.c',
  'x\\|y',
  '[ab]+',
  '(?i:AB)',
  'a|b.*',
  'ab?c?',
  'ét.',
  '.',
  'a\\.c|b',
  '(a)(b)',
  'a$|b',
  'long.*',
  'a\\|b|c',
];

function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)];
}

function randomLabels(random: Random): string[] {
  const pairs: Record<string, string> = {};
  for (const name of ['job', 'host', 'zone', '__proto__', 'n'.repeat(200)]) {
    const value = pick(random, VALUES);
    if (value !== '') Object.defineProperty(pairs, name, { value, enumerable: true });
  }
  return labelsOf(pick(random, ['up', 'cpu']), pairs);
}

function randomMatcher(random: Random): Matcher {
  const name = pick(random, ['job', 'host', 'zone', '__name__', 'absent', '__proto__']);
  const op = pick<MatchOp>(random, ['=', '!=', '=~', '!~']);
  const values = name === '__name__' ? ['up', 'cpu', ''] : VALUES;
  return { name, op, value: pick(random, op.includes('~') ? EXPRESSIONS : values) };
}

test('matchers find what a filter over all series finds', () => {
  for (let seed = 1; seed <= 6; seed++) {
    const random = seededRandom(seed);
    const kernels = new Kernels();
    const head = new Head(kernels, { partition: 0 });
    const naive = new NaiveHead();
    const definitions = Array.from({ length: 700 }, (_, i) => [i, randomLabels(random)] as const);
    const samples = definitions.map(([ref]) => ({ ref, time: 1000, bits: bitsOf(ref) }));
    const record = { definitions, samples };
    const told = withOpen(kernels, record, (open) => head.applyOpen(open));
    assert.deepEqual(told, naive.apply(record));
    for (let round = 0; round < 400; round++) {
      const count = Math.floor(random() * 4);
      const matchers = Array.from({ length: count }, () => randomMatcher(random));
      const ids = head.match(matchers, 0, 2000);
      assert.ok(
        ids.every((id, i) => i === 0 || ids[i - 1] < id),
        'ids rise',
      );
      const found = [...ids].map((id) => labelsKey(head.labels(id))).sort();
      const words = `seed ${seed}: ${JSON.stringify(matchers)}`;
      assert.deepEqual(found, naive.match(matchers), words);
      if (round % 10 === 0) checkNames(head, naive, matchers);
    }
  }
});

function checkNames(head: Head, naive: NaiveHead, matchers: Matcher[]): void {
  const found = naive.match(matchers).map((key) => naive.series.get(key)?.labels as Labels);
  const names = new Set(found.flatMap((labels) => labels.filter((_, i) => i % 2 === 0)));
  assert.deepEqual(head.labelNames(matchers, 0, 2000), [...names].sort());
  for (const name of ['job', '__proto__', 'absent']) {
    const values = new Set(
      found.flatMap((labels) => labels.filter((_, i) => i % 2 === 1 && labels[i - 1] === name)),
    );
    assert.deepEqual(head.labelValues(name, matchers, 0, 2000), [...values].sort());
  }
}

test('series without samples in the range are left out', () => {
  const kernels = new Kernels();
  const head = new Head(kernels, { partition: 0 });
  const definitions = [0, 1, 2].map((ref) => [ref, labelsOf(`m${ref}`)] as const);
  const samples = [
    { ref: 0, time: 100, bits: 1n },
    { ref: 1, time: 200, bits: 1n },
  ];
  withOpen(kernels, { definitions, samples }, (open) => head.applyOpen(open));
  assert.deepEqual([...head.match([], 0, 99)], []);
  assert.deepEqual([...head.match([], 0, 100)], [0]);
  assert.deepEqual([...head.match([], 101, 1000)], [1]);
  assert.deepEqual(head.labelValues('__name__', [], 0, 1000), ['m0', 'm1']);
  head.truncateBefore(150);
  assert.deepEqual([...head.match([], -Infinity, Infinity)], [1]);
});

test('shortcuts answer as the engine does, and a malformed expression is a mistake', () => {
  for (const text of EXPRESSIONS) {
    const engine = RE2JS.compile(`^(?s:${text})$`);
    for (const value of [...VALUES, 'x', 'a|b', 'c', 'a|c']) {
      assert.equal(regexpTest(text).test(value), engine.matches(value), `${text} on ${value}`);
    }
  }
  assert.throws(() => regexpTest('a('), UserError);
  assert.throws(() => regexpTest('a)|(b'), UserError);
});

test('id sets join as sets do', () => {
  const random = seededRandom(5);
  for (let round = 0; round < 500; round++) {
    const end = pick(random, [10, 300, 100_000]);
    const make = (): Uint32Array => {
      const ids = new Set<number>();
      for (let i = Math.floor(random() * random() * 400); i > 0; i--) {
        ids.add(Math.floor(random() * end));
      }
      return Uint32Array.from([...ids].sort((a, b) => a - b));
    };
    const [a, b, c] = [make(), make(), make()];
    assert.deepEqual(
      [...intersectIds(a, b)],
      [...a].filter((id) => b.includes(id)),
    );
    assert.deepEqual(
      [...subtractIds(a, b)],
      [...a].filter((id) => !b.includes(id)),
    );
    const all = [...new Set([...a, ...b, ...c])].sort((x, y) => x - y);
    assert.deepEqual([...unionIds([a, b, c], end)], all);
  }
});
