// Follows the policies of the door: decides once for each series, when it is first seen, when the
// policies change and when a metric falls out of use; then samples of the series concerned are
// split off by the kernel and pass here one by one. Stands inside the guard of the series book.
// Easy to get wrong: a sample that was sent twice, because its first answer was lost, has to be
// kept twice, or it would be acknowledged and stand nowhere.
import { labelsOf } from '../codec/canonical.ts';
import { assert } from '../errors.ts';
import type { SeriesBook } from '../kernels/series-book.ts';
import { NAME, labelValue, type Labels } from '../model/labels.ts';
import type { PolicyReport } from '../model/exploration.ts';
import { compileAnchored, matcherTest } from '../promql/regexp.ts';
import type { ApartRule } from './apart.ts';
import type { KeepEveryPolicy, Policy, PolicyCounts, UnqueriedPolicy } from './policy.ts';

const METRICS_TOLD = 50;
/** Refs whose series no policy decides about. */
const FREE = 0;

interface Running {
  readonly policy: Policy;
  readonly matches: (metric: string, labels: () => Labels) => boolean;
  /** Labels that it takes away. */
  readonly without: ReadonlySet<string>;
  /** What the name of a metric alone says; asked once for each. */
  readonly byName: Map<string, boolean>;
  readonly counts: PolicyCounts;
  /** Metrics that are dropped, or would be. */
  readonly metrics: Set<string>;
}

export class DoorPolicies implements ApartRule {
  readonly #book: SeriesBook;
  readonly #metricOf: (ref: number) => string;
  #running: readonly Running[] = [];
  /** Number of the policy + 1 by ref. */
  #ruling: Uint8Array = new Uint8Array(1024);
  /** Last time kept by ref: of what came in order, and of what came behind it. */
  #kept: Float64Array = new Float64Array(0);
  #keptBehind: Float64Array = new Float64Array(0);
  /** Metrics nobody asks for, by how long; told by who counts queries. */
  #unqueried: (idleMs: number) => ReadonlySet<string> = () => NOBODY;

  /** `metricOf` answers the name of a living series. */
  constructor(book: SeriesBook, metricOf: (ref: number) => string) {
    this.#book = book;
    this.#metricOf = metricOf;
  }

  get active(): boolean {
    return this.#running.length > 0;
  }

