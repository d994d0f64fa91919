// The order in which the parts of `mon up` begin and end, and the work that they do on a beat.
// Read from top to bottom it is the order of starting; stopping goes the other way: first nobody
// comes in, then what came in is made durable and applied, then the files close.
import type { ApiServer } from '../api/api-server.ts';
import { DemoFleet } from '../collector/demo-fleet.ts';
import type { Door } from '../collector/door.ts';
import { makeHostTarget } from '../collector/host-agent.ts';
import type { ScrapeManager } from '../collector/scrape-manager.ts';
import { MonError, UserError } from '../errors.ts';
import { CACHE_WARM_EVERY_MS, SCRAPE_TIMEOUT_MS, TICK_MS } from '../limits.ts';
import { USAGE_SAVE_MS } from '../limits-explore.ts';
import type { Consumer } from '../log/consume.ts';
import type { Cache, State } from '../ports.ts';
import type { QueryService } from '../query/query-service.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Counters } from '../runtime/counters.ts';
import { systemHost } from '../runtime/host-reader.ts';
import type { Service, Services } from '../runtime/service.ts';
import { Beats } from './beats.ts';
import type { Exploring } from './explore-wiring.ts';
import { coldBeats, keptLocally } from './cold-wiring.ts';
import type { Behind } from './behind-wiring.ts';
import { urlOf } from './listen-address.ts';
import type { LocalOptions } from './local-options.ts';
import type { RunningNotifier } from './notify-wiring.ts';
import type { OpenedLog } from './opened-log.ts';
import { rehearse } from './rehearse.ts';
import type { RollupBeat } from './rollup-wiring.ts';
import type { RootThread } from './root-thread.ts';
import type { Rules } from './rules-wiring.ts';
import type { SqlService } from '../sql/sql-service.ts';
import type { Sources } from './sources.ts';
import type { Stores } from './stores.ts';
import { UpkeepBeat } from './upkeep-beat.ts';

export const STOP_MS_MAX = 20_000;
const STATS_MS = 2_000;
const UPKEEP_MS = 30_000;
const DAY_MS = 24 * 3600_000;
const ROLLUP_MS = 2_000;

/** What has a life of its own. */
export interface Parts {
  readonly options: LocalOptions;
  readonly state: State;
  readonly log: OpenedLog;
  readonly stores: Stores;
  readonly consumer: Consumer;
  readonly door: Door;
  readonly targets: ScrapeManager;
  readonly more: Sources;
  readonly api: ApiServer;
  readonly cache: Cache;
  readonly rollups: RollupBeat;
  readonly roots: RootThread;
  /** Resolves when the shards have been handed all that was acknowledged. */
  readonly caughtUp: () => Promise<void>;
  readonly rules: Rules;
  readonly aggregation: Service;
  readonly desk: RunningNotifier | undefined;
  readonly queries: QueryService;
  readonly exploring: Exploring;
  readonly behind: Behind;
  readonly regions: Service | undefined;
  readonly sql: SqlService;
}

/** The order of life; answers where the API listens, once it does. */
export function addServices(
  services: Services,
  parts: Parts,
  counters: Counters,
  refusals: () => void,
): () => { host: string; port: number } {
  const { options, state, log, stores, consumer, door, targets, api, cache, roots, rules, desk } =
    parts;
  const { caughtUp } = parts;
  let at = { host: options.host, port: options.port };
  const beats = new Beats(systemClock, options.logger);
  services.add({ name: 'state', stop: () => state.close() });
  if (desk !== undefined) {
    services.add({ name: 'notify', start: () => desk.start(), stop: () => desk.stop() });
  }
  services.add({ name: 'cache', stop: () => cache.close() });
  services.add({ name: 'log', stop: () => log.log.close() });
  services.add({ name: 'shards', stop: () => stores.stop() });
  services.add({ name: 'roots', stop: () => roots.close() });
  services.add({ name: 'sql', stop: () => parts.sql.close() });
  services.add({ name: 'store', start: () => consumer.start(), stop: () => consumer.stop() });
  if (parts.behind.service !== undefined) services.add(parts.behind.service);
  services.add({
    name: 'api',
    start: async () => {
      at = await api.listen(options.host, options.port);
      rules.setUrl(urlOf(at));
    },
    drain: () => api.drain(STOP_MS_MAX / 4),
  });
  services.add(rules);
  services.add(parts.exploring);
  if (parts.regions !== undefined) services.add(parts.regions);
  services.add(parts.aggregation);
  services.add({
    name: 'collector',
    start: () => {
      const self = { instance: `${at.host}:${at.port}`, render: () => counters.render() };
      return startTargets(options, targets, self).then(() => parts.more.start(targets));
    },
    drain: () => parts.more.stop().then(() => targets.stop()),
  });
  services.add({
    name: 'beats',
    start: async () => {
      const keep = options.behind === undefined ? keptLocally(options) : parts.behind.keep;
      const upkeep = new UpkeepBeat({
        ...{ upkeep: stores.upkeep, clock: systemClock, keep },
        caughtUp,
      });
      beats.onTheSecond(TICK_MS, () => door.tick());
      beats.every(STATS_MS, () => stores.fetchStats().then(refusals));
      beats.every(CACHE_WARM_EVERY_MS, () => parts.queries.warm());
      beats.every(USAGE_SAVE_MS, () => parts.exploring.round());
      beats.every(DAY_MS, async () => parts.more.guard.newDay());
      beats.every(Math.min(UPKEEP_MS, options.sealMs ?? UPKEEP_MS), () => upkeep.round());
      for (const { everyMs, work } of log.beats) beats.every(everyMs, work);
      for (const { everyMs, work } of coldBeats(options, stores.cold, counters)) {
        beats.every(everyMs, work);
      }
      if (options.rollups !== undefined) beats.every(ROLLUP_MS, () => parts.rollups.round());
    },
    drain: () => beats.stop(),
  });
  const rehearsal = new AbortController();
  services.add({
    name: 'rehearsal',
    start: async () => {
      const clients = stores.shards.map(({ client }) => client);
      const { signal } = rehearsal;
      const served = (): number => api.served;
      const { retentionMs } = options;
      const given = { shards: clients, caughtUp, served, clock: systemClock, signal, retentionMs };
      void rehearse(given).catch((thrown: unknown) => {
        // Where it cannot be held there is none.
        const operating = thrown instanceof MonError || thrown instanceof UserError;
        if (!signal.aborted && !operating) options.failed(thrown);
      });
    },
    drain: async () => rehearsal.abort(),
  });
  return () => at;
}

async function startTargets(
  options: LocalOptions,
  targets: ScrapeManager,
  self: { readonly instance: string; readonly render: () => string },
): Promise<void> {
  const { intervalMs } = options;
  const timeoutMs = Math.min(SCRAPE_TIMEOUT_MS, intervalMs);
  const clock = systemClock;
  await targets.apply(options.scrapes);
  if (options.selfScrape) {
    const render = (): Uint8Array => Buffer.from(self.render());
    targets.addInternal({ job: 'mon', instance: self.instance, intervalMs, timeoutMs, render });
  }
  if (options.hostAgent) {
    const reader = systemHost;
    targets.addInternal(makeHostTarget({ reader, clock, intervalMs, timeoutMs }));
  }
  if (options.demo) {
    const fleet = new DemoFleet({ clock, seed: 1, intervalMs, timeoutMs });
    for (const target of fleet.targets()) targets.addInternal(target);
  }
}
