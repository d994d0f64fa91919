// A log record: one Batch as bytes and back. The door's batches pass through encode() on their
// way into the log, and heads, rollups and rules get them through open(). Layout:
// docs/format/batch.md. Easy to get wrong: a record is not self-contained; its refs are defined
// by it or by an earlier record of the same partition and epoch, and a later definition of a ref
// replaces an earlier one.
import { assert } from '../errors.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { RECORD_BYTES_MAX } from '../limits.ts';
import type { Batch } from '../model/batch.ts';
import { BatchReader } from './batch-reader.ts';
import { BatchWriter } from './batch-writer.ts';
import type { Dictionary, OpenRecord } from './record.ts';

export type { Dictionary, OpenRecord } from './record.ts';

export class BatchCodec {
  readonly #kernels: Kernels;
  readonly #reader: BatchReader;
  #writer: BatchWriter | undefined;

  /**
   * @param role 'both' reserves the room for a record at once: encode() must not grow the memory,
   *   or the other batches of an append, whose columns are views of it, would be lost.
   */
  constructor(kernels: Kernels, role: 'both' | 'reader' = 'both') {
    this.#kernels = kernels;
    this.#reader = new BatchReader(kernels);
    if (role === 'both') this.#writer = new BatchWriter(kernels, RECORD_BYTES_MAX);
  }

  /**
   * The record as bytes of its own; series that `sequence` does not define yet are defined in it.
   * @throws MonError MON_LIMIT_EXCEEDED when it would pass RECORD_BYTES_MAX; nothing is defined
   * then.
   */
  encode(batch: Batch, dictionary: Dictionary): Uint8Array {
    assert(this.#writer !== undefined, 'a codec made for reading does not encode');
    assert(dictionary.book.kernels === this.#kernels, 'the book lies in the memory of the codec');
    return this.#writer.write(batch, dictionary);
  }

  /** @throws MonError MON_RECORD_MALFORMED. */
  open(record: Uint8Array): OpenRecord {
    return this.#reader.open(record);
  }
}
