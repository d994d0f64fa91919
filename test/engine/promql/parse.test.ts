// The parser: Prometheus' precedence and messages, places and hints, and that nothing but a
// UserError ever comes out of broken text.
import assert from 'node:assert/strict';
import test from 'node:test';
import { UserError } from '../../../src/engine/errors.ts';
import { QUERY_BYTES_MAX, QUERY_HEIGHT_MAX } from '../../../src/engine/limits.ts';
import { check } from '../../../src/engine/promql/check.ts';
import { format } from '../../../src/engine/promql/format.ts';
import { parse } from '../../../src/engine/promql/parse.ts';
import { parseErrorText } from '../../../src/engine/promql/parse-error.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';

const ROUND_TRIPS: readonly (readonly [string, string])[] = [
  ['SUM BY (job) (rate(x{a="b"}[5m]))', 'sum by (job) (rate(x{a="b"}[5m]))'],
  ['sum(x) without (a, "b.c")', 'sum without (a, "b.c") (x)'],
  ['a + b * c ^ d ^ e', 'a + b * c ^ d ^ e'],
  ['-1 ^ 2', '-1 ^ 2'],
  ['- a ^ 2', '-a ^ 2'],
  ['a / on(x) group_left(y) b', 'a / on (x) group_left (y) b'],
  ['a > bool ignoring(x) b', 'a > bool ignoring (x) b'],
  ['a AND b Or c', 'a and b or c'],
  ['x[5m] offset 1h30m', 'x[5m] offset 1h30m'],
  ['x offset -5m @ 10', 'x @ 10.000 offset -5m'],
  ['x[90m:] @ start()', 'x[1h30m:] @ start()'],
  ['max_over_time(x[1h:5m] @ end() offset 1d)', 'max_over_time(x[1h:5m] @ end() offset 1d)'],
  [`{'my.metric', "l.x"=~'a\\'b'}`, `{"l.x"=~"a'b",__name__="my.metric"}`],
  ['x{a="1",}', 'x{a="1"}'],
  ['x[step() * 2]', 'x[step() * 2]'],
  ['1_000 + 0x1F + .5 + 1e3 + Inf + 017', '1000 + 31 + 0.5 + 1000 + +Inf + 15'],
  ['5m', '5m'],
  ['a * fill(0) b', 'a * fill (0) b'],
  ['"a\\u00e9\\x41\\101\\n"', '"aéAA\\n"'],
  [
    String.raw`"\x07\x08\x0c\v\x01\x7f\u200b\U000E0001😀 日"`,
    String.raw`"\a\b\f\v\x01\x7f\u200b\U000e0001😀 日"`,
  ],
  ['`a\\n`', '"a\\\\n"'],
  ['max_of(1, 2) # why not', 'max_of(1, 2)'],
  ['2. / 4.', '2 / 4'],
  ['x @ - # why\n 5', 'x @ -5.000'],
  ['x[5m] anchored @ 5', 'x[5m] anchored @ 5.000'],
  ['x offset 0s', 'x'],
  ['x[30h] offset 15d', 'x[1d6h] offset 15d'],
  ['x offset --1m', 'x offset 1m'],
  ['x offset 1e-10', 'x'],
  ['1 + on () x', '1 + x'],
  ['2 > bool ignoring () group_left () x', '2 > bool x'],
  ['x / ignoring (a) offset', 'x / ignoring (a) offset'],
  ['x * on () group_left offset offset 5m', 'x * on () group_left () offset offset 5m'],
  ['x + fill (0) offset', 'x + fill (0) offset'],
  ['x{a="5or"}[5m:]offset 1m', 'x{a="5or"}[5m:] offset 1m'],
  ['x offset -(-90)', 'x offset -(-90)'],
  ['x offset 0[5m] offset 0s offset 1m', 'x[5m] offset 1m'],
  ['x[((1m))]', 'x[(1m)]'],
  ['0X1f + x', '31 + x'],
  ['sum by (a:b, c) (x:y)', 'sum by ("a:b", c) (x:y)'],
  ['x * on (:a) group_left (b:) y', 'x * on (":a") group_left ("b:") y'],
  ['x * on ( : ) y', 'x * on (":") y'],
  ['offset offset 5m', 'offset offset 5m'],
  ['unless offset 5m unless offset', 'unless offset 5m unless offset'],
  ['sum(offset) + offset{a="b"}', 'sum(offset) + offset{a="b"}'],
  ['constructor * __proto__{__proto__="a"}', 'constructor * __proto__{__proto__="a"}'],
  ['a + fill(NaN) b', 'a + fill_left (NaN) fill_right (NaN) b'],
];

