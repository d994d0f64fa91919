// The cold tier: bytes a sample in Parquet, the pace and memory of its process while it writes, and
// one series over a year from cold, first from the object store and then from the local cache.
// Beside it DuckDB over one plain file of the same rows. A folder stands for the store.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderObjects } from '../../src/engine/cold/folder-objects.ts';
import { SampleFeed, type RawSeries } from '../../src/engine/cold/cold-rows.ts';
import { Duck } from '../../src/engine/cold/duck.ts';
import { ParquetTier } from '../../src/engine/cold/parquet-tier.ts';
import { systemClock } from '../../src/engine/runtime/clock.ts';
import { systemDisk } from '../../src/engine/runtime/system-disk.ts';
import { DAY, labelsOf, START, valueAt } from '../engine/cold/long-life.ts';

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

const SERIES = 20;
const STEP = 15_000;
const SPAN = 8 * DAY;
const OBJECTS = 46;

function* pieces(series: number, from: number): ReturnType<RawSeries['pieces']> {
  const count = SPAN / STEP;
  const timestamps = new Float64Array(count);
  const values = new Float64Array(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const step = (from - START) / STEP + i;
    const value = valueAt(series, step);
    if (value === undefined) continue;
    timestamps[at] = from + i * STEP + ((step * 7) % 11);
    values[at++] = value;
  }
  const words = new Uint32Array(values.buffer, 0, at * 2);
  yield { kind: 'float', count: at, timestamps: timestamps.subarray(0, at), words };
}

function seriesFrom(from: number): RawSeries[] {
  return Array.from({ length: SERIES }, (_, s) => {
    return { labels: labelsOf(s), hash: BigInt(s), pieces: () => pieces(s, from) };
  });
}

const rss = (): string => `${Math.round(process.memoryUsage.rss() / 1024 / 1024)} MiB`;
const most = (): string => `${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`;

async function run(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mon-bench-cold-'));
  const objects = new FolderObjects(systemDisk, join(folder, 'objects'));
  const open = (): Promise<ParquetTier> =>
    ParquetTier.open({
      ...{ objects, disk: systemDisk, clock: systemClock, partitions: [0] },
      folder: join(folder, 'scratch'),
      sources: ({ sources: [{ name }] }) => ({
        ...{ series: seriesFrom(Number(name)), rows: (SERIES * SPAN) / STEP },
        ...{ feed: (series) => new SampleFeed(series as RawSeries[]), close: () => undefined },
      }),
    });
  try {
    say(`memory before anything is written ${rss()}`);
    let tier = await open();
    const begun = performance.now();
    for (let i = 0; i < OBJECTS; i++) {
      const one = { path: '', bytes: 0, rows: 0, hidden: [], name: String(START + i * SPAN) };
      await tier.archive({ partition: 0, kind: 'raw', sources: [one] });
    }
    const seconds = (performance.now() - begun) / 1000;
    const { archivedRows, uploadedBytes } = tier.counts;
    const each = (uploadedBytes / archivedRows).toFixed(3);
    const pace = (archivedRows / seconds / 1e6).toFixed(1);
    say(`${archivedRows} samples of ${SERIES} series, ${OBJECTS} objects, ${each} bytes a sample`);
    say(`written in ${seconds.toFixed(1)} s, ${pace} M samples a second, most memory ${most()}`);
    await tier.close();
    tier = await open();
    await year(tier, 'first');
    await year(tier, 'again');
    await tier.close();
    await plainFile(folder);
    say(`most memory of all ${most()}`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const PATH = [{ name: 'path', op: '=', value: '/p/5' }] as const;

async function year(tier: ParquetTier, turn: string): Promise<void> {
  const before = tier.counts;
  const cpu = process.cpuUsage();
  const begun = performance.now();
  const ask = { partition: 0, kind: 'raw', matchers: PATH, rowsMax: 1e8 } as const;
  const { parts } = await tier.read({ ...ask, minMs: START, maxMs: START + 365 * DAY });
  const ms = (performance.now() - begun).toFixed(0);
  const { user, system } = process.cpuUsage(cpu);
  const used = ((user + system) / 1000).toFixed(0);
  const { objectsRead, fetchedBytes, requests } = tier.counts;
  const samples = parts.reduce((sum, { timestamps }) => sum + timestamps.length, 0);
  const fetched = ((fetchedBytes - before.fetchedBytes) / 1e6).toFixed(1);
  say(
    `one series over a year, ${turn}: ${ms} ms (${used} ms CPU), ${samples} samples, ` +
      `${objectsRead - before.objectsRead} objects, ${requests - before.requests} requests, ` +
      `${fetched} MB fetched`,
  );
}

/** DuckDB over one file of a quarter of the same rows, as a user would keep them. */
async function plainFile(folder: string): Promise<void> {
  const duck = await Duck.open({ scratch: join(folder, 'plain') });
  const path = join(folder, 'plain.parquet');
  const quarter = Array.from({ length: 11 }, (_, i) => START + i * SPAN);
  const series = Array.from({ length: SERIES }, (_, s): RawSeries => {
    const all = function* (): ReturnType<RawSeries['pieces']> {
      for (const from of quarter) yield* pieces(s, from);
    };
    return { labels: labelsOf(s), hash: BigInt(s), pieces: all };
  });
  await duck.copy(new SampleFeed(series), path);
  const begun = performance.now();
  let rows = 0;
  const sql = 'SELECT timestamp, value FROM read_parquet(?) WHERE series = 5';
  await duck.each(sql, [path], path, (chunk) => (rows += chunk.rowCount));
  const ms = (performance.now() - begun).toFixed(0);
  say(`DuckDB over one plain file of a quarter year, one series: ${ms} ms, ${rows} rows`);
  duck.close();
}

await run();
