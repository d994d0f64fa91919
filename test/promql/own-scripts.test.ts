// Scripts of our own in Prometheus' format, for what its files in this checkout leave out: the @
// modifier, offsets, staleness, subqueries, fill, precedence of modifiers. Values are by hand.
import assert from 'node:assert/strict';
import test from 'node:test';
import { runScript } from '../../src/engine/promql/script-run.ts';

const SCRIPTS: Readonly<Record<string, string>> = {
  'labels from groups': `
load 10s
  m{a="foo"} 1

eval instant at 0 label_replace(m, "b", "[$01$constructor\${__proto__}$é]", "a", "(f).*")
  m{a="foo",b="[]"} 1
`,
  'numbers past all bounds': `
load 10s
  m 1+1x30

eval instant at 5m double_exponential_smoothing(m[1m], NaN, 0.5)
  {} NaN

eval instant at 0 quantile(1e6, m)
  expect warn msg: PromQL warning: quantile value should be between 0 and 1, got 1e+06 (1:10)
  {} Inf
`,
  'at and offset': `
load 10s
  m{job="a"} 0+1x1000
  m{job="b"} 0+2x1000

eval instant at 50s m{job="a"} @ 100
  m{job="a"} 10

eval instant at 50s m{job="a"} @ 100 offset 50s
  m{job="a"} 5

eval instant at 50s m{job="a"} offset 50s @ 100
  m{job="a"} 5

eval instant at 50s m{job="a"} offset -50s
  m{job="a"} 10

eval range from 0 to 30s step 10s m{job="a"} @ end()
  m{job="a"} 3 3 3 3

eval range from 10s to 30s step 10s m{job="a"} @ start()
  m{job="a"} 1 1 1

eval range from 0 to 20s step 10s sum by (job) (m @ 100)
  {job="a"} 10 10 10
  {job="b"} 20 20 20

eval instant at 0 rate(m{job="a"}[100s] @ 100)
  {job="a"} 0.1

eval instant at 0 sum_over_time(m{job="a"}[30s] @ 100)
  {job="a"} 27

eval range from 0 to 20s step 10s timestamp(m{job="a"} @ 95)
  {job="a"} 90 90 90

eval range from 0 to 40s step 20s m{job="a"} - m{job="a"} @ 100
  {job="a"} -10 -8 -6

eval instant at 100s predict_linear(m{job="a"}[50s] @ 50, 50)
  {job="a"} 15

eval instant at 100s predict_linear(m{job="a"}[50s] offset 50s, 50)
  {job="a"} 15

eval range from 100s to 120s step 10s predict_linear(m{job="a"}[50s] @ 50, 50)
  {job="a"} 15 16 17

eval instant at 100s -m{job="a"} @ 50 ^ 2
  {job="a"} -25

eval instant at 100s m{job="a"} + m{job="a"} offset 50s * 2
  {job="a"} 20
`,
  staleness: `
load 30s
  s 1 2 stale _ 5 _x20

eval instant at 30s s
  s 2

eval instant at 60s s

eval instant at 119s s

eval instant at 2m s
  s 5

eval instant at 6m59s999ms s
  s 5

eval instant at 7m s

eval range from 0 to 2m step 30s s
  s 1 2 _ _ 5

eval instant at 60s count_over_time(s[60s])
  {} 1

eval instant at 2m count_over_time(s[2m1ms])
  {} 3

eval instant at 30s count_over_time(s[30s])
  {} 1

eval instant at 60s absent(s)
  {} 1

eval range from 0 to 2m step 30s absent(s)
  {} _ _ 1 1 _

eval range from 0 to 2m step 30s absent_over_time(s{x="y"}[1m])
  {x="y"} 1 1 1 1 1
`,
  subqueries: `
load 10s
  m 0+1x100

eval instant at 100s sum_over_time(m[50s:10s])
  {} 40

eval instant at 105s sum_over_time(m[50s:10s])
  {} 40

eval instant at 100s m[20s:10s]
  expect range vector from 90s to 100s step 10s
  m 9 10

eval instant at 100s m[20s]
  expect range vector from 90s to 100s step 10s
  m 9 10

eval instant at 1000s sum_over_time(m[5m:])
  {} 420

eval instant at 100s max_over_time(rate(m[20s])[50s:10s])
  {} 0.1

eval range from 100s to 120s step 10s sum_over_time(m[20s:10s] @ 50)
  {} 9 9 9

eval range from 100s to 120s step 10s sum_over_time(m[20s:10s] offset 50s)
  {} 9 11 13

eval range from 100s to 120s step 10s quantile_over_time(scalar(m) / 100, m[20s])
  {} 9.1 10.11 11.12

eval instant at 1s sum_over_time(m[500ms:1m])
`,
  'matching and filling': `
load 1m
  a{x="1", y="p"} 1
  a{x="2", y="p"} 2
  a{x="2", y="q"} 3
  b{x="1"} 10
  b{x="3"} 30
  i{x="1", v="one"} 1
  i{x="2", v="two"} 1

eval instant at 0 a * on (x) group_left (v) i
  {x="1", y="p", v="one"} 1
  {x="2", y="p", v="two"} 2
  {x="2", y="q", v="two"} 3

eval instant at 0 i * on (x) group_right (v) a
  {x="1", y="p", v="one"} 1
  {x="2", y="p", v="two"} 2
  {x="2", y="q", v="two"} 3

eval instant at 0 a * on (x) b
  {x="1"} 10

eval instant at 0 a * on (x) i
  expect fail regex: many-to-one matching must be explicit

eval instant at 0 b + on (x) fill_left (0) i
  {x="1"} 11
  {x="2"} 1

eval instant at 0 b + on (x) fill (0) i
  {x="1"} 11
  {x="2"} 1
  {x="3"} 30

eval instant at 0 a and on (x) b
  a{x="1", y="p"} 1

eval instant at 0 a unless on (x) b
  a{x="2", y="p"} 2
  a{x="2", y="q"} 3

eval instant at 0 b or on (x) i
  b{x="1"} 10
  b{x="3"} 30
  i{x="2", v="two"} 1

eval instant at 0 2 ^ 3 ^ 2
  512

eval instant at 0 -2 ^ 2
  -4

eval instant at 0 topk(2, a)
  expect ordered
  a{x="2", y="q"} 3
  a{x="2", y="p"} 2

eval instant at 0 sort_desc(a or b)
  expect ordered
  b{x="3"} 30
  b{x="1"} 10
  a{x="2", y="q"} 3
  a{x="2", y="p"} 2
  a{x="1", y="p"} 1
`,
};

