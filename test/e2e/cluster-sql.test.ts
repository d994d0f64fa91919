// SQL over a cluster: the same statements as in one process give the same rows, over hot, warm and
// cold; without a store it is still whole, without all stores of a partition it says so. Easy to
// get wrong: stores are replicas, so a sample that two of them hand out would be counted twice.
import { strict as assert } from 'node:assert';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, it, test } from 'node:test';
import { compress } from 'snappy';
import { encodeHistogram } from '../../src/engine/codec/histogram.ts';
import { makeHistogram } from '../../src/engine/model/histogram.ts';
import { pageToBodies } from '../../src/engine/wire/remote-write-frames.ts';
import type { MonProcess } from '../support/mon-process.ts';
import { runCli, runShell } from '../support/run-cli.ts';
import { until } from '../support/until.ts';
import { ClusterWorld } from './cluster-world.ts';
import { MonFolder, postWrite, writeSamples } from './mon-folder.ts';
import { pushDays, start, TIER_CONFIG } from './tier-samples.ts';

const HOUR = 3_600_000;
const ARCHIVED_MS_MAX = 120_000;
const time = (ms: number): string => `TIMESTAMPTZ '${new Date(ms).toISOString()}'`;
/** Times before which every window of a rollup has ended. */
const ROLLED = `ts <= ${time(start + 84 * HOUR)}`;

const STATEMENTS = [
  'SELECT metric, count(*), min(ts), max(ts), sum(value) FROM samples GROUP BY ALL ORDER BY 1',
  `SELECT labels['lane'] AS lane, count(*), max(value) FROM samples
   WHERE metric = 'jobs_total' AND ts > ${time(start + 12 * HOUR)}
   AND ts <= ${time(start + 40 * HOUR)} GROUP BY ALL ORDER BY 1`,
  `SELECT ts, value FROM samples WHERE metric = 'load'
   AND ts > ${time(start + 90 * HOUR)} ORDER BY 1`,
  'SELECT count(*) FROM samples WHERE histogram IS NOT NULL',
  'SELECT max(n) FROM (SELECT count(*) AS n FROM samples GROUP BY metric, labels, ts)',
  'SELECT metric, labels FROM series ORDER BY metric, labels::VARCHAR',
  `SELECT ts, metric, labels, count, sum, min, max, first, last, increase FROM rollup_1h
   WHERE ${ROLLED} ORDER BY ts, metric, labels::VARCHAR`,
  `SELECT metric, count(*), sum(count), sum(increase) FROM rollup_1m
   WHERE ${ROLLED} GROUP BY ALL ORDER BY 1`,
  `SELECT count(*) FROM rollup_5m a JOIN rollup_5m b USING (ts) WHERE a.metric = 'load'
   AND b.labels['lane'] = 'a' AND a.${ROLLED}`,
  'SELECT count(*) FROM alerts',
];
const FIRST_ROLLUP = 6;
const ALL = [...STATEMENTS.keys()];
/** One of each kind. */
const SOME = [0, 1, 5, 7];

interface Answer {
  readonly rows: unknown[];
  readonly warnings: readonly string[];
}

async function sql(url: string, text: string): Promise<Answer> {
  const response = await fetch(`${url}/api/v1/sql`, { method: 'POST', body: text });
  const told = await response.text();
  assert.equal(response.status, 200, `${text}: ${told}`);
  const lines = told.trim().split('\n');
  const all = lines.map((line) => JSON.parse(line) as unknown);
  const { end } = all.at(-1) as { end?: { warnings: string[] } };
  assert.ok(end, told.slice(-500));
  return { rows: all.slice(1, -1), warnings: end.warnings };
}

/** Native histograms and a stale marker, which text does not carry. */
async function pushOdd(url: string): Promise<void> {
  const body = encodeHistogram(makeHistogram({ count: 3, sum: 2.5 }), {});
  const values = new Float64Array(5);
  new BigUint64Array(values.buffer)[3] = 0x7ff0000000000002n;
  const page = {
    labels: [
      ['__name__', 'sizes'],
      ['__name__', 'gone'],
    ],
    from: Uint32Array.of(0, 2, 5),
    timestamps: Float64Array.from([0, 1000, 0, 1000, 2000], (ms) => start + 30 * HOUR + ms),
    values,
    bodies: [body, body, undefined, undefined, undefined],
  };
  for (const one of pageToBodies(page, 1000)) {
    const { status, text } = await postWrite(url, await compress(Buffer.from(one)));
    assert.equal(status, 204, text);
  }
}

