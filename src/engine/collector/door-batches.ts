// The columns that the split kernel has sorted by partition and lateness, as batches for the log.
// The last step of the door before the append. Easy to get wrong: the batches are views of kernel
// memory, so nothing may grow it until the log has read them.
import type { KernelExports } from '../kernels/exports.ts';
import type { Kernels } from '../kernels/kernels.ts';
import type { Batch, FloatColumns, TimeSpan } from '../model/batch.ts';
import type { Lateness } from '../model/sample.ts';
import { LATENESS } from '../model/sample.ts';

/** Live, late, backfill, held: assembly/split.ts. */
const CLASSES = 4;

/** What every batch of one request shares; a record stays under `recordBytes`. */
export interface BatchForm {
  readonly receivedMs: number;
  readonly recordBytes: number;
}

/** The batches of the split columns, in order within each partition and class. */
export function splitBatches(
  kernels: Kernels,
  partitions: number,
  { receivedMs, recordBytes }: BatchForm,
): Batch[] {
  const x = kernels.exports;
  const { buffer } = kernels.memory;
  const buckets = partitions * CLASSES;
  const ends = kernels.u32.subarray(x.splitEnds() >>> 2, (x.splitEnds() >>> 2) + buckets);
  const [refsAt, timesAt, valuesAt] = [x.splitRefs(), x.splitTimes(), x.splitValues()];
  const batches: Batch[] = [];
  let from = 0;
  for (let bucket = 0; bucket < buckets; bucket++) {
    while (from < ends[bucket]) {
      const count = x.splitCut(from, ends[bucket] - from, recordBytes);
      const floats = {
        refs: new Uint32Array(buffer, (refsAt >>> 0) + from * 4, count),
        timestamps: new Float64Array(buffer, (timesAt >>> 0) + from * 8, count),
        values: new Float64Array(buffer, (valuesAt >>> 0) + from * 8, count),
      };
      const lateness = (bucket % CLASSES) as Lateness;
      const batch = { partition: Math.floor(bucket / CLASSES), receivedMs, lateness, floats };
      batches.push(lateness === LATENESS.live ? batch : { ...batch, span: spanOf(x, floats) });
      from += count;
    }
  }
  return batches;
}

/** The kernel's answer saves whoever asks about the past a walk over every time. */
function spanOf(x: KernelExports, { timestamps }: FloatColumns): TimeSpan {
  x.spanOf(timestamps.byteOffset, timestamps.length);
  return { minMs: x.spanLeast(), maxMs: x.spanMost() };
}
