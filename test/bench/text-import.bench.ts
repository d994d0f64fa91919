// Exposition text that is pushed, beside VictoriaMetrics' /api/v1/import/prometheus with the same
// bytes in the same run: the recorded node_exporter bodies, each line with its time, samples per
// CPU second of the server until it is idle again. Easy to get wrong: both are asked in turns, or
// whoever meets the busier minute loses.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { brotliDecompressSync } from 'node:zlib';
import { freePort, startMon } from '../support/mon-process.ts';
import { findProgram } from '../support/program.ts';
import { RealVictoria } from '../support/real-victoria.ts';

const shared = process.env.MON_SHARED ?? join(import.meta.dirname, '../../../../shared');
const ROUNDS = Number(process.env.MON_BENCH_ROUNDS ?? 4);
/** How often the recorded 15 minutes are in a round, one after the other. */
const LAPS = 4;
/** Scrapes of one body: what a relay of many targets sends at once. */
const PER_BODY = 10;
/** Clock ticks of a CPU second in /proc. */
const TICKS = 100;
const SETTLE_MS = 3000;
/** A little more than the recorded time. */
const LAP_MS = 910_000;

interface Bodies {
  readonly bodies: readonly Buffer[];
  readonly samples: number;
}

/** The recorded scrapes, a second apart, ending at `endMs`. */
function recorded(endMs: number): Bodies {
  const path = join(shared, 'data/exposition/node_exporter_1s.txt.br');
  const text = brotliDecompressSync(readFileSync(path)).toString('utf8');
  const bodies: string[] = [];
  let seen = new Set<string>();
  let scrapes: string[][] = [[]];
  let samples = 0;
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const series = line.slice(0, line.lastIndexOf(' '));
    if (seen.has(series)) {
      seen = new Set();
      scrapes.push([]);
    }
    seen.add(series);
    (scrapes.at(-1) as string[]).push(line);
    samples++;
  }
  const first = endMs - scrapes.length * 1000;
  const dated = scrapes.map((lines, i) => lines.map((line) => `${line} ${first + i * 1000}`));
  for (let i = 0; i < dated.length; i += PER_BODY) {
    bodies.push(
      `${dated
        .slice(i, i + PER_BODY)
        .flat()
        .join('\n')}\n`,
    );
  }
  return { bodies: bodies.map((body) => Buffer.from(body)), samples };
}

function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** CPU seconds of the server for all bodies, two at a time. */
async function send(url: string, pid: number, { bodies }: Bodies): Promise<number> {
  const before = cpuOf(pid);
  let next = 0;
  const work = async (): Promise<void> => {
    for (let i = next++; i < bodies.length; i = next++) {
      const reply = await fetch(url, { method: 'POST', body: new Uint8Array(bodies[i]) });
      if (!reply.ok) throw new Error(`${url}: ${reply.status} ${await reply.text()}`);
      await reply.arrayBuffer();
    }
  };
  await Promise.all([work(), work()]);
  await pause(SETTLE_MS);
  return cpuOf(pid) - before;
}

async function main(): Promise<void> {
  if (findProgram('victoria-metrics') === undefined) {
    process.stdout.write('text import: no victoria-metrics, skipped\n');
    return;
  }
  const folder = await mkdtemp(join(tmpdir(), 'mon-import-'));
  const mon = await startMon({ dataDir: join(folder, 'data'), port: await freePort() });
  const victoria = await RealVictoria.start(folder);
  try {
    const end = Date.now();
    const sums = { mon: 0, victoria: 0, samples: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const laps = Array.from({ length: LAPS }, (_, lap) => {
        return recorded(end - ((ROUNDS - round) * LAPS - lap) * LAP_MS);
      });
      const bodies = {
        bodies: laps.flatMap((lap) => lap.bodies),
        samples: laps.reduce((sum, lap) => sum + lap.samples, 0),
      };
      const ours = await send(`${mon.url}/api/v1/push`, mon.pid, bodies);
      const theirs = await send(`${victoria.url}/api/v1/import/prometheus`, victoria.pid, bodies);
      const per = (cpu: number): string => `${(bodies.samples / cpu / 1e6).toFixed(2)} M`;
      process.stdout.write(
        `text import: ${bodies.samples} samples, mon ${per(ours)}, VictoriaMetrics ` +
          `${per(theirs)} samples per CPU second: ${(theirs / ours).toFixed(2)} times\n`,
      );
      // The first round compiles and numbers the series.
      if (round === 0) continue;
      sums.mon += ours;
      sums.victoria += theirs;
    }
    const ratio = (sums.victoria / sums.mon).toFixed(2);
    process.stdout.write(`text import: ${ratio} times in all rounds but the first\n`);
  } finally {
    await mon.end('SIGTERM');
    await victoria.end();
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
