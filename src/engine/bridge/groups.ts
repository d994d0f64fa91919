// Readers' offsets in Kafka's groups, so that Kafka's own tools show their lag. The offsets that
// count lie with each reader's state; a group holds where the reader has come to, and beside it, as
// metadata, what the reader has let go of. Easy to get wrong: nobody joins these groups, so a
// commit carries no member and no generation, and one of a group with members would be refused.
import type { Offset } from '../ports.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import { ready } from './kafkajs-inside.ts';
import type { GroupOffsets, KafkaBroker, KafkaCluster } from './kafkajs-inside.ts';

/** Names of readers that the seed's groups stand for. */
const GROUP_OF: Readonly<Record<string, string>> = {
  store: 'tsdb-writers',
  alert: 'alerting-engine',
  rollup: 'rollup-aggregators',
};

/** `store/b` is the reader of zone b: a group of its own, since each zone reads everything. */
export function groupOf(reader: string): string {
  const [role, zone] = reader.split('/');
  if (!Object.hasOwn(GROUP_OF, role)) return reader;
  return zone === undefined ? GROUP_OF[role] : `${GROUP_OF[role]}.${zone}`;
}

/** What a group says of one partition; -1: nothing. */
export interface GroupMark {
  readonly group: string;
  readonly partition: number;
  readonly position: Offset;
  readonly released: Offset;
}

/** How far a group is behind in a partition. */
export interface GroupLag {
  readonly group: string;
  readonly partition: number;
  readonly records: number;
}

export interface GroupsOptions {
  readonly cluster: KafkaCluster;
  readonly topic: string;
  readonly clock: Clock;
}

interface Marks {
  readonly positions: Map<number, Offset>;
  readonly released: Map<number, Offset>;
}

const SAVE_MS = 1_000;
const RELEASED = /^released=(\d{1,16})$/;

async function coordinatorOf(cluster: KafkaCluster, groupId: string): Promise<KafkaBroker> {
  await ready(cluster);
  return await cluster.findGroupCoordinator({ groupId });
}

export class Groups {
  readonly #options: GroupsOptions;
  readonly #marks = new Map<string, Marks>();
  readonly #changed = new Set<string>();
  #timer: Timer | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(options: GroupsOptions) {
    this.#options = options;
  }

  /** The reader begins here: it holds what lies behind. */
  async register(reader: string, from: ReadonlyMap<number, Offset>): Promise<void> {
    const marks = this.#of(reader);
    for (const [partition, offset] of from) {
      marks.positions.set(partition, offset);
      marks.released.set(partition, offset);
    }
    this.#changed.add(reader);
    await this.save();
  }

  position(reader: string, partition: number, next: Offset): void {
    this.#of(reader).positions.set(partition, next);
    this.#soon(reader);
  }

  release(reader: string, partition: number, offset: Offset): void {
    const { released } = this.#of(reader);
    released.set(partition, Math.max(offset, released.get(partition) ?? 0));
    this.#soon(reader);
  }

  /** Where this process's readers are: nothing has to be asked for it. */
  *own(): Iterable<GroupMark> {
    for (const [reader, { positions, released }] of this.#marks) {
      for (const [partition, position] of positions) {
        const group = groupOf(reader);
        yield { group, partition, position, released: released.get(partition) ?? -1 };
      }
    }
  }

  /** Commits what has changed. A failure is not told: the next commit brings the same figures. */
  save(): Promise<void> {
    this.#saving = this.#saving.then(async () => {
      for (const reader of this.#changed) {
        this.#changed.delete(reader);
        await this.#commit(reader).catch(() => this.#changed.add(reader));
        if (this.#changed.has(reader)) return;
      }
    });
    return this.#saving;
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    await this.save();
  }

  #of(reader: string): Marks {
    let marks = this.#marks.get(reader);
    if (!marks) {
      marks = { positions: new Map(), released: new Map() };
      this.#marks.set(reader, marks);
    }
    return marks;
  }

  #soon(reader: string): void {
    this.#changed.add(reader);
    this.#timer ??= this.#options.clock.after(
      SAVE_MS,
      () => {
        this.#timer = undefined;
        void this.save();
      },
      true,
    );
  }

  async #commit(reader: string): Promise<void> {
    const { cluster, topic } = this.#options;
    const { positions, released } = this.#of(reader);
    const partitions = [...positions].map(([partition, position]) => ({
      partition,
      offset: String(position),
      metadata: `released=${released.get(partition) ?? 0}`,
    }));
    if (partitions.length === 0) return;
    const groupId = groupOf(reader);
    const broker = await coordinatorOf(cluster, groupId);
    await broker.offsetCommit({
      ...{ groupId, groupGenerationId: -1, memberId: '' },
      topics: [{ topic, partitions }],
    });
  }
}

function marksOf(group: string, topics: readonly GroupOffsets[]): GroupMark[] {
  return topics
    .flatMap(({ partitions }) => partitions)
    .filter(({ offset }) => Number(offset) >= 0)
    .map(({ partition, offset, metadata }) => {
      const told = RELEASED.exec(metadata ?? '');
      const position = Number(offset);
      return { group, partition, position, released: told ? Number(told[1]) : position };
    });
}

/** What these groups have committed for a topic. @throws what kafkajs throws. */
export async function committed(
  cluster: KafkaCluster,
  topic: { readonly topic: string; readonly partitions: number },
  groups: readonly string[],
): Promise<GroupMark[]> {
  const partitions = Array.from({ length: topic.partitions }, (_, partition) => ({ partition }));
  const all: GroupMark[] = [];
  for (const groupId of groups) {
    const broker = await coordinatorOf(cluster, groupId);
    const topics = [{ topic: topic.topic, partitions }];
    const { responses } = await broker.offsetFetch({ groupId, topics });
    all.push(...marksOf(groupId, responses));
  }
  return all;
}

/** Names of all groups that the cluster knows. @throws what kafkajs throws. */
export async function allGroups(cluster: KafkaCluster): Promise<string[]> {
  await ready(cluster);
  const names = new Set<string>();
  const metadata = await cluster.brokerPool.withBroker(({ broker }) => broker.metadata([]));
  for (const { nodeId } of metadata?.brokers ?? []) {
    const broker = await cluster.findBroker({ nodeId });
    for (const { groupId } of (await broker.listGroups()).groups) names.add(groupId);
  }
  return [...names];
}
