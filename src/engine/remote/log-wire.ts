// What crosses between a log and those who write to it and read it from other processes. Both ends
// take it apart with these functions. Easy to get wrong: what a peer says is held against its shape
// before anything is done with it.
import { MonError } from '../errors.ts';
import type { Batch } from '../model/batch.ts';
import type { Appended, Log, LogReader, Offset } from '../ports.ts';
import { plainError, thrownError } from './shard-protocol.ts';
import type { PlainError } from './shard-protocol.ts';

/** What a log tells a client with the greeting. */
export interface LogFacts {
  readonly partitions: number;
  readonly generation: number;
}

/** Which dictionary a record is written against; the far log's own is another. */
export interface FarPlace {
  readonly epoch: number;
  readonly sequence: number;
}

/** Turns a batch into bytes before append returns. A MonError refuses this one batch. */
export interface FarEncoder {
  encode(batch: Batch, place: FarPlace): Uint8Array;
}

/** Turns one producer's bytes into batches of the log's own series book. */
export interface Translator {
  /** The batch's columns are good until the next call. @throws MonError of kind 'data'. */
  open(record: Uint8Array): Batch;
  /** The producer has gone. */
  close(): void;
}

/** A log that lends itself: a reader may come back to where it was and hold more than that. */
export interface LentLog extends Log {
  /** `held` is what retention may not pass, `from` by default. */
  read(
    reader: string,
    from: ReadonlyMap<number, Offset>,
    held?: ReadonlyMap<number, Offset>,
  ): Promise<LogReader>;
}

export type AppendAnswer = readonly (number | PlainError)[];

export function appendAnswer(answers: readonly Appended[]): AppendAnswer {
  return answers.map((one) => ('offset' in one ? one.offset : plainError(one.error)));
}

/** The answers as they were; what is no answer is a failure. */
export function takeAppended(value: unknown, count: number): readonly Appended[] {
  const list = Array.isArray(value) ? (value as AppendAnswer) : [];
  return Array.from({ length: count }, (_, i): Appended => {
    const one = list[i];
    if (typeof one === 'number') return { offset: one };
    const error = one === undefined ? undefined : thrownError(one);
    if (error instanceof MonError) return { error };
    return { error: new MonError('MON_SERVER_FAILED', 'the log answered something else') };
  });
}

export function takeFacts(value: unknown): LogFacts {
  const { partitions, generation } = (value ?? {}) as Partial<LogFacts>;
  if (!Number.isSafeInteger(partitions) || !Number.isSafeInteger(generation)) {
    throw new MonError('MON_RECORD_MALFORMED', 'a log that does not say what it is');
  }
  return { partitions: partitions as number, generation: generation as number };
}

export function takeText(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new MonError('MON_RECORD_MALFORMED', 'a call without its text');
}

export function takeNumber(value: unknown): number {
  if (typeof value === 'number' && !Number.isNaN(value)) return value;
  throw new MonError('MON_RECORD_MALFORMED', 'a call without its number');
}

export function takeList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new MonError('MON_RECORD_MALFORMED', 'a call without its list');
}

/** Offsets by partition; whether there is such a partition is the log's to say. */
export function takeOffsets(value: unknown): Map<number, Offset> {
  const out = new Map<number, Offset>();
  if (!(value instanceof Map)) throw new MonError('MON_RECORD_MALFORMED', 'no offsets');
  for (const [partition, offset] of value) {
    const [p, o] = [takeNumber(partition), takeNumber(offset)];
    if (!Number.isSafeInteger(p) || p < 0 || !Number.isSafeInteger(o) || o < 0) {
      throw new MonError('MON_RECORD_MALFORMED', `${o} is no offset of partition ${p}`);
    }
    out.set(p, o);
  }
  return out;
}
