// What is said of a plan before it is computed, against computing it: generated expressions over
// generated series, where "no rows" must never be said of an answer that has one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fragment } from '../../../src/engine/model/fragment.ts';
import { makeLabels } from '../../../src/engine/model/labels.ts';
import { check } from '../../../src/engine/promql/check.ts';
import { evaluate } from '../../../src/engine/promql/evaluate.ts';
import { runFragment } from '../../../src/engine/promql/leaf.ts';
import { mergeFragments } from '../../../src/engine/promql/merge.ts';
import { hasNoRows } from '../../../src/engine/promql/no-rows.ts';
import { parse } from '../../../src/engine/promql/parse.ts';
import { plan } from '../../../src/engine/promql/plan.ts';
import { ScriptSeries } from '../../../src/engine/promql/script-series.ts';
import { seededRandom } from '../../../src/engine/runtime/random.ts';
import type { Random } from '../../../src/engine/runtime/random.ts';

function pick<T>(random: Random, list: readonly T[]): T {
  return list[Math.floor(random() * list.length)];
}

function expression(random: Random, depth = 0): string {
  const kind = random();
  if (depth < 2 && kind < 0.3) {
    const op = pick(random, ['and', 'or', 'unless', 'and on (job)', 'or on (job)', '+', '/']);
    return `(${expression(random, depth + 1)}) ${op} (${expression(random, depth + 1)})`;
  }
  const vector = pick(random, [
    ...['x', 'y', 'gone', 'sum by (job) (x)', 'avg(x)', 'max by (i) (y)', 'stddev by (job) (x)'],
    ...[
      'rate(x[30s])',
      'count(gone)',
      'absent(gone)',
      'sum(rate(y[1m]))',
      '-x',
      'avg by (job) (y)',
    ],
  ]);
  const bound = pick(random, ['0', '3', '-1', 'NaN', '+Inf', '5']);
  const op = pick(random, ['>', '<', '>=', '<=', '==', '!=', '> bool', '== bool']);
  if (kind < 0.4) return vector;
  return kind < 0.7 ? `${vector} ${op} ${bound}` : `${bound} ${op} ${vector}`;
}

function world(random: Random): ScriptSeries {
  const series = new ScriptSeries();
  for (const name of ['x', 'y']) {
    for (let i = 0; i < 4; i++) {
      const labels = makeLabels([
        ['__name__', name],
        ['job', `j${i % 2}`],
        ['i', String(i)],
      ]);
      for (let t = 0; t < 60; t += 10) {
        if (random() < 0.2) continue;
        const v = pick(random, [0, 1, 3, 5, NaN, Infinity, random() * 6]);
        series.add(labels, [{ t: t * 1000, v }]);
      }
    }
  }
  return series;
}

test('what is said to have no rows has none, 4,000 expressions from seed 11', async () => {
  const random = seededRandom(11);
  const said = { none: 0, empty: 0 };
  for (let i = 0; i < 4000; i++) {
    const text = expression(random);
    const series = world(random);
    const tree = parse(text);
    check(tree, text);
    const steps = pick(random, [1, 1, 3]);
    const grid = { start: 30_000, end: 30_000 + (steps - 1) * 10_000, step: 10_000 };
    const planned = plan(tree, { source: text, grid, instant: false });
    const results = planned.fragments.map((one: Fragment) =>
      mergeFragments(one, [runFragment(one, series)]),
    );
    let next = 0;
    const quiet = hasNoRows(planned, results);
    const answer = await evaluate(planned, { fragment: async () => results[next++] }).catch(
      (thrown: unknown) => thrown as Error,
    );
    if (quiet) {
      assert(!(answer instanceof Error), `${i}: ${text} fails: ${String(answer)}`);
      assert.deepEqual(answer.warnings, [], `${i}: ${text}`);
    }
    if (answer instanceof Error || answer.result.type !== 'matrix') continue;
    const rows = answer.result.matrix.present.filter((one) => one !== 0).length;
    if (rows === 0) said.empty++;
    if (!quiet) continue;
    said.none++;
    assert.equal(rows, 0, `${i}: ${text}`);
  }
  assert(said.none > said.empty / 3, `${said.none} of ${said.empty} were seen`);
});
