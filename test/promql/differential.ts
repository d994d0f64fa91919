// Holds mon's answers against those of a real Prometheus 2.42 over the same data by remote write:
// a real `mon up` on one side, the real binary on the other. Values may differ by one part in
// 1e9; what differs more has to be a change between the versions that is named here.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Generator } from './differential-queries.ts';
import { STEPS, STEP_MS, dataOf } from './differential-data.ts';
import { freePort, startMon } from '../support/mon-process.ts';
import { startPrometheus } from '../support/real-prometheus.ts';
import { writeRequestBody } from '../support/write-request.ts';
import type { Asked } from './differential-queries.ts';
import type { WriteSeries } from '../support/write-request.ts';

const CONFIG = 'global:\n  scrape_interval: 1h\n  evaluation_interval: 1m\n';
const RELATIVE_MAX = 1e-9;

/** A change between 2.42 and 3 that makes answers differ, and how it is recognized. */
export interface Explained {
  readonly why: string;
  readonly holds: (asked: Asked, mon: Outcome, prometheus: Outcome) => boolean;
}

/** Every difference that is allowed. */
const EXPLAINED: readonly Explained[] = [
  {
    // 3.0 computes spreads with compensated sums; 2.42 loses the last digits of a spread that is
    // nothing beside the values themselves.
    why: 'a spread that is rounding beside its values',
    holds: ({ query }, mon, prometheus) =>
      /std|deriv|predict_linear/.test(query) && nearlyZero(mon, prometheus),
  },
  {
    // 3.0 drops the name, since the result is another quantity; 2.42 forgot that.
    why: 'atan2 kept the name of the left side',
    holds: ({ query }, mon, prometheus) =>
      query.includes('atan2') && difference(nameless(mon), nameless(prometheus)) === undefined,
  },
  {
    // Under `@` the window, and so the line through it, is the same at each step of a range, and
    // only read off at another time. 2.42 reads off another line at each step but the first.
    why: 'predict_linear over a fixed window in a range query',
    holds: ({ query, startMs, endMs }, mon, prometheus) =>
      startMs !== endMs &&
      /predict_linear\(.*@/.test(query) &&
      difference(onlyAt(mon, startMs), onlyAt(prometheus, startMs)) === undefined,
  },
  {
    // The deviation of one infinite value is NaN since 3.0; 2.42 took any single value for 0.
    why: 'the deviation of a single value that is no number',
    holds: ({ query }) => /std(?:dev|var)\b.*odd/.test(query),
  },
  {
    // Go makes an integer of them, and which one depends on the processor.
    why: 'the calendar of a value that is no time',
    holds: ({ query }) => /(?:year|month|day\w*|hour|minute)\(.*odd/.test(query),
  },
];

/** The values at one time. */
function onlyAt(outcome: Outcome, timeMs: number): Outcome {
  if (outcome === 'failed') return outcome;
  const rows = [...outcome.rows].flatMap(([labels, row]) => {
    const value = row.get(timeMs);
    return value === undefined ? [] : [[labels, new Map([[timeMs, value]])] as const];
  });
  return { rows: new Map(rows) };
}

/** The rows without the name of the metric. */
function nameless(outcome: Outcome): Outcome {
  if (outcome === 'failed') return outcome;
  const rows = [...outcome.rows].map(([labels, row]) => {
    const pairs = JSON.parse(labels) as [string, string][];
    return [JSON.stringify(pairs.filter(([name]) => name !== '__name__')), row] as const;
  });
  return { rows: new Map(rows) };
}

interface HistogramJson {
  readonly count: string;
  readonly sum: string;
  readonly buckets?: readonly [number, string, string, string][];
}

interface Series {
  readonly metric: Record<string, string>;
  readonly value?: [number, string];
  readonly values?: [number, string][];
  readonly histogram?: [number, HistogramJson];
  readonly histograms?: [number, HistogramJson][];
}

/** Rows by labels, or the kind of failure. */
export type Outcome =
  { readonly rows: ReadonlyMap<string, ReadonlyMap<number, number>> } | 'failed';

async function ask(url: string, query: string, asked: Asked): Promise<Outcome> {
  const { startMs, endMs, stepMs } = asked;
  const seconds = (ms: number): string => String(ms / 1000);
  const times: Record<string, string> =
    startMs === endMs
      ? { time: seconds(startMs) }
      : { start: seconds(startMs), end: seconds(endMs), step: seconds(stepMs) };
  const path = startMs === endMs ? 'query' : 'query_range';
  const body = new URLSearchParams({ query, ...times });
  const answer = await fetch(`${url}/api/v1/${path}`, { method: 'POST', body });
  const told = (await answer.json()) as {
    status: string;
    error?: string;
    data: { resultType: string; result: Series[] | [number, string] };
  };
  if (told.status !== 'success') return 'failed';
  const { resultType, result } = told.data;
  const series = resultType === 'scalar' ? [{ metric: {}, value: result }] : result;
  const rows = new Map<string, Map<number, number>>();
  for (const one of series as Series[]) addRows(rows, one);
  return { rows };
}

/** Figures and buckets of a histogram become rows of their own; an empty bucket is none. */
function addRows(rows: Map<string, Map<number, number>>, one: Series): void {
  const { metric, value, values, histogram, histograms } = one;
  const labels = JSON.stringify(Object.entries(metric).toSorted());
  const put = (key: string, t: number, v: number): void => {
    const row = rows.get(key) ?? new Map<number, number>();
    rows.set(key, row.set(Math.round(t * 1000), v));
  };
  for (const [t, v] of values ?? (value === undefined ? [] : [value])) put(labels, t, numberOf(v));
  for (const [t, h] of histograms ?? (histogram === undefined ? [] : [histogram])) {
    put(`${labels} count`, t, numberOf(h.count));
    put(`${labels} sum`, t, numberOf(h.sum));
    for (const [rule, lower, upper, count] of h.buckets ?? []) {
      if (numberOf(count) === 0) continue;
      const [low, high] = [lower, upper].map((bound) => numberOf(bound).toPrecision(9));
      put(`${labels} bucket ${rule} ${low} ${high}`, t, numberOf(count));
    }
  }
}

function numberOf(text: string): number {
  return text.endsWith('Inf') ? (text.startsWith('-') ? -Infinity : Infinity) : Number(text);
}

function close(a: number, b: number): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true;
  return Math.abs(a - b) <= RELATIVE_MAX * Math.max(Math.abs(a), Math.abs(b));
}

/** What differs, or nothing. */
export function difference(mon: Outcome, prometheus: Outcome): string | undefined {
  if (mon === 'failed' || prometheus === 'failed') {
    if (mon === prometheus) return undefined;
    return mon === 'failed' ? 'mon failed' : 'Prometheus failed';
  }
  for (const [labels, row] of prometheus.rows) {
    const own = mon.rows.get(labels);
    if (own === undefined) return `mon has no ${labels}: ${[...row.values()].join(' ')}`;
    for (const [t, v] of row) {
      const value = own.get(t);
      if (value === undefined) return `mon has nothing at ${t} of ${labels}, Prometheus ${v}`;
      if (!close(value, v)) return `${labels} at ${t}: mon ${value}, Prometheus ${v}`;
    }
    for (const [t, v] of own) if (!row.has(t)) return `mon has ${v} at ${t} of ${labels}`;
  }
  for (const labels of mon.rows.keys()) {
    if (!prometheus.rows.has(labels)) return `only mon has ${labels}`;
  }
  return undefined;
}

function nearlyZero(mon: Outcome, prometheus: Outcome): boolean {
  if (mon === 'failed' || prometheus === 'failed') return false;
  for (const [labels, row] of prometheus.rows) {
    const own = mon.rows.get(labels);
    if (own === undefined || own.size !== row.size) return false;
    for (const [t, v] of row) {
      const value = own.get(t) ?? NaN;
      if (!close(value, v) && !(Math.abs(value - v) < 1e-6)) return false;
    }
  }
  return mon.rows.size === prometheus.rows.size;
}

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
  /** Further flags of the other side. */
  readonly args?: readonly string[];
}