  /** Takes other policies; counts go on for those whose name stays. */
  replace(policies: readonly Policy[]): void {
    assert(policies.length < 256, 'policies are numbered in a byte');
    const before = new Map(this.#running.map((one) => [one.policy.name, one.counts]));
    this.#running = policies.map((policy) => {
      const old = before.get(policy.name);
      const counts = { series: 0, dropped: old?.dropped ?? 0, kept: old?.kept ?? 0 };
      const byName = new Map<string, boolean>();
      const matches = this.#testOf(policy, byName);
      const without = new Set(policy.kind === 'aggregate' ? policy.without : []);
      return { policy, matches, without, byName, counts, metrics: new Set() };
    });
    this.#judgeAll();
  }

  /** Somebody counts queries from now on: which metrics had none for so long. */
  setUnqueried(unqueried: (idleMs: number) => ReadonlySet<string>): void {
    this.#unqueried = unqueried;
  }

  /** What is asked for has changed: metrics may have to go, or come back. */
  reconsider(): void {
    if (this.#running.some(({ policy }) => policy.kind === 'unqueried')) this.#judgeAll();
  }

  /** A series has got this ref. */
  added(ref: number, metric: string): void {
    if (this.#running.length === 0) return;
    if (ref < this.#kept.length) {
      this.#kept[ref] = -Infinity;
      this.#keptBehind[ref] = -Infinity;
    }
    this.#judge(ref, metric);
  }

  /** Labels that a policy takes away from series like this; undefined where none does. */
  takenFrom(metric: string, labels: () => Labels): ReadonlySet<string> | undefined {
    for (const { policy, matches, without } of this.#running) {
      if (!matches(metric, labels)) continue;
      return policy.kind === 'aggregate' && !policy.dryRun ? without : undefined;
    }
    return undefined;
  }

  /** Refs may have been given back. */
  forgotten(has: (ref: number) => boolean): void {
    const ruling = this.#ruling;
    for (let ref = 0; ref < ruling.length; ref++) {
      if (ruling[ref] === FREE || has(ref)) continue;
      this.#running[ruling[ref] - 1].counts.series--;
      ruling[ref] = FREE;
    }
  }

  keeps(ref: number, timestampMs: number, stale: boolean): boolean {
    const running = this.#running[this.#ruling[ref] - 1];
    assert(running !== undefined, `series ${ref} stands apart for no policy`);
    const { policy, counts } = running;
    const kept = policy.kind === 'keep_every' && (stale || this.#due(ref, timestampMs, policy));
    if (kept) counts.kept++;
    else counts.dropped++;
    return kept;
  }

  report(): readonly PolicyReport[] {
    return this.#running.map(({ policy, counts, metrics }) => ({
      ...{ name: policy.name, kind: policy.kind, dryRun: policy.dryRun, ...counts },
      metrics: [...metrics].slice(0, METRICS_TOLD),
      metricCount: metrics.size,
    }));
  }

  counts(name: string): PolicyCounts | undefined {
    return this.#running.find(({ policy }) => policy.name === name)?.counts;
  }

  /** The first sample of an interval; one that was kept is kept again. */
  #due(ref: number, timeMs: number, { everyMs }: KeepEveryPolicy): boolean {
    const slot = Math.floor(timeMs / everyMs);
    if (ref >= this.#kept.length) this.#grow(ref);
    const last = this.#kept[ref];
    const column = slot >= Math.floor(last / everyMs) ? this.#kept : this.#keptBehind;
    const before = column[ref];
    if (timeMs === before) return true;
    if (slot === Math.floor(before / everyMs)) return false;
    column[ref] = timeMs;
    return true;
  }

  #grow(ref: number): void {
    const grown = (old: Float64Array): Float64Array => {
      const larger = new Float64Array(Math.max(ref + 1, old.length * 2, 1024)).fill(-Infinity);
      larger.set(old);
      return larger;
    };
    this.#kept = grown(this.#kept);
    this.#keptBehind = grown(this.#keptBehind);
  }

  #judgeAll(): void {
    const book = this.#book;
    for (const { counts, metrics, byName } of this.#running) {
      counts.series = 0;
      metrics.clear();
      byName.clear();
    }
    const { length } = this.#ruling;
    const before = this.#ruling;
    this.#ruling = new Uint8Array(length);
    for (let ref = 0; ref < book.refs; ref++) {
      if (!book.has(ref)) continue;
      if (ref < length && before[ref] !== FREE && book.isApart(ref)) book.setApart(ref, false);
      if (this.#running.length > 0) this.#judge(ref, this.#metricOf(ref));
    }
  }

  #judge(ref: number, metric: string): void {
    let labels: Labels | undefined;
    const read = (): Labels => (labels ??= labelsOf(this.#book.canonical(ref)));
    const index = this.#running.findIndex(({ matches }) => matches(metric, read));
    if (index < 0) return;
    const { policy, counts, metrics } = this.#running[index];
    if (ref >= this.#ruling.length) {
      const grown = new Uint8Array(Math.max(ref + 1, this.#ruling.length * 2));
      grown.set(this.#ruling);
      this.#ruling = grown;
    }
    this.#ruling[ref] = index + 1;
    counts.series++;
    metrics.add(metric);
    if (!policy.dryRun && policy.kind !== 'aggregate') this.#book.setApart(ref, true);
  }

  #testOf(policy: Policy, byName: Map<string, boolean>): Running['matches'] {
    const once = (test: (metric: string) => boolean) => (metric: string) => {
      const known = byName.get(metric);
      if (known !== undefined) return known;
      const found = test(metric);
      byName.set(metric, found);
      return found;
    };
    if (policy.kind === 'unqueried') return once(this.#unqueriedTest(policy));
    const tests = policy.matchers.map((one) => ({ name: one.name, passes: matcherTest(one) }));
    const ofName = tests.filter(({ name }) => name === NAME);
    const others = tests.filter(({ name }) => name !== NAME);
    const named = once((metric) => ofName.every(({ passes }) => passes(metric)));
    return (metric, labels) =>
      named(metric) && others.every(({ name, passes }) => passes(labelValue(labels(), name)));
  }

  #unqueriedTest({ idleMs, except }: UnqueriedPolicy): (metric: string) => boolean {
    const stays = except.map((text) => compileAnchored(text));
    return (metric) =>
      this.#unqueried(idleMs).has(metric) && !stays.some((one) => one.test(metric));
  }
}

const NOBODY: ReadonlySet<string> = new Set();
