// The key of a Kafka message: which dictionary its record leans on, and from which offset on that
// dictionary can be found. The value is the record alone (docs/format/kafka.md). Easy to get wrong:
// `from` is a bound from below, not the place of the first record itself, which is not known yet
// when the next records are written.

/** Which dictionary a record leans on. */
export interface MessageKey {
  /** The producer that wrote the dictionary: Kafka's producer id plus one. */
  readonly epoch: number;
  readonly sequence: number;
  /** The dictionary begins in no record of the partition before this offset. */
  readonly from: number;
  /** This record begins the dictionary. */
  readonly first: boolean;
}

const VERSION = 1;
export const KEY_BYTES = 18;

export function encodeKey(key: MessageKey): Buffer {
  const bytes = Buffer.allocUnsafe(KEY_BYTES);
  bytes.writeUInt8(VERSION, 0);
  bytes.writeUInt8(key.first ? 1 : 0, 1);
  bytes.writeUInt32LE(key.epoch, 2);
  bytes.writeUInt32LE(key.sequence, 6);
  bytes.writeBigUInt64LE(BigInt(key.from), 10);
  return bytes;
}

/** Undefined for what mon has not written. */
export function decodeKey(bytes: Uint8Array | null): MessageKey | undefined {
  if (bytes === null || bytes.length !== KEY_BYTES || bytes[0] !== VERSION) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const from = Number(view.getBigUint64(10, true));
  if (view.getUint8(1) > 1 || !Number.isSafeInteger(from)) return undefined;
  return {
    epoch: view.getUint32(2, true),
    sequence: view.getUint32(6, true),
    from,
    first: view.getUint8(1) === 1,
  };
}
