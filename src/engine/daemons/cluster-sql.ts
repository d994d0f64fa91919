// SQL, exports and imports plugged into the API of a cluster: DuckDB runs below this process, rows
// come from one store of each partition at a time. Wiring only. Easy to get wrong: stores are
// replicas, so whatever is asked goes to one holder of a partition, and another one goes on where
// it broke off; and a statement tells what is missing, an export fails then.
import type { AlertDesk } from '../model/alert-desk.ts';
import type { Source } from '../ports.ts';
import type { Samples, SamplesAsk } from '../ports-sql.ts';
import { ReplicaReadings } from '../query/replica-readings.ts';
import { ReplicatedSource } from '../query/replicated-source.ts';
import type { RollupPage, SeriesPage } from '../sql/sql-protocol.ts';
import type { TableScope } from '../sql/statement-scope.ts';
import type { ClusterDirectory } from './cluster-directory.ts';
import type { ClusterLog } from './cluster-log-port.ts';
import { ClusterStores } from './cluster-stores.ts';
import type { RoleWorld } from './role-frame.ts';
import { runSql } from './running-sql.ts';
import type { RunningSql } from './running-sql.ts';
import { SamplePages, spanOf } from './sample-pages.ts';
import { NO_ROWS, rollupPages } from './sql-rollups.ts';

export interface ClusterSqlPlugs {
  readonly directory: ClusterDirectory;
  readonly log: ClusterLog;
  readonly desk?: AlertDesk | undefined;
}

/** SQL of this process; it ends with it. */
export function clusterSql(
  world: RoleWorld,
  { directory, log, desk }: ClusterSqlPlugs,
): RunningSql {
  const { clock, options, services } = world;
  const { dataDir, logger, settings } = options;
  const stores = new ClusterStores({ directory, log, clock, logger });
  const source = new ReplicatedSource(stores);
  const readings = new ReplicaReadings(stores);
  const asked = new SamplePages({ shards: [], sources: [source], caughtUp: noWait, clock });
  const samples: Samples = {
    pages: (ask, signal) => readings.pages(ask, signal),
    estimate: (ask) => asked.estimate(ask),
    // What a store cannot read, it says on its pages; another store may be whole there.
    missing: async () => readings.missing(),
  };
  const running = runSql({
    ...{ dataDir, source, desk, samples },
    series: (ask, signal) => seriesPages(readings, ask, { nowMs: clock.now(), signal }),
    ...(settings.rollups === undefined
      ? {}
      : { rollup: (scope, signal) => rollups(readings, scope, { nowMs: clock.now(), signal }) }),
  });
  services.add({ name: 'sql', stop: () => running.sql.close() });
  return running;
}

/** Every question says by itself what has to be in its answer. */
async function noWait(): Promise<void> {}

interface Asking {
  readonly nowMs: number;
  readonly signal: AbortSignal;
}

async function* seriesPages(
  readings: ReplicaReadings,
  ask: SamplesAsk,
  { nowMs, signal }: Asking,
): AsyncGenerator<SeriesPage, void, void> {
  const { selections } = ask;
  const reading = await readings.begin();
  const listed = (source: Source) => source.series(selections, ...spanOf(ask, nowMs), 0);
  for (const partition of reading.partitions) {
    yield { labels: (await reading.ask(partition, listed, signal)) ?? [] };
  }
  yield { labels: [], warnings: reading.missing() };
}

async function* rollups(
  readings: ReplicaReadings,
  scope: TableScope,
  { nowMs, signal }: Asking,
): AsyncGenerator<RollupPage, void, void> {
  const reading = await readings.begin();
  const parts = reading.partitions.map((partition) => ({
    ask: <T>(work: (source: Source) => Promise<T>) => reading.ask(partition, work, signal),
  }));
  yield* rollupPages(parts, scope, nowMs);
  yield { ...NO_ROWS, warnings: reading.missing() };
}