function archived(folder: string): boolean {
  if (!existsSync(folder)) return false;
  const all = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return all.some((name) => name.endsWith('.parquet'));
}

let world: ClusterWorld;
let alone: MonFolder;
let one: MonProcess;
let known: Answer[];

before(async () => {
  world = await ClusterWorld.start(3, { config: TIER_CONFIG });
  alone = await MonFolder.make();
  one = await alone.start(TIER_CONFIG);
  await world.ready();
  for (const { url } of [world, one]) {
    await pushDays(url);
    await pushOdd(url);
  }
  const cold = join(world.folder.path, 'cold');
  const all = ['a', 'b', 'c'].map((zone) => join(cold, zone));
  const done = (): boolean => [...all, join(alone.path, 'cold')].every(archived);
  await until('everybody has archived', done, { ms: ARCHIVED_MS_MAX });
});
after(async () => {
  await world?.remove();
  await alone?.remove();
});

async function same(words: string, which: readonly number[] = ALL): Promise<void> {
  for (const i of which) {
    const text = STATEMENTS[i];
    assert.deepEqual(await sql(world.url, text), known[i], `${words}: ${text}`);
  }
}

it('gives the rows that one process gives', async () => {
  // Each zone rolls up in its own time: a statement goes to another zone each time.
  for (const text of STATEMENTS.slice(FIRST_ROLLUP)) {
    let last: unknown[] = [];
    await until(
      `all have rolled up: ${text}`,
      async () => {
        const asked = [one.url, world.url, world.url, world.url].map((url) => sql(url, text));
        const [first, ...others] = (await Promise.all(asked)).map(({ rows }) =>
          JSON.stringify(rows),
        );
        last = [first.slice(0, 300), ...others.map((rows) => rows.slice(0, 300))];
        return others.every((rows) => rows === first);
      },
      { ms: ARCHIVED_MS_MAX, seen: () => last.join('\n') },
    );
  }
  known = [];
  for (const text of STATEMENTS) known.push(await sql(one.url, text));
  for (const [i, { rows, warnings }] of known.entries()) {
    assert.ok(rows.length > 0, STATEMENTS[i]);
    assert.deepEqual(warnings, [], STATEMENTS[i]);
  }
  for (let turn = 0; turn < 3; turn++) await same(`turn ${turn}`);
});

it('a statement that writes or reads files is refused', async () => {
  for (const [text, words] of [
    ['DELETE FROM samples', '1:1: DELETE is not allowed'],
    ["COPY samples TO '/tmp/mon-cluster-sql.csv'", '1:1: COPY is not allowed'],
    ["FROM read_csv('/etc/passwd')", '1:6: the function read_csv is not allowed in FROM'],
  ]) {
    const { stdout, stderr, code } = await runCli(['sql', text], { env: { MON_URL: world.url } });
    assert.equal(stdout, '');
    assert.equal(stderr.split('\n')[0], `error: ${words}`);
    assert.equal(code, 1);
  }
  assert.ok(!existsSync('/tmp/mon-cluster-sql.csv'));
});

it('exports and imports as one process does', async () => {
  const rows = async (url: string): Promise<string[]> => {
    const answer = await fetch(`${url}/api/v1/export?match[]=load&match[]=sizes&format=csv`);
    return (await answer.text()).split('\n').toSorted();
  };
  const theirs = await rows(one.url);
  assert.ok(theirs.length > 4 * 1440);
  assert.deepEqual(await rows(world.url), theirs);
  const file = await fetch(`${world.url}/api/v1/export?match[]=load&format=parquet`);
  const body = Buffer.from(await file.arrayBuffer());
  const again = await fetch(`${world.url}/api/v1/import?format=parquet`, { method: 'POST', body });
  const { accepted } = (await again.json()) as { accepted: number };
  assert.equal(accepted, theirs.length - 4, 'a head, two histograms, an end');
  await same('what stands already stays');
});

it('without a store it is still whole', async () => {
  for (const member of ['store-0', 'store-2']) {
    const thaw = await world.freeze(member);
    try {
      await same(`without ${member}`, SOME);
    } finally {
      thaw();
    }
  }
  await world.kill('store-1');
  await same('store-1 is being started', SOME);
  await world.ready();
});

