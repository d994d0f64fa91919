// `mon kafka init` and `mon kafka check`: makes the topics that mon needs and says, one line each,
// what is otherwise than it has to be and which command mends it. Wiring of the bridge alone: no
// server has to run.
import { clusterFor } from '../bridge/kafka-access.ts';
import { kafkaFailure } from '../bridge/kafka-failure.ts';
import { CODEC } from '../bridge/kafka-codecs.ts';
import { createTopic, differences, readTopics, topicSpecs } from '../bridge/topics.ts';
import type { TopicFacts, TopicPlan, TopicSpec } from '../bridge/topics.ts';
import { UserError } from '../errors.ts';
import { systemClock } from '../runtime/clock.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { kafkaAccess } from './config-kafka.ts';
import type { KafkaSettings } from './config-kafka.ts';

export interface KafkaAdminOptions {
  readonly settings: KafkaSettings;
  readonly partitions?: number;
  readonly replication?: number;
  readonly compression?: string;
  /** Makes what is missing; else that is a difference. */
  readonly init: boolean;
}

/** What became of one topic. */
export interface TopicReport {
  readonly topic: string;
  readonly state: 'made' | 'good' | 'missing' | 'otherwise' | 'unwell';
  readonly words: string;
  /** The command that mends it; '' where nothing has to be. */
  readonly hint: string;
}

const REQUEST_MS = 10_000;
const LOOKS = 40;
const LOOK_MS = 250;

/** One report for each topic, or for each difference. @throws UserError, MonError. */
export async function kafkaTopics(options: KafkaAdminOptions): Promise<readonly TopicReport[]> {
  const { settings } = options;
  const access = await kafkaAccess(settings, systemDisk);
  const plan = planOf(options);
  const specs = topicSpecs(plan);
  const names = new Set(specs.map(({ name }) => name));
  const cluster = clusterFor(access, REQUEST_MS);
  const servers = access.brokers.join(',');
  try {
    const before = await readTopics(cluster, (name) => names.has(name));
    const missing = specs.filter(({ name }) => !before.topics.has(name));
    const exactly = options.compression === undefined ? [] : ['compression.type'];
    const by = { servers, exactly };
    if (!options.init || missing.length === 0) return reports(specs, before.topics, by);
    checkBrokers(before.brokers, missing[0].replication, servers);
    for (const spec of missing) await createTopic(cluster, spec);
    for (let i = 0; i < LOOKS; i++) {
      const now = await readTopics(cluster, (name) => names.has(name)).catch(() => undefined);
      const well = specs.every(({ name }) => now?.topics.get(name)?.unwell === 0);
      if (now && (well || i === LOOKS - 1)) {
        const made = new Set(missing.map(({ name }) => name));
        return reports(specs, now.topics, by, made);
      }
      await systemClock.sleep(LOOK_MS);
    }
    return [];
  } catch (thrown) {
    if (thrown instanceof UserError) throw thrown;
    throw kafkaFailure(thrown, access.brokers);
  } finally {
    await cluster.disconnect().catch(() => undefined);
  }
}

function planOf({ settings, partitions, replication, compression }: KafkaAdminOptions): TopicPlan {
  const known = Object.keys(CODEC).filter((name) => name !== 'none');
  if (compression !== undefined && !known.includes(compression)) {
    const hint = `one of ${known.join(', ')}`;
    throw new UserError(`Kafka has no compression "${compression}"`, { hint });
  }
  return {
    ...(settings.topic === undefined ? {} : { raw: settings.topic }),
    ...(settings.alertsTopic === undefined ? {} : { alerts: settings.alertsTopic }),
    ...(partitions === undefined ? {} : { partitions }),
    ...(replication === undefined ? {} : { replication }),
    ...(compression === undefined ? {} : { compression: compression as 'zstd' }),
  };
}

function checkBrokers(brokers: number, replication: number, servers: string): void {
  if (brokers >= replication) return;
  const has = brokers === 1 ? 'there is 1 broker' : `there are ${brokers} brokers`;
  throw new UserError(`${replication} replicas of each partition are asked for, and ${has}`, {
    hint: `for a trial: mon kafka init --brokers ${servers} --replication ${brokers}`,
  });
}

function reports(
  specs: readonly TopicSpec[],
  topics: ReadonlyMap<string, TopicFacts>,
  { servers, exactly }: { servers: string; exactly: readonly string[] },
  made: ReadonlySet<string> = new Set(),
): TopicReport[] {
  return specs.flatMap((spec): TopicReport[] => {
    const topic = spec.name;
    const facts = topics.get(topic);
    if (facts === undefined) {
      const hint = `mon kafka init --brokers ${servers}`;
      return [{ topic, state: 'missing', words: `${topic} is not there`, hint }];
    }
    const different = differences(spec, facts, servers, exactly);
    const found = different.map(({ words, hint }): TopicReport => {
      return { topic, state: 'otherwise', words, hint };
    });
    if (facts.unwell > 0) {
      const words = `${facts.unwell} partitions of ${topic} lack a leader or a replica in sync`;
      found.push({ topic, state: 'unwell', words, hint: 'is a broker down?' });
    }
    if (found.length > 0) return found;
    const { partitions, replication } = facts;
    const words = `${partitions} partitions, ${replication} replica${replication === 1 ? '' : 's'}`;
    return [{ topic, state: made.has(topic) ? 'made' : 'good', words, hint: '' }];
  });
}