test('canonical text, and the same again from it', () => {
  for (const [query, want] of ROUND_TRIPS) {
    assert.equal(format(parse(query)), want, query);
    assert.equal(format(parse(want)), want, want);
  }
});

/** The tree with every operator in brackets. */
function bracketed(query: string): string {
  const walk = (expr: ReturnType<typeof parse>): string => {
    if (expr.kind === 'binary') return `(${walk(expr.left)} ${expr.op} ${walk(expr.right)})`;
    if (expr.kind === 'unary') return `(${expr.op}${walk(expr.inner)})`;
    return format(expr);
  };
  return walk(parse(query));
}

test("precedence is Prometheus', also with modifiers behind operands", () => {
  const cases = [
    ['a + b offset 5m * c', '(a + (b offset 5m * c))'],
    ['a or b offset 1m and c offset 2m', '(a or (b offset 1m and c offset 2m))'],
    ['-a @ 5 ^ 2', '(-(a @ 5.000 ^ 2))'],
    ['a ^ -b ^ c', '(a ^ (-(b ^ c)))'],
    ['a ^ -b * c', '((a ^ (-b)) * c)'],
    ['-a * b', '((-a) * b)'],
    ['- -a', '(-(-a))'],
    ['a - -1', '(a - -1)'],
    ['a -1', '(a - 1)'],
    ['-1 ^ 2', '(-(1 ^ 2))'],
    ['a < b == c', '((a < b) == c)'],
    ['a unless b or c and d', '((a unless b) or (c and d))'],
    ['a atan2 b % c', '((a atan2 b) % c)'],
    ['a + rate(b[5m:1m]) * c', '(a + (rate(b[5m:1m]) * c))'],
  ];
  for (const [query, want] of cases) assert.equal(bracketed(query), want, query);
});

const PRECEDED =
  'must be preceded by an instant vector selector or range vector selector or a subquery';
const ONE_TWO = 'expected 1, got 2';
const UNARY = 'scalar or instant vector, got "range vector"';

