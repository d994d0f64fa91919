// What crosses between the thread that owns a shard's memory and the one that feeds and asks it:
// calls with a number, answers with the same number, failures as plain data. Samples cross only in
// packed batches; a packed buffer changes hands (transfer), it is never used by the sender again.
import type { MessagePort } from 'node:worker_threads';
import { MonError, UserError, messageOf } from '../errors.ts';
import type { FailureCode } from '../errors.ts';
import type { Delivery } from '../ports.ts';
import type { PackedFragment } from './fragment-wire.ts';
import type { PackedLabels } from './label-wire.ts';

/** What changes hands with a message. */
export type Transferable = ArrayBuffer | MessagePort;

/** What both ends of a channel can do: a worker's parentPort, a Worker, a MessagePort. */
export interface Channel {
  postMessage(value: unknown, transfer?: readonly Transferable[]): void;
  on(event: 'message', listener: (value: unknown) => void): unknown;
}

export interface Call {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
  /** Partitions that a question is narrowed to. */
  readonly only?: readonly number[];
}

/** Asked of these partitions, a thread answers from made-up series; it has no such partition. */
export const REHEARSED: readonly number[] = [-1];

export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly fragment: PackedFragment }
  | { readonly id: number; readonly batch: PackedBatch }
  | { readonly id: number; readonly error: PlainError }
  /** Labels of an answer to come, told before it so that nothing takes long. */
  | { readonly labels: PackedLabels };

/** The answers of many fragments, in the order asked. */
export interface PackedBatch {
  readonly results: readonly (PackedFragment | { readonly failed: PlainError })[];
  readonly whole: boolean;
  readonly storeReads: number;
}

/** A failure as plain data: which of the three kinds it was and its fields. */
export interface PlainError {
  readonly kind: 'mon' | 'user' | 'bug';
  readonly message: string;
  readonly code?: FailureCode;
  readonly hint?: string;
  readonly source?: string;
  readonly start?: number;
  readonly end?: number;
  readonly stack?: string;
  readonly fields?: Readonly<Record<string, string | number>>;
}

export function plainError(thrown: unknown): PlainError {
  if (thrown instanceof MonError) {
    const { message, code, hint, fields } = thrown;
    return { kind: 'mon', message, code, hint, fields };
  }
  if (thrown instanceof UserError) {
    const { message, hint, source, start, end } = thrown;
    return { kind: 'user', message, hint, source, start, end };
  }
  const stack = thrown instanceof Error ? thrown.stack : undefined;
  return { kind: 'bug', message: messageOf(thrown), stack };
}

export function thrownError(plain: PlainError): Error {
  if (plain.kind === 'mon' && plain.code) {
    const { hint, fields } = plain;
    return new MonError(plain.code, plain.message, { hint, fields });
  }
  if (plain.kind === 'user') return new UserError(plain.message, plain);
  const error = new Error(plain.message);
  if (plain.stack !== undefined) error.stack = plain.stack;
  return error;
}

/** Deliveries in one buffer: four numbers each in `heads`, the bytes one after another. */
export interface PackedDeliveries {
  readonly heads: Float64Array;
  readonly bytes: Uint8Array;
}

const HEAD_NUMBERS = 4;

export function packDeliveries(deliveries: readonly Delivery[]): PackedDeliveries {
  let size = 0;
  for (const one of deliveries) size += one.bytes.length;
  const heads = new Float64Array(deliveries.length * HEAD_NUMBERS);
  const bytes = new Uint8Array(size);
  let at = 0;
  deliveries.forEach((one, i) => {
    const fields = [one.partition, one.offset, one.definitionsOnly ? 1 : 0, one.bytes.length];
    heads.set(fields, i * HEAD_NUMBERS);
    bytes.set(one.bytes, at);
    at += one.bytes.length;
  });
  return { heads, bytes };
}

export function unpackDeliveries(packed: PackedDeliveries): Delivery[] {
  const out: Delivery[] = [];
  let at = 0;
  for (let i = 0; i < packed.heads.length; i += HEAD_NUMBERS) {
    const length = packed.heads[i + 3];
    out.push({
      partition: packed.heads[i],
      offset: packed.heads[i + 1],
      definitionsOnly: packed.heads[i + 2] === 1,
      bytes: packed.bytes.subarray(at, at + length),
    });
    at += length;
  }
  return out;
}
