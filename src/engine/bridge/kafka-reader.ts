// A reader of the log over Kafka: fetches the partitions it was given from their leaders, each
// from the offset it was told, with nobody to assign or reset anything. Easy to get wrong: Kafka
// answers whole batches, so what lies before the offset comes along and is skipped; and a record
// may lean on a dictionary that began before the reader's start, which is then fetched first.
import { MonError, assert } from '../errors.ts';
import { KAFKA_READY_BYTES_MAX } from '../limits-links.ts';
import type { Delivery, LogReader, Offset } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import { ReadDictionaries } from './dictionaries.ts';
import { innermost, kafkaFailure, typeOf } from './kafka-failure.ts';
import type { FetchedMessage, FetchedPartition, KafkaCluster } from './kafkajs-inside.ts';
import { decodeKey } from './message-key.ts';
import type { MessageKey } from './message-key.ts';
import { retryMs } from './outgoing.ts';

export interface ReaderOptions {
  readonly name: string;
  readonly from: ReadonlyMap<number, Offset>;
  /** Connections of the reader's own: a fetch that waits holds up what comes behind it. */
  readonly cluster: KafkaCluster;
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly clock: Clock;
  /** First offset that is still held. */
  readonly start: (partition: number) => Promise<Offset>;
  /**
   * From which offset to go on when a broker says that this one is out of range.
   * @throws MonError MON_LOG_OFFSET_GONE, MON_LOG_OFFSET_PAST_END.
   */
  readonly check: (partition: number, offset: Offset) => Promise<Offset>;
  /**
   * The topic is a copy that MirrorMaker made: offsets are its own and may have gaps, and what a
   * record leans on is the caller's to know.
   */
  readonly mirrored?: boolean;
  readonly ended: (partition: number, end: Offset) => void;
  readonly moved: (partition: number, next: Offset) => void;
  readonly released: (partition: number, offset: Offset) => void;
  readonly closed: (reader: KafkaReader) => void;
}

const WAIT_MS = 500;
const FETCH_BYTES = 4 * 1024 * 1024;
const PARTITION_BYTES = 1024 * 1024;
/** Records are visible when all in-sync replicas have them; there are no transactions. */
const READ_UNCOMMITTED = 0;
/**
 * In the place of a record whose series nobody can know any more: no section that means anything.
 */
const LOST_SECTION = 0x7f;

export class KafkaReader implements LogReader {
  /** Records that could not be read because retention has passed what they lean on. */
  lost = 0;
  readonly #options: ReaderOptions;
  readonly #next = new Map<number, Offset>();
  readonly #dictionaries = new Map<number, ReadDictionaries>();
  readonly #loops = new Map<number, Promise<void>>();
  #ready: Delivery[] = [];
  #readyBytes = 0;
  #bell: (() => void)[] = [];
  #room: (() => void)[] = [];
  #failure: unknown;
  #failed = 0;
  #mending: Promise<void> | undefined;
  #closed = false;
  #busy = false;
  readonly #abort = new AbortController();

  /** The offsets have been checked against the log. */
  constructor(options: ReaderOptions) {
    this.#options = options;
    for (const [partition, offset] of options.from) {
      this.#next.set(partition, offset);
      this.#dictionaries.set(partition, new ReadDictionaries());
    }
    if (options.from.size > 0) void this.#mend();
  }

