// The way of a sample in one thread, wired as daemons/local.ts wires it: door, log, consumer,
// stores without threads of their own, query. Clock and disk are the simulation's. The seams can
// be handed something else, so that a test can break one on purpose.
import { MemoryCache } from '../../src/engine/cache/memory-cache.ts';
import { Door } from '../../src/engine/collector/door.ts';
import { PushText } from '../../src/engine/collector/push-text.ts';
import { BatchCodec } from '../../src/engine/codec/batch.ts';
import { AllUpkeep } from '../../src/engine/daemons/all-upkeep.ts';
import { FreshSource } from '../../src/engine/daemons/fresh-source.ts';
import { adminOf } from '../../src/engine/daemons/upkeep-beat.ts';
import { WatchedLog } from '../../src/engine/daemons/watched-log.ts';
import type { MonError } from '../../src/engine/errors.ts';
import { Kernels } from '../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../src/engine/kernels/series-book.ts';
import { CACHE_TTL_OLD_MS } from '../../src/engine/limits.ts';
import { Consumer } from '../../src/engine/log/consume.ts';
import { EmbeddedLog } from '../../src/engine/log/embedded-log.ts';
import { batchEncoder } from '../../src/engine/log/record-encoder.ts';
import type { Admin, Log, Sink, Source, Upkeep } from '../../src/engine/ports.ts';
import { JoinedSource } from '../../src/engine/query/joined-source.ts';
import { LateSamples } from '../../src/engine/query/late-samples.ts';
import { QueryService } from '../../src/engine/query/query-service.ts';
import { ResultCache } from '../../src/engine/query/result-cache.ts';
import type { Clock } from '../../src/engine/runtime/clock.ts';
import type { Disk } from '../../src/engine/runtime/disk.ts';
import { ShardedSink } from '../../src/engine/store/sharded-sink.ts';
import { Store } from '../../src/engine/store/store.ts';
import { StoreSource } from '../../src/engine/store/store-source.ts';

export const LOG_FOLDER = '/data/log';
const HEAD_FOLDER = '/data/head';

/** Sizes, times and limits: small ones bring the rare cases near. */
export interface ChainSettings {
  readonly partitions: number;
  readonly stores: number;
  readonly segmentBytes: number;
  readonly pendingBytesMax: number;
  readonly recentBytes: number;
  readonly keepMs: number;
  readonly gatherMs: number;
  readonly checkpointMs: number;
  readonly checkpointBytes: number;
  readonly retentionMs: number;
  readonly recordBytes: number;
  /** Keep the results of range queries. */
  readonly cached: boolean;
}

/** Puts something between two parts; what it answers takes the place of what it was given. */
export interface Seams {
  readonly disk?: (disk: Disk) => Disk;
  readonly log?: (log: Log) => Log;
  readonly sink?: (sink: Sink) => Sink;
  readonly source?: (source: Source) => Source;
  readonly upkeep?: (upkeep: Upkeep) => Upkeep;
}

export interface ChainOptions {
  readonly disk: Disk;
  readonly clock: Clock;
  readonly settings: ChainSettings;
  readonly seams?: Seams;
  /** Sees the log between opening and use; what it answers is what the door writes into. */
  readonly opened?: (log: Log, book: SeriesBook) => Promise<Log>;
  readonly failed: (error: unknown) => void;
  readonly postponed: (error: MonError) => void;
}

export class Chain {
  readonly log: EmbeddedLog;
  readonly book: SeriesBook;
  readonly door: Door;
  readonly stores: readonly Store[];
  readonly sink: Sink;
  readonly consumer: Consumer;
  readonly source: Source;
  readonly ask: QueryService;
  readonly results: ResultCache | undefined;
  readonly admin: Admin;

