// The Log over Kafka: a batch is one message of a topic, durable when all in-sync replicas have
// it. Three sets of connections: one sends, one asks for offsets and commits, and each reader has
// its own. Easy to get wrong: offset and dictionary of a record are decided when append is called,
// and a record that fails later takes its dictionary along.
import { MonError, assert } from '../errors.ts';
import { RECORD_BYTES_MAX } from '../limits.ts';
import {
  KAFKA_DOUBT_MS,
  KAFKA_GIVE_UP_MS,
  KAFKA_PATIENCE_MS,
  KAFKA_PENDING_BYTES_MAX,
} from '../limits-links.ts';
import type { Batch } from '../model/batch.ts';
import type { Appended, Log, LogReader, Offset } from '../ports.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import { WrittenDictionaries } from './dictionaries.ts';
import { Ends } from './ends.ts';
import { committed, Groups, groupOf } from './groups.ts';
import type { GroupLag, GroupMark } from './groups.ts';
import type { KafkaAccess } from './kafka-access.ts';
import { clusterFor } from './kafka-access.ts';
import { CODEC } from './kafka-codecs.ts';
import type { CodecName } from './kafka-codecs.ts';
import { kafkaFailure } from './kafka-failure.ts';
import { KafkaReader } from './kafka-reader.ts';
import type { KafkaCluster } from './kafkajs-inside.ts';
import { busy, closed, offsetFailure, tooLarge } from './log-failures.ts';
import { encodeKey } from './message-key.ts';
import { Sender } from './sender.ts';
import type { SenderCounts } from './sender.ts';
import type { Outgoing } from './outgoing.ts';
import { Spill } from './spill.ts';
import type { Spool } from './spill.ts';
import { currentTopic } from './topic-generation.ts';
import type { FoundTopic } from './topic-generation.ts';

/** Turns a batch into a record; the same as log/record-encoder.ts. */
export interface KafkaEncoder {
  encode(batch: Batch, place: { readonly epoch: number; readonly sequence: number }): Uint8Array;
}

export interface KafkaLogOptions {
  readonly access: KafkaAccess;
  /** Base name of the topic; `metrics.raw` by default. */
  readonly topic?: string;
  /** Called once with the number of partitions, before anything is appended. */
  readonly encoder: (partitions: number) => KafkaEncoder;
  readonly clock: Clock;
  /** Another number than the topic has begins a new generation, once all readers have drained. */
  readonly partitions?: number;
  /** Where records go while Kafka is away; without one, appends fail then. */
  readonly spool?: (partitions: number) => Promise<Spool>;
  /** How batches are packed; by default as the topic is set. */
  readonly compression?: CodecName;
  /** Records lean on nothing: each can be read without any before it. */
  readonly alone?: boolean;
  readonly giveUpMs?: number;
  readonly patienceMs?: number;
  /** Told once when Kafka goes away, and once when it is back. */
  readonly away?: (failure: MonError | undefined) => void;
}

/** Plain figures since the log was opened. */
export interface KafkaLogCounts extends SenderCounts {
  readonly pendingBytes: number;
  readonly spoolBytes: number;
  readonly spooled: number;
  readonly drained: number;
  /** Records that readers could not read because retention had passed their dictionary. */
  readonly lost: number;
}

const ASK_MS = 3_000;
const SEND_MS = 10_000;
const FETCH_MS = 10_000;
const WATCH_MS = 200;
const CLOSE_MS = 5_000;

interface Parts {
  readonly found: FoundTopic;
  readonly asking: KafkaCluster;
  readonly sending: KafkaCluster;
}

