// The entry of the process of a cold tier: DuckDB, the kernels that read blocks, the object store.
// Started by a store's thread, one for each; what it takes of memory ends with it. Wiring only.
import { SampleFeed } from '../cold/cold-rows.ts';
import { openObjects } from '../cold/open-objects.ts';
import { ParquetTier, type OpenedSources } from '../cold/parquet-tier.ts';
import { Kernels } from '../kernels/kernels.ts';
import { WindowFeed } from '../cold/window-feed.ts';
import { RESOLUTIONS } from '../model/rollup.ts';
import { openRows, type GivenWindowSeries } from '../rollup/hand-over.ts';
import type { ArchiveJob } from '../ports-cold.ts';
import { serveCold } from '../remote/cold-server.ts';
import { systemClock } from '../runtime/clock.ts';
import { parentChannel } from '../runtime/forked-child.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { openBlocks, type GivenSeries } from '../store/hand-over.ts';
import type { ColdProcessOptions } from './cold-options.ts';

/** Opens the files of a job: blocks of the store, or files of rollups. */
function sourcesOf(job: ArchiveJob, kernels: Kernels): OpenedSources {
  const rows = job.sources.reduce((sum, one) => sum + one.rows, 0);
  const index = RESOLUTIONS.findIndex(({ name }) => name === job.kind);
  if (index >= 0) {
    const opened = openRows(job.sources, index, systemDisk, kernels);
    return { ...opened, rows, feed: (series) => new WindowFeed(series as GivenWindowSeries[]) };
  }
  const opened = openBlocks(job.sources, systemDisk, kernels);
  return { ...opened, rows, feed: (series) => new SampleFeed(series as GivenSeries[]) };
}

serveCold(parentChannel(), async (sent) => {
  const { store, scratch, partitions, cacheBytes, shared } = sent as ColdProcessOptions;
  const kernels = new Kernels();
  const tier = await ParquetTier.open({
    ...{ objects: await openObjects(store, systemDisk), disk: systemDisk, clock: systemClock },
    ...{ folder: scratch, partitions, cacheBytes, shared },
    sources: (job) => sourcesOf(job, kernels),
  });
  const counts = (): Record<string, number> => {
    return { ...tier.counts, memoryBytes: process.memoryUsage.rss() };
  };
  return { tier, partitions, counts };
});