const MISTAKES: readonly (readonly [string, string, string?])[] = [
  ['', '1:1: parse error: no expression found in input'],
  ['nosuch(x)', '1:1: parse error: unknown function with name "nosuch"'],
  ['1 + rat(x[5m])', '1:5: parse error: unknown function with name "rat"', 'did you mean "rate"?'],
  ['summ by (a) (x)', '1:1: parse error: unexpected <by>', 'did you mean "sum"?'],
  [
    'rate(x)',
    '1:6: parse error: expected type range vector in call to function "rate", got instant vector',
    'a range has its length in brackets, as in x[5m]',
  ],
  [
    'rate(sum(x))',
    '1:6: parse error: expected type range vector in call to function "rate", got instant vector',
    'a range has its length in brackets, as in sum(x)[5m:]',
  ],
  [
    'sum(x[5m])',
    '1:5: parse error: expected type instant vector in aggregation expression, got range vector',
    'leave the brackets out, or put a function such as rate() around the range',
  ],
  [
    'topk(x, y)',
    '1:6: parse error: expected type scalar in aggregation parameter, got instant vector',
  ],
  [
    'sum(x, y)',
    `1:1: parse error: wrong number of arguments for aggregate expression provided, ${ONE_TWO}`,
  ],
  ['rate(x[5m], y)', '1:1: parse error: expected 1 argument(s) in call to "rate", got 2'],
  [
    'label_join(x)',
    '1:1: parse error: expected at least 3 argument(s) in call to "label_join", got 1',
  ],
  ['round(x, 1, 2)', '1:1: parse error: expected at most 2 argument(s) in call to "round", got 3'],
  ['{a=""}', '1:1: parse error: vector selector must contain at least one non-empty matcher'],
  ['{a=~".*"}', '1:1: parse error: vector selector must contain at least one non-empty matcher'],
  ['x{__name__="y"}', '1:1: parse error: metric name must not be set twice: "x" or "y"'],
  ['1 > 2', '1:3: parse error: comparisons between scalars must use BOOL modifier'],
  ['a + bool b', '1:3: parse error: bool modifier can only be used on comparison operators'],
  ['a and 1', '1:1: parse error: set operator "and" not allowed in binary scalar expression'],
  ['a or on(x) group_left b', '1:1: parse error: no grouping allowed for "or" operation'],
  [
    'a + on(x) group_left(x) b',
    '1:3: parse error: label "x" must not occur in ON and GROUP clause at once',
  ],
  [
    'a + "b"',
    '1:5: parse error: binary expression must contain only scalar and instant vector types',
  ],
  ['1 + on(x) b', '1:1: parse error: vector matching only allowed between instant vectors'],
  ['-x[5m]', `1:1: parse error: unary expression only allowed on expressions of type ${UNARY}`],
  ['sum(x)[5m]', '1:7: parse error: ranges only allowed for vector selectors'],
  ['x offset 5m [5m]', '1:13: parse error: no offset modifiers allowed before range'],
  ['x offset (0)[5m]', '1:13: parse error: no offset modifiers allowed before range'],
  ['x @ end()[5m]', '1:10: parse error: no @ modifiers allowed before range'],
  ['sum(x) offset 5m', `1:1: parse error: offset modifier ${PRECEDED}`],
  ['x offset 5m offset 6m', '1:1: parse error: offset may not be set multiple times'],
  ['x @ 5 @ 6', '1:1: parse error: @ <timestamp> may not be set multiple times'],
  ['x @ inf', '1:1: parse error: timestamp out of bounds for @ modifier: +Inf'],
  ['x[0s]', '1:3: parse error: duration must be greater than 0'],
  ['rate(x[5m)', "1:10: parse error: unexpected right parenthesis ')'"],
  ['(a + b', '1:1: parse error: unclosed left parenthesis'],
  ['x[5m', '1:2: parse error: unclosed left bracket'],
  ['x{a="b"', '1:8: parse error: unexpected end of input inside braces'],
  ['x{a="b}', '1:5: parse error: unterminated quoted string'],
  ['a + b)', "1:6: parse error: unexpected right parenthesis ')'"],
  ['a +', '1:4: parse error: unexpected end of input'],
  ['foo bar', '1:5: parse error: unexpected identifier "bar"'],
  ['a\n  + nosuch(b)', '2:5: parse error: unknown function with name "nosuch"'],
  ['x{a=~"("}', '1:6: parse error: error parsing regexp: missing closing ): `^(?s:()$`'],
  ['"\\q"', "1:3: parse error: unknown escape sequence U+0071 'q'"],
  [
    'rate(1[5m:])',
    '1:6: parse error: subquery is only allowed on instant vector, got scalar instead',
  ],
  ['sum by (a) ()', '1:1: parse error: no arguments for aggregate expression provided'],
  ['sum by (nan) (x)', '1:9: parse error: unexpected identifier "nan"'],
  ['1e400', '1:1: parse error: error parsing number: 1e400 is out of range'],
  ['x\u00a0', "1:2: parse error: unexpected character: '\\u00a0'"],
  ['x[1m / 0]', '1:6: parse error: division by zero'],
  ['x[1h % 0]', '1:6: parse error: modulo by zero'],
  ['x > 1or y', '1:5: parse error: bad number or duration syntax: "1"'],
  ['x @ 5moffset 1m', '1:5: parse error: bad number or duration syntax: "5mo"'],
  ['x[1h30m5]', '1:3: parse error: bad number or duration syntax: "1h30m5"'],
  ['x @ 5.offset 1m', '1:5: parse error: bad number or duration syntax: "5."'],
  ['5.5.5', '1:1: parse error: bad number or duration syntax: "5.5."'],
  ['x y 5or', '1:3: parse error: unexpected identifier "y"'],
  ['-293y', '1:2: parse error: duration out of range'],
  ['x @ - 293y', '1:7: parse error: duration out of range'],
  ['x @ 1e400', '1:5: parse error: error parsing number: 1e400 is out of range'],
  ['x[300y - 299y]', '1:3: parse error: duration out of range'],
  ['x[+-1m]', '1:3: parse error: duration must be greater than 0'],
  ['info(x, y)', '1:9: parse error: expected label selectors only, got vector selector instead'],
];

