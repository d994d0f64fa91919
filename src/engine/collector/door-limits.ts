// The bounds of a door, and what it is handed: what it takes in one body, and which times.
// limits.ts has the defaults and their reasons; a configuration or a test may set others.
import {
  BODY_BYTES_MAX,
  BODY_SAMPLES_MAX,
  FUTURE_MS_MAX,
  LATE_MS_MAX,
  LIVE_MS_MAX,
  RECORD_BYTES_MAX,
  RETENTION_RAW_MS,
} from '../limits.ts';
import type { Row as HistogramRow } from './histogram-rows.ts';

/** Bounds that a configuration or a test may set; all ms unless named otherwise. */
export interface DoorLimits {
  readonly retentionMs: number;
  readonly futureMs: number;
  readonly lateMs: number;
  readonly liveMs: number;
  readonly bodyBytes: number;
  readonly bodySamples: number;
  readonly recordBytes: number;
}

/** The bounds of a door that is told none. */
export const DEFAULT_LIMITS: DoorLimits = {
  retentionMs: RETENTION_RAW_MS,
  futureMs: FUTURE_MS_MAX,
  lateMs: LATE_MS_MAX,
  liveMs: LIVE_MS_MAX,
  bodyBytes: BODY_BYTES_MAX,
  bodySamples: BODY_SAMPLES_MAX,
  recordBytes: RECORD_BYTES_MAX,
};

/** What the door has done since it was made. */
export interface DoorCounts {
  acceptedSamples: number;
  /** Native histograms among them. */
  acceptedHistograms: number;
  /** Samples by reason. */
  refused: Record<string, number>;
  readonly newSeries: number;
  /** Samples that a policy has taken away: acknowledged, not kept. */
  droppedByPolicy: number;
  requests: number;
  /** Bytes of bodies as received. */
  bytes: number;
}

/** Samples 0 to count - 1 of three columns; timestamps are whole ms, refs the book's. */
export interface DoorColumns {
  readonly refs: Uint32Array;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  readonly count: number;
  /** Beside the rows: histograms as a record holds them. */
  readonly histograms?: readonly HistogramRow[];
  /** Nothing of it is held back for aggregation. */
  readonly plain?: boolean;
}
