// Where the partitions of a topic begin and end, as the brokers tell it, asked once for all
// partitions however many callers wait. While Kafka cannot be reached the last known figures are
// answered, so that queries go on over what the store has. Easy to get wrong: an answer that was
// asked for before the call is too old for it.
import type { Offset } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import { innermost, kafkaFailure, typeOf } from './kafka-failure.ts';
import type { KafkaCluster } from './kafkajs-inside.ts';

export interface EndsOptions {
  readonly cluster: KafkaCluster;
  readonly topic: string;
  readonly partitions: number;
  readonly clock: Clock;
}

type Edge = 'start' | 'end';

/** After a failure the brokers are not asked again for so long. */
const REST_MS = 2_000;
const ELECTING = /NOT_LEADER|LEADER_NOT_AVAILABLE|UNKNOWN_TOPIC|OFFSET_NOT_AVAILABLE/;
const TRIES = 25;
const TRY_MS = 200;

export class Ends {
  readonly #options: EndsOptions;
  readonly #known: Readonly<Record<Edge, Float64Array>>;
  readonly #running: Partial<Record<Edge, Promise<void>>> = {};
  readonly #next: Partial<Record<Edge, Promise<void>>> = {};
  #restUntil = -Infinity;
  /** The failure of the last question, if it failed. */
  failure: unknown;

  constructor(options: EndsOptions) {
    this.#options = options;
    const { partitions } = options;
    this.#known = { start: new Float64Array(partitions), end: new Float64Array(partitions) };
  }

  /** The highest end that anything has proved so far. */
  known(partition: number): Offset {
    return this.#known.end[partition];
  }

  /** The first offset held when it was asked for last. */
  knownStart(partition: number): Offset {
    return this.#known.start[partition];
  }

  proved(partition: number, end: Offset): void {
    const { end: ends } = this.#known;
    if (end > ends[partition]) ends[partition] = end;
  }

  async start(partition: number): Promise<Offset> {
    await this.#fresh('start');
    return this.#known.start[partition];
  }

  async end(partition: number): Promise<Offset> {
    await this.#fresh('end');
    return this.#known.end[partition];
  }

  /** All partitions at once. @throws MonError when the brokers do not answer. */
  async all(edge: Edge, brokers: readonly string[]): Promise<readonly Offset[]> {
    await this.#fresh(edge);
    if (this.failure !== undefined) throw kafkaFailure(this.failure, brokers);
    return [...this.#known[edge]];
  }

  /** Asks now. @throws what kafkajs throws. */
  async ask(edge: Edge): Promise<void> {
    const { cluster, topic, partitions } = this.#options;
    if (!cluster.isConnected()) await cluster.connect();
    await cluster.addTargetTopic(topic);
    await cluster.refreshMetadataIfNecessary();
    const all = Array.from({ length: partitions }, (_, partition) => ({ partition }));
    const fromBeginning = edge === 'start';
    const found = await cluster.fetchTopicsOffset([{ topic, partitions: all, fromBeginning }]);
    for (const one of found.flatMap((topics) => topics.partitions)) {
      if (edge === 'end') this.proved(one.partition, Number(one.offset));
      else this.#known.start[one.partition] = Number(one.offset);
    }
  }

  /** Asks both edges, again while a leader is being elected. @throws what kafkajs throws. */
  async askBoth(): Promise<void> {
    const { cluster, clock } = this.#options;
    for (let i = 1; ; i++) {
      try {
        await this.ask('start');
        return await this.ask('end');
      } catch (thrown) {
        const leaderless = innermost(thrown).name === 'KafkaJSBrokerNotFound';
        if (!(leaderless || ELECTING.test(typeOf(thrown))) || i >= TRIES) throw thrown;
        await clock.sleep(TRY_MS);
        await cluster.refreshMetadata().catch(() => undefined);
      }
    }
  }

  /** Joins the question that has not begun yet. */
  #fresh(edge: Edge): Promise<void> {
    const waiting = this.#next[edge];
    if (waiting) return waiting;
    const before = this.#running[edge] ?? Promise.resolve();
    const mine = before.then(async () => {
      // Callers of this same turn still join.
      await Promise.resolve();
      this.#next[edge] = undefined;
      this.#running[edge] = mine;
      await this.#try(edge);
    });
    this.#next[edge] = mine;
    return mine;
  }

  async #try(edge: Edge): Promise<void> {
    const { clock } = this.#options;
    if (this.failure === undefined) return await this.#attempt(edge);
    // Nobody waits for brokers that did not answer: one look from time to time is enough.
    if (clock.monotonic() < this.#restUntil) return;
    this.#restUntil = Infinity;
    void this.#attempt(edge);
  }

  async #attempt(edge: Edge): Promise<void> {
    const { clock, cluster } = this.#options;
    for (let i = 1; ; i++) {
      try {
        await this.ask(edge);
        this.failure = undefined;
        return;
      } catch (thrown) {
        if (i === 1 && ELECTING.test(typeOf(thrown))) {
          await cluster.refreshMetadata().catch(() => undefined);
          continue;
        }
        this.failure = thrown;
        this.#restUntil = clock.monotonic() + REST_MS;
        return;
      }
    }
  }
}
