// What a whole `mon up` leaves on disk, told apart by purpose: after the load of a fleet (100
// hosts, 300 steps) and after data/exposition at its own times, everything sealed, self-scrape off.
// The first start takes the samples, the second seals what is old, as any start does. Run:
// node dist/test/bench/disk.bench.js
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fleetSeries, recordedSeries, type ColumnSeries } from '../support/column-sets.ts';
import { post } from '../support/fleet-push.ts';
import { freePort, startMon } from '../support/mon-process.ts';
import { cpuOf, folderBytes, type FolderBytes } from '../support/server-figures.ts';
import { writeRequestBody } from '../support/write-request.ts';

const HOUR = 3_600_000;
/** Samples of a body, and of one series in it. */
const PER = 2000;
const RUN = 100;
const SEALED_MS_MAX = 60_000;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Bodies as senders make them: some time of all series, then the next. */
function* bodies(series: readonly ColumnSeries[]): Iterable<Buffer<ArrayBuffer>> {
  const longest = Math.max(...series.map(({ timestamps }) => timestamps.length));
  let lot: Parameters<typeof writeRequestBody>[0][number][] = [];
  for (let from = 0; from < longest; from += RUN) {
    for (const { labels, timestamps, words } of series) {
      const values = new Float64Array(words.buffer, words.byteOffset, words.length / 2);
      const times = timestamps.subarray(from, from + RUN);
      if (times.length === 0) continue;
      const pairs = labels.flatMap((name, i) =>
        i % 2 === 0 ? [[name, labels[i + 1]] as const] : [],
      );
      const samples = Array.from(times, (timestamp, i) => ({ timestamp, value: values[from + i] }));
      lot.push({ labels: pairs, samples });
      if (lot.length * RUN < PER) continue;
      yield writeRequestBody(lot) as Buffer<ArrayBuffer>;
      lot = [];
    }
  }
  if (lot.length > 0) yield writeRequestBody(lot) as Buffer<ArrayBuffer>;
}

function tell(what: string, samples: number, bytes: FolderBytes): void {
  const { log, blockData, blockIndex, blocks, state, rest } = bytes;
  const each = (n: number): string => `${n} bytes, ${(n / samples).toFixed(3)} a sample`;
  say(`${what}: ${samples} samples in ${blocks} blocks`);
  say(`  blocks ${each(blockData + blockIndex)}`);
  say(`    data ${each(blockData)}`);
  say(`    index ${each(blockIndex)}`);
  say(`  log ${each(log)}, kept for ten minutes at least`);
  say(`  state ${each(state)}`);
  say(`  rest ${each(rest)}`);
}

async function measure(what: string, series: readonly ColumnSeries[], partitions: number) {
  const folder = await mkdtemp(join(tmpdir(), 'mon-disk-'));
  const dataDir = join(folder, 'data');
  const port = await freePort();
  const config = join(folder, 'mon.yml');
  const quiet = 'host_agent: false, self_scrape: false, retention: 5000d';
  await writeFile(config, `mon: {${quiet}, partitions: ${partitions}}\n`);
  const samples = series.reduce((sum, { timestamps }) => sum + timestamps.length, 0);
  try {
    const first = await startMon({ dataDir, port, config });
    for (const body of bodies(series)) await post(first.url, body);
    await first.end('SIGTERM');
    const second = await startMon({ dataDir, port, config });
    const [began, cpu] = [performance.now(), await cpuOf(second.pid)];
    let bytes = await folderBytes(dataDir);
    while (bytes.samples < samples && performance.now() - began < SEALED_MS_MAX) {
      await pause(200);
      bytes = await folderBytes(dataDir).catch(() => bytes);
    }
    const spent = (await cpuOf(second.pid)) - cpu;
    await second.end('SIGTERM');
    tell(`${what}, ${partitions} partitions`, bytes.samples, await folderBytes(dataDir));
    const sealed = (performance.now() - began) / 1000;
    say(`  sealed within ${sealed.toFixed(1)} s, ${spent.toFixed(2)} s of CPU`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

say('peers on the recording: VictoriaMetrics 0.49 + 0.09 index, Prometheus 2.58 + 0.17');
const recorded = recordedSeries();
if (recorded === undefined) say('no recorded node_exporter: skipped');
else for (const partitions of [4, 1]) await measure('node_exporter, 1 s', recorded, partitions);
const end = Date.now() - 12 * HOUR;
await measure('fleet, 100 hosts, 300 steps', fleetSeries(100, 300, end - 3_000_000), 4);
