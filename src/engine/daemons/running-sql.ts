// SQL plugged together: processes for its statements, their folders, the line of those who wait,
// and what exports and imports need of it. Wiring that one process and a cluster share; where the
// rows come from is theirs. Easy to get wrong: what an export hands out is taken for the whole.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SnappyWriter } from '../codec/snappy-write.ts';
import { SQL_AT_ONCE, SQL_HEAP_MIB, SQL_WAITING_MAX } from '../limits-sql.ts';
import type { AlertDesk } from '../model/alert-desk.ts';
import { NAME, makeLabels } from '../model/labels.ts';
import type { Source } from '../ports.ts';
import type { Transfer } from '../ports-sql.ts';
import { Gate } from '../query/gate.ts';
import { WholeSamples } from '../query/whole-samples.ts';
import { systemClock } from '../runtime/clock.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { SqlService } from '../sql/sql-service.ts';
import type { SqlOptions } from '../sql/sql-service.ts';
import type { AlertRow } from '../sql/sql-protocol.ts';
import { spanOf } from './sample-pages.ts';
import { statementChild } from './statement-child.ts';

type Rows = Pick<SqlOptions, 'samples' | 'series' | 'rollup' | 'archive'>;

export interface SqlInputs extends Rows {
  readonly dataDir: string;
  /** For names of metrics. */
  readonly source: Source;
  readonly desk: AlertDesk | undefined;
}

export interface RunningSql {
  readonly sql: SqlService;
  readonly transfer: Transfer;
}

export function runSql({ dataDir, source, desk, ...rows }: SqlInputs): RunningSql {
  const whole = new WholeSamples(rows.samples, systemClock);
  const gate = new Gate({ runningMax: SQL_AT_ONCE, waitingMax: SQL_WAITING_MAX });
  const module = fileURLToPath(new URL('./sql-process.js', import.meta.url));
  const sql = new SqlService({
    ...rows,
    ...{ whole, clock: systemClock, disk: systemDisk },
    // One line for all: a process takes memory, whoever asked.
    enter: (_user, signal) => gate.enter('sql', signal),
    startChild: (message, ended) =>
      statementChild({ module, heapMib: SQL_HEAP_MIB, message, ended }),
    uploadFolder: join(dataDir, 'sql', 'uploads'),
    tempFolder: (place) => join(dataDir, 'sql', `statement-${place}`),
    alerts: async () => (desk === undefined ? [] : alertRows(desk)),
  });
  const transfer: Transfer = {
    samples: whole,
    metrics: (ask) => source.labelValues(NAME, ask.selections, ...spanOf(ask, systemClock.now())),
    pack: async (body) => new SnappyWriter().compress(body),
    writeParquet: (ask, asker) => sql.writeParquet(ask, asker),
    readParquet: (file, asker) => sql.readParquet(file, asker),
  };
  return { sql, transfer };
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
