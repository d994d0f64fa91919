// What a statement needs, read from its WHERE: times, metrics and labels where every row has to
// have them, and all where there is a doubt. Easy to get wrong: a condition that holds for one of
// two tables, or for the rows of an outer query, narrows nothing here.
import { strict as assert } from 'node:assert';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import { statementOf } from '../../../src/engine/sql/check-statement.ts';
import { Duck } from '../../../src/engine/sql/duck.ts';
import { scopeOf, type StatementScope } from '../../../src/engine/sql/statement-scope.ts';

let duck: Duck;
const MIB = 1024 * 1024;

before(async () => {
  const bounds = { memoryBytes: 128 * MIB, tempBytes: 64 * MIB, threads: 1 };
  duck = await Duck.open({ ...bounds, tempFolder: tmpdir() });
});
after(() => duck.close());

async function scope(text: string): Promise<StatementScope> {
  const tree = statementOf(text, await duck.parse(text));
  return await scopeOf(tree, (expression) => duck.timeOf(expression));
}

type Shown = readonly [table: string, minMs: number, maxMs: number, selections: string];

async function shows(text: string, expected: Shown): Promise<void> {
  const { tables } = await scope(text);
  const found = tables.map(({ table, minMs, maxMs, selections }) => {
    const words = selections.map((all) => all.map((m) => m.name + m.op + m.value).join(','));
    return [table, minMs, maxMs, words.toSorted().join(' | ')];
  });
  assert.deepEqual(found, [expected], text);
}

const DAY = Date.UTC(2026, 0, 31);
const NEXT = DAY + 86_400_000;
const [FROM, TO] = ["TIMESTAMPTZ '2026-01-31'", "TIMESTAMPTZ '2026-02-01'"];
const inf = Infinity;

test('what every row has to have narrows the question', async () => {
  await shows('FROM samples', ['samples', -inf, inf, '']);
  await shows(`FROM samples WHERE ts >= ${FROM} AND ts < ${TO}`, ['samples', DAY, NEXT, '']);
  await shows(`FROM samples WHERE ts BETWEEN ${FROM} AND ${TO}`, ['samples', DAY, NEXT, '']);
  await shows(`FROM samples WHERE ${FROM} < ts`, ['samples', DAY, inf, '']);
  await shows(`FROM samples s WHERE s.ts > ${FROM} + INTERVAL 1 DAY`, ['samples', NEXT, inf, '']);
  await shows(`FROM samples WHERE metric = 'up'`, ['samples', -inf, inf, '__name__=up']);
  const words = '__name__=~a\\.b|c,job=x';
  const both = `FROM samples WHERE metric IN ('a.b', 'c') AND labels['job'] = 'x'`;
  await shows(both, ['samples', -inf, inf, words]);
  await shows(`FROM rollup_1h WHERE ts > ${FROM}`, ['rollup_1h', DAY, inf, '']);
  const now = await scope('FROM samples WHERE ts > now() - INTERVAL 1 HOUR');
  assert.ok(Math.abs(now.tables[0].minMs - (Date.now() - 3_600_000)) < 60_000);
  const twice = `SELECT (SELECT count(*) FROM samples WHERE metric = 'a' AND ts > ${FROM}) -
    (SELECT count(*) FROM samples WHERE metric = 'b' AND ts > ${TO})`;
  await shows(twice, ['samples', DAY, inf, '__name__=a | __name__=b']);
});

test('a doubt takes all', async () => {
  const all: Shown = ['samples', -inf, inf, ''];
  for (const where of [
    `ts > ${FROM} OR value > 1`,
    `ts + INTERVAL 1 DAY > ${FROM}`,
    `metric LIKE 'up%'`,
    `metric = labels['x']`,
    `labels['job'] = ''`,
    `metric <> 'up'`,
    `metric IN ('a', labels['x'])`,
  ]) {
    await shows(`FROM samples WHERE ${where}`, all);
  }
  await shows(`SELECT max(ts) FROM samples HAVING max(ts) > ${FROM}`, all);
  await shows(`FROM samples s(ts, a, b, c, d) WHERE ts > ${FROM}`, all);
  await shows(`FROM samples a ASOF JOIN samples b USING (metric, ts) WHERE a.ts > ${FROM}`, all);
  await shows(`FROM samples a, samples b WHERE a.ts > ${FROM}`, all);
  await shows(`FROM samples o WHERE EXISTS (FROM samples i WHERE o.ts > ${FROM})`, all);
  await shows(`WITH s AS (FROM samples) FROM s WHERE ts > ${FROM}`, all);
});

test('names are left out where nobody looks at them', async () => {
  const named = async (text: string): Promise<boolean> => (await scope(text)).named;
  assert.equal(await named('SELECT count(*) FROM samples'), false);
  assert.equal(await named('SELECT max(value), min(ts) FROM samples s WHERE s.value > 1'), false);
  for (const text of [
    'FROM samples',
    'SELECT metric FROM samples',
    'SELECT s FROM samples s',
    'SELECT count(*) FROM samples NATURAL JOIN series',
    'SELECT count(value) FROM samples s(ts, value)',
    "SELECT count(*) FROM (PIVOT samples ON metric IN ('a') USING max(value))",
    'DESCRIBE samples',
  ]) {
    assert.equal(await named(text), true, text);
  }
});
