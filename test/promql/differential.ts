// Holds mon's answers against those of a real Prometheus 2.42 over the same data by remote write:
// a real `mon up` on one side, the real binary on the other. What differs has to be a change
// between the versions that is named in differential-explained.ts. Easy to get wrong: in tiers the
// samples must have left the head before anything is asked.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataOf } from './differential-data.ts';
import { EXPLAINED } from './differential-explained.ts';
import {
  ask,
  difference,
  failed,
  notesDifference,
  orderDifference,
} from './differential-outcome.ts';
import { Generator } from './differential-queries.ts';
import { NEAR } from './differential-words.ts';
import { freePort, startMon } from '../support/mon-process.ts';
import { startPrometheus } from '../support/real-prometheus.ts';
import { writeRequestBody } from '../support/write-request.ts';
import type { Explained } from './differential-explained.ts';
import type { Outcome } from './differential-outcome.ts';
import type { Asked, Layout } from './differential-words.ts';
import type { MonProcess } from '../support/mon-process.ts';
import type { WriteSeries } from '../support/write-request.ts';

const CONFIG = 'global:\n  scrape_interval: 1h\n  evaluation_interval: 1m\n';

/** Nothing but what the test sends. */
const QUIET = 'mon: {host_agent: false, self_scrape: false, default_rules: false}\n';

/** What a run found. */
export interface Differences {
  readonly asked: number;
  /** Queries with an answer that is not empty. */
  readonly answered: number;
  /** Queries that both refused. */
  readonly refused: number;
  /** Reason -> how often. */
  readonly explained: ReadonlyMap<string, number>;
  readonly found: readonly string[];
}

/** What is compared: samples, queries over them, and the differences that are allowed. */
export interface Subject {
  readonly data: (seed: number, baseMs: number) => WriteSeries[][];
  readonly queries: (seed: number, baseMs: number) => { next(): Asked };
  readonly explained: readonly Explained[];
  readonly layout: Layout;
  /** The other side, where it is not Debian's, and its further flags. */
  readonly program?: string;
  readonly args?: readonly string[];
  /** Whether warnings and infos have to be the same too. */
  readonly notes?: boolean;
  /** The configuration of mon. */
  readonly config?: string;
  /** Resolves when the samples lie where they are to be asked for. */
  readonly settled?: (mon: MonProcess) => Promise<void>;
  /** Whether mon is killed and started again before it is asked. */
  readonly killed?: boolean;
}

export const FLOATS: Subject = {
  layout: NEAR,
  data: dataOf,
  queries: (seed, baseMs) => new Generator(seed, baseMs),
  explained: EXPLAINED,
};

async function load(urls: readonly string[], requests: readonly WriteSeries[][]): Promise<void> {
  for (const series of requests) {
    const body = new Uint8Array(writeRequestBody(series));
    for (const url of urls) {
      const headers = {
        'content-encoding': 'snappy',
        'content-type': 'application/x-protobuf',
        'x-prometheus-remote-write-version': '0.1.0',
      };
      const answer = await fetch(`${url}/api/v1/write`, { method: 'POST', headers, body });
      assert.ok(answer.ok, `${url} refused data: ${answer.status} ${await answer.text()}`);
    }
  }
}

/** The time of the first sample, a whole hour where there are days of them. */
function baseOf({ steps, stepMs, agoMs }: Layout): number {
  const span = steps * stepMs;
  const unit = span > 24 * 3_600_000 ? 3_600_000 : 600_000;
  return Math.floor((Date.now() - span - agoMs) / unit) * unit;
}

/** Both servers, and how mon is started again in the same place. */
interface Servers {
  readonly urls: readonly [mon: string, prometheus: string];
  readonly mon: MonProcess;
  killed(): Promise<void>;
}

/** Starts both servers for a subject, without data, and ends them afterwards whatever happened. */
export async function withServers<T>(
  subject: Subject,
  work: (servers: Servers) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'mon-differential-'));
  const args = ['--web.enable-remote-write-receiver', '--storage.tsdb.retention.time=30d'];
  args.push(...(subject.args ?? []));
  const { program } = subject;
  const prometheus = await startPrometheus({ folder, config: CONFIG, args, program });
  try {
    const config = join(folder, 'mon.yml');
    writeFileSync(config, subject.config ?? QUIET);
    const options = { dataDir: join(folder, 'mon'), port: await freePort(), config };
    let mon = await startMon(options);
    const killed = async (): Promise<void> => {
      await mon.end('SIGKILL');
      mon = await startMon(options);
    };
    try {
      return await work({ urls: [mon.url, prometheus.url], mon, killed });
    } finally {
      await mon.end('SIGTERM');
    }
  } finally {
    await prometheus.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Starts both servers with the samples of a subject where they are to lie. */
export async function runOver<T>(
  seed: number,
  subject: Subject,
  work: (urls: Servers['urls'], baseMs: number) => Promise<T>,
): Promise<T> {
  return await withServers(subject, async ({ urls, mon, killed }) => {
    const baseMs = baseOf(subject.layout);
    await load(urls, subject.data(seed, baseMs));
    await subject.settled?.(mon);
    if (subject.killed === true) await killed();
    return await work(urls, baseMs);
  });
}

/** Asks both servers the same queries. */
export async function runDifferential(
  seed: number,
  queries: number,
  subject: Subject = FLOATS,
): Promise<Differences> {
  return await runOver(seed, subject, async (urls, baseMs) => {
    const next = subject.queries(seed, baseMs);
    const asked = Array.from({ length: queries }, () => next.next());
    return await compareAll(urls, asked, subject);
  });
}

/** Instants whose answer has an order; groups have none among them. */
const ORDERED = /^(?:sort\w*|topk|bottomk) *\(/;

function whyNot(asked: Asked, own: Outcome, other: Outcome): string | undefined {
  const why = difference(own, other);
  if (why !== undefined || asked.startMs !== asked.endMs) return why;
  return ORDERED.test(asked.query) ? orderDifference(own, other) : undefined;
}

async function compareAll(
  [mon, prometheus]: readonly [string, string],
  queries: readonly Asked[],
  { explained: allowed, notes = false }: Subject,
): Promise<Differences> {
  const explained = new Map<string, number>();
  const found: string[] = [];
  let [answered, refused] = [0, 0];
  for (const asked of queries) {
    const [own, other] = await Promise.all([
      ask(mon, asked.query, asked, notes),
      ask(prometheus, asked.other, asked),
    ]);
    if (failed(own) && failed(other)) refused++;
    else if (!failed(own) && own.rows.size > 0) answered++;
    const said = notes ? notesDifference(own, other) : undefined;
    const why = whyNot(asked, own, other) ?? said;
    if (why === undefined) continue;
    const reason = allowed.find(({ holds }) => holds(asked, own, other));
    if (reason === undefined) found.push(`${asked.query}\n  ${when(asked)}\n  ${why}`);
    else explained.set(reason.why, (explained.get(reason.why) ?? 0) + 1);
  }
  return { asked: queries.length, answered, refused, explained, found };
}

function when({ startMs, endMs, stepMs }: Asked): string {
  return startMs === endMs ? `at ${startMs}` : `from ${startMs} to ${endMs} step ${stepMs}`;
}
