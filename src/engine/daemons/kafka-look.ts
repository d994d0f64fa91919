// What `mon up` asks Kafka before it starts anything: are the brokers, the topics and the right to
// see them there, and are the topics as they have to be. A cluster's processes would otherwise each
// end with the same words, again and again. Easy to get wrong: a topic that forgets records that
// readers still need is refused; one that merely keeps less than it should is a warning.
import { clusterFor } from '../bridge/kafka-access.ts';
import { kafkaFailure } from '../bridge/kafka-failure.ts';
import { generationOf } from '../bridge/topic-generation.ts';
import { ALERTS_TOPIC, differences, RAW_TOPIC, readTopics, topicSpecs } from '../bridge/topics.ts';
import type { TopicFacts, TopicSpec } from '../bridge/topics.ts';
import { MonError } from '../errors.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { kafkaAccess } from './config-kafka.ts';
import type { KafkaSettings } from './config-kafka.ts';

const REQUEST_MS = 10_000;

/**
 * Lines to warn with, what mends them included. `alerts`: the topic of alerts is used too.
 * @throws UserError, MonError for what nothing could work with.
 */
export async function lookAtTopics(settings: KafkaSettings, alerts: boolean): Promise<string[]> {
  const access = await kafkaAccess(settings, systemDisk);
  const servers = access.brokers.join(',');
  const raw = settings.topic ?? RAW_TOPIC;
  const second = settings.alertsTopic ?? ALERTS_TOPIC;
  const cluster = clusterFor(access, REQUEST_MS);
  try {
    const wanted = (name: string): boolean => generationOf(name, raw) > 0 || name === second;
    const { topics } = await readTopics(cluster, wanted);
    const [newest] = [...topics.keys()]
      .filter((name) => generationOf(name, raw) > 0)
      .toSorted((a, b) => generationOf(b, raw) - generationOf(a, raw));
    const names = { raw: newest ?? raw, second, servers };
    const lines = wordsOn(topicFacts(topics, names.raw, servers), 0, names);
    if (!alerts) return lines;
    return [...lines, ...wordsOn(topicFacts(topics, second, servers), 1, names)];
  } catch (thrown) {
    if (thrown instanceof MonError) throw thrown;
    throw kafkaFailure(thrown, access.brokers);
  } finally {
    await cluster.disconnect().catch(() => undefined);
  }
}

function topicFacts(
  topics: ReadonlyMap<string, TopicFacts>,
  name: string,
  servers: string,
): TopicFacts {
  const facts = topics.get(name);
  if (facts !== undefined) return facts;
  throw new MonError('MON_NOT_FOUND', `Kafka at ${servers} has no topic ${name}`, {
    hint: `make it with: mon kafka init --brokers ${servers}`,
  });
}

interface Names {
  readonly raw: string;
  readonly second: string;
  readonly servers: string;
}

/** Partitions and replicas are whatever they are: nobody has said here how many they shall be. */
function wordsOn(facts: TopicFacts, index: number, { raw, second, servers }: Names): string[] {
  const { partitions, replication } = facts;
  const plan = { raw, alerts: second, replication };
  const spec: TopicSpec = { ...topicSpecs(plan)[index], partitions };
  return differences(spec, facts, servers).map(({ words, hint, loses }) => {
    if (loses) throw new MonError('MON_CONFIG_INVALID', `topic ${words}`, { hint });
    return `topic ${words}; mend it with: ${hint}`;
  });
}
