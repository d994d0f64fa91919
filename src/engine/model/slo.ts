// A service level objective as plain data, whatever file it came from, and what a look at it found.
// Readers (daemons/) make the first half, the arithmetic (alert/slo/) the second, commands print
// both. Easy to get wrong: the budget is the exact decimal 100 - objective, not a difference of
// floats; and a query is a template in which {{.window}} stands for the window.

/** Names and values in the order in which they are printed. */
export type SloPairs = readonly (readonly [string, string])[];

export type ThresholdOp = 'lte' | 'lt' | 'gte' | 'gt';

/** How good and bad are told apart. Queries hold {{.window}}; of bad and good one is given. */
export type SloIndicator =
  | {
      readonly kind: 'events';
      readonly bad?: string;
      readonly good?: string;
      readonly total: string;
    }
  /** The share of what is bad, 0 to 1. */
  | { readonly kind: 'ratio'; readonly error: string }
  /** Each sample of the query is an event, good when `sample op value`. */
  | {
      readonly kind: 'threshold';
      readonly query: string;
      readonly op: ThresholdOp;
      readonly value: number;
    };

/** Time is cut into slices that count as events: good by a target, or by their own share. */
export interface SloSlices {
  readonly windowMs: number;
  /** The share of good events that makes a slice good; undefined: its share is what counts. */
  readonly target?: number;
}

/** What the budget is for: the last so many ms, or a span of the calendar. */
export type SloPeriod =
  | { readonly kind: 'rolling'; readonly ms: number }
  | {
      readonly kind: 'calendar';
      readonly count: number;
      readonly unit: 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year';
      /** Wall time of the first period's start in that zone: [year, month, day, h, m, s]. */
      readonly start: readonly number[];
      readonly zone: string;
    };

/** Burning: the burn rate is past the factor in both windows. */
export interface BurnPair {
  readonly severity: string;
  readonly shortMs: number;
  readonly longMs: number;
  readonly factor: number;
  /** How the burn rate has to stand to the factor; `gt` where nothing else is said. */
  readonly op: ThresholdOp;
  /** It has to have been so this long ago, too. */
  readonly afterMs: number;
}

/** What an alert rule is made from. */
export interface SloAlert {
  readonly name: string;
  readonly labels: SloPairs;
  readonly annotations: SloPairs;
}

/** What Sloth's own plugins do to the rules of an SLO; the gate counts as without them. */
export type SloPlugin =
  | { readonly kind: 'info-labels'; readonly metric: string; readonly labels: SloPairs }
  | {
      readonly kind: 'intervals';
      readonly sliMs: number;
      readonly metaMs: number;
      readonly alertMs: number;
    }
  | {
      readonly kind: 'remove-labels';
      readonly keep: readonly string[];
      readonly skip: readonly string[];
    }
  | {
      readonly kind: 'exhausted-alert';
      readonly name: string;
      readonly threshold: number;
      readonly forMs: number;
      readonly annotations: SloPairs;
      readonly selector: SloPairs;
      readonly labels: SloPairs;
    }
  /** Ratios are weighed by their traffic. */
  | { readonly kind: 'denominator' }
  /** The ratio of the period is asked for, not made of others. */
  | { readonly kind: 'plain-period' }
  /** Groups of rules that are made at all. */
  | { readonly kind: 'only'; readonly groups: readonly SloGroupKind[] };

export type SloGroupKind = 'sli' | 'meta' | 'alert';

export interface SloPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface Slo {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  readonly description: string;
  readonly labels: SloPairs;
  /** Percent as it is written. */
  readonly objective: number;
  /** Share of events that may be bad: exactly (100 - objective) / 100. */
  readonly budget: number;
  /** `prometheus/v1`, `openslo/v1`, … */
  readonly spec: string;
  /** The indicator as written, for rules; `counted` is what the gate asks. */
  readonly indicator: SloIndicator;
  readonly slices?: SloSlices;
  readonly period: SloPeriod;
  readonly pairs: readonly BurnPair[];
  /** True when the pairs come from the file's own conditions. */
  readonly ownConditions: boolean;
  readonly page?: SloAlert;
  readonly ticket?: SloAlert;
  /** In the order in which they run. */
  readonly plugins?: readonly SloPlugin[];
  readonly place: SloPlace;
}

/** Events of one window. Bad may be a fraction: where a ratio was asked, total is NaN. */
export interface SloCount {
  readonly windowMs: number;
  readonly bad: number;
  readonly total: number;
  /** bad / total; NaN where there was nothing. */
  readonly ratio: number;
}

export type SloOutcome = 'ok' | 'no-data' | 'failed' | 'spent' | 'burning';

/** A pair and what its windows held. */
export interface PairFinding {
  readonly pair: BurnPair;
  readonly short: SloCount;
  readonly long: SloCount;
  readonly shortBurn: number;
  readonly longBurn: number;
  readonly burning: boolean;
  /** Past the factor, but so few events that chance explains it. */
  readonly lowTraffic: boolean;
}

export interface SloFinding {
  readonly slo: Slo;
  readonly outcome: SloOutcome;
  /** One sentence for people. */
  readonly why: string;
  readonly timeMs: number;
  readonly periodStartMs: number;
  readonly periodEndMs: number;
  readonly period: SloCount;
  /** Bad events that the period's total allows; NaN for a ratio. */
  readonly allowed: number;
  /** Share of the budget that is left: 1 is all of it, negative is overspent; NaN without data. */
  readonly budgetLeft: number;
  /** Burn rate of the first pair's long window: what the time to exhaustion goes by. */
  readonly burnRate: number;
  /** Ms until the budget is spent at that rate; Infinity: it lasts. NaN without data. */
  readonly exhaustedInMs: number;
  readonly pairs: readonly PairFinding[];
  readonly lowTraffic: boolean;
}
