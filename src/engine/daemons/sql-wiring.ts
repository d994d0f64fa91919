// SQL plugged into one process: the rows that its statements ask for come from the shards, their
// rollups and the notifier. Wiring only. Easy to get wrong: what lies in a folder as Parquet is
// read by DuckDB itself, what lies in a bucket is not.
import type { AlertDesk } from '../model/alert-desk.ts';
import type { Source } from '../ports.ts';
import type { ShardClient } from '../remote/shard-client.ts';
import { systemClock } from '../runtime/clock.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import type { SqlOptions } from '../sql/sql-service.ts';
import type { LocalOptions } from './local-options.ts';
import { runSql } from './running-sql.ts';
import type { RunningSql } from './running-sql.ts';
import { SamplePages, spanOf } from './sample-pages.ts';
import { FolderArchive } from './sql-archive.ts';
import { rollupPages } from './sql-rollups.ts';

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

export function makeSql(options: SqlSettings, wiring: SqlWiring): RunningSql {
  const { shards, sources, source, caughtUp, desk } = wiring;
  const clock = systemClock;
  const parts = sources.map((one) => ({
    ask: <T>(work: (source: Source) => Promise<T>): Promise<T> => work(one),
  }));
  return runSql({
    ...archiveOf(options, wiring.log.partitions),
    ...{ dataDir: options.dataDir, source, desk },
    samples: new SamplePages({ shards, sources, caughtUp, clock }),
    async *series(ask) {
      yield { labels: await source.series(ask.selections, ...spanOf(ask, clock.now()), 0) };
    },
    ...(options.rollups === undefined
      ? {}
      : { rollup: (scope) => rollupPages(parts, scope, clock.now()) }),
  });
}

/** A bucket is read through the store, part by part. */
function archiveOf({ tiers }: SqlSettings, partitions: number): Pick<SqlOptions, 'archive'> {
  if (tiers?.store === undefined || !('folder' in tiers.store)) return {};
  const all = Array.from({ length: partitions }, (_, i) => i);
  const files = new FolderArchive(tiers.store.folder, systemDisk, all);
  return { archive: (minMs, maxMs) => files.files(minMs, maxMs) };
}
