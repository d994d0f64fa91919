// Says whether a new series may have a number: labels a series, series a metric, values a label,
// allowed and denied labels. It stands inside the series book, so that every way in passes it. Only
// the new series over a limit is refused; what is known goes on. Easy to get wrong: it is asked for
// each new series of a churning fleet, so it keeps counts and no label sets.
// Source: the limits of the seed's cardinality control.
import { labelsOf } from '../codec/canonical.ts';
import { CARDINALITY_AGGREGATED } from '../limits-explore.ts';
import { CARDINALITY_EXAMPLES_MAX, CARDINALITY_VALUES_OF_LABEL } from '../limits.ts';
import { NAME, type Labels } from '../model/labels.ts';
import type { CardinalityReport } from '../model/cardinality-report.ts';
import type { SeriesGuard } from '../kernels/series-book.ts';
import { REFUSED } from '../kernels/series-book.ts';
import { TextCache } from '../wire/text-cache.ts';
import type { DoorPolicies } from './door-policies.ts';
import type { Policy } from './policy.ts';
import { describeSeries, shown } from './refusals.ts';

/** The limits; a limit of 0 is none, an empty list of allowed labels allows all. */
export interface CardinalityLimits {
  /** `warn` counts and tells, `reject` refuses. */
  readonly mode: 'warn' | 'reject';
  readonly labels: number;
  readonly seriesOfMetric: number;
  /** New values of one label in a day or two; names of metrics may always be 100,000. */
  readonly valuesOfLabel: number;
  readonly allowLabels: readonly string[];
  readonly denyLabels: readonly string[];
  /** What is done about samples that are let in; the first that matches a series decides. */
  readonly policies?: readonly Policy[];
}

type Reason = keyof CardinalityReport['over'];

const CODES: Readonly<Record<Reason, number>> = {
  cardinalityLabels: REFUSED.cardinalityLabels,
  cardinalityMetric: REFUSED.cardinalityMetric,
  cardinalityValues: REFUSED.cardinalityValues,
  cardinalityDenied: REFUSED.cardinalityDenied,
};

/**
 * Hashes of the values seen of one label: of this day and of the one before. Two values of one
 * hash count as one, which a limit can bear.
 */
interface Values {
  now: Set<number>;
  before: Set<number>;
}

const NO_LABELS: ReadonlySet<string> = new Set();
const texts = new TextCache();

