// What durability costs: commits, bytes and CPU of the embedded log for records of 8 KB, with 2
// and 32 appends under way. Beside it a reader at the tail, as the head is. Run: node
// dist/test/bench/log.bench.js
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedLog } from '../../src/engine/log/embedded-log.ts';
import type { LogReader } from '../../src/engine/ports.ts';
import { systemClock } from '../../src/engine/runtime/clock.ts';
import { systemDisk } from '../../src/engine/runtime/system-disk.ts';
import { plainBatch } from '../support/plain-records.ts';

const RECORD_BYTES = 8192;
const RUN_MS = Number(process.env['MON_BENCH_MS'] ?? 2000);
const PARTITIONS = 4;

export interface LogBenchResult {
  readonly concurrency: number;
  readonly tail: boolean;
  readonly appendsPerSecond: number;
  readonly commitsPerSecond: number;
  readonly mbPerSecond: number;
  /** Of the whole process, threads included. */
  readonly cpuMicrosPerAppend: number;
  readonly commitMs: number;
}

async function drain(reader: LogReader): Promise<number> {
  let bytes = 0;
  for (let got = await reader.next(); got.length > 0; got = await reader.next()) {
    for (const { bytes: record } of got) bytes += record.length;
  }
  return bytes;
}

/** Appends for a while with so many calls under way; in a folder that is removed afterwards. */
export async function logBench(
  concurrency: number,
  tail: boolean,
  runMs = RUN_MS,
): Promise<LogBenchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'mon-log-bench-'));
  const record = new Uint8Array(RECORD_BYTES).fill(7);
  const log = await EmbeddedLog.open({
    folder,
    disk: systemDisk,
    clock: systemClock,
    encoder: { encode: () => record },
    partitions: PARTITIONS,
  });
  const all = new Map(Array.from({ length: PARTITIONS }, (_, p) => [p, 0]));
  const draining = tail ? drain(await log.read('tail', all)) : Promise.resolve(0);
  const [began, cpu] = [systemClock.monotonic(), process.cpuUsage()];
  let appends = 0;
  const worker = async (partition: number): Promise<void> => {
    while (systemClock.monotonic() - began < runMs) {
      const [answer] = await log.append([plainBatch(partition, 1)]);
      if ('error' in answer) throw answer.error;
      appends++;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, i) => worker(i % PARTITIONS)));
  const seconds = (systemClock.monotonic() - began) / 1000;
  const used = process.cpuUsage(cpu);
  const { commits, bytes, commitSeconds } = log.counts;
  await log.close();
  await draining;
  await rm(folder, { recursive: true });
  return {
    concurrency,
    tail,
    appendsPerSecond: Math.round(appends / seconds),
    commitsPerSecond: Math.round(commits / seconds),
    mbPerSecond: Math.round(bytes / seconds / 1e5) / 10,
    cpuMicrosPerAppend: Math.round(((used.user + used.system) / appends) * 10) / 10,
    commitMs: Math.round((commitSeconds / commits) * 1e5) / 100,
  };
}

if (process.argv[1] === import.meta.filename) {
  for (const tail of [false, true]) {
    for (const concurrency of [2, 32]) {
      process.stdout.write(`${JSON.stringify(await logBench(concurrency, tail))}\n`);
    }
  }
}
