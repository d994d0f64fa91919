// What SQL costs: statements over 50 million samples that lie in Parquet objects, the same handed
// over page by page as from blocks and heads, and beside them DuckDB alone on one plain Parquet
// file of the same rows. Time and peak memory of the process that runs each. Run: node
// dist/test/bench/sql.bench.js [million samples]
import { fork } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DuckDBInstance } from '@duckdb/node-api';
import { statementChild } from '../../src/engine/daemons/statement-child.ts';
import type { SamplePage, Samples } from '../../src/engine/ports-sql.ts';
import { systemClock } from '../../src/engine/runtime/clock.ts';
import { systemDisk } from '../../src/engine/runtime/system-disk.ts';
import { SqlService } from '../../src/engine/sql/sql-service.ts';

const say = (text: string): void => void process.stdout.write(`${text}\n`);
const SERIES = 5000;
const START = 1_700_000_000_000;
const STEP = 15_000;
const [, script, given = '50', ...plain] = process.argv;
const rows = Math.round((Number(given) * 1e6) / SERIES);
const END = START + rows * STEP;
const tenth = new Date(END - (END - START) / 10).toISOString();

const STATEMENTS: readonly (readonly [words: string, sql: string])[] = [
  ['all rows counted', 'SELECT count(*) FROM samples'],
  [
    'mean and maximum of each metric',
    'SELECT metric, avg(value), max(value) FROM samples GROUP BY metric',
  ],
  [
    'mean by 5 minutes of one metric, the last tenth',
    `SELECT time_bucket(INTERVAL 5 MINUTE, ts) b, avg(value) FROM samples
     WHERE metric = 'metric_7' AND ts > TIMESTAMPTZ '${tenth}' GROUP BY b ORDER BY b LIMIT 3`,
  ],
  [
    'maximum by a label',
    "SELECT labels['instance'] AS i, max(value) FROM samples GROUP BY i ORDER BY 2 DESC LIMIT 3",
  ],
];

function peakMib(pid: number): number {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return 0;
  return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(path, 'utf8'))?.[1] ?? 0) / 1024;
}

/** CPU so far of a process, all threads. */
function cpuSeconds(pid: number): number {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return 0;
  const fields = readFileSync(path, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** DuckDB alone, in this process: what the other side is held against. */
async function alone(file: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  await connection.run(`CREATE VIEW samples AS FROM read_parquet('${file}')`);
  for (const [words, sql] of STATEMENTS) {
    const begin = performance.now();
    const before = cpuSeconds(process.pid);
    await connection.runAndReadAll(sql);
    const seconds = (performance.now() - begin) / 1000;
    const used = `${(cpuSeconds(process.pid) - before).toFixed(2)} s CPU`;
    const peak = peakMib(process.pid).toFixed(0);
    say(`  ${words}: ${seconds.toFixed(2)} s (${used}), peak ${peak} MiB so far`);
  }
}

const HOST = `'host-' || (series % 200)`;
const LABELS = `MAP {'instance': ${HOST}, 'job': 'node', 'path': '/p/' || series}`;
const METRIC = `'metric_' || (series // 500)`;
const OPTIONS = 'FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION V2, ROW_GROUP_SIZE 122880';

async function write(folder: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '1GB' });
  const connection = await instance.connect();
  const value = '(hash(series * 1000000 + i) % 100000) / 4.0';
  const all = `FROM range(${SERIES}) a(series), range(${rows}) b(i)`;
  const time = `${START} + (i + 1) * ${STEP}`;
  await connection.run(`COPY (SELECT series::UINTEGER AS series, (${time})::BIGINT AS timestamp,
    ${value} AS value, NULL::BLOB AS histogram, 0::UTINYINT AS kind ${all})
    TO '${folder}/x.samples.parquet' (${OPTIONS}, DICTIONARY_SIZE_LIMIT 1)`);
  await connection.run(`COPY (SELECT series::UINTEGER AS series, ${METRIC} AS metric,
    ${LABELS} AS labels FROM range(${SERIES}) a(series))
    TO '${folder}/x.series.parquet' (${OPTIONS})`);
  await connection.run(`COPY (
    SELECT s.metric, s.labels, make_timestamptz(timestamp * 1000) AS ts, value
    FROM '${folder}/x.samples.parquet' JOIN '${folder}/x.series.parquet' s USING (series))
    TO '${folder}/plain.parquet' (${OPTIONS})`);
  connection.closeSync();
  instance.closeSync();
}

