// `mon sql` against a real `mon up`: every form of output to the byte, what is refused, mistakes
// with their place, what a statement may take, and an asker who leaves. Easy to get wrong: what is
// refused must be refused before anything of it runs, so files stand ready that it would show.
import { strict as assert } from 'node:assert';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { MonProcess } from '../support/mon-process.ts';
import { runCli, runShell } from '../support/run-cli.ts';
import type { CliResult } from '../support/run-cli.ts';
import { until } from '../support/until.ts';
import { MonFolder } from './mon-folder.ts';

let folder: MonFolder;
let mon: MonProcess;
const seconds = Math.floor(Date.now() / 1000) - 60;
const time = (ms: number): string => new Date(ms).toISOString();

before(async () => {
  folder = await MonFolder.make();
  mon = await folder.start();
  const lines = [
    `door_open{room="k|1"} 1 ${seconds}000`,
    `door_open{room="b",note="\u001b[31m<x>"} 0.5 ${seconds}001`,
    `temp 21.5 ${seconds}000`,
    `temp NaN ${seconds}005`,
  ];
  const { status } = await fetch(`${mon.url}/api/v1/push`, {
    method: 'POST',
    body: `${lines.join('\n')}\n`,
  });
  assert.equal(status, 200);
});
after(async () => await folder.remove());

async function sql(...args: readonly string[]): Promise<CliResult> {
  return await runCli(['sql', ...args], { env: { MON_URL: mon.url } });
}

async function prints(args: readonly string[], stdout: string, stderr = ''): Promise<void> {
  assert.deepEqual(await sql(...args), { stdout, stderr, code: 0 }, args.join(' '));
}

const ROWS = `SELECT ts, metric, labels, value FROM samples WHERE metric = 'door_open' ORDER BY ts`;
const first = time(seconds * 1000);
const second = time(seconds * 1000 + 1);
/** The escape character as each form that is safe to look at writes it. */
const NOTE = '\\u001b[31m<x>';

it('prints every form', async () => {
  const small = `SELECT metric, count(*) AS n FROM samples GROUP BY metric ORDER BY metric`;
  await prints([small], 'metric     n\ndoor_open  2\ntemp       2\n');
  await prints([small, '-o', 'csv'], 'metric,n\ndoor_open,2\ntemp,2\n');
  await prints([small, '-o', 'value'], 'door_open\ntemp\n');
  const markdown = '| metric | n |\n| --- | ---: |\n| door_open | 2 |\n| temp | 2 |\n';
  await prints([small, '-o', 'markdown'], markdown);
  const jsonl =
    `{"ts":"${first}","metric":"door_open","labels":{"room":"k|1"},"value":1}\n` +
    `{"ts":"${second}","metric":"door_open",` +
    `"labels":{"note":"${NOTE}","room":"b"},"value":0.5}\n`;
  await prints([ROWS, '-o', 'jsonl'], jsonl);
  const { stdout } = await sql(ROWS, '-o', 'json');
  const document = JSON.parse(stdout) as { rows: unknown; columns: { type: string }[] };
  assert.deepEqual(
    document.rows,
    jsonl
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  );
  assert.deepEqual(
    document.columns.map(({ type }) => type),
    ['TIMESTAMP WITH TIME ZONE', 'VARCHAR', 'MAP(VARCHAR, VARCHAR)', 'DOUBLE'],
  );
  const yaml = await sql(small, '-o', 'yaml');
  assert.match(yaml.stdout, /^rows:\n- metric: door_open\n {2}"?n"?: 2\n/m);
  const csv = await sql(ROWS, '-o', 'csv');
  assert.equal(csv.stdout.split('\n')[1], `${first},door_open,"{room=""k|1""}",1`);
});

it('a table and Markdown escape what labels hold', async () => {
  for (const form of ['table', 'markdown']) {
    const { stdout } = await sql(ROWS, '-o', form);
    assert.ok(!stdout.includes('\u001b'), form);
  }
  const { stdout } = await sql(
    `SELECT labels['room'] AS room FROM samples
    WHERE metric = 'door_open' ORDER BY room`,
    '-o',
    'markdown',
  );
  assert.equal(stdout, '| room |\n| --- |\n| b |\n| k\\|1 |\n');
});

