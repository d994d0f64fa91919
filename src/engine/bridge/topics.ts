// The topics of mon as they have to be, and what is different about those that are there. Easy to
// get wrong: a topic with too few replicas in sync acknowledges what one broker alone holds, and
// one with cleanup by compaction loses records that readers still need.
import { KAFKA_MESSAGE_BYTES_MAX } from '../limits-links.ts';
import { ready } from './kafkajs-inside.ts';
import type { KafkaCluster } from './kafkajs-inside.ts';
import type { CodecName } from './kafka-codecs.ts';

/** How a topic has to be. */
export interface TopicSpec {
  readonly name: string;
  readonly partitions: number;
  readonly replication: number;
  readonly settings: Readonly<Record<string, string>>;
}

export interface TopicPlan {
  /** Base name of the topic of samples. */
  readonly raw?: string;
  /** Name of the topic of alerts. */
  readonly alerts?: string;
  readonly partitions?: number;
  readonly replication?: number;
  readonly compression?: Exclude<CodecName, 'none'>;
}

export const RAW_TOPIC = 'metrics.raw';
export const ALERTS_TOPIC = 'alerts.triggered';
/** The seed's figures. */
const RAW_PARTITIONS = 24;
export const REPLICATION = 3;
const RAW_KEEP_MS = 86_400_000;
const ALERTS_PARTITIONS = 12;
const ALERTS_KEEP_MS = 7 * RAW_KEEP_MS;
/** Retention drops whole segments: an hour past its time at most. */
const SEGMENT_MS = 3_600_000;
/** The seed's. Of small batches zstd saves a sixth more and costs more CPU: kafka.bench.ts. */
export const COMPRESSION = 'snappy';

function settingsFor(plan: TopicPlan, keepMs: number): Record<string, string> {
  const replication = plan.replication ?? REPLICATION;
  return {
    'cleanup.policy': 'delete',
    'compression.type': plan.compression ?? COMPRESSION,
    'max.message.bytes': String(KAFKA_MESSAGE_BYTES_MAX),
    'message.timestamp.type': 'LogAppendTime',
    'min.insync.replicas': String(Math.max(1, Math.min(2, replication - 1))),
    'retention.ms': String(keepMs),
    'segment.ms': String(SEGMENT_MS),
    'unclean.leader.election.enable': 'false',
  };
}

export function rawSpec(plan: TopicPlan = {}): TopicSpec {
  return {
    name: plan.raw ?? RAW_TOPIC,
    partitions: plan.partitions ?? RAW_PARTITIONS,
    replication: plan.replication ?? REPLICATION,
    settings: settingsFor(plan, RAW_KEEP_MS),
  };
}

/** All topics of mon. */
export function topicSpecs(plan: TopicPlan = {}): TopicSpec[] {
  const replication = plan.replication ?? REPLICATION;
  const settings = settingsFor(plan, ALERTS_KEEP_MS);
  const name = plan.alerts ?? ALERTS_TOPIC;
  const alerts = { name, partitions: ALERTS_PARTITIONS, replication, settings };
  return [rawSpec(plan), alerts];
}

/** A topic as the brokers tell it. */
export interface TopicFacts {
  readonly partitions: number;
  /** Least number of replicas of any partition. */
  readonly replication: number;
  /** Partitions that lack a leader or replicas in sync. */
  readonly unwell: number;
  readonly settings: Readonly<Record<string, string>>;
}

const TOPIC_RESOURCE = 2;

/** Facts of the topics that are there, by name, and how many brokers live. */
export async function readTopics(
  cluster: KafkaCluster,
  wanted: (name: string) => boolean,
): Promise<{
  topics: ReadonlyMap<string, TopicFacts>;
  brokers: number;
  clusterId: string;
}> {
  await ready(cluster);
  const metadata = await cluster.brokerPool.withBroker(({ broker }) => broker.metadata([]));
  const topics = new Map<string, TopicFacts>();
  for (const { topic, partitionMetadata } of metadata?.topicMetadata ?? []) {
    if (!wanted(topic)) continue;
    topics.set(topic, {
      partitions: partitionMetadata.length,
      replication: Math.min(...partitionMetadata.map(({ replicas }) => replicas.length)),
      unwell: partitionMetadata.filter(({ leader, isr, replicas }) => {
        return leader < 0 || isr.length < replicas.length;
      }).length,
      settings: await readSettings(cluster, topic),
    });
  }
  return { topics, brokers: metadata?.brokers.length ?? 0, clusterId: metadata?.clusterId ?? '' };
}

