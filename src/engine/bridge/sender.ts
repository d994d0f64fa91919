// Brings records into the partitions of a topic: one request a broker at a time, all partitions
// that it leads in one, acks=all, idempotent. It retries until it is told to let go. Easy to get
// wrong: a batch whose fate is not known must be sent again with the same sequence number and the
// same records, or the broker takes something else for it; and a producer that has let go of such
// a batch needs a new producer id before it sends anything further.
import { assert } from '../errors.ts';
import { KAFKA_BATCH_BYTES, KAFKA_REQUEST_BYTES } from '../limits-links.ts';
import type { Offset } from '../ports.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import { Gathering } from './gathering.ts';
import { typeOf } from './kafka-failure.ts';
import type { KafkaCluster, ProducePartition } from './kafkajs-inside.ts';
import { messageOf, NEW_PRODUCER, NOT_TAKEN, REFUSED, retryMs, sizeOf } from './outgoing.ts';
import type { Outgoing } from './outgoing.ts';

export interface SenderOptions {
  readonly cluster: KafkaCluster;
  readonly topic: string;
  readonly partitions: number;
  /** Kafka's number of the compression. */
  readonly codec: number;
  readonly clock: Clock;
  /** Called with the end of a partition that an acknowledgement proves. */
  readonly ended: (partition: number, end: Offset) => void;
  /** Called when a request has failed, and with undefined when one has succeeded after that. */
  readonly trouble: (error: unknown) => void;
}

export interface SenderCounts {
  records: number;
  bytes: number;
  requests: number;
  /** Requests that had to be sent again. */
  failures: number;
  /** Seconds from the first try of a request to its answer. */
  requestSeconds: number;
}

interface Batch {
  readonly items: readonly Outgoing[];
  /** Sequence number of its first record; undefined before the first try. */
  sequence: number | undefined;
  /** A request with it has gone out, and no answer said that it was not taken. */
  doubtful: boolean;
}

interface Lane {
  queue: Outgoing[];
  batch: Batch | undefined;
  sending: boolean;
  /** Its last try failed together with others: it is tried alone, so that one does not hold all. */
  alone: boolean;
  nextSequence: number;
}

const PRODUCE_MS = 5_000;
/** Sequence numbers are int32; long before their end a new producer id begins at 0. */
const SEQUENCE_MAX = 2 ** 31 - 2 ** 20;

/** The offset of a record that the broker had already, too long ago to say where. */
const UNKNOWN_OFFSET = -1;