  async next(signal?: AbortSignal): Promise<readonly Delivery[]> {
    assert(!this.#busy, 'one call of next at a time');
    this.#busy = true;
    try {
      for (;;) {
        if (this.#closed || signal?.aborted === true) return [];
        if (this.#ready.length > 0) return this.#handOut();
        if (this.#failure !== undefined) throw this.#failure;
        await this.#wait(signal);
      }
    } finally {
      this.#busy = false;
    }
  }

  release(partition: number, offset: Offset): void {
    this.#options.released(partition, offset);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#abort.abort();
    this.#ring();
    for (const go of this.#room.splice(0)) go();
    this.#options.closed(this);
  }

  /** Resolves when nothing is under way any more and the connections are closed. */
  async gone(): Promise<void> {
    await this.#options.cluster.disconnect().catch(() => undefined);
    await Promise.all([...this.#loops.values(), this.#mending]);
  }

  #handOut(): readonly Delivery[] {
    const out = this.#ready;
    this.#ready = [];
    this.#readyBytes = 0;
    for (const go of this.#room.splice(0)) go();
    for (const [partition, next] of lastOf(out)) this.#options.moved(partition, next);
    return out;
  }

  #ring(): void {
    for (const wake of this.#bell.splice(0)) wake();
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      this.#bell.push(wake);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  /** Connects, learns the leaders and sees to it that each has a loop. */
  #mend(): Promise<void> {
    this.#mending ??= this.#mendNow().finally(() => (this.#mending = undefined));
    return this.#mending;
  }

  async #mendNow(): Promise<void> {
    const { cluster, topic, clock } = this.#options;
    while (!this.#closed && this.#failure === undefined) {
      if (this.#failed > 0) await clock.sleep(retryMs(this.#failed), this.#abort.signal);
      if (this.#closed) return;
      try {
        if (!cluster.isConnected()) await cluster.connect();
        await cluster.addTargetTopic(topic);
        await cluster.refreshMetadata();
        const leaders = this.#leaders();
        for (const leader of new Set(leaders.values())) {
          if (leader >= 0 && !this.#loops.has(leader)) this.#begin(leader);
        }
        if (![...leaders.values()].includes(-1)) return;
        this.#failed = Math.max(1, this.#failed);
      } catch (thrown) {
        this.#judge(thrown);
      }
    }
  }

  /** What will not pass ends the reader; anything else is tried again. */
  #judge(thrown: unknown): void {
    const failure = kafkaFailure(thrown, this.#options.brokers);
    this.#failed++;
    if (failure.kind === 'retry' || failure.code === 'MON_NOT_FOUND') return;
    this.#failure = failure;
    this.#ring();
  }

  /** Partition -> leader, -1 where there is none now. */
  #leaders(): Map<number, number> {
    const { cluster, topic } = this.#options;
    const found = new Map<number, number>();
    for (const partition of this.#next.keys()) found.set(partition, -1);
    for (const { partitionId, leader } of cluster.findTopicPartitionMetadata(topic)) {
      if (found.has(partitionId)) found.set(partitionId, leader);
    }
    return found;
  }

  #begin(leader: number): void {
    const loop = this.#loop(leader)
      .catch((thrown: unknown) => {
        this.#failure ??= thrown;
        this.#ring();
      })
      .finally(() => this.#loops.delete(leader));
    this.#loops.set(leader, loop);
  }

  async #loop(leader: number): Promise<void> {
    const { cluster } = this.#options;
    while (!this.#closed && this.#failure === undefined) {
      if (this.#readyBytes >= KAFKA_READY_BYTES_MAX) {
        await new Promise<void>((resolve) => this.#room.push(resolve));
        continue;
      }
      try {
        const mine = [...this.#leaders()].filter(([, node]) => node === leader);
        if (mine.length === 0) return;
        const broker = await cluster.findBroker({ nodeId: leader });
        const partitions = mine.map(([partition]) => ({
          partition,
          fetchOffset: String(this.#next.get(partition)),
          maxBytes: PARTITION_BYTES,
        }));
        const { responses } = await broker.fetch({
          ...{ isolationLevel: READ_UNCOMMITTED, maxWaitTime: WAIT_MS, minBytes: 1 },
          maxBytes: FETCH_BYTES,
          topics: [{ topic: this.#options.topic, partitions }],
        });
        this.#failed = 0;
        for (const one of responses.flatMap((topics) => topics.partitions)) await this.#take(one);
      } catch (thrown) {
        if (this.#closed) return;
        await this.#trouble(thrown);
      }
    }
  }

  async #trouble(thrown: unknown): Promise<void> {
    if (thrown instanceof MonError) throw thrown;
    if (typeOf(thrown) === 'OFFSET_OUT_OF_RANGE') {
      for (const [partition, offset] of this.#next) {
        this.#next.set(partition, await this.#options.check(partition, offset));
      }
    }
    this.#failed++;
    // Its own loop goes on behind this one; the others see new leaders in the same metadata.
    await this.#mend();
  }

  async #take({ partition, highWatermark, messages }: FetchedPartition): Promise<void> {
    this.#options.ended(partition, Number(highWatermark));
    let taken = false;
    for (const message of messages) {
      const offset = Number(message.offset);
      const next = this.#next.get(partition) as Offset;
      if (offset < next || message.isControlRecord === true) continue;
      if (offset > next && this.#options.mirrored !== true) {
        const words = `partition ${partition} has no record ${next}: the next is ${offset}`;
        throw new MonError('MON_LOG_CORRUPT', words, {
          hint: 'is cleanup.policy of the topic not delete? mon kafka check tells',
        });
      }
      const bytes = await this.#readable(partition, offset, message);
      if (this.#closed) return;
      this.#push({ partition, offset, bytes, definitionsOnly: false });
      this.#next.set(partition, offset + 1);
      taken = true;
    }
    if (taken) this.#ring();
  }

  #push(delivery: Delivery): void {
    this.#ready.push(delivery);
    this.#readyBytes += delivery.bytes.length;
  }

  /** The record's bytes; what it leans on has been delivered before. */
  async #readable(partition: number, offset: Offset, message: FetchedMessage): Promise<Uint8Array> {
    const bytes = bytesOf(message.value);
    const key = decodeKey(message.key);
    // Not written by mon: the sink counts it as malformed.
    if (key === undefined || this.#options.mirrored === true) return bytes;
    const dictionaries = this.#dictionaries.get(partition) as ReadDictionaries;
    let standing = dictionaries.standing(key);
    if (standing === 'unknown') standing = await this.#lookBack(partition, offset, key);
    if (standing === 'known') return bytes;
    this.lost++;
    return emptyRecord(bytes);
  }

  /** Delivers the records of a dictionary that began before this reader did. */
  async #lookBack(partition: number, until: Offset, key: MessageKey): Promise<'known' | 'lost'> {
    const dictionaries = this.#dictionaries.get(partition) as ReadDictionaries;
    const start = await this.#options.start(partition);
    const found: Delivery[] = [];
    let begun = false;
    for (let at = Math.max(key.from, start); at < until;) {
      const messages = await this.#fetchOne(partition, at);
      if (messages.length === 0) break;
      for (const message of messages) {
        const offset = Number(message.offset);
        if (offset < at || offset >= until) continue;
        const one = decodeKey(message.key);
        if (one?.epoch !== key.epoch || one.sequence !== key.sequence) continue;
        begun ||= one.first;
        const bytes = bytesOf(message.value);
        if (begun) found.push({ partition, offset, bytes, definitionsOnly: true });
      }
      at = Number(messages[messages.length - 1].offset) + 1;
    }
    if (begun) {
      dictionaries.learn(key);
      found.forEach((one) => this.#push(one));
      return 'known';
    }
    if (key.from >= start) {
      const words = `record ${until} of partition ${partition} leans on definitions that are not`;
      throw new MonError('MON_LOG_CORRUPT', `${words} in the topic`);
    }
    dictionaries.lose(key);
    return 'lost';
  }

  /** The messages at and behind an offset; tries until it gets them. */
  async #fetchOne(partition: number, offset: Offset): Promise<readonly FetchedMessage[]> {
    const { cluster, topic, clock } = this.#options;
    while (!this.#closed) {
      try {
        const leader = this.#leaders().get(partition) ?? -1;
        const broker = await cluster.findBroker({ nodeId: leader });
        const wanted = { partition, fetchOffset: String(offset), maxBytes: PARTITION_BYTES };
        const { responses } = await broker.fetch({
          ...{ isolationLevel: READ_UNCOMMITTED, maxWaitTime: 0, minBytes: 0 },
          maxBytes: FETCH_BYTES,
          topics: [{ topic, partitions: [wanted] }],
        });
        return responses[0]?.partitions[0]?.messages ?? [];
      } catch (thrown) {
        if (typeOf(thrown) === 'OFFSET_OUT_OF_RANGE') return [];
        if (innermost(thrown) instanceof MonError) throw thrown;
        this.#failed++;
        await clock.sleep(retryMs(this.#failed), this.#abort.signal);
        await cluster.refreshMetadata().catch(() => undefined);
      }
    }
    return [];
  }
}

function bytesOf(value: Buffer | null): Uint8Array {
  if (value === null) return new Uint8Array(0);
  return new Uint8Array(value.buffer, value.byteOffset, value.length);
}

/** The head of the record and one section that says nothing (docs/format/batch.md). */
function emptyRecord(record: Uint8Array): Uint8Array {
  const HEAD = 24;
  const bytes = new Uint8Array(HEAD + 5);
  bytes.set(record.subarray(0, HEAD));
  bytes[HEAD] = LOST_SECTION;
  return bytes;
}

function lastOf(deliveries: readonly Delivery[]): Map<number, Offset> {
  const last = new Map<number, Offset>();
  for (const { partition, offset, definitionsOnly } of deliveries) {
    if (!definitionsOnly) last.set(partition, offset + 1);
  }
  return last;
}