it('Parquet comes as one file, and only where no terminal would get it', async () => {
  const file = join(folder.path, 'out.parquet');
  const line = `mon sql "${ROWS}" -o parquet > '${file}' && mon sql -o value "SELECT 1"`;
  const ran = await runShell(line, { env: { MON_URL: mon.url } });
  assert.deepEqual(ran, { stdout: '1\n', stderr: '', code: 0 });
  const bytes = readFileSync(file);
  assert.equal(bytes.subarray(0, 4).toString() + bytes.subarray(-4).toString(), 'PAR1PAR1');
});

it('numbers beyond JSON are texts, times have their zone, rows are cut and told', async () => {
  const odd = `SELECT 'NaN'::DOUBLE a, -'inf'::DOUBLE b, 9007199254740993 c, NULL d, [1, 2] e`;
  await prints(
    [odd, '-o', 'jsonl'],
    '{"a":"NaN","b":"-Inf","c":"9007199254740993","d":null,"e":[1,2]}\n',
  );
  const at = `SELECT TIMESTAMPTZ '2026-01-31 08:00:00Z' AS t, date_trunc('day', t) AS day`;
  await prints([at, '-o', 'csv'], 't,day\n2026-01-31T08:00:00.000Z,2026-01-31T00:00:00.000Z\n');
  await prints(
    [at, '-o', 'csv', '--tz', 'Asia/Tokyo'],
    't,day\n2026-01-31T17:00:00.000+09:00,2026-01-31T00:00:00.000+09:00\n',
  );
  const cut = 'warning: only the first 2 rows; --max-rows 0 shows all\n';
  await prints(['FROM range(5)', '--max-rows', '2'], 'range\n    0\n    1\n', cut);
  const { stderr: words, code: refused } = await sql('SELECT 1', '--max-rows', '-1');
  const flag = 'error: --max-rows: expected an integer greater than or equal to 0 but received: -1';
  assert.deepEqual([words.split('\n')[0], refused], [flag, 2]);
  const all = await sql('FROM range(30000)', '-o', 'value');
  assert.equal(all.stdout.split('\n').length, 30_001);
});

it('a statement comes from a file and from stdin too', async () => {
  const file = await folder.file('one.sql', '-- a comment\nSELECT 42 AS answer;\n');
  await prints(['-f', file, '-o', 'value'], '42\n');
  const piped = await runShell("echo 'SELECT 1' | mon sql -o value; mon sql -o value < /dev/null", {
    env: { MON_URL: mon.url },
  });
  assert.equal(piped.stdout, '1\n');
  assert.equal(
    piped.stderr,
    'error: no statement given\nhint: mon sql "SELECT …", or mon sql -f FILE\n',
  );
  assert.equal(piped.code, 2);
});

it('mistakes are told with their place', async () => {
  assert.deepEqual(await sql('SELECT nosuch FROM samples'), {
    stdout: '',
    stderr:
      'error: Referenced column "nosuch" not found in FROM clause!\n' +
      '  SELECT nosuch FROM samples\n' +
      '         ^^^^^^\n' +
      'hint: Candidate bindings: "ts"\n',
    code: 2,
  });
  assert.deepEqual(await sql("SELECT 'ü' FRM samples"), {
    stdout: '',
    stderr:
      'error: syntax error at or near "samples"\n' +
      "  SELECT 'ü' FRM samples\n" +
      '                 ^^^^^^^\n',
    code: 2,
  });
  const table = await sql('SELECT 1 FROM metrics');
  assert.equal(table.code, 2);
  assert.match(
    table.stderr,
    /^error: there is no table metrics\n {2}SELECT 1 FROM metrics\n +\^{7}\nhint: there are/,
  );
});

