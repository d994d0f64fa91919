// What the cardinality guard tells: how often each limit was passed, the largest metrics, and a
// sentence for some of the series. Plain data between the collector and the API.

export interface CardinalityReport {
  readonly mode: 'warn' | 'reject';
  /** New series over a limit, by reason; refused only where the mode is `reject`. */
  readonly over: {
    readonly cardinalityLabels: number;
    readonly cardinalityMetric: number;
    readonly cardinalityValues: number;
    readonly cardinalityDenied: number;
  };
  /** What is held against; 0 is no limit. A server of before does not tell. */
  readonly limits?: {
    readonly labels: number;
    readonly seriesOfMetric: number;
    readonly valuesOfLabel: number;
    readonly allowLabels: readonly string[];
    readonly denyLabels: readonly string[];
  };
  /** Metrics by the number of their living series, the largest first. */
  readonly metrics: readonly { readonly name: string; readonly series: number }[];
  readonly examples: readonly string[];
}
