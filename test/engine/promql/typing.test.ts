// Half-typed queries: what each piece is, where the cursor stands, which bracket has no partner.
// And that every function of the language has words. Nothing may throw or hang, whatever is typed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AGGREGATION_WORDS,
  FUNCTION_WORDS,
  wordsOf,
} from '../../../src/engine/promql/function-words.ts';
import { AGGREGATIONS, FUNCTIONS } from '../../../src/engine/promql/functions.ts';
import { bracketPair, isUnfinished, piecesOf } from '../../../src/engine/promql/highlight.ts';
import { nearest } from '../../../src/engine/promql/suggest.ts';
import { callAround, typingPlace } from '../../../src/engine/promql/typing-place.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';

/** The place of `|` in a text. */
function at(marked: string) {
  return typingPlace(marked.replace('|', ''), marked.indexOf('|'));
}

test('every function and aggregation has a signature and a line', () => {
  assert.deepEqual([...FUNCTION_WORDS.keys()].toSorted(), [...FUNCTIONS.keys()].toSorted());
  assert.deepEqual([...AGGREGATION_WORDS.keys()], [...AGGREGATIONS.keys()]);
  for (const [name, { signature, about }] of [...FUNCTION_WORDS, ...AGGREGATION_WORDS]) {
    assert.ok(signature.startsWith(name), signature);
    assert.ok(about.length > 0, name);
  }
  assert.equal(wordsOf('SUM')?.about, wordsOf('sum')?.about);
});

test('pieces', () => {
  const f = (text: string, want: string): void => {
    assert.equal(
      piecesOf(text)
        .map(({ kind, text: t }) => `${kind[0]}:${t}`)
        .join(' '),
      want,
    );
  };
  f('rate(x[5m])', 'f:rate b:( m:x b:[ n:5m b:] b:)');
  f('sum by (job) (up)', 'a:sum k:by b:( l:job b:) b:( m:up b:)');
  f('up{job="a"} # x', 'm:up b:{ l:job o:= s:"a" b:} c:# x');
  f('"# no" + sum', 's:"# no" o:+ m:sum');
  f('a and on (rate) b', 'm:a k:and k:on b:( l:rate b:) m:b');
  f('inf', 'n:inf');
  f('up{job="a', 'm:up b:{ l:job o:= s:"a');
});

test('the place of the cursor', () => {
  const kind = (marked: string, want: string): void => {
    const place = at(marked);
    const more = 'metric' in place ? ` of ${place.metric}` : '';
    assert.equal(`${place.kind} ${place.typed}${more}`, want, marked);
  };
  kind('ra|', 'expression ra');
  kind('|', 'expression ');
  kind('rate(ht|', 'expression ht');
  kind('sum by (jo|) (up_x)', 'label jo of up_x');
  kind('sum(rate(x_total{a="b"}[5m])) by (|', 'label  of x_total');
  kind('sum(rate(x_total{a="b"}[5m])) by (|)', 'label  of x_total');
  kind('up{|}', 'label  of up');
  kind('up{job="a", in|', 'label in of up');
  kind('up{job="x|', 'value x of up');
  kind('up{job=~"x|"}', 'value x of up');
  kind('up{"a b"="|"}', 'value  of up');
  kind('up{job=|', 'none ');
  kind('up{job="a"|', 'none ');
  kind('up[5|', 'none ');
  kind('label_replace(up, "|', 'none ');
  kind('up # com|', 'none ');
  const value = at('up{"a b"="|"}');
  assert.ok(value.kind === 'value' && value.label === 'a b' && value.closed);
});

test('the call around the cursor', () => {
  const f = (marked: string): string => {
    const call = callAround(marked.replace('|', ''), marked.indexOf('|'));
    return call === undefined ? '' : `${call.name} ${call.argument}`;
  };
  assert.equal(f('clamp(up, 1, |'), 'clamp 2');
  assert.equal(f('sum by (a, b) (|'), 'sum 0');
  assert.equal(f('sum(rate(x[5m|'), 'rate 0');
  assert.equal(f('rate(x[5m]) + |'), '');
  assert.equal(f('topk(5, |)'), 'topk 1');
});

test('brackets', () => {
  assert.deepEqual(bracketPair('a(b[c])', 1), [1, 6]);
  assert.deepEqual(bracketPair('a(b[c])', 7), [6, 1]);
  assert.deepEqual(bracketPair('a(b', 1), [1]);
  assert.deepEqual(bracketPair('(a]', 0), [0]);
  assert.deepEqual(bracketPair('"("', 1), []);
  assert.deepEqual(bracketPair('up', 1), []);
});

test('what goes on in a new line', () => {
  for (const text of ['sum(', 'up +', 'up and', 'sum by', 'up{a="b",']) {
    assert.ok(isUnfinished(text), text);
  }
  for (const text of ['', 'up', 'sum(up)', 'up)', '# c (']) assert.ok(!isUnfinished(text), text);
});

test('of equally near names the one of the same beginning is meant', () => {
  const known = [...FUNCTIONS.keys(), ...AGGREGATIONS.keys()];
  const f = (word: string, want: string | undefined): void => {
    assert.equal(nearest(word, known), want, word);
  };
  f('sun', 'sum');
  f('rat', 'rate');
  f('coutn', 'count');
  f('maxx', 'max');
  f('avg_over_tim', 'avg_over_time');
  f('zzzzzz', undefined);
});

test('nothing that is typed throws', () => {
  const seed = 77;
  const random = seededRandom(seed);
  const parts = [
    ...['sum', 'by', '(', ')', '{', '}', '[', ']', '"', "'", '`', '\\', ',', '=', '=~', '#', '\n'],
    ...['up', 'job', '5m', ' ', '😀', '\u0000', '\udc00', '__proto__', 'constructor', '.', '@'],
  ];
  for (let round = 0; round < 2000; round++) {
    let text = '';
    const count = Math.floor(random() * 20);
    for (let i = 0; i < count; i++) text += parts[Math.floor(random() * parts.length)];
    const cursor = Math.floor(random() * (text.length + 1));
    const words = `seed ${seed} round ${round}: ${JSON.stringify(text)} at ${cursor}`;
    assert.doesNotThrow(() => {
      const place = typingPlace(text, cursor);
      assert.ok(place.start <= cursor, words);
      for (const { start, end } of piecesOf(text)) assert.ok(start < end && end <= text.length);
      bracketPair(text, cursor);
      callAround(text, cursor);
      isUnfinished(text);
    }, words);
  }
});
