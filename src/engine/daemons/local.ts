// All roles in one process over the embedded log: the wiring diagram of `mon up`, read from top to
// bottom. It starts in that order and stops in the reverse one: first nobody comes in, then what
// came in is made durable and applied, then the files close.
import { join } from 'node:path';
import { ApiServer } from '../api/api-server.ts';
import { BatchCodec } from '../codec/batch.ts';
import { DemoFleet } from '../collector/demo-fleet.ts';
import type { CardinalityLimits } from '../collector/cardinality-guard.ts';
import { Door } from '../collector/door.ts';
import { makeHostTarget } from '../collector/host-agent.ts';
import { PushText } from '../collector/push-text.ts';
import type { ScrapeConfig } from '../collector/scrape-config.ts';
import { ScrapeManager } from '../collector/scrape-manager.ts';
import type { MonError } from '../errors.ts';
import { Kernels } from '../kernels/kernels.ts';
import { SeriesBook } from '../kernels/series-book.ts';
import { SCRAPE_TIMEOUT_MS, SEAL_AFTER_MS, SEAL_SLICE_MS, TICK_MS } from '../limits.ts';
import { Consumer } from '../log/consume.ts';
import { EmbeddedLog } from '../log/embedded-log.ts';
import { batchEncoder } from '../log/record-encoder.ts';
import type { PatternRetention } from '../model/upkeep.ts';
import type { ReloadReport } from '../model/reload-report.ts';
import type { Cache, Source, State } from '../ports.ts';
import { JoinedSource } from '../query/joined-source.ts';
import { systemClock } from '../runtime/clock.ts';
import { Counters } from '../runtime/counters.ts';
import type { Logger } from '../runtime/logger.ts';
import { LocalPlacement } from '../runtime/placement-local.ts';
import { SqliteState } from '../runtime/state-sqlite.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { systemHost } from '../runtime/host-reader.ts';
import { Services } from '../runtime/service.ts';
import { makeAnswers } from './answers.ts';
import { Beats } from './beats.ts';
import { FreshSource } from './fresh-source.ts';
import type { ListenAddress } from './listen-address.ts';
import { MeasuredAsk } from './measured-ask.ts';
import { MemoryWatch } from './memory-watch.ts';
import { rehearse } from './rehearse.ts';
import { reloadOf } from './reload.ts';
import { showDoor, showLog, showProcess, showShards } from './self-metrics.ts';
import { Sources } from './sources.ts';
import { Stores } from './stores.ts';
import { UpkeepBeat, adminOf } from './upkeep-beat.ts';
import { VERSION } from './version.ts';

/** Everything decided; the configuration file and the flags are behind. */
export interface LocalOptions {
  readonly dataDir: string;
  readonly host: string;
  readonly port: number;
  readonly token?: string;
  readonly partitions: number;
  readonly shards: number;
  readonly retentionMs: number;
  readonly retentionBytes?: number;
  /** Folder of the object store that sealed blocks are uploaded to. */
  readonly objectFolder?: string;
  readonly retentionFor?: readonly PatternRetention[];
  /** Deletion and snapshots over the API are somebody's decision. */
  readonly adminApi?: boolean;
  /** Asks over HTTP may reload the configuration, and how that is done; none without a file. */
  readonly lifecycle?: boolean;
  readonly reload?: (targets: ScrapeManager) => Promise<ReloadReport>;
  readonly checkpointMs?: number;
  /** How often what came late for sealed ranges is sealed. */
  readonly sealMs?: number;
  readonly intervalMs: number;
  readonly scrapes: readonly ScrapeConfig[];
  readonly hostAgent: boolean;
  readonly cardinality: CardinalityLimits;
  /** Where StatsD senders reach it. */
  readonly statsd?: ListenAddress;
  readonly selfScrape: boolean;
  readonly demo: boolean;
  /** A Redis that keeps query results; without it this process does. */
  readonly redisUrl?: string;
  readonly configText: () => string;
  /** Variables of the process, for discovery. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly flags: Readonly<Record<string, string>>;
  readonly logger: Logger;
  /** Called when a part has failed for good; the process should end. */
  readonly failed: (error: unknown) => void;
}

export interface RunningLocal {
  readonly host: string;
  readonly port: number;
  readonly targets: ScrapeManager;
  /** Drains and stops everything; answers the names of parts that did not end well. */
  stop(): Promise<readonly string[]>;
}

const STOP_MS_MAX = 20_000;
const STATS_MS = 2_000;
const TRUNCATE_MS = 10 * 60_000;
const UPKEEP_MS = 30_000;
const DAY_MS = 24 * 3600_000;
const REBUILD_KEEP_MS = SEAL_AFTER_MS + 2 * SEAL_SLICE_MS;

