// All roles in one process over the embedded log: the wiring diagram of `mon up`, read from top to
// bottom. It starts in that order and stops in the reverse one: first nobody comes in, then what came in
// is made durable and applied, then the files close.
import { join } from 'node:path';
import { ApiServer } from '../api/api-server.ts';
import { BatchCodec } from '../codec/batch.ts';
import { DemoFleet } from '../collector/demo-fleet.ts';
import { Door } from '../collector/door.ts';
import { makeHostTarget } from '../collector/host-agent.ts';
import { PushText } from '../collector/push-text.ts';
import type { ScrapeConfig } from '../collector/scrape-config.ts';
import { ScrapeManager } from '../collector/scrape-manager.ts';
import { messageOf, MonError } from '../errors.ts';
import { Kernels } from '../kernels/kernels.ts';
import { SeriesBook } from '../kernels/series-book.ts';
import { SCRAPE_TIMEOUT_MS, TICK_MS } from '../limits.ts';
import { Consumer } from '../log/consume.ts';
import { EmbeddedLog } from '../log/embedded-log.ts';
import { batchEncoder } from '../log/record-encoder.ts';
import { QueryService } from '../query/query-service.ts';
import { JoinedSource } from '../query/joined-source.ts';
import { systemClock } from '../runtime/clock.ts';
import { Counters } from '../runtime/counters.ts';
import type { Logger } from '../runtime/logger.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { systemHost } from '../runtime/host-reader.ts';
import { Services } from '../runtime/service.ts';
import { ShardedSink } from '../store/sharded-sink.ts';
import type { StoreStats } from '../store/store.ts';
import { FreshSource } from './fresh-source.ts';
import { showDoor, showLog, showProcess, showShards } from './self-metrics.ts';
import { startShards } from './shards.ts';
import type { RunningShard } from './shards.ts';
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
  readonly checkpointMs?: number;
  readonly intervalMs: number;
  readonly scrapes: readonly ScrapeConfig[];
  readonly hostAgent: boolean;
  readonly selfScrape: boolean;
  readonly demo: boolean;
  readonly configText: () => string;
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

export async function startLocal(options: LocalOptions): Promise<RunningLocal> {
  const { dataDir, logger } = options;
  const clock = systemClock;
  const disk = systemDisk;
  const counters = new Counters();
  const startedMs = clock.now();
  const kernels = new Kernels();
  const book = new SeriesBook(kernels, options.partitions);
  const encoder = batchEncoder(new BatchCodec(kernels), book);
  const { partitions } = options;
  const folder = join(dataDir, 'log');
  const log = await EmbeddedLog.open({ folder, disk, clock, encoder, partitions });
  const shards = await startStores(options, log.generation);
  const sink = new ShardedSink(shards.map((s) => ({ sink: s.client, partitions: s.partitions })));
  const consumer = new Consumer({
    ...{ name: 'store', log, sink, clock, failed: options.failed },
    checkpointMs: options.checkpointMs,
    postponed: (error) => logger.warn('checkpoint put off', { why: error.message }),
  });
  const text = new PushText(clock);
  const door = new Door({
    ...{ log, book, kernels, clock, limits: { retentionMs: options.retentionMs } },
    exposition: (into, body, contentType) => text.take(into, body, contentType),
  });
  const caughtUp = (): Promise<void> => consumer.caughtUp();
  const sources = shards.map((shard) => new FreshSource(shard.client, caughtUp));
  const warn = (sentence: string): void => logger.warn(sentence);
  const targets = new ScrapeManager({ door, clock, disk, warn });
  const services = new Services({ clock, logger, stopMsMax: STOP_MS_MAX });
  const stats = new ShardFigures(shards);
  const api = new ApiServer({
    ask: new QueryService({ sources, clock }),
    source: new JoinedSource(sources),
    ...{ intake: door, targets, clock, startedMs, counters, version: VERSION },
    ...{ token: options.token, flags: options.flags, configText: options.configText },
    selfMetrics: () => counters.render(),
    ready: () => ({ ready: services.ready, why: services.waitingFor().join(', ') }),
    onBug: options.failed,
  });
  showProcess(counters, startedMs);
  showLog(counters, () => log.counts);
  showShards(counters, () => stats.newest);
  const refusals = showDoor(counters, () => door.counts);

  let at = { host: options.host, port: options.port };
  const beats = new Beats(logger);
  services.add({ name: 'log', stop: () => log.close() });
  services.add({ name: 'shards', stop: () => stopStores(sink, shards) });
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
      return startTargets(options, targets, self);
    },
    drain: () => targets.stop(),
  });
  services.add({
    name: 'beats',
    start: async () => {
      beats.every(TICK_MS, () => door.tick());
      beats.every(STATS_MS, () => stats.fetch().then(refusals));
      beats.every(TRUNCATE_MS, () => truncate(shards, clock.now() - options.retentionMs));
    },
    drain: () => beats.stop(),
  });
  await services.start();
  return { ...at, targets, stop: () => services.stop() };
}

function startStores(options: LocalOptions, generation: number): Promise<RunningShard[]> {
  const { shards: count, partitions, dataDir, failed } = options;
  const folder = join(dataDir, 'head');
  return startShards({ count, partitions, generation, folder, died: failed });
}

async function stopStores(sink: ShardedSink, shards: readonly RunningShard[]): Promise<void> {
  await sink.close();
  await Promise.all(shards.map((shard) => shard.stop()));
}

async function truncate(shards: readonly RunningShard[], beforeMs: number): Promise<void> {
  await Promise.all(shards.map(({ client }) => client.truncateBefore(beforeMs)));
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

/** The newest figures of the shards; they live in other threads. */
class ShardFigures {
  newest: readonly StoreStats[] = [];
  readonly #shards: readonly RunningShard[];

  constructor(shards: readonly RunningShard[]) {
    this.#shards = shards;
  }

  async fetch(): Promise<void> {
    const fetched = await Promise.all(this.#shards.map(({ client }) => client.stats()));
    this.newest = fetched as StoreStats[];
  }
}

/** Work that comes back after a time; one that fails for a passing reason is tried at the next beat. */
class Beats {
  readonly #logger: Logger;
  readonly #abort = new AbortController();
  readonly #loops: Promise<void>[] = [];

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  every(ms: number, work: () => Promise<unknown>): void {
    this.#loops.push(this.#loop(ms, work));
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await Promise.all(this.#loops);
  }

  async #loop(ms: number, work: () => Promise<unknown>): Promise<void> {
    const { signal } = this.#abort;
    for (;;) {
      try {
        await work();
      } catch (thrown) {
        if (!(thrown instanceof MonError)) throw thrown;
        this.#logger.warn('a regular task failed', { why: messageOf(thrown) });
      }
      await systemClock.sleep(ms, signal);
      if (signal.aborted) return;
    }
  }
}
