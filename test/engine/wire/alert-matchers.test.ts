// Alertmanager's matchers in both of its grammars: what its documentation says, what its printer
// writes is read back, and nothing makes the reader crash.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../../src/engine/errors.ts';
import type { MatchOp, Matcher } from '../../../src/engine/model/matcher.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import {
  matchersText,
  parseAlertMatchers,
  sortMatchers,
} from '../../../src/engine/wire/alert-matchers.ts';

function one(name: string, op: MatchOp, value: string): Matcher {
  return { name, op, value };
}

const GOOD: readonly (readonly [string, readonly Matcher[]])[] = [
  ['', []],
  ['{}', []],
  ['foo=bar', [one('foo', '=', 'bar')]],
  ['{foo = "bar", dings != "bums", }', [one('foo', '=', 'bar'), one('dings', '!=', 'bums')]],
  ['foo=bar, dings!=bums', [one('foo', '=', 'bar'), one('dings', '!=', 'bums')]],
  ['statuscode=~"5.."', [one('statuscode', '=~', '5..')]],
  ['a!~b.*', [one('a', '!~', 'b.*')]],
  ['foo=', [one('foo', '=', '')]],
  ['foo=a b', [one('foo', '=', 'a b')]],
  ['foo=a=b', [one('foo', '=', 'a=b')]],
  [
    '{quote="She said: \\"Hi, ladies! That\'s gender-neutral…\\""}',
    [one('quote', '=', 'She said: "Hi, ladies! That\'s gender-neutral…"')],
  ],
  ['foo="\\n"', [one('foo', '=', '\n')]],
  ['foo="a\\d"', [one('foo', '=', 'a\\d')]],
  ['"foo.bar"=baz', [one('foo.bar', '=', 'baz')]],
  ['"föö"="🙂"', [one('föö', '=', '🙂')]],
  ['foo.bar=baz', [one('foo.bar', '=', 'baz')]],
  ['foo="\\xf0\\x9f\\x99\\x82",é=x', [one('foo', '=', '🙂'), one('é', '=', 'x')]],
];

const BAD = ['foo', 'foo=~(', 'foo="bar', '=', 'a=b,,é=c', '"a"="\\xff"', 'é'];

test('reads what Alertmanager reads', () => {
  for (const [text, wanted] of GOOD) assert.deepEqual(parseAlertMatchers(text), wanted, text);
  for (const text of BAD) assert.throws(() => parseAlertMatchers(text), UserError, text);
});

const SEED = 7;

test('what is printed is read back', () => {
  const random = seededRandom(SEED);
  const letters = [...'abz_09.-{}!=~,"\\\'` \n\tß🙂|()*+?$^'];
  const text = (min: number): string =>
    Array.from({ length: min + Math.floor(random() * 6) }, () => {
      return letters[Math.floor(random() * letters.length)];
    }).join('');
  for (let round = 0; round < 3000; round++) {
    const ops: readonly MatchOp[] = ['=', '!='];
    const matchers = Array.from({ length: 1 + Math.floor(random() * 3) }, () =>
      one(text(1), ops[Math.floor(random() * 2)], text(0)),
    );
    const printed = matchersText(matchers);
    assert.deepEqual(parseAlertMatchers(printed), matchers, `seed ${SEED}, ${round}: ${printed}`);
  }
});

test('nothing makes the reader crash', () => {
  const random = seededRandom(SEED);
  const letters = [...'ab"\\{}=~!,é\n x0'];
  for (let round = 0; round < 20_000; round++) {
    const text = Array.from({ length: Math.floor(random() * 12) }, () => {
      return letters[Math.floor(random() * letters.length)];
    }).join('');
    try {
      parseAlertMatchers(text);
    } catch (thrown) {
      assert.ok(thrown instanceof UserError, `${JSON.stringify(text)}: ${String(thrown)}`);
    }
  }
});

test('the order is by name, then value', () => {
  const list = [one('b', '=', '1'), one('a', '=~', '2'), one('a', '=', '1')];
  assert.deepEqual(
    sortMatchers(list).map(({ name, value }) => name + value),
    ['a1', 'a2', 'b1'],
  );
});
