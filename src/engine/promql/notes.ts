// Warnings and infos of a query, each once, worded as Prometheus' API prints them. A leaf does not
// know the query's text, so its notes carry no place; the root adds it.
import { lineColumn } from './parse-error.ts';
import { formatShort, quote } from './literals.ts';
import type { Span } from './ast.ts';

/** Where notes are collected. */
export interface Notes {
  warn(text: string): void;
  info(text: string): void;
  /** Counts a start timestamp of a metric that lies before the sample before. */
  overlap(name: string): void;
}

/** Notes without places. */
export class PlainNotes implements Notes {
  readonly warnings = new Set<string>();
  readonly infos = new Set<string>();
  readonly #overlaps = new Map<string, number>();

  warn(text: string): void {
    this.warnings.add(`PromQL warning: ${text}`);
  }

  info(text: string): void {
    this.infos.add(`PromQL info: ${text}`);
  }

  overlap(name: string): void {
    this.#overlaps.set(name, (this.#overlaps.get(name) ?? 0) + 1);
  }

  /** Writes the overlaps down: once, when all is counted. */
  close(): void {
    for (const [name, many] of this.#overlaps) this.warn(startOverlap(name, many));
    this.#overlaps.clear();
  }
}

/**
 * The notes of one query; `at` gives a view that adds a place. What is said of several places is
 * told once, with the last of them, as in Prometheus.
 */
export class QueryNotes {
  readonly source: string;
  /** Text -> place. */
  readonly #warnings = new Map<string, string>();
  readonly #infos = new Map<string, string>();
  readonly #overlaps = new Map<string, number>();

  constructor(source: string) {
    this.source = source;
  }

  place(span: Span): string {
    return ` (${lineColumn(this.source, span.start)})`;
  }

  get warnings(): string[] {
    return Array.from(this.#warnings, ([text, place]) => text + place);
  }

  get infos(): string[] {
    return Array.from(this.#infos, ([text, place]) => text + place);
  }

  at(span: Span): Notes {
    const place = this.place(span);
    return {
      warn: (text) => this.#warnings.set(`PromQL warning: ${text}`, place),
      info: (text) => this.#infos.set(`PromQL info: ${text}`, place),
      overlap: (name) => this.#overlap(place, name),
    };
  }

  #overlap(place: string, name: string): void {
    const many = (this.#overlaps.get(name) ?? 0) + 1;
    this.#overlaps.set(name, many);
    this.#warnings.delete(`PromQL warning: ${startOverlap(name, many - 1)}`);
    this.#warnings.set(`PromQL warning: ${startOverlap(name, many)}`, place);
  }

  /** Takes over what a fragment said. Notes of Prometheus' kind get their place. */
  take(warnings: readonly string[], infos: readonly string[], span: Span): void {
    const place = this.place(span);
    const placeOf = (text: string): string => (text.startsWith('PromQL ') ? place : '');
    for (const text of warnings) this.#warnings.set(text, placeOf(text));
    for (const text of infos) this.#infos.set(text, placeOf(text));
  }
}

/** The warning about a quantile outside 0 to 1. */
export function badQuantile(q: number): string {
  return `quantile value should be between 0 and 1, got ${formatShort(q)}`;
}

/** The info about a rate over something that does not look like a counter, or nothing. */
export function perhapsNoCounter(name: string): string | undefined {
  if (name === '' || /_(?:total|sum|count|bucket)$/.test(name)) return undefined;
  const rule = 'name does not end in _total/_sum/_count/_bucket';
  return `metric might not be a counter, ${rule}: ${quote(name)}`;
}

function forMetric(name: string): string {
  return name === '' ? '' : ` for metric name ${quote(name)}`;
}

export type HistogramDeed = 'addition' | 'subtraction' | 'aggregation';

/** Prometheus' sentences about histograms, each a warning or an info as said. */

/** Warning. */
function startOverlap(name: string, many: number): string {
  const times = many > 1 ? ` (${many} occurrences)` : '';
  const what = 'sample has start time that overlaps with previous sample timestamp';
  return `${what} for metric ${quote(name)}${times}`;
}

/** Warning: a window has floats and histograms. */
export function mixedKinds(name: string): string {
  return `encountered a mix of histograms and floats for metric name ${quote(name)}`;
}

/** Warning: a group has floats and histograms. */
export const MIXED_IN_AGGREGATION = 'encountered a mix of histograms and floats for aggregation';

/** Warning: exponential and custom buckets in one sum. */
export function mixedSchemas(name: string): string {
  const what = 'vector contains a mix of histograms with exponential and custom buckets schemas';
  return `${what} for metric name ${quote(name)}`;
}

/** Warning: buckets as series and as a native histogram. */
export function mixedClassicNative(name: string): string {
  return `vector contains a mix of classic and native histograms${forMetric(name)}`;
}

/** Warning: a gauge under a function of counters. */
export function notCounter(name: string): string {
  return `this native histogram metric is not a counter: ${quote(name)}`;
}

/** Warning: a counter under a function of gauges. */
export function notGauge(name: string): string {
  return `this native histogram metric is not a gauge: ${quote(name)}`;
}

/** Warning: one side was reset, the other was not. */
export function collision(deed: HistogramDeed): string {
  return `conflicting counter resets during histogram ${deed}`;
}

/** Info: custom bounds were reduced to those in common. */
export function reconciled(deed: HistogramDeed): string {
  return `mismatched custom buckets were reconciled during ${deed}`;
}

/** Info: an operator has no meaning for the kinds of its sides. */
export function incompatibleTypes(op: string, left: string, right: string): string {
  const what = 'incompatible sample types encountered for binary operator';
  return `${what} ${quote(op)}: ${left} ${op} ${right}`;
}

/** Warning: exponential and custom buckets under one operator. */
export function incompatibleLayout(op: string): string {
  return `incompatible bucket layout encountered for binary operator ${op}`;
}

/** Info: a window has both, and the function takes floats only. */
export function ignoredHistograms(name: string): string {
  const what = 'ignored histograms in a range containing both floats and histograms';
  return `${what} for metric name ${quote(name)}`;
}

/** Info: an aggregation takes floats only. */
export function ignoredInAggregation(op: string): string {
  return `ignored histogram in ${op} aggregation`;
}

/** Info about NaN observations under a quantile or a fraction. */
export function nanObservations(effect: 'result' | 'skewed' | 'excluded', name: string): string {
  const words = {
    result: 'input to histogram_quantile has NaN observations, result is NaN',
    skewed: 'input to histogram_quantile has NaN observations, result is skewed higher',
    excluded:
      'input to histogram_fraction has NaN observations, which are excluded from all fractions',
  };
  return words[effect] + forMetric(name);
}