const FLOATS: Subject = {
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

/** Starts both servers, loads them, and asks both the same. */
export async function runDifferential(
  seed: number,
  queries: number,
  subject: Subject = FLOATS,
): Promise<Differences> {
  const folder = mkdtempSync(join(tmpdir(), 'mon-differential-'));
  const args = ['--web.enable-remote-write-receiver', '--storage.tsdb.retention.time=1d'];
  args.push(...(subject.args ?? []));
  const prometheus = await startPrometheus({ folder, config: CONFIG, args });
  const port = await freePort();
  const mon = await startMon({ dataDir: join(folder, 'mon'), port }).catch(async (error) => {
    await prometheus.end();
    throw error;
  });
  try {
    const span = STEPS * STEP_MS + 60_000;
    const baseMs = Math.floor((Date.now() - span) / 600_000) * 600_000;
    const urls = [mon.url, prometheus.url] as const;
    await load(urls, subject.data(seed, baseMs));
    const next = subject.queries(seed, baseMs);
    const asked = Array.from({ length: queries }, () => next.next());
    return await compareAll(urls, asked, subject.explained);
  } finally {
    await mon.end('SIGTERM');
    await prometheus.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compareAll(
  [mon, prometheus]: readonly [string, string],
  queries: readonly Asked[],
  allowed: readonly Explained[],
): Promise<Differences> {
  const explained = new Map<string, number>();
  const found: string[] = [];
  let [answered, refused] = [0, 0];
  for (const asked of queries) {
    const [own, other] = await Promise.all([
      ask(mon, asked.query, asked),
      ask(prometheus, asked.other, asked),
    ]);
    if (own === 'failed' && other === 'failed') refused++;
    else if (own !== 'failed' && own.rows.size > 0) answered++;
    const why = difference(own, other);
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
