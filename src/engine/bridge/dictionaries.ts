// Dictionaries over Kafka, from both sides. A writer begins one for each partition, and a new one
// every few megabytes or minutes; a reader knows which it has seen from their beginnings. Easy to
// get wrong: a head remembers only so many producers, so the reader must forget no later than the
// head does, or a record would lean on what the head has dropped.
import { HEAD_EPOCHS_MAX } from '../limits.ts';
import { KAFKA_DICTIONARY_BYTES, KAFKA_DICTIONARY_MS } from '../limits-links.ts';
import type { Offset } from '../ports.ts';
import type { MessageKey } from './message-key.ts';

interface Open {
  sequence: number;
  from: Offset;
  bytes: number;
  sinceMs: number;
}

/** The writer's side: one dictionary a partition, numbers that never come again. */
export class WrittenDictionaries {
  readonly epoch: number;
  readonly #open: (Open | undefined)[];
  #sequence = 0;

  constructor(epoch: number, partitions: number) {
    this.epoch = epoch;
    this.#open = Array.from({ length: partitions }, () => undefined);
  }

  /** What the next record of a partition leans on; `end` is the partition's end as far as known. */
  next(partition: number, end: Offset, nowMs: number): MessageKey {
    const open = this.#open[partition];
    const { epoch } = this;
    const worn =
      open === undefined ||
      open.bytes >= KAFKA_DICTIONARY_BYTES ||
      nowMs - open.sinceMs >= KAFKA_DICTIONARY_MS;
    if (!worn) return { epoch, sequence: open.sequence, from: open.from, first: false };
    const sequence = ++this.#sequence;
    this.#open[partition] = { sequence, from: end, bytes: 0, sinceMs: nowMs };
    return { epoch, sequence, from: end, first: true };
  }

  wrote(partition: number, bytes: number): void {
    const open = this.#open[partition];
    if (open) open.bytes += bytes;
  }

  /** What the partition's dictionary holds may not be in the log: the next record begins anew. */
  renew(partition: number): void {
    this.#open[partition] = undefined;
  }

  renewAll(): void {
    this.#open.fill(undefined);
  }
}

/** What a reader of one partition can say of a record's dictionary. */
export type Standing = 'known' | 'lost' | 'unknown';

/** The reader's side, for one partition. */
export class ReadDictionaries {
  /** Epoch -> sequence, the one used last at the end; negative: past retention. */
  readonly #known = new Map<number, number>();

  standing(key: MessageKey): Standing {
    const { epoch, sequence, first } = key;
    const found = this.#known.get(epoch);
    if (first || found === sequence) {
      this.learn(key);
      return 'known';
    }
    return found === -sequence ? 'lost' : 'unknown';
  }

  learn({ epoch, sequence }: MessageKey): void {
    this.#set(epoch, sequence);
  }

  lose({ epoch, sequence }: MessageKey): void {
    this.#set(epoch, -sequence);
  }

  #set(epoch: number, sequence: number): void {
    this.#known.delete(epoch);
    this.#known.set(epoch, sequence);
    while (this.#known.size > HEAD_EPOCHS_MAX / 2) {
      this.#known.delete(this.#known.keys().next().value as number);
    }
  }
}
