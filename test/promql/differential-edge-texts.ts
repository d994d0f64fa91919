// Queries that are odd as texts: spellings of numbers, strings and durations, patterns of matchers,
// precedence, comments, and what has to be refused. Easy to get wrong: what 3 has added to the
// grammar (numbers as durations, underscores, quoted names) must not be asked of 2.42.
import { TAGS } from './differential-edge-data.ts';
import type { Dice } from './differential-words.ts';

const NUMBERS = [
  ...['0', '1', '-1', '+2', '.5', '5.', '1e3', '1E-3', '0x1F', '0Xa', '017', '1e308', '5e-324'],
  ...['NaN', 'nan', 'Inf', 'inf', '-Inf', '+inf', '1e400', '0.1', '3.0', 'time()', 'pi()'],
];
const OPERATORS = ['+', '-', '*', '/', '%', '^', 'atan2'];
const COMPARISONS = ['== bool', '!= bool', '< bool', '>= bool', '<= bool', '> bool'];

/** A scalar of any shape, with and without brackets. */
export function oddScalar(dice: Dice, depth: number): string {
  if (depth <= 0 || dice.chance(0.2)) return dice.one(NUMBERS);
  const sign = dice.chance(0.2) ? dice.one(['-', '+', '- -', '--']) : '';
  const op = dice.chance(0.25) ? dice.one(COMPARISONS) : dice.one(OPERATORS);
  const [left, right] = [oddScalar(dice, depth - 1), oddScalar(dice, depth - 1)];
  const space = dice.one([' ', '  ', '\n', ' # why not\n']);
  return dice.chance(0.5)
    ? `${sign}${left} ${op}${space}${right}`
    : `${sign}(${left} ${op} ${right})`;
}

/** Strings, numbers and words in every spelling. */
export function oddLiteral(dice: Dice): string {
  return dice.one([
    ...['"a"', "'b'", '`c\\n`', '"\\x41\\u00e9\\U0001F600"', "'it\\'s \"so\"'", '"\\101"', '"\\q"'],
    ...['"open', '`raw "x"`', '"a\nb"', '"\\xff"', '"\\ud800"', '""'],
    ...['level[90s] offset 1m', 'level[5m]', 'level[1m30s]', 'level[1h0m]', 'level[65s:10s]'],
    ...['SUM(level)', 'Sum BY (job) (level)', 'level OFFSET 1m', 'level AND flappy', 'LEVEL'],
    ...['level # comment', '# comment\nlevel', 'level#{job="api"}', ' \t\r\n level ', '((level))'],
    ...['a:rule:name', 'a:rule:name + 1', 'level\u00a0', 'level @ start()', 'level @ -Inf'],
    ...['count(level offset -5m)', 'level offset - 5m', 'level @ 1e3', 'level @ 0x10'],
    'level @ -1',
    ...['level offset 1h30m', 'level offset 1m1m', 'level offset 1w', 'sum(level) offset 1m'],
    ...['rate(ticks_total[5m]) offset 1m', 'max(level) @ end()', 'level[5m] @ end() offset 1m'],
    ...['max_over_time(level[5m])[5m]', 'level[305s:]', 'level[5m:0s]', '-level[5m]'],
    'max_over_time(-level[305s:])',
  ]);
}

