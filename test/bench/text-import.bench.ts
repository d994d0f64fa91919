// Exposition text that is pushed, beside VictoriaMetrics' /api/v1/import/prometheus with the same
// bytes in the same run: the recorded node_exporter bodies, each line with its time, samples per
// CPU second of the server until it is idle again. Easy to get wrong: both are asked in turns, or
// whoever meets the busier minute loses.
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { brotliDecompressSync } from 'node:zlib';
import { freePort, startMon } from '../support/mon-process.ts';
import { findProgram } from '../support/program.ts';
import { RealVictoria } from '../support/real-victoria.ts';

const shared = process.env.MON_SHARED ?? join(import.meta.dirname, '../../../../shared');
const ROUNDS = Number(process.env.MON_BENCH_ROUNDS ?? 8);
/** Rounds that count for nobody: they compile and number the series. */
const FIRST_ROUNDS = 2;
/** How often the recorded 15 minutes are in a round, one after the other. */
const LAPS = 8;
/** Scrapes of one body: what a relay of many targets sends at once. */
const PER_BODY = 10;
/** Clock ticks of a CPU second in /proc. */
const TICKS = 100;
const SETTLE_MS = 2000;
/** A little more than the recorded time. */
const LAP_MS = 910_000;

/** A body of several scrapes; each line ends with 13 digits that are set for each lap. */
interface Body {
  readonly bytes: Buffer;
  /** Where the times stand, and which scrape of all each of them belongs to. */
  readonly times: readonly (readonly [at: number, scrape: number])[];
}

/** The recorded scrapes, a second apart. */
function recorded(): Body[] {
  const path = join(shared, 'data/exposition/node_exporter_1s.txt.br');
  const text = brotliDecompressSync(readFileSync(path)).toString('utf8');
  let seen = new Set<string>();
  const scrapes: string[][] = [[]];
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const series = line.slice(0, line.lastIndexOf(' '));
    if (seen.has(series)) {
      seen = new Set();
      scrapes.push([]);
    }
    seen.add(series);
    (scrapes.at(-1) as string[]).push(line);
  }
  const bodies: Body[] = [];
  for (let from = 0; from < scrapes.length; from += PER_BODY) {
    const times: [number, number][] = [];
    let body = '';
    scrapes.slice(from, from + PER_BODY).forEach((lines, i) => {
      for (const line of lines) {
        body += `${line} 0000000000000\n`;
        times.push([body.length - 14, from + i]);
      }
    });
    bodies.push({ bytes: Buffer.from(body), times });
  }
  return bodies;
}

/** The bodies with times from `firstMs` on. */
function dated(bodies: readonly Body[], firstMs: number): Buffer[] {
  return bodies.map(({ bytes, times }) => {
    const copy = Buffer.from(bytes);
    for (const [at, scrape] of times) copy.write(String(firstMs + scrape * 1000), at);
    return copy;
  });
}

function cpuOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

/** Posts a body over a connection that stays, and reads the answer. */
function post(url: string, agent: Agent, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Length': body.length, 'Content-Type': 'text/plain' };
    const asked = request(url, { method: 'POST', agent, headers }, (reply) => {
      reply.resume();
      const { statusCode = 0 } = reply;
      const fine = statusCode < 300;
      reply.on('end', () => (fine ? resolve() : reject(new Error(`${url}: ${statusCode}`))));
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** CPU seconds of the server for all bodies, two at a time. */
async function send(url: string, pid: number, bodies: readonly Buffer[]): Promise<number> {
  const before = cpuOf(pid);
  const agent = new Agent({ keepAlive: true });
  let next = 0;
  const work = async (): Promise<void> => {
    for (let i = next++; i < bodies.length; i = next++) await post(url, agent, bodies[i]);
  };
  await Promise.all([work(), work()]);
  agent.destroy();
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
    const template = recorded();
    const samples = LAPS * template.reduce((sum, { times }) => sum + times.length, 0);
    const sums = { mon: 0, victoria: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      const bodies = Array.from({ length: LAPS }, (_, lap) => {
        return dated(template, end - ((ROUNDS - round) * LAPS - lap) * LAP_MS);
      }).flat();
      const ours = await send(`${mon.url}/api/v1/push`, mon.pid, bodies);
      const theirs = await send(`${victoria.url}/api/v1/import/prometheus`, victoria.pid, bodies);
      const per = (cpu: number): string => `${(samples / cpu / 1e6).toFixed(2)} M`;
      process.stdout.write(
        `text import: ${samples} samples, mon ${per(ours)}, VictoriaMetrics ` +
          `${per(theirs)} samples per CPU second: ${(theirs / ours).toFixed(2)} times\n`,
      );
      if (round < FIRST_ROUNDS) continue;
      sums.mon += ours;
      sums.victoria += theirs;
    }
    const ratio = (sums.victoria / sums.mon).toFixed(2);
    process.stdout.write(
      `text import: ${ratio} times in all rounds but the first ${FIRST_ROUNDS}\n`,
    );
  } finally {
    await mon.end('SIGTERM');
    await victoria.end();
    await rm(folder, { recursive: true, force: true });
  }
}

await main();
