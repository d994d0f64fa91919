// All roles in one process over one log: the wiring diagram of `mon up`. What keeps samples is
// opened in local-storage.ts, the order of life is in local-services.ts; here the collector, the
// queries, the rules and the API are plugged between them.
import { ApiServer } from '../api/api-server.ts';
import { ScrapeManager } from '../collector/scrape-manager.ts';
import { SCRAPE_TIMEOUT_MS } from '../limits.ts';
import type { Source } from '../ports.ts';
import { JoinedSource } from '../query/joined-source.ts';
import { systemClock } from '../runtime/clock.ts';
import { Counters } from '../runtime/counters.ts';
import { Services } from '../runtime/service.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { makeAggregation } from './aggregate-wiring.ts';
import { FreshSource } from './fresh-source.ts';
import { urlOf } from './listen-address.ts';
import type { LocalOptions } from './local-options.ts';
import { addServices, STOP_MS_MAX } from './local-services.ts';
import { openStorage } from './local-storage.ts';
import { LoggedNotify } from './logged-notify.ts';
import { MeasuredAsk } from './measured-ask.ts';
import { makeNotifier } from './notify-wiring.ts';
import type { RunningNotifier } from './notify-wiring.ts';
import { reloadOf } from './reload.ts';
import { RollupBeat, horizonsOf } from './rollup-wiring.ts';
import { RootThread } from './root-thread.ts';
import { makeRules } from './rules-wiring.ts';
import type { Rules } from './rules-wiring.ts';
import { showDoor, showProcess, showShards } from './self-metrics.ts';
import { Sources } from './sources.ts';
import { makeSql } from './sql-wiring.ts';
import { adminOf } from './upkeep-beat.ts';
import { VERSION } from './version.ts';

export interface RunningLocal {
  readonly host: string;
  readonly port: number;
  readonly targets: ScrapeManager;
  readonly rules: Rules;
  readonly desk: RunningNotifier | undefined;
  /** Drains and stops everything; answers the names of parts that did not end well. */
  stop(): Promise<readonly string[]>;
}

export async function startLocal(options: LocalOptions): Promise<RunningLocal> {
  const { dataDir, logger, failed } = options;
  const clock = systemClock;
  const disk = systemDisk;
  const counters = new Counters();
  const startedMs = clock.now();
  const storage = await openStorage(options, counters, startedMs);
  const { state, answers, opened, stores, consumer, memory, door } = storage;
  const { log, book } = opened;
  const warn = (words: string): void => logger.warn(words);
  const targets = new ScrapeManager({ door, clock, disk, warn, env: options.env });
  const { intervalMs, statsd, cardinality } = options;
  const intervals = { intervalMs, timeoutMs: Math.min(SCRAPE_TIMEOUT_MS, intervalMs) };
  const more = new Sources({ ...intervals, state, clock, counters, book, cardinality, statsd });
  const services = new Services({ clock, logger, stopMsMax: STOP_MS_MAX });
  const shards = stores.shards.map(({ client }) => client);
  const caughtUp = (): Promise<void> => consumer.caughtUp();
  const sources = shards.map((shard): Source => new FreshSource(shard, caughtUp));
  const horizons = horizonsOf(options);
  const roots = new RootThread({ shards, clock, caughtUp, rollups: horizons });
  const queries = answers.service(sources, { apart: roots, rollups: horizons });
  const { upkeep } = stores;
  const { changed, cache } = answers;
  const rollups = new RollupBeat({ rollups: stores.rollups, clock, counters, changed });
  const admin = { upkeep, dataDir, clock, caughtUp, changed };
  const ask = new MeasuredAsk(queries, clock, counters);
  const own = { state, logger, onBug: failed, externalUrl: () => urlOf(at()) };
  const desk = await makeNotifier({ ...options, ...own });
  const notify = desk?.notifier ?? new LoggedNotify(logger);
  const rules = makeRules({
    ...{ settings: options.rules, log, epoch: opened.epoch, door, state, caughtUp, ask: queries },
    ...{ clock, disk, counters, logger, failed, notify },
    sources: shards,
  });
  const aggregation = makeAggregation({
    ...{ rules: options.aggregate ?? [], log, epoch: opened.epoch, door, dataDir },
    ...{ clock, disk, counters, warn, failed },
  });
  const joined = new JoinedSource(sources);
  // Over Kafka others write too, of whose new series nobody tells here.
  const source = options.kafka === undefined ? answers.named(joined) : joined;
  const db = makeSql(options, { log, shards, sources, source, caughtUp, desk: desk?.notifier });
  const api = new ApiServer({
    ...{ ask, explain: queries, turns: queries, retentionMs: options.retentionMs },
    ...{ externalLabels: options.externalLabels, source, ...db },
    ...{ groups: more.groups, cardinality: () => more.guard.report() },
    ...{ rules: rules.view, desk: desk?.notifier },
    ...{ intake: door, targets, clock, startedMs, counters, version: VERSION },
    ...{ token: options.token, flags: options.flags, configText: options.configText },
    selfMetrics: () => counters.render(),
    ready: () => ({ ready: services.ready, why: services.waitingFor().join(', ') }),
    onBug: failed,
    blocks: () => upkeep.blocks(),
    replays: new Map(options.rollups === undefined ? [] : [['rollup', rollups]]),
    admin: options.adminApi === true ? adminOf(admin) : undefined,
    reload: reloadOf(options, targets),
  });
  showProcess(counters, startedMs);
  showShards(counters, () => stores.newest);
  const showRefusals = showDoor(counters, () => door.counts);
  const refusals = (): void => {
    showRefusals();
    memory.look();
  };
  const kept = { ...db, state, log: opened, stores, cache, rollups, roots, aggregation };
  const parts = { options, ...kept, consumer, door, targets, api, more, rules, desk, queries };
  const at = addServices(services, parts, counters, refusals);
  await services.start();
  return { ...at(), targets, rules, desk, stop: () => services.stop() };
}
