// The work of the thread for costly queries: a query service over channels of its own to all
// shards, whose answers leave as JSON. So neither a root over 100,000 series nor its JSON holds up
// the thread that serves dashboards and takes samples. Wiring only.
import type { MessagePort } from 'node:worker_threads';
import { queryJson } from '../api/query-json.ts';
import type { RollupHorizons } from '../query/choose-rollup.ts';
import { QueryService } from '../query/query-service.ts';
import { serveRoot } from '../remote/root-server.ts';
import { ShardClient } from '../remote/shard-client.ts';
import type { Channel } from '../remote/shard-protocol.ts';
import { systemClock } from '../runtime/clock.ts';

/** What the first message carries: a channel to each shard, and what is kept as rollups. */
export interface RootWorkerOptions {
  readonly rollups?: RollupHorizons;
  readonly shards: readonly MessagePort[];
}

/** Serves what comes through `port`, by the shards that its first message names. */
export function serveCostlyQueries(port: MessagePort): void {
  port.once('message', (plain) => {
    const { shards, rollups } = plain as RootWorkerOptions;
    const sources = shards.map((shard) => new ShardClient(shard as Channel));
    const clock = systemClock;
    const service = new QueryService({ sources, clock, rollups });
    serveRoot(port as Channel, async ({ query, times, options, json }, signal) => {
      const begin = clock.monotonic();
      const how = { ...options, signal };
      const answer =
        'timeMs' in times
          ? await service.instant(query, times.timeMs, how)
          : await service.range(query, times.startMs, times.endMs, times.stepMs, how);
      const evalSeconds = (clock.monotonic() - begin) / 1000;
      return queryJson(answer, { limit: json.limit, ...(json.stats ? { evalSeconds } : {}) });
    });
  });
}
