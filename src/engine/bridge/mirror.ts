// Topics that MirrorMaker copies from other clusters, read from this one: whole topics with all of
// their generations, from wherever the caller was. Easy to get wrong: a copy has offsets of its
// own, may hold a stretch twice after MirrorMaker died, and may be made anew with fewer records.
import type { LogReader, Offset } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import { Ends } from './ends.ts';
import type { KafkaAccess } from './kafka-access.ts';
import { clusterFor } from './kafka-access.ts';
import { kafkaFailure } from './kafka-failure.ts';
import { KafkaReader } from './kafka-reader.ts';
import type { KafkaCluster } from './kafkajs-inside.ts';
import { ready } from './kafkajs-inside.ts';

const ASK_MS = 5_000;
const FETCH_MS = 10_000;

export interface MirrorOptions {
  readonly access: KafkaAccess;
  readonly clock: Clock;
}

/** A topic with its number of partitions. */
export interface MirroredTopic {
  readonly topic: string;
  readonly partitions: number;
}

/** A topic that is being read. */
export interface MirroredReader extends MirroredTopic {
  readonly reader: LogReader;
  /** Records that are there and were not read yet; as far as known without asking. */
  behind(at: ReadonlyMap<number, Offset>): number;
  /** Asks how far the topic reaches now. @throws MonError. */
  look(): Promise<void>;
  close(): Promise<void>;
}

/** The cluster that topics are mirrored to. */
export class Mirror {
  readonly #options: MirrorOptions;
  readonly #asking: KafkaCluster;

  private constructor(options: MirrorOptions, asking: KafkaCluster) {
    this.#options = options;
    this.#asking = asking;
  }

  /** @throws MonError MON_SERVER_UNREACHABLE, MON_AUTH_REQUIRED. */
  static async open(options: MirrorOptions): Promise<Mirror> {
    const asking = clusterFor(options.access, ASK_MS);
    try {
      await asking.connect();
      return new Mirror(options, asking);
    } catch (thrown) {
      await asking.disconnect().catch(() => undefined);
      throw kafkaFailure(thrown, options.access.brokers);
    }
  }

  /** The topics of these base names that are there, each with all its generations. */
  async topics(bases: ReadonlySet<string>): Promise<readonly MirroredTopic[]> {
    try {
      await ready(this.#asking);
      const told = await this.#asking.brokerPool.withBroker(({ broker }) => broker.metadata([]));
      const found = (told?.topicMetadata ?? []).map(({ topic, partitionMetadata }) => {
        return { topic, partitions: partitionMetadata.length };
      });
      return found.filter(({ topic }) => bases.has(baseOf(topic)));
    } catch (thrown) {
      throw kafkaFailure(thrown, this.#options.access.brokers);
    }
  }

  /**
   * Reads a topic on from these offsets, and from its beginning where there is none. `restarted` is
   * told of a partition that ends before its offset: the topic was made anew, and is read anew.
   */
  async read(
    { topic, partitions }: MirroredTopic,
    from: ReadonlyMap<number, Offset>,
    restarted: (partition: number, start: Offset) => void,
  ): Promise<MirroredReader> {
    const { access, clock } = this.#options;
    const make = (): Ends => new Ends({ cluster: this.#asking, topic, partitions, clock });
    let ends = make();
    try {
      await ends.askBoth();
    } catch (thrown) {
      throw kafkaFailure(thrown, access.brokers);
    }
    const inside = (partition: number, offset: Offset): Offset => {
      const [start, end] = [ends.knownStart(partition), ends.known(partition)];
      if (offset <= end) return Math.max(offset, start);
      restarted(partition, start);
      return start;
    };
    const begin = new Map<number, Offset>();
    for (let partition = 0; partition < partitions; partition++) {
      const offset = from.get(partition);
      const start = ends.knownStart(partition);
      begin.set(partition, offset === undefined ? start : inside(partition, offset));
    }
    const reader = new KafkaReader({
      ...{ name: topic, from: begin, topic, clock, brokers: access.brokers, mirrored: true },
      cluster: clusterFor(access, FETCH_MS),
      start: (partition) => ends.start(partition),
      check: async (partition, offset) => {
        // What was known of a topic that is gone says nothing of the next one.
        ends = make();
        await ends.askBoth();
        return inside(partition, offset);
      },
      ended: (partition, end) => ends.proved(partition, end),
      moved: () => undefined,
      released: () => undefined,
      closed: () => undefined,
    });
    return {
      ...{ topic, partitions, reader },
      behind: (at) => {
        let records = 0;
        for (const [partition, next] of at) records += Math.max(0, ends.known(partition) - next);
        return records;
      },
      look: () => ends.ask('end'),
      close: async () => {
        await reader.close();
        await reader.gone();
      },
    };
  }

  async close(): Promise<void> {
    await this.#asking.disconnect().catch(() => undefined);
  }
}

/** The name of a topic without its generation: `eu.metrics.raw.g2` is of `eu.metrics.raw`. */
export function baseOf(topic: string): string {
  return topic.replace(/\.g\d+$/, '');
}
