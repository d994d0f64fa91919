// All roles in one process over one log: the wiring diagram of `mon up`. What keeps samples is
// opened in local-storage.ts, the order of life is in local-services.ts; here the collector, the
// queries, the rules and the API are plugged between them.
import { ApiServer } from '../api/api-server.ts';
import { ScrapeManager } from '../collector/scrape-manager.ts';
import { SCRAPE_TIMEOUT_MS } from '../limits.ts';
import { JoinedSource } from '../query/joined-source.ts';
import { systemClock } from '../runtime/clock.ts';
import { Counters } from '../runtime/counters.ts';
import { Services } from '../runtime/service.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { makeAggregation } from './aggregate-wiring.ts';
import { makeBehind } from './behind-wiring.ts';
import { aggregatesOf, Exploring, plugsOf } from './explore-wiring.ts';
import { FreshSource } from './fresh-source.ts';
import { urlOf } from './listen-address.ts';
import type { LocalOptions } from './local-options.ts';
import { addServices, STOP_MS_MAX } from './local-services.ts';
import { openStorage } from './local-storage.ts';
import { LoggedNotify } from './logged-notify.ts';
import { MeasuredAsk } from './measured-ask.ts';
import { makeNotifier } from './notify-wiring.ts';
import type { RunningNotifier } from './notify-wiring.ts';
import { regionsOf } from './regions-of.ts';
import { reloadOf } from './reload.ts';
import { RollupBeat, horizonsOf } from './rollup-wiring.ts';
import { RootThread } from './root-thread.ts';
import { replaysOf } from './replays.ts';
import { makeRules } from './rules-wiring.ts';
import type { Rules } from './rules-wiring.ts';
import { showDoor, showParts, showProcess, showShards } from './self-metrics.ts';
import { Sources } from './sources.ts';
import type { SourcesOptions } from './sources.ts';
import { makeSql } from './sql-wiring.ts';
import { adminOf } from './upkeep-beat.ts';
import { VERSION } from './version.ts';

export interface RunningLocal {
  readonly host: string;
  readonly port: number;
  readonly targets: ScrapeManager;
  readonly rules: Rules;
  readonly desk: RunningNotifier | undefined;
  readonly exploring: Exploring;
  /** Drains and stops everything; answers the names of parts that did not end well. */
  stop(): Promise<readonly string[]>;
}

/** The figures of what is there; answers what looks at them on a beat. */
function showAll(
  { stores, door, memory }: Awaited<ReturnType<typeof openStorage>>,
  counters: Counters,
  startedMs: number,
): () => void {
  showProcess(counters, startedMs);
  showShards(counters, () => stores.newest);
  const showRefusals = showDoor(counters, () => door.counts);
  return () => {
    showRefusals();
    memory.look();
  };
}

function makeSources(
  options: LocalOptions,
  parts: Pick<SourcesOptions, 'state' | 'clock' | 'counters' | 'book'>,
): Sources {
  const { intervalMs, statsd, cardinality } = options;
  const timeoutMs = Math.min(SCRAPE_TIMEOUT_MS, intervalMs);
  return new Sources({ ...parts, intervalMs, timeoutMs, cardinality, statsd });
}

export async function startLocal(options: LocalOptions): Promise<RunningLocal> {
  const { dataDir, logger, failed } = options;
  const clock = systemClock;
  const disk = systemDisk;
  const counters = new Counters();
  const startedMs = clock.now();
  const storage = await openStorage(options, counters, startedMs);
  const { state, answers, opened, stores, consumer, door } = storage;
  const { log, book } = opened;
  const warn = (words: string): void => logger.warn(words);
  const targets = new ScrapeManager({ door, clock, disk, warn, env: options.env });
  const more = makeSources(options, { state, clock, counters, book });
  const services = new Services({ clock, logger, stopMsMax: STOP_MS_MAX });
  const shards = stores.shards.map(({ client }) => client);
  const caughtUp = (): Promise<void> => consumer.caughtUp();
  const taken = { state, counters, kernels: door.kernels };
  const behind = await makeBehind({ local: options, log, ...taken });
  const sources = behind.queried(shards.map((one) => new FreshSource(one.within(), caughtUp)));
  const horizons = horizonsOf(options);
  const roots = new RootThread({ shards, clock, caughtUp, rollups: horizons });
  const exploring = new Exploring({ state, clock, counters });
  const wish = { apart: behind.apart(roots), rollups: horizons, asked: exploring.asked };
  const queries = answers.service(sources, wish);
  const { changed, cache } = answers;
  const rollups = new RollupBeat({ rollups: stores.rollups, clock, counters, changed });
  const admin = { upkeep: stores.upkeep, dataDir, clock, caughtUp, changed };
  const ask = new MeasuredAsk(queries, clock, counters);
  const own = { state, logger, onBug: failed, externalUrl: () => urlOf(at()) };
  const desk = await makeNotifier({ ...options, ...own });
  const notify = desk?.notifier ?? new LoggedNotify(logger);
  const rules = makeRules({
    ...{ settings: options.rules, log, epoch: opened.epoch, door, state, caughtUp, ask: queries },
    ...{ clock, disk, counters, logger, failed, notify, retentionMs: options.retentionMs },
    ...(opened.epoch < 0 ? { manyProducers: true, reader: 'alert' } : {}),
    sources: behind.ruled(shards),
  });
  const aggregation = makeAggregation({
    ...{ log, epoch: opened.epoch, door, dataDir, rules: aggregatesOf(options) },
    ...{ clock, disk, counters, warn, failed },
  });
  const all = new JoinedSource(sources);
  // Over Kafka others write too, of whose new series nobody tells here.
  const source = options.kafka === undefined ? answers.named(all) : all;
  const db = makeSql(options, { log, shards, sources, source, caughtUp, desk: desk?.notifier });
  exploring.plug(plugsOf({ source, door, guard: more.guard, options, rules, stores, aggregation }));
  const api = new ApiServer({
    explore: exploring,
    ...{ ask, explain: queries, turns: queries, retentionMs: options.retentionMs },
    ...{ groups: more.groups, cardinality: () => more.guard.report(), rules: rules.view, ...db },
    ...{ desk: desk?.notifier, intake: door, targets, clock, startedMs, counters },
    ...{ token: options.token, flags: options.flags, configText: options.configText },
    ...{ version: VERSION, externalLabels: options.externalLabels, source },
    selfMetrics: () => counters.render(),
    ready: () => ({ ready: services.ready, why: services.waitingFor().join(', ') }),
    onBug: failed,
    blocks: () => stores.upkeep.blocks(),
    replays: replaysOf(options, { rollup: rollups, alert: rules.replays }),
    admin: options.adminApi === true ? adminOf(admin) : undefined,
    reload: reloadOf(options, targets),
  });
  const refusals = showAll(storage, counters, startedMs);
  showParts(counters, targets, desk?.notifier);
  const regions = await regionsOf({ ...options, ...taken, intake: door });
  const further = { ...db, behind, regions, aggregation, exploring };
  const kept = { state, log: opened, stores, cache, rollups, roots, caughtUp, ...further };
  const parts = { options, ...kept, consumer, door, targets, api, more, rules, desk, queries };
  const at = addServices(services, parts, counters, refusals);
  await services.start();
  return { ...at(), targets, rules, desk, exploring, stop: () => services.stop() };
}
