// SQL plugged into a process: processes for its statements, and the rows they ask for from shards,
// rollups and the notifier. Wiring only. Easy to get wrong: rows of a rollup come column by column,
// each from its own question, and have to be put side by side by their times.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  SQL_AT_ONCE,
  SQL_HEAP_MIB,
  SQL_ROLLUP_ROWS_AT_ONCE,
  SQL_WAITING_MAX,
} from '../limits-sql.ts';
import { SnappyWriter } from '../codec/snappy-write.ts';
import type { AlertDesk } from '../model/alert-desk.ts';
import type { Fragment, FragmentResult } from '../model/fragment.ts';
import { NAME, dropLabels, labelsKey, makeLabels } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import { RESOLUTIONS, ROLLUP_LABEL } from '../model/rollup.ts';
import { ROLLUP_FIGURES } from '../model/sql.ts';
import type { Source } from '../ports.ts';
import type { SamplesAsk, Transfer } from '../ports-sql.ts';
import { Gate } from '../query/gate.ts';
import type { ShardClient } from '../remote/shard-client.ts';
import { systemClock } from '../runtime/clock.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { SqlService } from '../sql/sql-service.ts';
import type { SqlOptions } from '../sql/sql-service.ts';
import type { AlertRow, RollupPage } from '../sql/sql-protocol.ts';
import type { TableScope } from '../sql/statement-scope.ts';
import type { LocalOptions } from './local-options.ts';
import { SamplePages } from './sample-pages.ts';
import { FolderArchive } from './sql-archive.ts';
import { statementChild } from './statement-child.ts';

/** What of the process's options matters here. */
type SqlSettings = Pick<LocalOptions, 'dataDir' | 'tiers' | 'rollups'>;

export interface SqlWiring {
  readonly log: { readonly partitions: number };
  readonly shards: readonly ShardClient[];
  /** The same with all that was acknowledged, and all of them as one. */
  readonly sources: readonly Source[];
  readonly source: Source;
  readonly caughtUp: () => Promise<void>;
  readonly desk: AlertDesk | undefined;
}

const clock = systemClock;
const AHEAD_MS = 3_600_000;

export interface RunningSql {
  readonly sql: SqlService;
  readonly transfer: Transfer;
}

export function makeSql(options: SqlSettings, wiring: SqlWiring): RunningSql {
  const { shards, sources, source, caughtUp, desk } = wiring;
  const { dataDir } = options;
  const gate = new Gate({ runningMax: SQL_AT_ONCE, waitingMax: SQL_WAITING_MAX });
  const samples = new SamplePages({ shards, sources, caughtUp, clock });
  const module = fileURLToPath(new URL('./sql-process.js', import.meta.url));
  const sql = new SqlService({
    ...archiveOf(options, wiring.log.partitions),
    samples,
    clock,
    disk: systemDisk,
    // One line for all: a process takes memory, whoever asked.
    enter: (_user, signal) => gate.enter('sql', signal),
    startChild: (message, ended) =>
      statementChild({ module, heapMib: SQL_HEAP_MIB, message, ended }),
    uploadFolder: join(dataDir, 'sql', 'uploads'),
    tempFolder: (place) => join(dataDir, 'sql', `statement-${place}`),
    labels: ({ selections, minMs, maxMs }) =>
      source.series(selections, Math.max(minMs, 0), Math.min(maxMs, clock.now() + AHEAD_MS), 0),
    ...(options.rollups !== undefined ? { rollup: (scope) => rollupPages(wiring, scope) } : {}),
    alerts: async () => (desk === undefined ? [] : alertRows(desk)),
  });
  const span = ({ minMs, maxMs }: SamplesAsk) =>
    [Math.max(minMs, 0), Math.min(maxMs, clock.now() + AHEAD_MS)] as const;
  const transfer: Transfer = {
    samples,
    metrics: (ask) => source.labelValues(NAME, ask.selections, ...span(ask)),
    pack: async (body) => new SnappyWriter().compress(body),
    writeParquet: (ask, asker) => sql.writeParquet(ask, asker),
    readParquet: (file, asker) => sql.readParquet(file, asker),
  };
  return { sql, transfer };
}

/** A bucket is read through the store, part by part. */
function archiveOf({ tiers }: SqlSettings, partitions: number): Pick<SqlOptions, 'archive'> {
  if (tiers?.store === undefined || !('folder' in tiers.store)) return {};
  const all = Array.from({ length: partitions }, (_, i) => i);
  const files = new FolderArchive(tiers.store.folder, systemDisk, all);
  return { archive: (minMs, maxMs) => files.files(minMs, maxMs) };
}

