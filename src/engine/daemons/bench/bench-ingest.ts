// What taking samples costs: first seen, known, read back from the log by a store that begins
// anew; the memory of a series and the bytes of a sample in the log; and the same over Kafka. Easy
// to get wrong: CPU counts until the server rests, and memory is looked at when garbage has had
// its time.
import { LoadFleet } from '../../collector/load-fleet.ts';
import { systemClock } from '../../runtime/clock.ts';
import { BenchServer, QUIET } from './bench-server.ts';
import type { FigureValues } from './figures.ts';

export interface BenchOptions {
  /** An empty folder of the part's own. */
  readonly folder: string;
  readonly seconds: number;
  readonly signal: AbortSignal;
  /** A word about what is going on. */
  readonly note: (line: string) => void;
}

const SERIES = 200_000;
/** Taken before anything is counted, so that the code is compiled. */
const WARM = 20_000;
const PER_BODY = 2000;
const STEP_MS = 10_000;
/** Samples begin so long ago, so that all fits into what a head holds. */
const BEGIN_MS = 55 * 60_000;
const STEPS_MAX = 300;
const SEED = 7;
/** Nothing but the log itself brings samples back. */
const NO_CHECKPOINTS = 'checkpoint_interval: 1h';

export async function benchIngest(options: BenchOptions): Promise<FigureValues> {
  const { folder, signal, note } = options;
  const mon = `${QUIET}, ${NO_CHECKPOINTS}`;
  const server = await BenchServer.start(folder, mon, signal);
  const fleet = new LoadFleet(SERIES, PER_BODY, SEED);
  try {
    await server.atRest();
    const idle = (await server.metrics()).get('process_resident_memory_bytes') ?? 0;
    const beganMs = systemClock.now() - BEGIN_MS;
    await server.send(new LoadFleet(WARM, PER_BODY, SEED), beganMs - STEP_MS);
    const warmCpu = await server.atRest();
    note(`${SERIES - WARM} series, first seen`);
    await server.send(fleet, beganMs);
    const seenCpu = (await server.atRest()) - warmCpu;
    const grown = (await server.metrics()).get('process_resident_memory_bytes') ?? 0;
    note('the same series, known');
    const known = await sendFor(server, fleet, { ...options, beganMs });
    const figures = await server.metrics();
    const samples = SERIES * (1 + known.steps) + WARM;
    const applied = await replay(server, options, samples);
    return {
      ingestNew: (SERIES - WARM) / seenCpu,
      ingestKnown: (SERIES * known.steps) / known.cpu,
      memoryIdle: idle,
      memoryPerSeries: Math.max(1, (grown - idle) / SERIES),
      logBytes: (figures.get('mon_log_bytes_total') ?? 0) / samples,
      ...(applied === undefined ? {} : { applied }),
    };
  } finally {
    await server.end();
  }
}

/** Sends step after step until the time is up; answers what it cost. */
async function sendFor(
  server: BenchServer,
  fleet: LoadFleet,
  { seconds, beganMs }: { readonly seconds: number; readonly beganMs: number },
): Promise<{ readonly steps: number; readonly cpu: number }> {
  const before = await server.cpuSeconds();
  const until = systemClock.monotonic() + seconds * 1000;
  let steps = 0;
  do await server.send(fleet, beganMs + ++steps * STEP_MS);
  while (systemClock.monotonic() < until && steps < STEPS_MAX);
  return { steps, cpu: (await server.atRest()) - before };
}

/** Kills the server and starts it on its log: samples it reads in a CPU second. */
async function replay(
  server: BenchServer,
  { folder, signal, note }: BenchOptions,
  samples: number,
): Promise<number | undefined> {
  note('the same samples, read from the log');
  await server.end('SIGKILL');
  const again = await BenchServer.start(folder, `${QUIET}, ${NO_CHECKPOINTS}`, signal);
  try {
    const all = await again.atRest();
    await again.end('SIGKILL');
    const empty = await BenchServer.start(`${folder}/empty`, QUIET, signal);
    try {
      const start = await empty.atRest();
      return all > start ? samples / (all - start) : undefined;
    } finally {
      await empty.end();
    }
  } finally {
    await again.end();
  }
}

/** The same over Kafka, in a topic that was made for it. */
export async function benchKafka(
  options: BenchOptions & { readonly kafka: string },
): Promise<FigureValues> {
  const { folder, signal, note, kafka } = options;
  const server = await BenchServer.start(folder, `${QUIET}, kafka: {${kafka}}`, signal);
  const fleet = new LoadFleet(WARM, PER_BODY, SEED);
  try {
    await server.send(fleet, systemClock.now() - BEGIN_MS);
    await server.atRest();
    const before = await server.metrics();
    note('known series, through Kafka');
    const beganMs = systemClock.now() - BEGIN_MS;
    const { steps, cpu } = await sendFor(server, fleet, { ...options, beganMs });
    const after = await server.metrics();
    const grown = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
    const samples = fleet.series * steps;
    return {
      kafkaIngest: samples / cpu,
      kafkaBytes: grown('mon_kafka_bytes_total') / samples,
    };
  } finally {
    await server.end('SIGTERM');
  }
}