/** What a statement may not do, and how it is told. */
const REFUSED: readonly (readonly [text: string, words: string])[] = [
  ['INSERT INTO samples VALUES (1)', '1:1: INSERT is not allowed'],
  ['UPDATE samples SET value = 1', '1:1: UPDATE is not allowed'],
  ['DELETE FROM samples', '1:1: DELETE is not allowed'],
  ['CREATE TABLE t (a INT)', '1:1: CREATE is not allowed'],
  ['DROP VIEW samples', '1:1: DROP is not allowed'],
  ['ALTER TABLE samples ADD COLUMN a INT', '1:1: ALTER is not allowed'],
  ["COPY samples TO '/tmp/mon-sql-out.csv'", '1:1: COPY is not allowed'],
  ["COPY (SELECT 1) TO '/tmp/mon-sql-out.csv'", '1:1: COPY is not allowed'],
  ["ATTACH '/tmp/mon-sql.db' AS x", '1:1: ATTACH is not allowed'],
  ["EXPORT DATABASE '/tmp/mon-sql'", '1:1: EXPORT is not allowed'],
  ['INSTALL httpfs', '1:1: INSTALL is not allowed'],
  ['LOAD httpfs', '1:1: LOAD is not allowed'],
  ['SET threads = 64', '1:1: SET is not allowed'],
  ['RESET memory_limit', '1:1: RESET is not allowed'],
  ['PRAGMA database_list', '1:1: PRAGMA is not allowed'],
  ['CALL pragma_version()', '1:1: CALL is not allowed'],
  ['CHECKPOINT', '1:1: CHECKPOINT is not allowed'],
  ['BEGIN TRANSACTION', '1:1: BEGIN is not allowed'],
  ['PREPARE q AS SELECT 1', '1:1: PREPARE is not allowed'],
  ['/* x */ -- y\n VACUUM', '2:2: VACUUM is not allowed'],
  ['SELECT 1; SELECT 2', '1:11: only one statement is taken at a time'],
  ['SELECT 1; DROP VIEW samples', '1:11: only one statement is taken at a time'],
  ['SELECT \';\' AS "x;" -- ;\n; /* ; */ DELETE FROM samples', '2:11: only one statement is'],
  ["SELECT * FROM read_csv('FILE')", '1:15: the function read_csv is not allowed in FROM'],
  ["SELECT * FROM read_text('FILE')", '1:15: the function read_text is not allowed in FROM'],
  ["SELECT * FROM read_blob('FILE')", '1:15: the function read_blob is not allowed in FROM'],
  ["SELECT * FROM read_json('FILE')", '1:15: the function read_json is not allowed in FROM'],
  ["FROM read_parquet('FILE')", '1:6: the function read_parquet is not allowed in FROM'],
  ["FROM parquet_metadata('FILE')", '1:6: the function parquet_metadata is not allowed in FROM'],
  ["FROM sniff_csv('FILE')", '1:6: the function sniff_csv is not allowed in FROM'],
  ["FROM glob('/etc/*')", '1:6: the function glob is not allowed in FROM'],
  ["FROM query('SELECT 1')", '1:6: the function query is not allowed in FROM'],
  ["FROM query_table('samples')", '1:6: the function query_table is not allowed in FROM'],
  ['FROM duckdb_settings()', '1:6: the function duckdb_settings is not allowed in FROM'],
  ['FROM duckdb_secrets()', '1:6: the function duckdb_secrets is not allowed in FROM'],
  ["SELECT * FROM 'FILE'", '1:15: reading files is not allowed: FILE'],
  ["SELECT * FROM 'x.parquet'", '1:15: reading files is not allowed: x.parquet'],
  ['SELECT * FROM "/etc/passwd"', '1:15: reading files is not allowed: /etc/passwd'],
  ["SELECT (SELECT max(a) FROM 'x.csv' t(a))", '1:28: reading files is not allowed: x.csv'],
  ["WITH s AS (FROM 'x.csv') SELECT 1", '1:17: reading files is not allowed: x.csv'],
  ["SELECT getenv('HOME')", '1:8: the function getenv is not allowed'],
  ["SELECT current_setting('threads')", '1:8: the function current_setting is not allowed'],
  ["SELECT nextval('s')", '1:8: the function nextval is not allowed'],
  ["SELECT write_log('x')", '1:8: the function write_log is not allowed'],
  ['PIVOT samples ON metric USING avg(value)', '1:1: PIVOT is taken as a part of a SELECT only'],
];

