// All scraping of one process: a pool a job, and the targets within the process (this host, the
// demo fleet, mon itself), which go the same way but need no socket. It answers the Targets port.
// Easy to get wrong: a reload keeps what did not change running, and hands the live series of a
// target whose settings changed to its new loop, so that no gap is drawn.
import type { Labels } from '../model/labels.ts';
import { makeLabels } from '../model/labels.ts';
import type { Targets, TargetStatus } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Disk } from '../runtime/disk.ts';
import { Relabeller } from './relabel.ts';
import type { ScrapeConfig } from './scrape-config.ts';
import type { ScrapeDoor } from './scrape-door.ts';
import { ScrapeGather } from './scrape-gather.ts';
import type { ScrapeReply } from './scrape-http.ts';
import type { ScrapeCounters, ScrapeRoom, TargetShare } from './scrape-loop.ts';
import { ScrapeLoop } from './scrape-loop.ts';
import type { Handover, MakeReader } from './scrape-pool.ts';
import { handOver, ScrapePool, settle } from './scrape-pool.ts';
import { TakeScratch } from './target-series.ts';

/** A target within the process: it renders exposition text when it is asked. */
export interface InternalTarget {
  readonly job: string;
  readonly instance: string;
  /** Labels of its samples besides job and instance. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** The body in the text format, as of now. */
  render(): Uint8Array | Promise<Uint8Array>;
}

export interface ManagerOptions {
  readonly door: ScrapeDoor;
  readonly clock: Clock;
  readonly disk: Disk;
  /** Told a sentence for the log. */
  readonly warn: (sentence: string) => void;
  /** Instead of HTTP: for simulations. */
  readonly makeReader?: MakeReader;
  /** Where several processes share the targets. */
  readonly share?: TargetShare;
  /** Variables of the process, for discovery. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const NO_RULES = {
  honorLabels: true,
  honorTimestamps: true,
  metricRelabel: new Relabeller([]),
  sampleLimit: 0,
  labelLimit: 0,
  labelNameBytesMax: 0,
  labelValueBytesMax: 0,
};

/** What stands for the address of a target within the process. */
function insideUrl({ job, instance }: InternalTarget): string {
  return `internal:${encodeURIComponent(job)}/${encodeURIComponent(instance)}`;
}

/** The body of an internal target, or the signal's reason if that comes first. */
function rendered(target: InternalTarget, signal: AbortSignal): Promise<ScrapeReply> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    const body = (async () => target.render())();
    body
      .finally(() => signal.removeEventListener('abort', stop))
      .then((bytes) => resolve({ bytes, contentType: 'text/plain' }), reject);
  });
}

/**
 * Life: apply() and addInternal() at any time, stop() once. Calls of apply run one after the other.
 */
export class ScrapeManager implements Targets {
  readonly counters: ScrapeCounters = {
    scrapes: 0,
    failed: 0,
    samples: 0,
    refused: 0,
    staleMarkers: 0,
    lost: 0,
  };
  readonly #options: ManagerOptions;
  readonly #room: ScrapeRoom;
  readonly #pools = new Map<string, ScrapePool>();
  readonly #internal: ScrapeLoop[] = [];
  /** Targets of the process that are shared like others; with their loops where they are ours. */
  readonly #shared: { target: InternalTarget; loop: ScrapeLoop | undefined }[] = [];
  #turn: Promise<void> = Promise.resolve();