it('sees what was acknowledged, at once', async () => {
  for (let i = 0; i < 10; i++) {
    const series = Array.from({ length: 20 }, (_, k) => ({
      labels: { __name__: `new_${i}`, k: `${k}` },
      samples: [{ timestamp: Date.now(), value: k }],
    }));
    assert.equal((await writeSamples(world.url, series)).status, 204);
    const text = `SELECT count(*), sum(value) FROM samples WHERE metric = 'new_${i}'`;
    assert.deepEqual(await sql(world.url, text), { rows: [[20, 190]], warnings: [] });
    const listed = `SELECT count(*) FROM series WHERE metric = 'new_${i}'`;
    assert.deepEqual((await sql(world.url, listed)).rows, [[20]]);
  }
});

/** Flips a bit in every object of samples of a zone, and starts its store again. */
async function damage(zone: string, store: string): Promise<void> {
  const cold = join(world.folder.path, 'cold', zone);
  const all = readdirSync(cold, { recursive: true, encoding: 'utf8' });
  for (const name of all.filter((one) => one.endsWith('.samples.parquet'))) {
    const bytes = readFileSync(join(cold, name));
    bytes[bytes.length >> 1] ^= 1;
    writeFileSync(join(cold, name), bytes);
  }
  await world.kill(store);
  await world.ready();
}

it('what one zone cannot read comes from another, and an export without it fails', async () => {
  const exported = () => runCli(['export', 'load'], { env: { MON_URL: world.url } });
  const { stdout: whole, code } = await exported();
  assert.equal(code, 0);
  const lines = (text: string): string[] => text.split('\n').toSorted();
  await damage('a', 'store-0');
  for (let turn = 0; turn < 3; turn++) {
    const told = await exported();
    assert.deepEqual([told.stderr, told.code], ['', 0]);
    assert.deepEqual(lines(told.stdout), lines(whole));
  }
  await same('a zone is damaged', [1]);
  await damage('b', 'store-1');
  await damage('c', 'store-2');
  const told = await exported();
  assert.match(told.stderr, /: the export would not be whole: cold object [^ ]+ is missing/);
  assert.equal(told.code, 1);
});

test('a partition that has no store is missed, and said', async () => {
  const small = await ClusterWorld.start(2, { args: ['--zones', '1'] });
  try {
    const { url } = small;
    await small.ready();
    const series = Array.from({ length: 100 }, (_, i) => ({
      labels: { __name__: 'first', i: `${i}` },
      samples: [{ timestamp: Date.now(), value: 1 }],
    }));
    assert.equal((await writeSamples(url, series)).status, 204);
    const text = "SELECT count(*) FROM samples WHERE metric = 'first'";
    assert.deepEqual(await sql(url, text), { rows: [[100]], warnings: [] });
    // Nobody starts it again, and its partitions are its own until its lease has run out.
    const { pid } = await small.role('store-0');
    process.kill(small.mon.pid, 'SIGSTOP');
    process.kill(pid, 'SIGKILL');
    const env = { MON_URL: url };
    const views = ['samples', 'series'].map((view) => sql(url, text.replace('samples', view)));
    const [told, packed, file, ...answers] = await Promise.all([
      runCli(['sql', text, '-o', 'json'], { env }),
      runShell(`mon sql "${text}" -o parquet | wc -c`, { env }),
      runCli(['export', 'first'], { env }),
      ...views,
    ]);
    for (const { rows, warnings } of answers) {
      const [[count]] = rows as [[number]];
      assert.ok(count > 0 && count < 100, `${count}`);
      assert.equal(warnings.length, 1);
      assert.match(
        warnings[0],
        /^no store answers for partitions? [\d, ]+: their series are missing$/,
      );
    }
    assert.equal((JSON.parse(told.stdout) as { partial?: boolean }).partial, true);
    assert.match(told.stderr, /^warning: no store answers for /);
    assert.equal(told.code, 0);
    assert.match(packed.stderr, /^warning: no store answers for /);
    assert.match(file.stderr, /^error: /, 'an export that lacks something is none');
    assert.equal(file.code, 1);
    await until('the other store has taken over', async () => {
      const answer = await fetch(`${url}/api/v1/sql`, { method: 'POST', body: text });
      const [, row, end] = (await answer.text()).split('\n');
      // While it opens them there is no store at all.
      if (answer.status === 503 || !end.includes('"warnings":[]')) return false;
      assert.equal(row, '[100]', 'an answer without a warning is whole');
      return true;
    });
  } finally {
    process.kill(small.mon.pid, 'SIGCONT');
    await small.remove();
  }
});
