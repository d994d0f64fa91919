// A batch: the columns of one partition and one lateness class on their way into the log. Refs are
// the producer's own numbers for series; they mean something only together with its series book
// and, once in the log, with the epoch in the record. Columns may be views of WebAssembly memory:
// whoever gets a batch uses it before the call returns, or copies.
import type { Lateness } from './sample.ts';

/** What the collector knows of a metric family: how Prometheus' /api/v1/metadata tells it. */
export interface MetadataEntry {
  readonly family: string;
  readonly type: string;
  readonly help: string;
  readonly unit: string;
}

/** Float samples: three columns of equal length. Timestamps are whole milliseconds since 1970. */
export interface FloatColumns {
  readonly refs: Uint32Array;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
}

/** Histogram samples: `bodies[i]` is one histogram as a remote-write Histogram message. */
export interface HistogramColumns {
  readonly refs: Uint32Array;
  readonly timestamps: Float64Array;
  readonly bodies: readonly Uint8Array[];
}

/** Start timestamps of the float samples, one for each, 0 where unknown. */
export type StartColumn = Float64Array;

/** Exemplars; `labels[i]` is a canonical label set (docs/format/identity.md). */
export interface ExemplarColumns {
  readonly refs: Uint32Array;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  readonly labels: readonly Uint8Array[];
}

/** A producer's word that it will send nothing live before `watermarkMs` any more. */
export interface Tick {
  readonly timeMs: number;
  readonly watermarkMs: number;
}

/** The oldest and the newest time of some samples, ms. */
export interface TimeSpan {
  readonly minMs: number;
  readonly maxMs: number;
}

/** One record to be: every section is optional, an empty batch is a bug. */
export interface Batch {
  readonly partition: number;
  readonly receivedMs: number;
  readonly lateness: Lateness;
  readonly floats?: FloatColumns;
  /** Of the floats, where whoever made the batch has looked already; not part of a record. */
  readonly span?: TimeSpan;
  readonly starts?: StartColumn;
  readonly histograms?: HistogramColumns;
  readonly exemplars?: ExemplarColumns;
  readonly metadata?: readonly MetadataEntry[];
  readonly tick?: Tick;
}
