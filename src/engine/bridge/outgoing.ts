// A record on its way into a topic, and what the errors of a broker mean for it: sent again,
// refused for good, or not without a new producer id. Easy to get wrong: only some errors say that
// nothing was appended; after any other the record may be in the log.
import type { Offset } from '../ports.ts';

/** One record on its way. */
export interface Outgoing {
  readonly partition: number;
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Monotonic ms. */
  readonly sinceMs: number;
  /** Called once: durable at this offset, or refused for good by the broker. */
  readonly settle: (at: Offset | Error) => void;
}

const RETRY_MS = [50, 100, 250, 500, 1000];
const OVERHEAD_BYTES = 32;

/** The broker does not know this producer, or has seen other numbers: begin anew. */
export const NEW_PRODUCER = new Set([
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_PRODUCER_EPOCH',
  'INVALID_PRODUCER_ID_MAPPING',
]);
/** The broker says that it has appended nothing. */
export const NOT_TAKEN = new Set([
  'NOT_LEADER_FOR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'NOT_ENOUGH_REPLICAS',
  'KAFKA_STORAGE_ERROR',
]);
/** The same records would be refused again. */
export const REFUSED = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'INVALID_REQUIRED_ACKS',
  'UNSUPPORTED_COMPRESSION_TYPE',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  'TOPIC_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
]);
/** How long to wait after so many failures in a row. */
export function retryMs(failed: number): number {
  return RETRY_MS[Math.min(failed, RETRY_MS.length) - 1];
}

/** What a record counts for in bounds. */
export function sizeOf({ key, value }: Outgoing): number {
  return key.length + value.length + OVERHEAD_BYTES;
}

/** As kafkajs wants it. */
export function messageOf({ key, value }: Outgoing): { key: Buffer; value: Buffer } {
  return { key: bufferOf(key), value: bufferOf(value) };
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
