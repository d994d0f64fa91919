// The one door to kafkajs 2.2.4. Its public producer and consumer are not used: a producer that
// gave up on a batch gives the next one the same sequence numbers, which a broker may take for the
// old one and drop; a consumer silently resets an offset that is gone, and rebalances. Its wire
// protocol, connections and metadata are good, and are taken from below: cluster and broker. Easy
// to get wrong: the checksum has to be in place before the record batch module is loaded.
import { createRequire } from 'node:module';
import { crc32c } from './crc32c.ts';
import { COMPRESSIONS } from './kafka-codecs.ts';
import type { BatchCompression } from './kafka-codecs.ts';

const require = createRequire(import.meta.url);
const INSIDE = 'kafkajs/src';

/** What connects: kafkajs' own names. */
export interface ClusterOptions {
  readonly brokers: readonly string[];
  readonly clientId: string;
  readonly ssl?: object;
  readonly sasl?: object;
  readonly requestTimeoutMs: number;
}

export interface PartitionMetadata {
  readonly partitionId: number;
  readonly leader: number;
  readonly replicas: readonly number[];
  readonly isr: readonly number[];
}

export interface TopicMessage {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
}

export interface FetchedMessage {
  readonly offset: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** A mark of a transaction, no record. */
  readonly isControlRecord?: boolean;
}

export interface FetchedPartition {
  readonly partition: number;
  readonly highWatermark: string;
  readonly messages: readonly FetchedMessage[];
}

export interface ProducePartition {
  readonly partition: number;
  readonly firstSequence: number;
  readonly messages: readonly TopicMessage[];
}

export interface ConfigEntry {
  readonly configName: string;
  readonly configValue: string;
}

export interface GroupOffsets {
  readonly topic: string;
  readonly partitions: readonly {
    readonly partition: number;
    readonly offset: string;
    readonly metadata?: string | null;
  }[];
}

/** One connection to one broker, by its requests. */
export interface KafkaBroker {
  produce(request: {
    topicData: readonly { topic: string; partitions: readonly ProducePartition[] }[];
    producerId: string;
    producerEpoch: number;
    acks: number;
    timeout: number;
    compression: number;
  }): Promise<{
    topics: readonly {
      partitions: readonly { partition: number; baseOffset: string }[];
    }[];
  }>;
  fetch(request: {
    isolationLevel: number;
    maxWaitTime: number;
    minBytes: number;
    maxBytes: number;
    topics: readonly {
      topic: string;
      partitions: readonly { partition: number; fetchOffset: string; maxBytes: number }[];
    }[];
  }): Promise<{ responses: readonly { partitions: readonly FetchedPartition[] }[] }>;
  initProducerId(request: { transactionTimeout: number }): Promise<{
    producerId: string;
    producerEpoch: number;
  }>;
  offsetCommit(request: {
    groupId: string;
    groupGenerationId: number;
    memberId: string;
    topics: readonly GroupOffsets[];
  }): Promise<unknown>;
  offsetFetch(request: {
    groupId: string;
    topics: readonly { topic: string; partitions: readonly { partition: number }[] }[];
  }): Promise<{ responses: readonly GroupOffsets[] }>;
  metadata(topics: readonly string[]): Promise<{
    clusterId: string;
    brokers: readonly { nodeId: number }[];
    topicMetadata: readonly { topic: string; partitionMetadata: readonly PartitionMetadata[] }[];
  }>;
  createTopics(request: {
    topics: readonly object[];
    validateOnly?: boolean;
    timeout: number;
  }): Promise<unknown>;
  describeConfigs(request: {
    resources: readonly { type: number; name: string; configNames?: readonly string[] }[];
  }): Promise<{ resources: readonly { configEntries: readonly ConfigEntry[] }[] }>;
  listGroups(): Promise<{ groups: readonly { groupId: string }[] }>;
  deleteRecords(request: { topics: readonly object[] }): Promise<unknown>;
}