export class KafkaLog implements Log {
  readonly partitions: number;
  readonly generation: number;
  /** Name of the topic, its generation included. */
  readonly topic: string;
  /** Which cluster this is, as it says itself. */
  readonly clusterId: string;
  readonly #options: KafkaLogOptions;
  readonly #asking: KafkaCluster;
  readonly #sending: KafkaCluster;
  readonly #sender: Sender;
  readonly #ends: Ends;
  readonly #groups: Groups;
  readonly #readers = new Set<KafkaReader>();
  readonly #leaving = new Set<Promise<void>>();
  readonly #encoder: KafkaEncoder;
  #dictionaries: WrittenDictionaries;
  #spill: Spill | undefined;
  #spool: Spool | undefined;
  #lost = 0;
  #watch: Timer | undefined;
  #away = false;
  #failure: MonError | undefined;
  #closing: Promise<void> | undefined;

  private constructor(options: KafkaLogOptions, { found, asking, sending }: Parts) {
    const { clock } = options;
    const { topic, partitions } = found;
    const codec = options.compression === undefined ? found.codec : CODEC[options.compression];
    this.#options = options;
    this.#asking = asking;
    this.#sending = sending;
    this.topic = topic;
    this.partitions = partitions;
    this.generation = found.generation;
    this.clusterId = found.clusterId;
    this.#encoder = options.encoder(partitions);
    this.#dictionaries = new WrittenDictionaries(0, partitions);
    this.#ends = new Ends({ cluster: asking, topic, partitions, clock });
    this.#groups = new Groups({ cluster: asking, topic, clock });
    const ended = (partition: number, end: Offset): void => this.#ends.proved(partition, end);
    const trouble = (error: unknown): void => this.#trouble(error);
    const cluster = sending;
    this.#sender = new Sender({ cluster, topic, partitions, codec, clock, ended, trouble });
  }

  /**
   * Connects and finds the topic, which must be there (`mon kafka init`).
   * @throws MonError MON_SERVER_UNREACHABLE, MON_NOT_FOUND, MON_AUTH_REQUIRED; MON_CONFIG_INVALID
   *   when partitions changed and readers still need records.
   */
  static async open(options: KafkaLogOptions): Promise<KafkaLog> {
    const { access } = options;
    const asking = clusterFor(access, ASK_MS);
    const sending = clusterFor(access, SEND_MS);
    try {
      await asking.connect();
      const found = await currentTopic(asking, options);
      const log = new KafkaLog(options, { found, asking, sending });
      await log.#open();
      return log;
    } catch (thrown) {
      await Promise.all([asking, sending].map((one) => one.disconnect().catch(() => undefined)));
      throw kafkaFailure(thrown, access.brokers);
    }
  }