/** The same number of rows, handed over. */
async function* pages(): AsyncGenerator<SamplePage> {
  for (let series = 0; series < SERIES; series++) {
    const timestamps = new Float64Array(rows);
    const values = new Float64Array(rows);
    for (let i = 0; i < rows; i++) {
      timestamps[i] = START + (i + 1) * STEP;
      values[i] = ((series * 7919 + i * 104_729) % 100_000) / 4;
    }
    const labels = [
      ...['__name__', `metric_${Math.floor(series / 500)}`, 'instance', `host-${series % 200}`],
      ...['job', 'node', 'path', `/p/${series}`],
    ];
    yield { labels: [labels], from: Uint32Array.of(0, rows), timestamps, values };
  }
}

type Held = 'objects' | 'old objects' | 'pages';

async function service(folder: string, held: Held): Promise<void> {
  const module = fileURLToPath(new URL('../../src/engine/daemons/sql-process.js', import.meta.url));
  const pids: number[] = [];
  const samples: Samples = {
    async *pages(_ask, _signal, left) {
      left?.({ id: 1, left: [0], floors: new Map() });
      if (held === 'pages') yield* pages();
    },
    estimate: async () => ({ series: SERIES, samples: held === 'pages' ? SERIES * rows : 0 }),
    missing: async () => [],
  };
  const pair = { samples: `${folder}/x.samples.parquet`, series: `${folder}/x.series.parquet` };
  const stale = held === 'objects' ? { stale: false } : {};
  const stretch = { id: 0, partition: 0, minMs: START, maxMs: END };
  const sql = new SqlService({
    ...{ samples, whole: samples, clock: systemClock, disk: systemDisk, uploadFolder: folder },
    enter: async () => () => undefined,
    startChild: (message, ended) => {
      const child = statementChild({ module, heapMib: 256, message, ended });
      pids.push(child.pid);
      return child;
    },
    tempFolder: (place) => join(folder, `statement-${held.at(0)}-${place}`),
    series: async function* () {},
    alerts: async () => [],
    ...(held === 'pages'
      ? {}
      : {
          archive: async () => [{ ...stretch, pairs: [{ ...pair, fromMs: -Infinity, ...stale }] }],
        }),
  });
  for (const [words, text] of held === 'pages' ? STATEMENTS.slice(1, 2) : STATEMENTS) {
    const begin = performance.now();
    const before = pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
    const wish = { form: 'lines', user: 'bench', signal: new AbortController().signal } as const;
    for await (const _page of await sql.sql(text, wish));
    const seconds = (performance.now() - begin) / 1000;
    const peak = Math.max(...pids.map(peakMib)).toFixed(0);
    const used = pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0) - before;
    say(`  ${words}: ${seconds.toFixed(2)} s (${used.toFixed(2)} s CPU), peak ${peak} MiB so far`);
  }
  await sql.close();
}

async function main(): Promise<void> {
  // Processes for statements keep nobody alive.
  const alive = setInterval(() => undefined, 1000);
  const folder = await mkdtemp(join(tmpdir(), 'mon-sql-bench-'));
  try {
    say(`${SERIES} series, ${(SERIES * rows) / 1e6} million samples`);
    await write(folder);
    say('mon sql over objects, a process of 512 MiB for DuckDB and 2 threads');
    await service(folder, 'objects');
    say('the same over objects of which nobody knows whether there are stale markers');
    await service(folder, 'old objects');
    say('the same number of samples handed over page by page');
    await service(folder, 'pages');
    say('DuckDB alone on one plain Parquet file, no bound of memory, 2 threads');
    await new Promise((resolve) => {
      fork(script, [given, join(folder, 'plain.parquet')]).on('close', resolve);
    });
  } finally {
    clearInterval(alive);
    await rm(folder, { recursive: true, force: true });
  }
}

if (plain.length > 0) await alone(plain[0]);
else await main();