test("mistakes are told in Prometheus' words with their place", () => {
  for (const [query, want, hint] of MISTAKES) {
    assert.throws(
      () => check(parse(query), query),
      (error) => {
        assert.ok(error instanceof UserError, `${query}: ${String(error)}`);
        assert.equal(parseErrorText(error), want, query);
        if (hint !== undefined) assert.equal(error.hint, hint, query);
        assert.equal(error.source, query);
        assert.ok(error.start <= error.end && error.end <= query.length, query);
        return true;
      },
    );
  }
});

test('long and deep queries are refused, a chain of operators is not a question of stack', () => {
  const refused = (query: string, words: RegExp): void => {
    assert.throws(
      () => parse(query),
      (e) => e instanceof UserError && words.test(e.message),
    );
  };
  refused('x'.repeat(QUERY_BYTES_MAX + 1), /longer than/);
  refused('('.repeat(5000) + 'x' + ')'.repeat(5000), /nested deeper/);
  refused('-'.repeat(300) + 'x', /nested deeper/);
  // So deep that the grammar gives up first.
  refused('-'.repeat(30_000) + 'x', /nested deeper/);
  refused(chain(20_000, 'a', '+'), /nested deeper/);
  refused(chain(300, '2', '^'), /nested deeper/);
  refused(chain(20_000, '2', '^'), /nested deeper/);
  refused(`x[${'('.repeat(3000)}1${')'.repeat(3000)}]`, /nested deeper|unexpected/);
  refused(chain(QUERY_HEIGHT_MAX + 1, 'a', '+'), /nested deeper than 1000/);
  refused(chain(1200, 'long_name_of_a_metric', ' or '), /nested deeper than 1000/);
  assert.equal(parse(chain(900, 'long_name_of_a_metric', ' or ')).kind, 'binary');
  const mixed = '('.repeat(150) + chain(20, 'a', '-') + `- ${chain(20, 'a', '-')})`.repeat(150);
  refused(mixed, /nested deeper/);
  assert.equal(parse(chain(QUERY_HEIGHT_MAX, 'a', '+')).kind, 'binary');
});

function chain(length: number, term: string, between: string): string {
  return Array.from({ length }, () => term).join(between);
}

const PIECES = (
  'rate( sum by ( x ) ( ) [ 5m ] : { } a="b" , + - * / ^ % == != and or unless on ignoring ' +
  'group_left bool offset @ start() end() 1 2. 0x1 "s" \' ` \\ # \n x y:z max_of( step() inf ' +
  'nan -1 quantile( \u00e9 \ud83d\ude00 \ud800 </ >/ fill(0) anchored __proto__ constructor( topk('
).split(' ');

test('random pieces and damaged queries give a tree or a UserError, nothing else', (t) => {
  const seed = 20_261_120;
  t.diagnostic(`seed ${seed}`);
  const random = seededRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
  const survive = (query: string): void => {
    try {
      const expr = parse(query);
      check(expr, query);
      // `-Inf ^ 2` is printed as `-+Inf ^ 2`, which has one sign more, as Prometheus prints it.
      if (/inf/i.test(query)) return;
      assert.equal(format(parse(format(expr))), format(expr), JSON.stringify(query));
    } catch (error) {
      assert.ok(error instanceof UserError, `${JSON.stringify(query)}: ${String(error)}`);
      assert.ok(error.start >= 0 && error.end <= query.length, JSON.stringify(query));
    }
  };
  for (let i = 0; i < 4000; i++) {
    const length = 1 + Math.floor(random() * 12);
    survive(Array.from({ length }, () => pick(PIECES)).join(random() < 0.5 ? ' ' : ''));
  }
  const valid = [...ROUND_TRIPS.map(([query]) => query), ...MISTAKES.map(([query]) => query)];
  for (let i = 0; i < 4000; i++) {
    let query = pick(valid);
    for (let edits = 1 + Math.floor(random() * 3); edits > 0; edits--) {
      const at = Math.floor(random() * (query.length + 1));
      const cut = Math.floor(random() * 4);
      query = query.slice(0, at) + (random() < 0.6 ? pick(PIECES) : '') + query.slice(at + cut);
    }
    survive(query);
  }
});