  get counts(): KafkaLogCounts {
    const { counts: spilled = { taken: 0, drained: 0 } } = this.#spill ?? {};
    let lost = this.#lost;
    for (const reader of this.#readers) lost += reader.lost;
    return {
      ...this.#sender.counts,
      pendingBytes: this.#sender.pendingBytes,
      spoolBytes: this.#spill?.active === true ? (this.#spool?.bytes() ?? 0) : 0,
      ...{ spooled: spilled.taken, drained: spilled.drained, lost },
    };
  }

  /** Undefined while Kafka answers; what it said last otherwise. */
  get failure(): MonError | undefined {
    return this.#away ? this.#failure : undefined;
  }

  append(batches: readonly Batch[]): Promise<readonly Appended[]> {
    const now = this.#options.clock.monotonic();
    const spilled: Outgoing[] = [];
    const answers = batches.map((batch) => {
      const refusal = this.#refusal();
      return refusal ? Promise.resolve({ error: refusal }) : this.#add(batch, now, spilled);
    });
    this.#spill?.put(spilled);
    return Promise.all(answers);
  }

  start(partition: number): Promise<Offset> {
    return this.#ends.start(partition);
  }

  end(partition: number): Promise<Offset> {
    return this.#ends.end(partition);
  }

  /** Where all partitions begin or end, in one question. @throws MonError without an answer. */
  all(edge: 'start' | 'end'): Promise<readonly Offset[]> {
    return this.#ends.all(edge, this.#options.access.brokers);
  }

  async read(reader: string, from: ReadonlyMap<number, Offset>): Promise<LogReader> {
    if (this.#closing) throw closed();
    const { access, clock } = this.#options;
    try {
      await this.#ends.askBoth();
    } catch (thrown) {
      throw kafkaFailure(thrown, access.brokers);
    }
    for (const [partition, offset] of from) await this.#check(reader, partition, offset);
    await this.#groups.register(reader, from);
    const made = new KafkaReader({
      ...{ name: reader, from, clock, topic: this.topic, brokers: access.brokers },
      cluster: clusterFor(access, FETCH_MS),
      start: (partition) => this.start(partition),
      check: (partition, offset) => this.#recheck(reader, partition, offset),
      ended: (partition, end) => this.#ends.proved(partition, end),
      moved: (partition, next) => this.#groups.position(reader, partition, next),
      released: (partition, offset) => this.#groups.release(reader, partition, offset),
      closed: (one) => this.#leave(one),
    });
    this.#readers.add(made);
    return made;
  }

  /**
   * How far groups are behind, records in each partition: this process's readers by where they are,
   * other groups by what they have committed. @throws MonError when Kafka does not answer.
   */
  async lag(others: readonly string[] = []): Promise<readonly GroupLag[]> {
    const marks: GroupMark[] = [...this.#groups.own()];
    const mine = new Set(marks.map(({ group }) => group));
    const strangers = others.map(groupOf).filter((group) => !mine.has(group));
    try {
      marks.push(...(await committed(this.#asking, this, strangers)));
      await this.#ends.ask('end');
    } catch (thrown) {
      throw kafkaFailure(thrown, this.#options.access.brokers);
    }
    return marks.map(({ group, partition, position }) => {
      return { group, partition, records: Math.max(0, this.#ends.known(partition) - position) };
    });
  }

  /** Sends what waits, or leaves it in the spool; closes readers and connections. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #open(): Promise<void> {
    const { spool, clock } = this.#options;
    const producer = await this.#sender.open();
    // Epochs count from 1 on, in four bytes of the record.
    this.#dictionaries = new WrittenDictionaries((producer + 1) % 2 ** 32, this.partitions);
    await this.#ends.askBoth();
    if (spool === undefined) return;
    this.#spool = await spool(this.partitions);
    this.#spill = new Spill({
      spool: this.#spool,
      clock,
      push: (out) => this.#sender.push(out),
      changed: (active) => {
        if (!active) this.#dictionaries.renewAll();
      },
      failed: (error) => this.#trouble(error),
    });
    await this.#spill.open();
  }

  async #close(): Promise<void> {
    const { clock } = this.#options;
    const over = new AbortController();
    const patience = clock.sleep(CLOSE_MS, over.signal);
    if (this.#spill?.active !== true) await Promise.race([this.#sender.idle(), patience]);
    over.abort();
    this.#sender.close();
    this.#watch?.cancel();
    // What the spool has is drained by the next process; the rest goes into it, or fails.
    if (this.#spill?.active !== true) this.#letGo(this.#sender.takeAll(true));
    await this.#spill?.close();
    await Promise.all([...this.#readers].map((reader) => reader.close()));
    await this.#groups.close();
    const all = [this.#asking, this.#sending];
    await Promise.all(all.map((one) => one.disconnect().catch(() => undefined)));
    await Promise.all(this.#leaving);
  }

  #leave(reader: KafkaReader): void {
    this.#readers.delete(reader);
    this.#lost += reader.lost;
    const gone = reader.gone().finally(() => this.#leaving.delete(gone));
    this.#leaving.add(gone);
    void this.#groups.save();
  }

  #refusal(): MonError | undefined {
    if (this.#closing) return closed();
    if (this.#spill?.active === true) {
      return this.#spill.full ? this.#spill.refusal() : undefined;
    }
    if (this.#sender.pendingBytes < KAFKA_PENDING_BYTES_MAX) return undefined;
    return busy(this.#sender.pendingBytes);
  }

  #add(batch: Batch, now: number, spilled: Outgoing[]): Promise<Appended> {
    const { partition } = batch;
    assert(
      partition >= 0 && partition < this.partitions,
      'the batch is for a partition of the log',
    );
    const dictionaries = this.#dictionaries;
    const spilling = this.#spill?.active === true;
    // In the spool each record stands alone: any of them may be refused there.
    if (spilling || this.#options.alone === true) dictionaries.renew(partition);
    const key = dictionaries.next(partition, this.#ends.known(partition), now);
    let value: Uint8Array;
    try {
      value = this.#encoder.encode(batch, { epoch: key.epoch, sequence: key.sequence });
    } catch (thrown) {
      if (!(thrown instanceof MonError)) throw thrown;
      dictionaries.renew(partition);
      return Promise.resolve({ error: thrown });
    }
    if (value.length > RECORD_BYTES_MAX) {
      dictionaries.renew(partition);
      return Promise.resolve({ error: tooLarge(value.length) });
    }
    dictionaries.wrote(partition, value.length);
    return new Promise((resolve) => {
      const settle = (at: Offset | Error): void => resolve(this.#answer(partition, at));
      const out = { partition, key: encodeKey(key), value, sinceMs: now, settle };
      if (spilling) return void spilled.push(out);
      this.#sender.push(out);
      this.#watchSoon();
    });
  }

  #answer(partition: number, at: Offset | Error): Appended {
    if (!(at instanceof Error)) return { offset: at };
    this.#dictionaries.renew(partition);
    return { error: kafkaFailure(at, this.#options.access.brokers) };
  }

  /** Looks from time to time whether something waits too long. */
  #watchSoon(): void {
    this.#watch ??= this.#options.clock.after(
      WATCH_MS,
      () => {
        this.#watch = undefined;
        this.#look();
      },
      true,
    );
  }

  #look(): void {
    // What is being drained waits as long as it takes.
    if (this.#closing || this.#spill?.active === true) return;
    const oldest = this.#sender.oldestMs();
    if (oldest === undefined) return;
    const { clock, patienceMs = KAFKA_PATIENCE_MS, giveUpMs = KAFKA_GIVE_UP_MS } = this.#options;
    const most = this.#spill ? patienceMs : giveUpMs;
    const waited = clock.monotonic() - oldest;
    // Without a spool what may be in the log already is not called failed before it must be.
    const doubtful = this.#spill !== undefined || waited >= KAFKA_DOUBT_MS;
    if (waited >= most) this.#letGo(this.#sender.takeAll(doubtful));
    if (this.#sender.pendingBytes > 0) this.#watchSoon();
  }

  #letGo(all: readonly Outgoing[]): void {
    if (all.length === 0) return;
    this.#dictionaries.renewAll();
    if (this.#spill) return this.#spill.put(all);
    const why = this.#failure?.message ?? 'no acknowledgement came';
    const words = `the record was not acknowledged by Kafka: ${why}`;
    const error = new MonError('MON_SERVER_UNREACHABLE', words, {
      hint: this.#failure?.hint ?? 'send again a little later',
    });
    for (const out of all) out.settle(error);
  }

  #trouble(error: unknown): void {
    const { access, away } = this.#options;
    if (error !== undefined) this.#failure = kafkaFailure(error, access.brokers);
    const now = error !== undefined;
    if (now === this.#away) return;
    this.#away = now;
    away?.(now ? this.#failure : undefined);
  }

  async #recheck(reader: string, partition: number, offset: Offset): Promise<Offset> {
    await this.#ends.askBoth();
    await this.#check(reader, partition, offset);
    return offset;
  }

  async #check(reader: string, partition: number, offset: Offset): Promise<void> {
    const inside = partition < this.partitions;
    const end = inside ? this.#ends.known(partition) : -1;
    const start = inside ? this.#ends.knownStart(partition) : 0;
    const bad = offsetFailure(this.topic, { reader, partition, offset, start, end });
    if (bad) throw bad;
  }
}
