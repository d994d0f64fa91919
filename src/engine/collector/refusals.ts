// What a request's refused samples were refused for: counts by reason for the figures, and a few
// sentences for the sender. A refusal is never an exception: the rest of the request is taken.
import { labelValue, NAME, type Labels } from '../model/labels.ts';

/** Sentences kept of one request. */
const EXAMPLES_MAX = 5;
/** Characters of one label value in a sentence. */
const VALUE_CHARS_MAX = 80;

/** A series for a sentence to its sender: control characters escaped, long values cut. */
export function describeSeries(labels: Labels): string {
  const pairs: string[] = [];
  for (let i = 0; i < labels.length && pairs.length < 8; i += 2) {
    if (labels[i] === NAME) continue;
    pairs.push(`${shown(labels[i]).slice(1, -1)}=${shown(labels[i + 1])}`);
  }
  return `${shown(labelValue(labels, NAME)).slice(1, -1)}{${pairs.join(', ')}}`;
}

/** A text from outside in quotes, escaped and cut. */
export function shown(text: string): string {
  const cut = text.length > VALUE_CHARS_MAX ? `${text.slice(0, VALUE_CHARS_MAX)}…` : text;
  // JSON leaves C1 controls and direction marks alone; a terminal does not.
  return JSON.stringify(cut.toWellFormed()).replaceAll(
    /[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

export class Refusals {
  readonly reasons = new Map<string, number>();
  readonly examples: string[] = [];
  count = 0;

  /** Counts `samples` refused; `series` is asked only while sentences are still wanted. */
  add(reason: string, samples: number, series: () => string): void {
    if (samples === 0) return;
    const before = this.reasons.get(reason) ?? 0;
    this.reasons.set(reason, before + samples);
    this.count += samples;
    // One sentence a reason first: five of one kind would hide the others.
    if (this.examples.length < EXAMPLES_MAX && before === 0) {
      this.examples.push(`${series()}: ${WORDS[reason] ?? reason}`);
    }
  }
}

/** Reasons in words. */
const WORDS: Readonly<Record<string, string>> = {
  tooOld: 'older than the retention of raw samples',
  tooNew: 'too far in the future',
  histogram: 'a native histogram is malformed',
  histogramTooLarge: 'a native histogram has too many buckets',
  labelName: 'a label name is empty or not UTF-8',
  labelValue: 'a label value is not UTF-8 text',
  labelNameTooLong: 'a label name is too long',
  labelValueTooLong: 'a label value is too long',
  tooManyLabels: 'too many labels',
  duplicateLabel: 'a label name is there twice',
  noName: 'no metric name',
  tooManySeries: 'no room for more series',
  cardinalityLabels: 'more labels than the cardinality limit',
  cardinalityMetric: 'the metric has as many series as its cardinality limit',
  cardinalityValues: 'a label has as many new values as its limit; mon explore names it',
  cardinalityDenied: 'a label is not allowed here; mon explore names it',
  value: 'the value is not a number',
  timestamp: 'the timestamp is not a number',
};
