// The thread for costly queries: started when the first one comes, or a dashboard that should not
// feel its start; ended when neither has come for a while, and replaced when it does not let go of
// a query that nobody wants. Easy to get wrong: its channels to the shards are not the one through
// which records go, so that freshness has to be waited for before it is asked.
import { MessageChannel, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { MonError } from '../errors.ts';
import { ROOT_HEAP_MIB, ROOT_IDLE_MS, ROOT_LETS_GO_MS } from '../limits.ts';
import type { ApartAsk } from '../model/asking.ts';
import type { QueryAnswer } from '../model/query-result.ts';
import type { Apart } from '../ports.ts';
import type { RollupHorizons } from '../query/choose-rollup.ts';
import { RootClient } from '../remote/root-client.ts';
import type { ShardClient } from '../remote/shard-client.ts';
import type { Channel } from '../remote/shard-protocol.ts';
import type { Clock, Timer } from '../runtime/clock.ts';

export interface RootThreadOptions {
  readonly shards: readonly ShardClient[];
  readonly clock: Clock;
  /** What is kept as rollups. */
  readonly rollups?: RollupHorizons;
  /** Resolves when the shards have been handed all that was acknowledged. */
  readonly caughtUp: () => Promise<void>;
}

interface Running {
  readonly worker: Worker;
  readonly client: RootClient;
}

export class RootThread implements Apart {
  readonly #options: RootThreadOptions;
  #running: Promise<Running> | undefined;
  #idle: Timer | undefined;
  #stoodBy = -Infinity;
  #closed = false;

  constructor(options: RootThreadOptions) {
    this.#options = options;
  }

  standBy(): void {
    this.#stoodBy = this.#options.clock.monotonic();
    if (this.#running !== undefined || this.#closed) return;
    // One that cannot start says so to whoever asks it.
    this.#thread().then(
      () => this.#rest(),
      () => undefined,
    );
  }

  async ask(asked: ApartAsk): Promise<QueryAnswer> {
    const { shards, caughtUp } = this.#options;
    let running: Running;
    try {
      await caughtUp();
      // Records go through another channel: an answer through it says that they have arrived.
      await Promise.all(shards.map((shard) => shard.barrier()));
      running = await this.#thread();
    } catch (thrown) {
      asked.ended();
      throw thrown;
    }
    this.#idle?.cancel();
    const { client } = running;
    let over = false;
    const given = (): void => {
      this.#options.clock.after(ROOT_LETS_GO_MS, () => over || this.#replace(running), true);
    };
    asked.signal.addEventListener('abort', given, { once: true });
    asked.options.signal?.addEventListener('abort', given, { once: true });
    const ended = (): void => {
      over = true;
      asked.signal.removeEventListener('abort', given);
      asked.options.signal?.removeEventListener('abort', given);
      asked.ended();
      if (client.running === 0) this.#rest();
    };
    return client.ask({ ...asked, ended });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#idle?.cancel();
    const running = await this.#running?.catch(() => undefined);
    await running?.worker.terminate();
  }

  #rest(): void {
    this.#idle?.cancel();
    this.#idle = this.#options.clock.after(ROOT_IDLE_MS, () => void this.#end(), true);
  }

  async #end(): Promise<void> {
    const running = await this.#running;
    if (running === undefined || running.client.running > 0) return;
    if (this.#options.clock.monotonic() - this.#stoodBy < ROOT_IDLE_MS) return this.#rest();
    this.#replace(running);
  }

  #thread(): Promise<Running> {
    if (this.#closed) throw new MonError('MON_ABORTED', 'the process is stopping');
    this.#running ??= this.#start().catch((thrown: unknown) => {
      this.#running = undefined;
      throw thrown;
    });
    return this.#running;
  }

  async #start(): Promise<Running> {
    const resourceLimits = { maxOldGenerationSizeMb: ROOT_HEAP_MIB };
    const worker = new Worker(new URL('./root-worker.js', import.meta.url), { resourceLimits });
    const running = { worker, client: new RootClient(worker as Channel) };
    // It dies by its memory bound, or because it was ended; the process goes on either way.
    worker.on('error', (thrown) => this.#gone(running, thrown));
    worker.on('exit', () => this.#gone(running, undefined));
    worker.unref();
    const ports: MessagePort[] = [];
    for (const shard of this.#options.shards) {
      const { port1, port2 } = new MessageChannel();
      await shard.connect(port2);
      ports.push(port1);
    }
    worker.postMessage({ shards: ports, rollups: this.#options.rollups }, ports);
    return running;
  }

  #replace(running: Running): void {
    this.#gone(running, undefined);
    void running.worker.terminate();
  }

  #gone(running: Running, cause: unknown): void {
    const hint = 'ask for fewer series, a shorter time or a larger step';
    const words = 'the query took more memory than one may have, or did not end when told';
    running.client.fail(new MonError('MON_QUERY_LIMIT', words, { cause, hint }));
    void this.#running?.then((now) => {
      if (now === running) this.#running = undefined;
    });
  }
}