for (const [name, script] of Object.entries(SCRIPTS)) {
  test(`own script: ${name}`, async () => {
    const { outcomes, passed } = await runScript(script);
    const failures = outcomes.filter(({ why }) => why !== undefined);
    assert.deepEqual(
      failures.map(({ line, command, why }) => `line ${line}: ${command}\n    ${why}`),
      [],
    );
    assert.ok(passed > 0);
  });
}

/** Scripts of which exactly one eval is wrong: a runner that lets any pass is worth nothing. */
const WRONG: readonly string[] = [
  'load 1m\n  m 1\n\neval instant at 0 m\n  m 2\n',
  'load 1m\n  m 1\n\neval instant at 0 m\n  m 1\n  n 1\n',
  'load 1m\n  m 1\n\neval instant at 0 m\n',
  'load 1m\n  m {{count:1 sum:2 buckets:[1]}}\n\neval instant at 0 m\n  m {{count:1 sum:2}}\n',
  'load 1m\n  m {{count:1 buckets:[1]}}\n\neval instant at 0 m\n  m 1\n',
  'load 1m\n  m {{schema:1}}\n\neval instant at 0 m\n  m {{schema:2}}\n',
  'load 1m\n  m {{}}\n\neval instant at 0 m\n  m {{counter_reset_hint:gauge}}\n',
  'eval instant at 0 1 + 1\n  3\n',
  'eval instant at 0 "a"\n  expect string "b"\n',
  'eval instant at 0 vector(1)\n  expect fail\n  {} 1\n',
  'eval instant at 0 vector(1)\n  expect warn\n  {} 1\n',
  'load 1m\n  m 1 2\n\neval instant at 1m rate(m[2m])\n  expect no_info\n  {} 0.0083333333\n',
  'load 1m\n  m 0 1 2\n\neval range from 0 to 2m step 1m m\n  m 0 1 3\n',
  'load 1m\n  m 1\n  n 2\n\neval instant at 0 sort(m or n)\n  expect ordered\n  n 2\n  m 1\n',
];

test('wrong expectations are found', async () => {
  for (const script of WRONG) {
    const { failed, passed } = await runScript(script);
    assert.deepEqual([failed, passed], [1, 0], script);
  }
});

/** Scripts that cannot be read, and what is said of them. */
const BROKEN: readonly (readonly [string, RegExp])[] = [
  ['lod 1m\n  m 1\n', /^line 1: no command: lod 1m/],
  ['\n\nload 1m\n  m 1\n  m{a="b" 1\n', /^line 5: /],
  ['load 1x\n  m 1\n', /^line 1: no duration: 1x/],
  ['load 1m\n  m 1 2 y\n', /^line 2: no value: y/],
  ['load 1m\n  m {{what:1}}\n', /^line 2: no key of a histogram: what/],
  ['load 1m\n  m {{count:1 count:2}}\n', /^line 2: duplicate key "count" in histogram/],
  ['load 1m\n  m@st -1m -1m\n  m 1\n', /^line 3: @st line has 2 values/],
  ['load 1m\n  m@st -1m\n', /^line 1: @st line has no following/],
  ['eval instant on 0 m\n', /^line 1: no command/],
  ['eval range from 0 to 1m m\n', /^line 1: no command/],
  ['load 1m\n  m 1x99999999999\n', /^line 2: more than 1000000 values/],
  ['eval instant at 0 m\n  expect warn\n  expect no_warn\n', /^line 1: warn and no_warn/],
  ['eval instant at 0 m\n  expect fail\n  expect fail\n', /^line 1: a query fails only once/],
  ['eval instant at 0 m\n  expect much\n', /^line 1: nothing to expect: expect much/],
  ['eval instant at 0 m\n  m 1 2\n', /^line 1: an instant has one value a series/],
  ['eval instant at 0 m\n  expect info regex: (\n  m 1\n', /^line 1: /],
  ['eval instant at 0 m[1m]\n  expect range vector from 0 to 1m step 0\n', /^line 1: no step/],
];

test('broken scripts are refused with their line', async () => {
  for (const [script, words] of BROKEN) {
    await assert.rejects(runScript(script), (error: Error) => {
      assert.equal(error.name, 'UserError');
      assert.match(error.message, words);
      return true;
    });
  }
});