  private constructor(parts: Parts, options: ChainOptions) {
    const { clock, settings, seams, failed, postponed } = options;
    const { kernels, book, log, front, stores } = parts;
    const late = new LateSamples(clock.now(), CACHE_TTL_OLD_MS);
    if (settings.cached) {
      this.results = new ResultCache({ cache: new MemoryCache({ clock }), clock, late });
    }
    const watched = new WatchedLog({ log: front, clock, note: late.note.bind(late) });
    this.log = log;
    this.book = book;
    this.stores = stores;
    const lots = stores.map((store) => ({ sink: store, partitions: [...store.heads.keys()] }));
    const sink = new ShardedSink(lots);
    this.sink = seams?.sink?.(sink) ?? sink;
    const { checkpointMs, checkpointBytes, retentionMs, recordBytes } = settings;
    this.consumer = new Consumer({
      ...{ name: 'store', log: front, sink: this.sink, clock },
      ...{ checkpointMs, checkpointBytes, failed, postponed },
    });
    const text = new PushText(clock);
    this.door = new Door({
      ...{ log: watched, book, kernels, clock, limits: { retentionMs, recordBytes } },
      exposition: (into, body, contentType) => text.take(into, body, contentType),
    });
    const caughtUp = (): Promise<void> => this.consumer.caughtUp();
    const sources = stores.map((store) => {
      const source = new FreshSource(new StoreSource(store, clock), caughtUp);
      return seams?.source?.(source) ?? source;
    });
    const all = new AllUpkeep(stores);
    const upkeep = seams?.upkeep?.(all) ?? all;
    this.admin = adminOf({
      ...{ upkeep, dataDir: '/data', clock, caughtUp },
      changed: (minMs, maxMs) => late.note(minMs, maxMs, clock.now()),
    });
    this.source = new JoinedSource(sources);
    this.ask = new QueryService({ sources, clock, results: this.results });
  }

  /** Opens everything; nothing is consumed before start(). */
  static async open(options: ChainOptions): Promise<Chain> {
    const { settings, clock, seams, opened } = options;
    const disk = seams?.disk?.(options.disk) ?? options.disk;
    const kernels = new Kernels();
    const book = new SeriesBook(kernels, settings.partitions);
    const encoder = batchEncoder(new BatchCodec(kernels), book);
    const log = await EmbeddedLog.open({ ...settings, folder: LOG_FOLDER, disk, clock, encoder });
    const seamed = seams?.log?.(log) ?? log;
    const front = (await opened?.(seamed, book)) ?? seamed;
    const stores: Store[] = [];
    for (let shard = 0; shard < settings.stores; shard++) {
      const partitions: number[] = [];
      for (let p = shard; p < settings.partitions; p += settings.stores) partitions.push(p);
      const { generation } = log;
      const own = { kernels: new Kernels(), partitions, generation };
      stores.push(await Store.open({ ...own, folder: HEAD_FOLDER, disk }));
    }
    return new Chain({ kernels, book, log, front, stores }, options);
  }

  async start(): Promise<void> {
    await this.consumer.start();
  }

  /** In the order of daemons/local.ts, once nobody comes in any more. */
  async stop(): Promise<void> {
    await this.consumer.stop();
    await this.sink.close();
    await this.log.close();
  }

  /** Seals everything before a time in all stores; answers how many blocks that made. */
  async seal(boundaryMs: number): Promise<number> {
    let sealed = 0;
    for (const store of this.stores) {
      for (const one of store.partitions.values()) sealed += await one.seal(boundaryMs);
    }
    return sealed;
  }

  /** Joins blocks where that is due; answers how many times. */
  async compact(nowMs: number): Promise<number> {
    let joined = 0;
    for (const store of this.stores) {
      joined += (await store.compact(nowMs, 30 * 24 * 3_600_000)).compactions;
    }
    return joined;
  }

  async truncateBefore(ms: number): Promise<void> {
    if (ms === -Infinity) return;
    for (const store of this.stores) await store.truncateBefore(ms);
  }
}

interface Parts {
  readonly kernels: Kernels;
  readonly book: SeriesBook;
  readonly log: EmbeddedLog;
  /** What door and consumer see of the log. */
  readonly front: Log;
  readonly stores: readonly Store[];
}