  constructor(options: ManagerOptions) {
    this.#options = options;
    this.#room = {
      door: options.door,
      clock: options.clock,
      warn: options.warn,
      scratch: new TakeScratch(),
      gather: new ScrapeGather(options.door, options.clock, this.counters),
      counters: this.counters,
      ...(options.share === undefined ? {} : { share: options.share }),
    };
  }

  /** Makes the jobs those of `configs`, names being unique. Resolves when the new ones run. */
  apply(configs: readonly ScrapeConfig[]): Promise<void> {
    const next = this.#turn.then(() => this.#apply(configs));
    this.#turn = next.catch(() => undefined);
    return next;
  }

  /** Adds a target of this process; it runs until stop(). */
  addInternal(target: InternalTarget): void {
    this.#internal.push(this.#loopOf(target));
  }

  /** Adds a target that every collector has, and one of them scrapes: see reshare(). */
  addShared(target: InternalTarget): void {
    this.#shared.push({ target, loop: undefined });
  }

  /** Begins the targets that have become ours and ends those that are another's now. */
  reshare(): Promise<void> {
    const next = this.#turn.then(async () => {
      for (const one of this.#shared) {
        const mine = this.#room.share?.mine(insideUrl(one.target)) ?? true;
        if (mine) one.loop ??= this.#loopOf(one.target, true);
        else if (one.loop !== undefined) {
          const { held } = await one.loop.stop();
          this.#room.door.release(held);
          one.loop = undefined;
        }
      }
      await Promise.all([...this.#pools.values()].map((pool) => pool.reshare()));
    });
    this.#turn = next.catch(() => undefined);
    return next;
  }

  #loopOf(target: InternalTarget, onBeat = false): ScrapeLoop {
    const { job, instance, intervalMs, timeoutMs } = target;
    const labels = makeLabels([
      ...Object.entries(target.labels ?? {}),
      ['job', job],
      ['instance', instance],
    ]);
    const url = insideUrl(target);
    const options = {
      pool: job,
      target: { discovered: labels, labels, url, intervalMs, timeoutMs, key: url },
      rules: { labels, ...NO_RULES },
      read: (signal: AbortSignal) => rendered(target, signal),
      onBeat,
    };
    return new ScrapeLoop(this.#room, options);
  }

  get #inside(): ScrapeLoop[] {
    return [...this.#internal, ...this.#shared.flatMap(({ loop }) => loop ?? [])];
  }

  active(): readonly TargetStatus[] {
    const loops = [...this.#pools.values()].flatMap((pool) => pool.loops);
    return [...this.#inside, ...loops].map((loop) => loop.status());
  }

  dropped(): readonly Labels[] {
    return [...this.#pools.values()].flatMap((pool) => pool.dropped);
  }

  /** Questions and readings of discovery that failed. */
  discoveryFailures(): number {
    return [...this.#pools.values()].reduce((sum, pool) => sum + pool.discoveryFailures, 0);
  }

  /** Ends all loops; appends under way come to their end, nothing is marked stale. */
  async stop(): Promise<void> {
    await this.#turn;
    const left: Handover = new Map();
    const inside = this.#inside;
    this.#internal.length = 0;
    this.#shared.length = 0;
    const internal = inside.map(async (loop) => {
      handOver(left, loop.target.labels, await loop.stop());
    });
    const pools = [...this.#pools.values()].map((pool) => pool.stop(left));
    await Promise.all([...internal, ...pools]);
    this.#pools.clear();
    for (const one of left.values()) this.#room.door.release(one.held);
  }

  async #apply(configs: readonly ScrapeConfig[]): Promise<void> {
    const wanted = new Map(configs.map((config) => [config.jobName, config]));
    const left: Handover = new Map();
    const same = (a: ScrapeConfig, b: ScrapeConfig | undefined): boolean => {
      return JSON.stringify(a) === JSON.stringify(b);
    };
    const ending = [...this.#pools].filter(([job, pool]) => !same(pool.config, wanted.get(job)));
    for (const [job] of ending) this.#pools.delete(job);
    await Promise.all(ending.map(([, pool]) => pool.stop(left)));
    const { makeReader, disk, env } = this.#options;
    for (const [job, config] of wanted) {
      if (this.#pools.has(job)) continue;
      const pool = new ScrapePool({ room: this.#room, disk, config, makeReader, env });
      this.#pools.set(job, pool);
      await pool.start(left);
    }
    await settle(this.#room, left);
  }
}
