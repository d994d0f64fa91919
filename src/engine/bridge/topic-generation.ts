// Which topic holds the log now. Another number of partitions cannot be had without moving series
// between them, so it is a new topic, metrics.raw.g2 and so on, begun when every group has drained
// the old one. Easy to get wrong: Kafka itself would add partitions to a topic, and then half of
// each series' samples would lie where nobody looks for them.
import { MonError } from '../errors.ts';
import type { Clock } from '../runtime/clock.ts';
import { Ends } from './ends.ts';
import { allGroups, committed } from './groups.ts';
import { CODEC } from './kafka-codecs.ts';
import type { CodecName } from './kafka-codecs.ts';
import { typeOf } from './kafka-failure.ts';
import type { KafkaCluster } from './kafkajs-inside.ts';
import { createTopic, RAW_TOPIC, rawSpec, readTopics } from './topics.ts';
import type { TopicFacts } from './topics.ts';

export interface FoundTopic {
  readonly topic: string;
  readonly partitions: number;
  readonly generation: number;
  /** Kafka's number of the compression that the topic is set to. */
  readonly codec: number;
  readonly clusterId: string;
}

export interface TopicOptions {
  readonly topic?: string;
  readonly partitions?: number;
  readonly clock: Clock;
  readonly access: { readonly brokers: readonly string[] };
}

const LOOKS = 20;
const LOOK_MS = 250;

/** The generation that a name of a topic stands for; 0 when it is none of them. */
export function generationOf(name: string, base: string): number {
  if (name === base) return 1;
  const told = /^\.g([1-9]\d{0,8})$/.exec(name.startsWith(base) ? name.slice(base.length) : '');
  const generation = told ? Number(told[1]) : 0;
  return generation > 1 ? generation : 0;
}

function nameOf(base: string, generation: number): string {
  return generation === 1 ? base : `${base}.g${generation}`;
}

/** The topic of the newest generation; begins another one when partitions ask for it. */
export async function currentTopic(
  cluster: KafkaCluster,
  options: TopicOptions,
): Promise<FoundTopic> {
  const base = options.topic ?? RAW_TOPIC;
  const found = await newest(cluster, base, options.clock);
  if (found === undefined) {
    const brokers = options.access.brokers.join(',');
    throw new MonError('MON_NOT_FOUND', `Kafka at ${brokers} has no topic ${base}`, {
      hint: `make it with: mon kafka init --brokers ${brokers}`,
    });
  }
  const { partitions } = options;
  if (partitions === undefined || partitions === found.facts.partitions) return told(found);
  await checkDrained(cluster, found, options);
  const { settings } = rawSpec({ replication: found.facts.replication });
  const own = Object.keys(settings).map((key) => [key, found.facts.settings[key] ?? settings[key]]);
  await createTopic(cluster, {
    name: nameOf(base, found.generation + 1),
    ...{ partitions, replication: found.facts.replication },
    settings: Object.fromEntries(own) as Record<string, string>,
  });
  for (let i = 0; i < LOOKS; i++) {
    const made = await newest(cluster, base, options.clock).catch(() => undefined);
    if (made && made.generation > found.generation) return told(made);
    await options.clock.sleep(LOOK_MS);
  }
  throw new MonError('MON_TIMEOUT', 'a topic was made and does not show', {});
}

interface Newest {
  readonly topic: string;
  readonly generation: number;
  readonly facts: TopicFacts;
  readonly clusterId: string;
}

async function newest(
  cluster: KafkaCluster,
  base: string,
  clock: Clock,
): Promise<Newest | undefined> {
  for (let i = 1; ; i++) {
    try {
      const read = await readTopics(cluster, (name) => generationOf(name, base) > 0);
      const generations = [...read.topics.keys()].map((name) => generationOf(name, base));
      if (generations.length === 0) return undefined;
      const generation = Math.max(...generations);
      const topic = nameOf(base, generation);
      const facts = read.topics.get(topic) as TopicFacts;
      return { topic, generation, facts, clusterId: read.clusterId };
    } catch (thrown) {
      // A topic that was just made, or a cluster that is just electing.
      if (!/LEADER_NOT_AVAILABLE|UNKNOWN_TOPIC/.test(typeOf(thrown)) || i >= LOOKS) throw thrown;
      await clock.sleep(LOOK_MS);
    }
  }
}

function told({ topic, generation, facts, clusterId }: Newest): FoundTopic {
  const packing = facts.settings['compression.type'] ?? 'producer';
  const codec = Object.hasOwn(CODEC, packing)
    ? CODEC[packing as CodecName]
    : packing === 'uncompressed'
      ? CODEC.none
      : CODEC.zstd;
  return { topic, generation, codec, clusterId, partitions: facts.partitions };
}

/** @throws MonError MON_CONFIG_INVALID when a group still needs records of the topic. */
async function checkDrained(
  cluster: KafkaCluster,
  found: Newest,
  { clock, partitions }: TopicOptions,
): Promise<void> {
  const { topic, facts } = found;
  const ends = new Ends({ cluster, topic, partitions: facts.partitions, clock });
  await ends.ask('end');
  const groups = await allGroups(cluster);
  const marks = await committed(cluster, { topic, partitions: facts.partitions }, groups);
  const behind = marks.find(({ partition, released }) => released < ends.known(partition));
  const nobody = marks.length === 0 && facts.partitions > 0 && ends.known(0) > 0;
  if (behind === undefined && !nobody) return;
  const who = behind === undefined ? 'no group has read it' : `${behind.group} still needs it`;
  const words = `${topic} has ${facts.partitions} partitions, ${partitions} are asked for`;
  throw new MonError('MON_CONFIG_INVALID', `${words}, and ${who}`, {
    hint: `go on with ${facts.partitions} until all of it has been read and checkpointed`,
  });
}
