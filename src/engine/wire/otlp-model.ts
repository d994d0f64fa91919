// What an OTLP metrics body says, whether it came as protobuf or as JSON: plain objects between the
// two decoders and the writer. Easy to get wrong: a number that is missing is not a zero, so values
// that may be absent are undefined.

/** Keys and values as text; a value of another kind is its JSON. */
export type Attributes = ReadonlyMap<string, string>;

interface Point {
  readonly attributes: Attributes;
  /** Milliseconds; 0 where nothing is said. */
  readonly timeMs: number;
  readonly startMs: number;
  /** Bit 0: there is no value. */
  readonly flags: number;
}

export interface NumberPoint extends Point {
  readonly value: number | undefined;
}

export interface HistogramPoint extends Point {
  readonly count: number;
  readonly sum: number | undefined;
  readonly bounds: readonly number[];
  /** Of each bucket alone, the last one up to infinity. */
  readonly counts: readonly number[];
}

export interface ExponentialBuckets {
  readonly offset: number;
  readonly counts: readonly number[];
}

export interface ExponentialPoint extends Point {
  readonly count: number;
  readonly sum: number | undefined;
  readonly scale: number;
  readonly zeroCount: number;
  readonly zeroThreshold: number;
  readonly positive: ExponentialBuckets;
  readonly negative: ExponentialBuckets;
}

export interface SummaryPoint extends Point {
  readonly count: number;
  readonly sum: number;
  readonly quantiles: readonly (readonly [quantile: number, value: number])[];
}

export interface Metric {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly kind: 'gauge' | 'sum' | 'histogram' | 'exponential' | 'summary' | 'none';
  /** 1 delta, 2 cumulative, 0 where the kind has none. */
  readonly temporality: number;
  readonly monotonic: boolean;
  readonly numbers: readonly NumberPoint[];
  /** Number points as they lie in a protobuf body, instead of `numbers`. */
  readonly packed?: Uint8Array;
  readonly histograms: readonly HistogramPoint[];
  readonly exponentials: readonly ExponentialPoint[];
  readonly summaries: readonly SummaryPoint[];
}

export interface Resource {
  readonly attributes: Attributes;
  readonly metrics: readonly Metric[];
}
