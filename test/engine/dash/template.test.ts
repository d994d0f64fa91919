// Variables in queries: every form that Grafana writes, with its escaping, and its own intervals.
// Easy to get wrong: a value that ends the string it stands in.
import assert from 'node:assert/strict';
import test from 'node:test';
import { ALL, AUTO, makeVariable } from '../../../src/engine/dash/dashboard.ts';
import {
  autoInterval,
  namesIn,
  rateInterval,
  substitute,
  type ChosenVariable,
  type TemplateScope,
} from '../../../src/engine/dash/template.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';

const HOUR = 3_600_000;
const TIMES = { startMs: 1000 * HOUR, endMs: 1001 * HOUR, stepMs: 15_000, scrapeMs: 10_000 };

function scopeOf(...variables: readonly ChosenVariable[]): TemplateScope {
  return {
    times: TIMES,
    variables: new Map(variables.map((one) => [one.variable.name, one])),
    title: 'Board',
  };
}

function chosen(
  name: string,
  values: readonly string[],
  more: Parameters<typeof makeVariable>[2] = {},
): ChosenVariable {
  const texts = ['a.b', 'c|d', 'plain'];
  const options = texts.map((value) => ({ text: value.toUpperCase(), value }));
  return { variable: makeVariable(name, 'custom', more), options, chosen: values };
}

test('the times of the beat', () => {
  const put = (text: string): string => substitute(text, scopeOf());
  assert.equal(put('rate(x[$__rate_interval])'), 'rate(x[40s])');
  assert.equal(
    put('x[$__interval] ${__interval} [[__interval]] $__interval_ms'),
    'x[15s] 15s 15s 15000',
  );
  assert.equal(put('$__range $__range_s ${__range_ms}'), '3600s 3600 3600000');
  assert.equal(put('$__from $__to'), `${1000 * HOUR} ${1001 * HOUR}`);
  assert.equal(put('$__dashboard'), 'Board');
  assert.equal(put('$nobody ${nobody} [[nobody]] $1 $$'), '$nobody ${nobody} [[nobody]] $1 $$');
  assert.equal(rateInterval({ ...TIMES, stepMs: 60_000 }), 70_000);
});

test('one value, several, and all of them', () => {
  const one = scopeOf(chosen('v', ['a.b']));
  assert.equal(substitute('{x="$v"}', one), '{x="a.b"}');
  assert.equal(substitute('{x=~"[[v]]"}', one), '{x=~"a.b"}');
  const multi = { multi: true, includeAll: true };
  assert.equal(substitute('{x=~"$v"}', scopeOf(chosen('v', ['a.b'], multi))), '{x=~"a\\\\.b"}');
  const two = scopeOf(chosen('v', ['a.b', 'c|d'], multi));
  assert.equal(substitute('{x=~"$v"}', two), '{x=~"(a\\\\.b|c\\\\|d)"}');
  const all = scopeOf(chosen('v', [ALL], multi));
  assert.equal(substitute('"$v"', all), '"(a\\\\.b|c\\\\|d|plain)"');
  const own = scopeOf(chosen('v', [ALL], { ...multi, allValue: '.+' }));
  assert.equal(substitute('"$v"', own), '".+"');
});

test('the formats', () => {
  const scope = scopeOf(chosen('v', ['a.b', 'c|d'], { multi: true }));
  const cases: readonly (readonly [string, string])[] = [
    ['${v:regex}', '(a\\.b|c\\|d)'],
    ['${v:pipe}', 'a.b|c|d'],
    ['${v:csv}', 'a.b,c|d'],
    ['[[v:csv]]', 'a.b,c|d'],
    ['${v:raw}', 'a.b,c|d'],
    ['${v:glob}', '{a.b,c|d}'],
    ['${v:json}', '["a.b","c|d"]'],
    ['${v:doublequote}', '"a.b","c|d"'],
    ['${v:singlequote}', "'a.b','c|d'"],
    ['${v:percentencode}', '%7Ba.b%2Cc%7Cd%7D'],
    ['${v:text}', 'A.B + C|D'],
    ['${v.text}', 'A.B + C|D'],
    ['${v:regex', '${v:regex'],
  ];
  for (const [text, wanted] of cases) assert.equal(substitute(text, scope), wanted, text);
});

test('an interval that follows the range, and one that does not', () => {
  const auto = { count: 30, minMs: 10_000 };
  const variable = makeVariable('i', 'interval', { auto });
  assert.equal(autoInterval(variable, TIMES), '2m');
  const scope = scopeOf({ variable, options: [], chosen: [AUTO] });
  assert.equal(substitute('x[$i] x[$__auto_interval_i]', scope), 'x[2m] x[2m]');
  assert.equal(substitute('x[$i]', scopeOf({ variable, options: [], chosen: ['5m'] })), 'x[5m]');
});

test('a constant may hold a variable, and one that holds itself ends', () => {
  const inner = chosen('v', ['plain']);
  const outer = { variable: makeVariable('c', 'constant'), options: [], chosen: ['{x="$v"}'] };
  assert.equal(substitute('up$c', scopeOf(inner, outer)), 'up{x="plain"}');
  const self = { variable: makeVariable('s', 'constant'), options: [], chosen: ['$s$s'] };
  assert.ok(substitute('$s', scopeOf(self)).length < 100);
});

test('names in a text', () => {
  assert.deepEqual(namesIn('$a ${b:regex} [[c]] $a ${d.text}'), ['a', 'b', 'c', 'd']);
});

test('a value never ends its string', () => {
  const random = seededRandom(7);
  const letters = ['"', '\\', 'a', '$', '{', '}', '[', ']', '.', '|', '\n', 'é'];
  for (let i = 0; i < 2000; i++) {
    const value = Array.from(
      { length: Math.floor(random() * 8) },
      () => letters[Math.floor(random() * letters.length)],
    ).join('');
    for (const multi of [false, true]) {
      const variable = makeVariable('v', 'custom', { multi });
      const text = substitute('{x=~"$v"}', scopeOf({ variable, options: [], chosen: [value] }));
      const inside = text.slice(5, -2);
      assert.doesNotMatch(inside.replaceAll(/\\[\s\S]/g, ''), /"/, JSON.stringify(value));
    }
  }
});