async function readSettings(cluster: KafkaCluster, name: string): Promise<Record<string, string>> {
  const resources = [{ type: TOPIC_RESOURCE, name }];
  const answer = await cluster.brokerPool.withBroker(({ broker }) =>
    broker.describeConfigs({ resources }),
  );
  const entries = answer?.resources[0]?.configEntries ?? [];
  return Object.fromEntries(entries.map((one) => [one.configName, one.configValue]));
}

/** @throws what kafkajs throws. */
export async function createTopic(cluster: KafkaCluster, spec: TopicSpec): Promise<void> {
  const { name, partitions, replication, settings } = spec;
  await cluster.refreshMetadata();
  const broker = await cluster.findControllerBroker();
  const configEntries = Object.entries(settings).map(([key, value]) => ({ name: key, value }));
  const topic = {
    ...{ topic: name, numPartitions: partitions, replicationFactor: replication, configEntries },
  };
  await broker.createTopics({ topics: [topic], timeout: 10_000 });
}

/** One difference: what is, what was expected, and the command that mends it. */
export interface Difference {
  readonly words: string;
  readonly hint: string;
  /** Records would go that readers still need. */
  readonly loses?: boolean;
}

/** Compressions are a matter of taste: any of these is well. */
const PACKED = new Set(['gzip', 'snappy', 'lz4', 'zstd', 'producer']);

/**
 * How a topic is otherwise than it has to be; `servers` is for the commands. `exactly` names
 * settings of which nothing else will do, because somebody has asked for them.
 */
export function differences(
  spec: TopicSpec,
  facts: TopicFacts,
  servers: string,
  exactly: readonly string[] = [],
): Difference[] {
  const { name } = spec;
  const found: Difference[] = [];
  const at = `--bootstrap-server ${servers}`;
  if (facts.partitions !== spec.partitions) {
    found.push({
      words: `${name} has ${facts.partitions} partitions, expected ${spec.partitions}`,
      hint:
        facts.partitions < spec.partitions
          ? 'set mon.kafka.partitions: mon up makes a new topic once all is read'
          : `none can be taken away; go on with them: --partitions ${facts.partitions}`,
    });
  }
  if (facts.replication < spec.replication) {
    found.push({
      words: `${name} is on ${facts.replication} of ${spec.replication} brokers it has to be on`,
      hint: `kafka-reassign-partitions.sh ${at} adds them, or: --replication ${facts.replication}`,
    });
  }
  for (const [setting, expected] of Object.entries(spec.settings)) {
    const value = facts.settings[setting] ?? '(not told)';
    const asked = exactly.includes(setting) && value !== expected;
    if (!asked && isWell(setting, value, expected)) continue;
    const which = `--alter --entity-type topics --entity-name ${name}`;
    found.push({
      words: `${name} has ${setting}=${value}, expected ${expected}`,
      hint: `kafka-configs.sh ${at} ${which} --add-config ${setting}=${expected}`,
      loses: setting === 'cleanup.policy',
    });
  }
  return found;
}

function isWell(setting: string, value: string, expected: string): boolean {
  if (value === expected) return true;
  switch (setting) {
    case 'compression.type':
      return PACKED.has(value);
    case 'max.message.bytes':
    case 'min.insync.replicas':
      return Number(value) >= Number(expected);
    case 'retention.ms':
      return value === '-1' || Number(value) >= Number(expected);
    case 'segment.ms':
      return Number(value) <= Number(expected);
    default:
      return false;
  }
}
