// The near side of a cold tier: a ColdTier over a process that is started when it is needed, and
// started again when it has died. Stands in the thread that owns the store. Easy to get wrong: a
// store must come up and answer while the objects cannot be reached; what lies there is then named
// as missing, and nothing is archived.
import { MonError, messageOf } from '../errors.ts';
import type { Matcher } from '../model/matcher.ts';
import type { ArchiveJob, ColdAnswer, ColdAsk, ColdKeep, ColdKind } from '../ports-cold.ts';
import type { ColdReach, ColdSeriesAnswer, ColdSeriesAsk, ColdTier } from '../ports-cold.ts';
import type { ColdCall, ColdChannel, ColdReaches, ColdReply } from './cold-protocol.ts';
import { thrownError } from './shard-protocol.ts';

/** A process as it was started. */
export interface StartedCold extends ColdChannel {
  kill(): Promise<void>;
}

export interface ColdClientOptions {
  /** Starts the process; `ended` is called when it is gone. */
  readonly start: (ended: (why: string) => void) => StartedCold;
  /** What its first call carries. */
  readonly open: unknown;
  /** Newest time that may be archived, while nobody could be asked. */
  readonly newestMs: () => number;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Running {
  readonly process: StartedCold;
  readonly opened: Promise<unknown>;
}

const NOTHING: ColdReach = { minMs: Infinity, maxMs: -Infinity };

export class ColdClient implements ColdTier {
  readonly #options: ColdClientOptions;
  readonly #waiting = new Map<number, Waiting>();
  #running: Running | undefined;
  #reaches: ColdReaches | undefined;
  #lastId = 0;
  #closed = false;
  /** Figures of the process, as of its last answer. */
  counts: Readonly<Record<string, number>> = {};
  /** How often the process was started. */
  starts = 0;

  constructor(options: ColdClientOptions) {
    this.#options = options;
  }

  /** Starts the process and reads the manifests; false when they cannot be reached now. */
  async open(): Promise<boolean> {
    try {
      await this.#ready();
      return true;
    } catch (thrown) {
      if (thrown instanceof MonError) return false;
      throw thrown;
    }
  }

  reach(partition: number, kind: ColdKind): ColdReach {
    if (this.#reaches !== undefined) return this.#reaches.get(partition)?.get(kind) ?? NOTHING;
    return { minMs: -Infinity, maxMs: this.#options.newestMs() };
  }

  async archive(job: ArchiveJob): Promise<void> {
    await this.#call('archive', [job]);
  }

  async read(ask: ColdAsk): Promise<ColdAnswer> {
    try {
      return (await this.#call('read', [ask])) as ColdAnswer;
    } catch (thrown) {
      return { parts: [], warnings: [away(thrown)] };
    }
  }

  async series(ask: ColdSeriesAsk): Promise<ColdSeriesAnswer> {
    try {
      return (await this.#call('series', [ask])) as ColdSeriesAnswer;
    } catch (thrown) {
      return { series: [], warnings: [away(thrown)] };
    }
  }

  async delete(
    partition: number,
    selections: readonly (readonly Matcher[])[],
    minMs: number,
    maxMs: number,
  ): Promise<void> {
    await this.#call('delete', [partition, selections, minMs, maxMs]);
  }

  async keepOnly(partition: number, nowMs: number, keep: ColdKeep): Promise<number> {
    return (await this.#call('keepOnly', [partition, nowMs, keep])) as number;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const running = this.#running;
    if (running === undefined) return;
    await this.#ask(running.process, 'close', []).catch(() => undefined);
    await running.process.kill();
  }

  async #call(method: ColdCall['method'], args: readonly unknown[]): Promise<unknown> {
    return this.#ask(await this.#ready(), method, args);
  }

  async #ready(): Promise<StartedCold> {
    if (this.#closed) throw new MonError('MON_ABORTED', 'the cold tier is closed');
    const running = (this.#running ??= this.#start());
    try {
      await running.opened;
    } catch (thrown) {
      // The next call tries anew: the store may be back by then.
      if (this.#running === running) this.#running = undefined;
      await running.process.kill();
      throw thrown;
    }
    return running.process;
  }

  #start(): Running {
    this.starts++;
    const process = this.#options.start((why) => {
      if (this.#running?.process === process) this.#running = undefined;
      const gone = new MonError('MON_SERVER_UNREACHABLE', `the cold tier's process ended: ${why}`);
      for (const waiting of this.#waiting.values()) waiting.reject(gone);
      this.#waiting.clear();
    });
    process.on('message', (value) => this.#answered(value as ColdReply));
    return { process, opened: this.#ask(process, 'open', [this.#options.open]) };
  }

  #ask(
    process: StartedCold,
    method: ColdCall['method'],
    args: readonly unknown[],
  ): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      process.postMessage({ id, method, args });
    });
  }

  #answered({ id, value, error, reaches, counts }: ColdReply): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (reaches.size > 0) this.#reaches = reaches;
    this.counts = counts;
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(thrownError(error));
  }
}

/** The sentence for answers that lack all that is archived. @throws what the asker has to hear. */
function away(thrown: unknown): string {
  if (!(thrown instanceof MonError) || thrown.code === 'MON_QUERY_LIMIT') throw thrown;
  return `the cold tier cannot be asked, its samples are missing: ${messageOf(thrown)}`;
}
