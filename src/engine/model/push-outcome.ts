// What the door answers to a pushed body: counts, reasons, a few sentences for the sender. It is
// told only after what was accepted is durable.

/**
 * What became of a pushed body. Refusals are per series or sample; the rest of the body is durable.
 */
export interface PushOutcome {
  readonly accepted: number;
  /** Native histograms among the accepted. */
  readonly histograms?: number;
  readonly refused: number;
  /**
   * Reason -> count; reasons are short fixed words (tooOld, tooNew, labelName, tooManyLabels …).
   */
  readonly reasons: Readonly<Record<string, number>>;
  /** A few sentences that name an offending series and why, for the sender. */
  readonly examples: readonly string[];
}