export class CardinalityGuard implements SeriesGuard {
  limits: CardinalityLimits;
  /** Told of series as they come and go, where there are policies. */
  follower: Pick<DoorPolicies, 'added' | 'forgotten' | 'takenFrom'> | undefined;
  readonly #metrics = new Map<string, { series: number; readonly index: number }>();
  readonly #names: string[] = [];
  /** Number of the metric + 1 by ref; 0 for none. */
  #metricOf = new Uint32Array(1024);
  readonly #values = new Map<string, Values>();
  #allowed: ReadonlySet<string> = new Set();
  #denied: ReadonlySet<string> = new Set();
  readonly #over: Record<Reason, number> = {
    cardinalityLabels: 0,
    cardinalityMetric: 0,
    cardinalityValues: 0,
    cardinalityDenied: 0,
  };
  readonly #examples = new Map<string, string>();
  /** The series that was asked about last: its metric, its other labels, how many. */
  #metric = '';
  #nameHash = 0;
  /** Labels that a policy takes away from it: what they multiply reaches no store. */
  #taken: ReadonlySet<string> = NO_LABELS;
  #at = 0;
  #count = 0;
  /** The label that the last fault was about. */
  #guilty = '';
  readonly #labels: string[] = [];
  readonly #seen: Values[] = [];
  readonly #hashes: number[] = [];

  constructor(limits: CardinalityLimits) {
    this.limits = limits;
    this.setLimits(limits);
  }

  /** Other limits from now on; series that are known stay. */
  setLimits(limits: CardinalityLimits): void {
    this.limits = limits;
    this.#allowed = new Set(limits.allowLabels);
    this.#denied = new Set(limits.denyLabels);
  }

  /** 0, or the code of the refusal. */
  admit(bytes: Uint8Array, at: number, end: number): number {
    this.#read(bytes, at, end);
    const { follower } = this;
    const labels = (): Labels => labelsOf(bytes.subarray(at, end));
    this.#taken = follower?.takenFrom(this.#metric, labels) ?? NO_LABELS;
    const reason = this.#fault();
    if (reason === undefined) return 0;
    const refused = this.limits.mode === 'reject';
    this.#over[reason]++;
    this.#remember(reason, bytes.subarray(at, end));
    return refused ? CODES[reason] : 0;
  }

  /** The series asked about last was numbered. */
  added(ref: number): void {
    const name = this.#metric;
    let metric = this.#metrics.get(name);
    if (metric === undefined) {
      metric = { series: 0, index: this.#names.push(name) };
      this.#metrics.set(name, metric);
    }
    metric.series++;
    if (ref >= this.#metricOf.length) {
      const grown = new Uint32Array(Math.max(ref + 1, this.#metricOf.length * 2));
      grown.set(this.#metricOf);
      this.#metricOf = grown;
    }
    this.#metricOf[ref] = metric.index;
    this.follower?.added(ref, name);
    if (this.limits.valuesOfLabel === 0) return;
    for (let i = 0; i < this.#count; i++) {
      if (!this.#taken.has(this.#labels[i])) this.#seen[i].now.add(this.#hashes[i]);
    }
    this.#valuesOf(NAME).now.add(this.#nameHash);
  }

  /** The metric of a living series. */
  metricOf(ref: number): string {
    return this.#names[this.#metricOf[ref] - 1] ?? '';
  }

  /** Metrics that have living series. */
  *metrics(): Generator<readonly [name: string, series: number]> {
    for (const [name, { series }] of this.#metrics) if (series > 0) yield [name, series];
  }

  /** Reads name, label names and hashes of values from canonical bytes. */
  #read(bytes: Uint8Array, at: number, end: number): void {
    this.#count = 0;
    this.#metric = '';
    this.#at = at;
    while (this.#at < end) {
      // A label: its tag and length, then tag, length and bytes of name and of value.
      this.#length(bytes);
      const nameLength = this.#length(bytes);
      const nameEnd = this.#at + nameLength;
      const name = texts.textAt(bytes, this.#at, nameEnd);
      this.#at = nameEnd;
      const length = this.#length(bytes);
      const valueAt = this.#at;
      this.#at += length;
      if (name === NAME) {
        this.#metric = texts.textAt(bytes, valueAt, this.#at);
        this.#nameHash = hashOf(bytes, valueAt, this.#at);
        continue;
      }
      const i = this.#count++;
      this.#labels[i] = name;
      this.#seen[i] = this.#valuesOf(name);
      this.#hashes[i] = hashOf(bytes, valueAt, this.#at);
    }
  }

  /** Passes over a tag and reads the length behind it. */
  #length(bytes: Uint8Array): number {
    let at = this.#at + 1;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    this.#at = at;
    return length;
  }

  /** Takes series out of the counts that the book has forgotten. */
  forgotten(has: (ref: number) => boolean): void {
    const metricOf = this.#metricOf;
    for (let ref = 0; ref < metricOf.length; ref++) {
      if (metricOf[ref] === 0 || has(ref)) continue;
      const metric = this.#metrics.get(this.#names[metricOf[ref] - 1]);
      if (metric !== undefined) metric.series--;
      metricOf[ref] = 0;
    }
    this.follower?.forgotten(has);
  }

  /** Once a day: values that no new series brought for a day or two count no more. */
  newDay(): void {
    for (const values of this.#values.values()) {
      values.before = values.now;
      values.now = new Set();
    }
  }

  /** How often new series were over this limit. */
  over(reason: Reason): number {
    return this.#over[reason];
  }

  report(): CardinalityReport {
    const metrics = [...this.#metrics]
      .filter(([, { series }]) => series > 0)
      .sort((a, b) => b[1].series - a[1].series)
      .slice(0, CARDINALITY_EXAMPLES_MAX)
      .map(([name, { series }]) => ({ name, series }));
    const { mode, labels, seriesOfMetric, valuesOfLabel, allowLabels, denyLabels } = this.limits;
    return {
      mode,
      over: { ...this.#over },
      limits: { labels, seriesOfMetric, valuesOfLabel, allowLabels, denyLabels },
      metrics,
      examples: [...this.#examples.values()],
    };
  }

  #fault(): Reason | undefined {
    const { labels: most, seriesOfMetric, valuesOfLabel } = this.limits;
    if (most > 0 && this.#count > most) return 'cardinalityLabels';
    for (let i = 0; i < this.#count; i++) {
      const name = this.#labels[i];
      this.#guilty = name;
      if (this.#denied.has(name)) return 'cardinalityDenied';
      if (this.#allowed.size > 0 && !this.#allowed.has(name)) return 'cardinalityDenied';
      if (this.#taken.has(name)) continue;
      if (isFull(this.#seen[i], this.#hashes[i], valuesOfLabel)) return 'cardinalityValues';
    }
    // A limit that is low for labels would be the end of all that has another name.
    const names = valuesOfLabel === 0 ? 0 : Math.max(valuesOfLabel, CARDINALITY_VALUES_OF_LABEL);
    this.#guilty = NAME;
    if (isFull(this.#valuesOf(NAME), this.#nameHash, names)) return 'cardinalityValues';
    if (seriesOfMetric === 0) return undefined;
    const series = this.#metrics.get(this.#metric)?.series ?? 0;
    const limit = seriesOfMetric * (this.#taken.size > 0 ? CARDINALITY_AGGREGATED : 1);
    return series >= limit ? 'cardinalityMetric' : undefined;
  }

  #valuesOf(label: string): Values {
    let values = this.#values.get(label);
    if (values === undefined) {
      values = { now: new Set(), before: new Set() };
      this.#values.set(label, values);
    }
    return values;
  }

  /** One example of a metric and a reason, the newest last. */
  #remember(reason: Reason, canonical: Uint8Array): void {
    const key = `${reason} ${this.#metric}`;
    if (this.#examples.has(key)) return;
    if (this.#examples.size >= CARDINALITY_EXAMPLES_MAX) {
      const [oldest] = this.#examples.keys();
      this.#examples.delete(oldest);
    }
    this.#examples.set(key, `${describeSeries(labelsOf(canonical))}: ${this.#wordsOf(reason)}`);
  }

  /** What is wrong with the series asked about last, with the label and the limit. */
  #wordsOf(reason: Reason): string {
    const { labels, seriesOfMetric, valuesOfLabel } = this.limits;
    const guilty = shown(this.#guilty);
    if (reason === 'cardinalityLabels') return `${this.#count} labels, and the limit is ${labels}`;
    if (reason === 'cardinalityDenied') return `the label ${guilty} is not allowed`;
    if (reason === 'cardinalityMetric') {
      return `the metric has as many series as its limit, ${seriesOfMetric}`;
    }
    if (this.#guilty === NAME) return 'there are as many names of metrics as the limit';
    return `the label ${guilty} has as many new values as its limit, ${valuesOfLabel}`;
  }
}

/** Whether a value is one too many of its label; a limit of 0 is none. */
function isFull({ now, before }: Values, hash: number, limit: number): boolean {
  return limit > 0 && now.size >= limit && !now.has(hash) && !before.has(hash);
}

/** FNV-1a, 32 bits, signed: a number above 2^31 would be an object in every set. */
function hashOf(bytes: Uint8Array, at: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = at; i < end; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  return hash | 0;
}