/** Connections to all brokers and what is known of topics. */
export interface KafkaCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  isConnected(): boolean;
  addTargetTopic(topic: string): Promise<void>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  findBroker(which: { nodeId: number | string }): Promise<KafkaBroker>;
  findControllerBroker(): Promise<KafkaBroker>;
  findGroupCoordinator(which: { groupId: string }): Promise<KafkaBroker>;
  findTopicPartitionMetadata(topic: string): readonly PartitionMetadata[];
  fetchTopicsOffset(
    topics: readonly {
      topic: string;
      partitions: readonly { partition: number }[];
      fromBeginning: boolean;
    }[],
  ): Promise<readonly { partitions: readonly { partition: number; offset: string }[] }[]>;
  readonly brokerPool: {
    withBroker<T>(work: (one: { broker: KafkaBroker }) => Promise<T>): Promise<T | null>;
  };
}

interface RequestQueue {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
}

interface Inside {
  readonly makeCluster: (options: object) => KafkaCluster;
  readonly logger: object;
  readonly socketFactory: object;
}

/** Replaces the checksum if ours says the same as theirs; theirs stays otherwise. */
function mendChecksum(): boolean {
  const theirs = require(`${INSIDE}/protocol/recordBatch/crc32C/crc32C`) as (b: Buffer) => number;
  const sample = Buffer.from(Array.from({ length: 1021 }, (_, i) => (i * i * 31 + i) & 0xff));
  for (let length = sample.length - 9; length <= sample.length; length++) {
    const part = sample.subarray(0, length);
    if (crc32c(part) !== theirs(part) >>> 0) return false;
  }
  const path = require.resolve(`${INSIDE}/protocol/recordBatch/crc32C`);
  if (require.cache[path] === undefined) require(path);
  const module = require.cache[path];
  if (module === undefined) return false;
  module.exports = crc32c;
  return true;
}

/**
 * A connection without pending requests sets no timer. As it comes, each sets one of a negative
 * time again and again: a warning of Node, and a thousand wake-ups a second.
 */
function mendTimers(): void {
  const queue = require(`${INSIDE}/network/requestQueue`) as { prototype: RequestQueue };
  const scheduled = queue.prototype.scheduleCheckPendingRequests;
  queue.prototype.scheduleCheckPendingRequests = function schedule(this: RequestQueue): void {
    if (this.pending.length > 0) scheduled.call(this);
  };
}

function registerCodecs(): void {
  const { Codecs } = require(`${INSIDE}/protocol/message/compression`) as {
    Codecs: Record<number, () => BatchCompression>;
  };
  for (const [number, make] of COMPRESSIONS) {
    let made: BatchCompression | undefined;
    Codecs[number] = () => (made ??= make());
  }
}

let loaded: Inside | undefined;

function inside(): Inside {
  if (loaded !== undefined) return loaded;
  mendChecksum();
  mendTimers();
  registerCodecs();
  const Cluster = require(`${INSIDE}/cluster`) as new (options: object) => KafkaCluster;
  const { createLogger, LEVELS } = require(`${INSIDE}/loggers`) as {
    createLogger: (options: object) => object;
    LEVELS: { NOTHING: number };
  };
  const socketFactory = require(`${INSIDE}/network/socketFactory`) as () => object;
  loaded = {
    makeCluster: (options) => new Cluster(options),
    // What goes wrong is thrown, and told once by who asked.
    logger: createLogger({ level: LEVELS.NOTHING, logCreator: () => () => undefined }),
    socketFactory: socketFactory(),
  };
  return loaded;
}

const CONNECT_MS = 3_000;
const METADATA_MS = 60_000;

/** Connections of their own; nothing is connected yet. */
export function makeCluster(options: ClusterOptions): KafkaCluster {
  const { makeCluster: make, logger, socketFactory } = inside();
  const { brokers, clientId, ssl, sasl, requestTimeoutMs } = options;
  return make({
    logger,
    socketFactory,
    brokers: [...brokers],
    clientId,
    ssl,
    sasl,
    connectionTimeout: CONNECT_MS,
    authenticationTimeout: CONNECT_MS,
    requestTimeout: requestTimeoutMs,
    enforceRequestTimeout: true,
    metadataMaxAge: METADATA_MS,
    allowAutoTopicCreation: false,
    // Each further try takes the next broker of the list.
    retry: { retries: brokers.length + 1, initialRetryTime: 50, maxRetryTime: 400, factor: 0 },
  });
}

/** Connected, and with metadata that is not too old. @throws what kafkajs throws. */
export async function ready(cluster: KafkaCluster): Promise<void> {
  if (!cluster.isConnected()) await cluster.connect();
  await cluster.refreshMetadataIfNecessary();
}