export class Sender {
  readonly counts: SenderCounts = {
    ...{ records: 0, bytes: 0, requests: 0, failures: 0, requestSeconds: 0 },
  };
  /** Bytes that wait or are on their way. */
  pendingBytes = 0;
  readonly #options: SenderOptions;
  readonly #lanes: Lane[];
  readonly #busy = new Set<number>();
  #producer: { readonly id: string; readonly epoch: number } | undefined;
  #preparing = false;
  #failed = 0;
  #timer: Timer | undefined;
  readonly #gathering = new Gathering();
  #idle: (() => void)[] = [];
  #closed = false;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#lanes = Array.from({ length: options.partitions }, () => ({
      ...{ queue: [], batch: undefined, sending: false, alone: false, nextSequence: 0 },
    }));
  }

  /** Connects and gets a producer id, which no other has. @throws what kafkajs throws. */
  async open(): Promise<number> {
    await this.#options.cluster.connect();
    await this.#options.cluster.addTargetTopic(this.#options.topic);
    await this.#renew();
    return Number(this.#producer?.id);
  }

  push(out: Outgoing): void {
    this.#lanes[out.partition].queue.push(out);
    this.pendingBytes += sizeOf(out);
    this.#gathering.pushed(out.sinceMs);
    if (this.#timer === undefined || this.pendingBytes >= KAFKA_REQUEST_BYTES) this.#gather();
  }

  /** When the oldest record that waits was pushed, monotonic ms; `resting`: not under way. */
  oldestMs(resting = false): number | undefined {
    let oldest: number | undefined;
    for (const { batch, queue, sending } of this.#lanes) {
      if (resting && sending) continue;
      const first = batch?.items[0] ?? queue[0];
      if (first && (oldest === undefined || first.sinceMs < oldest)) oldest = first.sinceMs;
    }
    return oldest;
  }

  /**
   * Lets go of what is not acknowledged, in the order of each partition, and answers it. What may
   * be in the log already goes on being sent unless `doubtful`; then it may still arrive.
   */
  takeAll(doubtful: boolean): Outgoing[] {
    const all: Outgoing[] = [];
    for (const lane of this.#lanes) {
      const { batch } = lane;
      if (batch && (doubtful || !batch.doubtful)) {
        all.push(...batch.items);
        // Its number is spent: nothing else may go out under it.
        if (batch.sequence !== undefined) this.#producer = undefined;
        lane.batch = undefined;
        lane.alone = false;
      }
      all.push(...lane.queue);
      lane.queue = [];
    }
    for (const out of all) this.pendingBytes -= sizeOf(out);
    this.#woken();
    return all;
  }

  /** Resolves when nothing waits any more. */
  idle(): Promise<void> {
    if (this.pendingBytes === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Sends nothing further. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #woken(): void {
    if (this.pendingBytes > 0) return;
    for (const wake of this.#idle.splice(0)) wake();
  }

  /** Sends when it is time, which further records may put off. */
  #gather(): void {
    const nowMs = this.#options.clock.monotonic();
    const oldestMs = this.oldestMs(true) ?? nowMs;
    const ms = this.#gathering.waitMs(nowMs, this.pendingBytes, oldestMs);
    this.#soon(ms, ms > 0);
  }

  #soon(ms: number, gathers = false): void {
    if (this.#closed) return;
    if (this.#timer) {
      if (ms > 0) return;
      this.#timer.cancel();
    }
    this.#timer = this.#options.clock.after(ms, () => {
      this.#timer = undefined;
      if (gathers) this.#gather();
      else this.#flush();
    });
  }

  /** A request to each broker that leads a partition with records and has none under way. */
  #flush(): void {
    if (this.#closed || this.pendingBytes === 0) return;
    if (this.#producer === undefined) return void this.#prepare();
    const byLeader = new Map<number, number[]>();
    const leaders = this.#leaders();
    this.#lanes.forEach((lane, partition) => {
      if (lane.sending || (!lane.batch && lane.queue.length === 0)) return;
      const leader = leaders.get(partition) ?? -1;
      if (leader < 0) return;
      const list = byLeader.get(leader);
      if (list) list.push(partition);
      else byLeader.set(leader, [partition]);
    });
    if (byLeader.size === 0 && this.#busy.size === 0) {
      // Partitions without a leader: look again until they have one.
      return void this.#prepare();
    }
    for (const [leader, partitions] of byLeader) {
      if (this.#busy.has(leader)) continue;
      const lone = partitions.find((partition) => this.#lanes[partition].alone);
      void this.#send(leader, lone === undefined ? partitions : [lone]);
    }
  }

  #leaders(): ReadonlyMap<number, number> {
    const { cluster, topic } = this.#options;
    try {
      const found = cluster.findTopicPartitionMetadata(topic);
      return new Map(found.map(({ partitionId, leader }) => [partitionId, leader]));
    } catch {
      // Metadata is not loaded, as after a loss of all connections: it is fetched before the next.
      return new Map();
    }
  }

  /** Connects anew, learns who leads, gets a producer id; again and again until it succeeds. */
  async #prepare(): Promise<void> {
    if (this.#preparing) return;
    this.#preparing = true;
    const { cluster, clock, trouble } = this.#options;
    try {
      while (!this.#closed) {
        await clock.sleep(this.#failed === 0 ? 0 : retryMs(this.#failed));
        try {
          if (!cluster.isConnected()) await cluster.connect();
          await cluster.refreshMetadata();
          if (this.#producer === undefined && this.#busy.size === 0) await this.#renew();
          break;
        } catch (thrown) {
          this.#failed++;
          trouble(thrown);
        }
      }
    } finally {
      this.#preparing = false;
    }
    if (this.#producer !== undefined) this.#soon(this.#leaderless() ? retryMs(1) : 0);
    // Else the request that still runs ends first, and flushes.
  }

  #leaderless(): boolean {
    const leaders = this.#leaders();
    return this.#lanes.every(
      ({ batch, queue }, p) => (!batch && queue.length === 0) || (leaders.get(p) ?? -1) < 0,
    );
  }

  async #renew(): Promise<void> {
    const { cluster, clock } = this.#options;
    for (let i = 1; ; i++) {
      try {
        const broker = await cluster.findControllerBroker();
        const made = await broker.initProducerId({ transactionTimeout: 30_000 });
        this.#producer = { id: made.producerId, epoch: made.producerEpoch };
        break;
      } catch (thrown) {
        // A cluster that has just begun loads its state first.
        if (!/LOAD_IN_PROGRESS|NOT_AVAILABLE/.test(typeOf(thrown)) || i > 50) throw thrown;
        await clock.sleep(100);
      }
    }
    for (const lane of this.#lanes) {
      lane.nextSequence = 0;
      if (lane.batch) lane.batch.sequence = undefined;
    }
  }

  #fill(lane: Lane): Batch {
    if (lane.batch) return lane.batch;
    let bytes = 0;
    let count = 0;
    for (const out of lane.queue) {
      bytes += sizeOf(out);
      if (count > 0 && bytes > KAFKA_BATCH_BYTES) break;
      count++;
    }
    lane.batch = { items: lane.queue.splice(0, count), sequence: undefined, doubtful: false };
    return lane.batch;
  }

  #request(partitions: readonly number[]): ProducePartition[] {
    return partitions.map((partition) => {
      const lane = this.#lanes[partition];
      const batch = this.#fill(lane);
      lane.sending = true;
      if (batch.sequence === undefined) {
        batch.sequence = lane.nextSequence;
        lane.nextSequence += batch.items.length;
      }
      return { partition, firstSequence: batch.sequence, messages: batch.items.map(messageOf) };
    });
  }

  async #send(leader: number, partitions: readonly number[]): Promise<void> {
    const { cluster, topic, codec, clock } = this.#options;
    const producer = this.#producer;
    assert(producer, 'a request has a producer');
    this.#busy.add(leader);
    const data = this.#request(partitions);
    this.#gathering.flushed();
    const batches = partitions.map((partition) => this.#lanes[partition].batch as Batch);
    const before = batches.map(({ doubtful }) => doubtful);
    const begun = clock.monotonic();
    this.counts.requests++;
    let failure: unknown;
    try {
      const broker = await cluster.findBroker({ nodeId: leader });
      for (const batch of batches) batch.doubtful = true;
      const answer = await broker.produce({
        topicData: [{ topic, partitions: data }],
        producerId: producer.id,
        producerEpoch: producer.epoch,
        acks: -1,
        timeout: PRODUCE_MS,
        compression: codec,
      });
      const bases = new Map<number, Offset>();
      for (const one of answer.topics) {
        for (const { partition, baseOffset } of one.partitions) {
          bases.set(partition, Number(baseOffset));
        }
      }
      this.#succeeded(partitions, batches, bases);
    } catch (thrown) {
      failure = thrown;
      // Of several partitions only the first one's answer is known.
      if (partitions.length === 1 && NOT_TAKEN.has(typeOf(thrown))) {
        batches.forEach((batch, i) => (batch.doubtful = before[i]));
      }
    }
    this.counts.requestSeconds += (clock.monotonic() - begun) / 1000;
    for (const partition of partitions) this.#lanes[partition].sending = false;
    this.#busy.delete(leader);
    if (failure !== undefined) await this.#unanswered(partitions, batches, failure);
    if (failure !== undefined) this.#soon(0);
    else this.#gather();
  }

  #succeeded(
    partitions: readonly number[],
    batches: readonly Batch[],
    bases: ReadonlyMap<number, Offset>,
  ): void {
    if (this.#failed > 0) this.#options.trouble(undefined);
    this.#failed = 0;
    const before = this.counts.bytes;
    partitions.forEach((partition, i) => {
      this.#settle(partition, batches[i], bases.get(partition) ?? UNKNOWN_OFFSET);
      if (this.#lanes[partition].nextSequence > SEQUENCE_MAX) this.#producer = undefined;
    });
    this.#gathering.sent(this.counts.bytes - before);
  }

  #settle(partition: number, batch: Batch, base: Offset): void {
    const lane = this.#lanes[partition];
    // Let go of meanwhile: somebody else answers for it.
    if (lane.batch !== batch) return;
    lane.batch = undefined;
    lane.alone = false;
    if (base >= 0) this.#options.ended(partition, base + batch.items.length);
    batch.items.forEach((out, i) => {
      this.pendingBytes -= sizeOf(out);
      this.counts.records++;
      this.counts.bytes += out.key.length + out.value.length;
      out.settle(base < 0 ? UNKNOWN_OFFSET : base + i);
    });
    this.#woken();
  }

  async #unanswered(
    partitions: readonly number[],
    batches: readonly Batch[],
    failure: unknown,
  ): Promise<void> {
    const type = typeOf(failure);
    this.#failed++;
    this.counts.failures++;
    if (partitions.length > 1) {
      // The first partition's error hides what became of the others: each finds out alone.
      for (const partition of partitions) this.#lanes[partition].alone = true;
    } else if (type === 'DUPLICATE_SEQUENCE_NUMBER') {
      return this.#settle(partitions[0], batches[0], UNKNOWN_OFFSET);
    } else if (REFUSED.has(type)) {
      return this.#refuse(partitions[0], batches[0], failure as Error);
    } else if (NEW_PRODUCER.has(type)) {
      this.#producer = undefined;
    }
    this.#options.trouble(failure);
    await this.#prepare();
  }

  #refuse(partition: number, batch: Batch, failure: Error): void {
    const lane = this.#lanes[partition];
    if (lane.batch !== batch) return;
    lane.batch = undefined;
    lane.alone = false;
    lane.nextSequence = batch.sequence ?? lane.nextSequence;
    for (const out of batch.items) {
      this.pendingBytes -= sizeOf(out);
      out.settle(failure);
    }
    this.#woken();
  }
}