async function alertRows(desk: AlertDesk): Promise<AlertRow[]> {
  const rows: AlertRow[] = [];
  for (const one of await desk.incidents()) {
    const { id: incident, severity, status, receiver, startedAtMs, resolvedAtMs } = one;
    const labels = makeLabels(Object.entries(one.labels));
    for (const { atMs, what: event, who, why: note } of one.history) {
      const times = { atMs, startedMs: startedAtMs, resolvedMs: resolvedAtMs };
      rows.push({ ...times, incident, event, who, note, severity, status, receiver, labels });
    }
  }
  return rows.sort((a, b) => a.atMs - b.atMs);
}

/** The windows of a rollup that end in the scope, a stretch of time after the other. */
async function* rollupPages(
  { sources }: SqlWiring,
  { table, minMs, maxMs, selections }: TableScope,
): AsyncGenerator<RollupPage, void, void> {
  const resolution = RESOLUTIONS.find(({ name }) => table === `rollup_${name}`);
  if (resolution === undefined) return;
  const end = Math.min(maxMs, clock.now() + AHEAD_MS);
  for (const matchers of selections) {
    const from = Math.max(minMs, 0);
    const whole = fragmentOf(matchers, resolution.ms, { from, to: end });
    const rooms = await Promise.all(sources.map(async (one) => await one.estimate?.(whole)));
    const rows = rooms.reduce((sum, one) => sum + (one?.samples ?? 0), 0);
    const parts = Math.max(1, Math.ceil(rows / SQL_ROLLUP_ROWS_AT_ONCE));
    // Whole windows, so that none falls between two stretches.
    const width = Math.ceil((end - from) / parts / resolution.ms) * resolution.ms;
    for (let at = from; at <= end; at += width) {
      const span = { from: at, to: Math.min(end, at + width - 1) };
      for (const one of sources) {
        const page = await rollupPage(one, matchers, resolution.ms, span);
        if (page.timestamps.length > 0) yield page;
      }
    }
  }
}

interface Span {
  readonly from: number;
  readonly to: number;
}

function fragmentOf(matchers: Fragment['matchers'], resolutionMs: number, { from, to }: Span) {
  const rollup = { resolutionMs, prefer: 'rows', aligned: true, column: 'count' } as const;
  return {
    ...{ matchers, fn: 'raw', args: [], keepName: true, rollup },
    grid: { start: to, end: to, step: 1 },
    windowMs: Math.max(1, to - from + 1),
    maxSeries: Number.MAX_SAFE_INTEGER,
    maxSamples: Number.MAX_SAFE_INTEGER,
  } satisfies Fragment;
}

async function rollupPage(
  source: Source,
  matchers: Fragment['matchers'],
  resolutionMs: number,
  span: Span,
): Promise<RollupPage> {
  const asked = fragmentOf(matchers, resolutionMs, span);
  const results = await Promise.all(
    ROLLUP_FIGURES.map((column) =>
      source.fragment({ ...asked, rollup: { ...asked.rollup, column } }),
    ),
  );
  return besides(results);
}

const NAMES = new Set([ROLLUP_LABEL]);

/** Columns side by side: the windows of the first one, NaN where another has none. */
function besides(results: readonly FragmentResult[]): RollupPage {
  const [first, ...others] = results.map(({ raw }) => raw);
  if (first === undefined) return EMPTY;
  const total = first.timestamps.length;
  const labels = first.labels.map((one) => dropLabels(one, NAMES));
  const figures = others.map((other) => {
    const values = new Float64Array(total).fill(NaN);
    if (other === undefined) return values;
    const rowOf = new Map(other.labels.map((one, row) => [keyOf(one), row]));
    labels.forEach((one, row) => {
      const theirs = rowOf.get(labelsKey(one));
      if (theirs === undefined) return;
      let at = other.from[theirs];
      for (let i = first.from[row]; i < first.from[row + 1]; i++) {
        while (at < other.from[theirs + 1] && other.timestamps[at] < first.timestamps[i]) at++;
        if (at >= other.from[theirs + 1]) break;
        if (other.timestamps[at] === first.timestamps[i]) values[i] = other.values[at];
      }
    });
    return values;
  });
  const { from, timestamps, values } = first;
  return { labels, from, timestamps, figures: [values, ...figures] };
}

function keyOf(labels: Labels): string {
  return labelsKey(dropLabels(labels, NAMES));
}

const EMPTY: RollupPage = {
  labels: [],
  from: new Uint32Array(1),
  timestamps: new Float64Array(0),
  figures: ROLLUP_FIGURES.map(() => new Float64Array(0)),
};
