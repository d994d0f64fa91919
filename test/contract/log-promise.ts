// What the contract of every log is written with: the log under test, what can be done to it, and
// how a promise is told. What one implementation cannot be brought to do (fill its disk, run its
// retention) is a hook that may be missing; promises that need it are then skipped.
import assert from 'node:assert/strict';
import { MonError } from '../../src/engine/errors.ts';
import type { FailureCode } from '../../src/engine/errors.ts';
import type { Batch } from '../../src/engine/model/batch.ts';
import type { Appended, Delivery, Log, LogReader } from '../../src/engine/ports.ts';
import { plainBatch } from '../support/plain-records.ts';

export const CONTRACT_PARTITIONS = 3;

/** A log and what can be done to it. Its records come from batches of `plainBatch`. */
export interface LogUnderTest {
  readonly log: Log;
  /** Closes the log and opens it again, perhaps with another number of partitions. */
  reopen(partitions?: number): Promise<Log>;
  /** What the bytes of a record say. */
  decode(bytes: Uint8Array): { number: number; refs: readonly number[]; values: readonly number[] };
  /** A batch that fails singly while others of the call succeed. */
  refused?(partition: number): Batch;
  /** Makes retention remove all that it may. */
  expire?(log: Log): Promise<void>;
  /** Appends so much that what came before is no longer in memory and lies in an older segment. */
  roll?(log: Log, from: number): Promise<number>;
  forget?(log: Log, reader: string): Promise<void>;
  /**
   * Makes the log's disk full, or the broker unreachable, until the function answered is called.
   */
  fill?(): Promise<() => Promise<void>>;
  dispose(): Promise<void>;
}

/** One promise of engine/ports.ts; `needs` names the hook without which it cannot be tried. */
export interface LogPromise {
  readonly words: string;
  readonly needs?: keyof LogUnderTest;
  readonly run: (one: Required<LogUnderTest>) => Promise<void>;
}

export function offsetOf(appended: Appended): number {
  assert.ok('offset' in appended, 'error' in appended ? appended.error.message : '');
  return appended.offset;
}

export async function put(log: Log, partition: number, number: number): Promise<number> {
  const [one] = await log.append([plainBatch(partition, number)]);
  return offsetOf(one);
}

export async function failsWith(code: FailureCode, work: Promise<unknown>): Promise<void> {
  await assert.rejects(work, (thrown) => thrown instanceof MonError && thrown.code === code);
}

/** Reads on until so many deliveries have come. */
export async function take(reader: LogReader, count: number): Promise<Delivery[]> {
  const out: Delivery[] = [];
  while (out.length < count) {
    const more = await reader.next();
    assert.ok(more.length > 0, 'next waits for at least one record');
    out.push(...more);
  }
  assert.equal(out.length, count);
  return out;
}

export function everywhere(offset = 0): Map<number, number> {
  return new Map(Array.from({ length: CONTRACT_PARTITIONS }, (_, p) => [p, offset]));
}

export function offsetsOf(deliveries: readonly Delivery[], partition: number): number[] {
  return deliveries.filter((d) => d.partition === partition).map((d) => d.offset);
}
