// What keeping samples costs: a day that is over is sent, sealed into blocks and rolled up; CPU
// and bytes are counted. Easy to get wrong: sealing and rolling up begin by themselves, some
// seconds later, and are done when nothing waits.
import { LoadFleet } from '../../collector/load-fleet.ts';
import { systemClock } from '../../runtime/clock.ts';
import { inspectFolder } from '../store-files.ts';
import type { BenchOptions } from './bench-ingest.ts';
import { BenchServer, QUIET } from './bench-server.ts';
import type { FigureValues } from './figures.ts';

const DAY_MS = 86_400_000;
const SERIES = 500;
const STEP_MS = 10_000;
const DONE_MS_MAX = 120_000;
const SEED = 11;
const KEEP = 'retention: 5000d, seal_interval: 1s, partitions: 1';

export async function benchStore(options: BenchOptions): Promise<FigureValues> {
  const { folder, signal, note } = options;
  const server = await BenchServer.start(folder, `${QUIET}, ${KEEP}`, signal);
  const fleet = new LoadFleet(SERIES, SERIES, SEED);
  const first = Math.floor(systemClock.now() / DAY_MS) * DAY_MS - 2 * DAY_MS;
  try {
    await server.atRest();
    note(`a day of ${SERIES} series, every ${STEP_MS / 1000} s`);
    const cpu = await server.cpuSeconds();
    for (let at = 0; at < DAY_MS; at += STEP_MS) await server.send(fleet, first + at);
    const sent = SERIES * (DAY_MS / STEP_MS);
    const taken = (await server.cpuSeconds()) - cpu;
    note('sealed and rolled up');
    const { samples, bytes } = await sealed(server, sent, signal);
    const rolled = await rolledUp(server, signal);
    const spent = (await server.atRest()) - cpu - taken;
    return {
      sealedBytes: bytes / samples,
      ...(rolled.rows > 0 ? { rollupBytes: rolled.bytes / rolled.rows } : {}),
      ...(spent > 0 ? { upkeep: sent / spent } : {}),
    };
  } finally {
    await server.end();
  }
}

/** Waits until all samples are in blocks, as far as time allows. */
async function sealed(
  server: BenchServer,
  sent: number,
  signal: AbortSignal,
): Promise<{ readonly samples: number; readonly bytes: number }> {
  const deadline = systemClock.monotonic() + DONE_MS_MAX;
  for (;;) {
    signal.throwIfAborted();
    const { partitions } = await inspectFolder(server.dataDir).catch(() => ({ partitions: [] }));
    const blocks = partitions.flatMap((one) => one.blocks);
    const samples = blocks.reduce((sum, one) => sum + one.samples, 0);
    const bytes = blocks.reduce((sum, one) => sum + one.bytes, 0);
    if (samples >= sent || (samples > 0 && systemClock.monotonic() > deadline)) {
      return { samples, bytes };
    }
    if (systemClock.monotonic() > deadline) return { samples: 1, bytes: 0 };
    await systemClock.sleep(500, signal);
  }
}

async function rolledUp(
  server: BenchServer,
  signal: AbortSignal,
): Promise<{ readonly rows: number; readonly bytes: number }> {
  const deadline = systemClock.monotonic() + DONE_MS_MAX;
  for (;;) {
    signal.throwIfAborted();
    const figures = await server.metrics();
    const rows = figures.get('mon_rollup_rows_total') ?? 0;
    const waiting = figures.get('mon_rollup_waiting_hours') ?? 0;
    const done = rows > 0 && waiting === 0;
    if (done || systemClock.monotonic() > deadline) {
      return { rows, bytes: figures.get('mon_rollup_bytes') ?? 0 };
    }
    await systemClock.sleep(500, signal);
  }
}