it('all that is no SELECT over the views is refused in one line', async () => {
  const secret = await folder.file('secret.csv', 'a,b\nTOPSECRET,2\n');
  for (const [text, words] of REFUSED) {
    const named = text.replace('FILE', secret);
    const { stdout, stderr, code } = await sql(named);
    assert.equal(stdout, '', named);
    const [line, hint, rest] = stderr.split('\n');
    assert.ok(line.startsWith(`error: ${words.replace('FILE', secret)}`), `${named}: ${stderr}`);
    assert.equal(hint, 'hint: mon sql only reads: it takes one SELECT statement', named);
    assert.equal(rest, '', named);
    assert.equal(code, 1, named);
    assert.ok(!stderr.includes('TOPSECRET'), named);
  }
  for (const left of ['/tmp/mon-sql-out.csv', '/tmp/mon-sql.db', '/tmp/mon-sql']) {
    assert.ok(!existsSync(left), left);
  }
});

it('tables inside are not reached, nor those of the catalog', async () => {
  const names = ['rows_of_samples', 'main.samples', 'memory.main.samples', 'pg_catalog.pg_class'];
  for (const name of [...names, 'information_schema.tables', 'duckdb_tables', 'sqlite_master']) {
    const { stdout, stderr, code } = await sql(`FROM ${name}`);
    assert.deepEqual({ stdout, code }, { stdout: '', code: 2 }, name);
    assert.match(stderr, /^error: there is no table /, name);
  }
});

it('a statement that takes too much is ended, and the next one is answered', async () => {
  const { stdout, stderr, code } = await sql('SELECT list(a) FROM range(2000000000) t(a)');
  assert.equal(stdout, '');
  assert.match(stderr, /^error: the statement needs more (?:memory|temporary space) than one may/);
  assert.equal(code, 1);
  await prints(['SELECT 7', '-o', 'value'], '7\n');
});

/** All processes below one. */
function below(pid: string): string[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    const all = children.split(' ').filter((one) => one !== '');
    return [...all, ...all.flatMap(below)];
  } catch {
    return [];
  }
}

/** Processes that run statements below the server, or below its API. */
function statements(): { pid: number; peakKib: number; ticks: number }[] {
  return below(`${mon.child.pid}`).flatMap((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      if (!words.includes('sql-process')) return [];
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
      const peakKib = Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0);
      return [{ pid: Number(pid), peakKib, ticks: Number(stat[11]) + Number(stat[12]) }];
    } catch {
      return [];
    }
  });
}

it('its memory is bounded, whatever it asks for', async () => {
  const heavy = `SELECT count(*) FROM (
    SELECT a % 5000000 AS g, max(a), min(a::VARCHAR) FROM range(30000000) t(a) GROUP BY g)`;
  await sql(heavy, '-o', 'value');
  const peaks = statements().map(({ peakKib }) => peakKib);
  assert.ok(peaks.length > 0, 'a process is kept for the next statement');
  // 512 MiB are DuckDB's, the rest is Node, its heap, and the library itself.
  for (const peak of peaks) assert.ok(peak < 900 * 1024, `${peak} KiB`);
});

it('an asker who leaves ends the statement', async () => {
  const endless = 'SELECT count(*) FROM range(100000000000) a WHERE a.range % 7 = 3';
  const gone = new AbortController();
  const asked = fetch(`${mon.url}/api/v1/sql`, {
    method: 'POST',
    body: endless,
    signal: gone.signal,
  }).catch(() => undefined);
  await pause(1000);
  const before = statements();
  assert.ok(
    before.some(({ ticks }) => ticks > 0),
    'it works',
  );
  gone.abort();
  await asked;
  let last = -1;
  await until('the statement has ended', async () => {
    const now = statements().reduce((sum, { ticks }) => sum + ticks, 0);
    const still = now === last;
    last = now;
    await pause(400);
    return still;
  });
  await prints(['SELECT 8', '-o', 'value'], '8\n');
});

it('a server without SQL says so', async () => {
  const { stderr, code } = await runCli(['sql', 'SELECT 1', '--url', 'http://127.0.0.1:9'], {});
  assert.match(stderr, /^error: cannot reach http:\/\/127.0.0.1:9/);
  assert.equal(code, 1);
});