export async function startLocal(options: LocalOptions): Promise<RunningLocal> {
  const { dataDir, logger, partitions, failed } = options;
  const clock = systemClock;
  const disk = systemDisk;
  const counters = new Counters();
  const startedMs = clock.now();
  const kernels = new Kernels();
  const book = new SeriesBook(kernels, partitions);
  const encoder = batchEncoder(new BatchCodec(kernels), book);
  const state = new SqliteState(join(dataDir, 'state.db'));
  const folder = join(dataDir, 'log');
  const { redisUrl } = options;
  const answers = await makeAnswers({ clock, startedMs, logger, counters, redisUrl });
  // A disk that is lost is rebuilt from objects and the log: it has to reach back as far.
  const keepMs = options.objectFolder === undefined ? undefined : REBUILD_KEEP_MS;
  const log = await EmbeddedLog.open({ folder, disk, clock, encoder, partitions, keepMs });
  const { generation } = log;
  const placement = new LocalPlacement(state, partitions, `${process.pid}-${startedMs}`);
  const { shards } = options;
  const { objectFolder } = options;
  const keeping = { dataDir, generation, objectFolder, sealMs: options.sealMs };
  const stores = await Stores.start({ ...keeping, shards, placement, died: failed });
  const postponed = (error: MonError): void => logger.failure('checkpoint put off', error);
  const { checkpointMs } = options;
  const reading = { name: 'store', log, sink: stores.sink, clock, checkpointMs };
  const consumer = new Consumer({ ...reading, failed, postponed });
  const tell = (words: string): void => logger.warn(words);
  const memory = new MemoryWatch({ book, stats: () => stores.newest, tell });
  const text = new PushText(clock);
  const door = new Door({
    ...{ log: memory.guard(answers.watch(log)), book, kernels, clock },
    limits: { retentionMs: options.retentionMs },
    exposition: (into, body, contentType) => text.take(into, body, contentType),
  });
  const targets = new ScrapeManager({ door, clock, disk, warn: tell, env: options.env });
  const fresh = (source: Source): Source => new FreshSource(source, () => consumer.caughtUp());
  const sources = stores.shards.map((shard) => fresh(shard.client));
  const { intervalMs, statsd, cardinality } = options;
  const intervals = { intervalMs, timeoutMs: Math.min(SCRAPE_TIMEOUT_MS, intervalMs) };
  const more = new Sources({ ...intervals, state, clock, counters, book, cardinality, statsd });
  const services = new Services({ clock, logger, stopMsMax: STOP_MS_MAX });
  const queries = answers.service(sources);
  const { upkeep } = stores;
  const caughtUp = (): Promise<void> => consumer.caughtUp();
  const admin = { upkeep, dataDir, clock, caughtUp, changed: answers.changed };
  const api = new ApiServer({
    ...{
      ask: new MeasuredAsk(queries, clock, counters),
      explain: queries,
      retentionMs: options.retentionMs,
    },
    source: new JoinedSource(sources),
    ...{ groups: more.groups, cardinality: () => more.guard.report() },
    ...{ intake: door, targets, clock, startedMs, counters, version: VERSION },
    ...{ token: options.token, flags: options.flags, configText: options.configText },
    selfMetrics: () => counters.render(),
    ready: () => ({ ready: services.ready, why: services.waitingFor().join(', ') }),
    onBug: failed,
    blocks: () => upkeep.blocks(),
    admin: options.adminApi === true ? adminOf(admin) : undefined,
    reload: reloadOf(options, targets),
  });
  showProcess(counters, startedMs);
  showLog(counters, () => log.counts);
  showShards(counters, () => stores.newest);
  const showRefusals = showDoor(counters, () => door.counts);
  const refusals = (): void => {
    showRefusals();
    memory.look();
  };

  const { cache } = answers;
  const parts = { options, state, log, stores, consumer, door, targets, api, cache, more };
  const at = addServices(services, parts, counters, refusals);
  await services.start();
  return { ...at(), targets, stop: () => services.stop() };
}

interface Parts {
  readonly options: LocalOptions;
  readonly state: State;
  readonly log: EmbeddedLog;
  readonly stores: Stores;
  readonly consumer: Consumer;
  readonly door: Door;
  readonly targets: ScrapeManager;
  readonly more: Sources;
  readonly api: ApiServer;
  readonly cache: Cache;
}

/** The order of life; answers where the API listens, once it does. */
function addServices(
  services: Services,
  parts: Parts,
  counters: Counters,
  refusals: () => void,
): () => { host: string; port: number } {
  const { options, state, log, stores, consumer, door, targets, api, cache } = parts;
  let at = { host: options.host, port: options.port };
  const beats = new Beats(systemClock, options.logger);
  services.add({ name: 'state', stop: () => state.close() });
  services.add({ name: 'cache', stop: () => cache.close() });
  services.add({ name: 'log', stop: () => log.close() });
  services.add({ name: 'shards', stop: () => stores.stop() });
  services.add({ name: 'store', start: () => consumer.start(), stop: () => consumer.stop() });
  services.add({
    name: 'api',
    start: async () => void (at = await api.listen(options.host, options.port)),
    drain: () => api.drain(STOP_MS_MAX / 4),
  });
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
      const upkeep = new UpkeepBeat(stores.upkeep, systemClock, options);
      beats.every(TICK_MS, () => door.tick());
      beats.every(STATS_MS, () => stores.fetchStats().then(refusals));
      beats.every(DAY_MS, async () => parts.more.guard.newDay());
      beats.every(Math.min(UPKEEP_MS, options.sealMs ?? UPKEEP_MS), () => upkeep.round());
      beats.every(TRUNCATE_MS, () => log.retain());
    },
    drain: () => beats.stop(),
  });
  const rehearsal = new AbortController();
  services.add({
    name: 'rehearsal',
    start: async () => {
      const clients = stores.shards.map(({ client }) => client);
      void rehearse(clients, systemClock, rehearsal.signal).catch((thrown: unknown) => {
        if (!rehearsal.signal.aborted) options.failed(thrown);
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
