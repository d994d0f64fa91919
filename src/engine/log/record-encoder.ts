// How the log turns a batch into the bytes of a record. The log does not know what a record says;
// it only promises which dictionary the record may lean on. Easy to get wrong: `sequence` moves on
// with every segment and after every failed commit, because what a lost record had defined is not
// on disk.
import type { BatchCodec } from '../codec/batch.ts';
import type { SeriesBook } from '../kernels/series-book.ts';
import type { Batch } from '../model/batch.ts';

/** Which dictionary a record is written against: one epoch an open log, one sequence a segment. */
export interface RecordPlace {
  readonly epoch: number;
  readonly sequence: number;
}

/**
 * Called once a batch, in log order, before append returns its promise. The bytes need to stay as
 * they are only until the next call. A MonError refuses this one batch.
 */
export interface RecordEncoder {
  encode(batch: Batch, place: RecordPlace): Uint8Array;
}

/** The encoder of the running system: the batch codec over one book of series. */
export function batchEncoder(codec: BatchCodec, book: SeriesBook): RecordEncoder {
  return {
    encode: (batch, { epoch, sequence }) => codec.encode(batch, { epoch, sequence, book }),
  };
}