/** Selectors with matchers of every kind. */
export function oddSelector(dice: Dice): string {
  const quoted = (value: string): string => JSON.stringify(value);
  const patterns = [
    ...['.*', '.+', '', 'up', '(?i)up', 'UP|up', 'u.', '[[:upper:]]+', '\\w+', '\\W', '\\pL+', 'é'],
    ...['\\$1', '\\$.*', 'a.b', 'a\\.b', '^up$', '$up^', 'up\\b', '(u)(p)', '\\Qa.b\\E', '\\x{e9}'],
    ...['[^a-z]+', 'u{1}p', '日.', '\\p{Han}+', 'it.s', '(?s).', '(?:up|)', 'u*?p+?', '\\d', ' '],
    ...['(', 'a{2,1}', '(?=u)', '\\1', '[z-a]', '*', '(?P<n>u)p', '\\z', '\\C', '(?U)u+p'],
  ];
  const tag = quoted(dice.one([...TAGS, '', 'nosuch']));
  const pattern = quoted(dice.one(patterns));
  const one = dice.one([`tag=${tag}`, `tag!=${tag}`, `tag=~${pattern}`, `tag!~${pattern}`]);
  const more = dice.one(['', '', ', tag!=""', ', nosuch=""', ', tag!~"u.*"', ',', ', job=~".*"']);
  return dice.one([`tagged{${one}${more}}`, `{${one}${more}}`, `{__name__="tagged", ${one}}`]);
}

/** What both sides have to refuse, and some that only look like it. */
export function wrong(dice: Dice): string {
  return dice.one([
    ...['', ' ', '{}', '{job=~".*"}', '{job=""}', 'level{', 'level{job}', 'level{job=}', 'level}'],
    ...['level{job="a",,}', 'level{,}', 'level{job=="a"}', 'level{"a"}', 'level{1="a"}', '1level'],
    ...['sum', 'sum()', 'sum(level, level)', 'sum(1)', 'sum("a")', 'sum(level[5m])', 'topk(level)'],
    ...['topk(1)', 'topk("a", level)', 'count_values(1, level)', 'count_values("", level)'],
    ...['rate(level)', 'rate(level[5m], 1)', 'rate()', 'abs(1)', 'abs(level[5m])', 'abs()'],
    ...['time(1)', 'vector(level)', 'scalar(1)', 'nofunction(level)', 'label_replace(level, 1, 2)'],
    ...['1 > 2', '1 and 2', 'level and 1', 'level or "a"', '"a" + 1', '"a" == "a"'],
    'level[5m] + 1',
    ...['level + bool 1', 'level and bool level', 'level > bool bool 1', 'level + on level'],
    '1 + on (a) 2',
    ...['level + group_left level', 'level and on (job) group_left level'],
    'level + on (job) ignoring (job) level',
    ...['level + on (job) group_left (job) level', 'level offset', 'level offset x', 'level @'],
    'level @ x',
    ...['level offset 1m offset 2m', 'level @ 1 @ 2', 'level[5m', 'level[]', 'level[x]'],
    'level[5m][5m]',
    ...['level[-5m]', 'level[0s]', 'level[5m:-1s]', 'level[5x]', 'level[5m30h]', '5m'],
    'level[1.5m]',
    ...['(level', 'level)', '()', '(,)', 'level,', 'level level', '1 1', '+', '1 +', '* 1'],
    '!level',
    ...['level = 1', 'level === 1', 'level =~ "a"', 'level <> 1', 'level && level'],
    'level | level',
    ...['sum by job (level)', 'sum by (job (level)', 'sum by (1) (level)', 'sum by ("a-b") 1'],
    ...['sum by (job) by (job) (level)', 'sum by (job) (level) by (job)', 'group_left', 'by', 'on'],
    ...['quantile(level)', 'quantile(level, 0.5)', 'absent_over_time(level)', 'minute(1)'],
    'day_of_week()',
    ...['level{__name__="a"}', '{__name__="a",__name__="b"}', '{__name__=~".*"}'],
    'level{job="a" or job="b"}',
    ...['histogram_quantile(level, 1)', 'round(level, 1, 2)', 'clamp(level, 1)', 'sort(1)'],
    'pi(1)',
    ...['level @ start', 'level @ start(1)', 'level @ middle()'],
    'avg_over_time(1[5m:])',
    ...['atan2', '1 atan2 2', 'level atan2', 'bool', 'offset 1m', 'NaN(1)', 'inf()', 'sum('],
    'unless',
    ...['label_join(level)', 'label_join(level, "x")', 'label_join(level, "x", 1)'],
    'label_join(1, "x", "")',
  ]);
}
