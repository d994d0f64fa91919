// Counts who asks for which metric: once a query, by its text's selectors, never per sample. Kept
// in State in 64 pieces; a selector that names no metric is resolved against what there is when the
// book is saved. Easy to get wrong: two processes may count, so a piece that somebody else wrote is
// joined with ours, later times winning; and what is "never asked" means since counting began.
import { MonError } from '../errors.ts';
import {
  USAGE_AGAIN_MS,
  USAGE_KEEP_MS,
  USAGE_LABELS_MAX,
  USAGE_METRICS_MAX,
  USAGE_SELECTORS_MAX,
} from '../limits-explore.ts';
import type { Matcher } from '../model/matcher.ts';
import { ASKERS, lastAsked } from '../model/usage.ts';
import type { AskedBy, Asker, MetricUse } from '../model/usage.ts';
import type { State } from '../ports.ts';
import type { Use } from '../promql/uses.ts';

const PIECES = 64;
const PREFIX = 'usage/';
const SINCE = `${PREFIX}since`;

interface Mutable {
  firstMs: number;
  /** When it was last there; to the day. */
  seenMs: number;
  readonly by: Record<Asker, { lastMs: number; count: number }>;
  readonly labels: Map<string, number>;
  /** The latest of `by` as it was last written. */
  savedMs: number;
}

interface Waiting {
  readonly use: Use;
  readonly askers: Map<Asker, { atMs: number; count: number }>;
}

/** Metrics that pass matchers now. */
export type ResolveMetrics = (matchers: readonly Matcher[]) => Promise<readonly string[]>;

const DAY_MS = 86_400_000;

export class UsageBook {
  readonly counts = { queries: 0, selectors: 0, lost: 0, saves: 0 };
  sinceMs: number;
  readonly #metrics = new Map<string, Mutable>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #versions = Array.from({ length: PIECES }, () => 0);
  readonly #dirty = new Set<number>();

  constructor(nowMs: number) {
    this.sinceMs = nowMs;
  }

  get size(): number {
    return this.#metrics.size;
  }

  /** Counts one query. */
  note(uses: readonly Use[], asker: Asker, nowMs: number): void {
    this.counts.queries++;
    for (const use of uses) {
      this.counts.selectors++;
      if (use.metric === '') this.#wait(use, asker, nowMs);
      else this.#ask(use.metric, use.labels, { asker, nowMs, count: 1 });
    }
  }

  /** So many rules use a metric now. */
  ruled(name: string, labels: readonly string[], rules: number, nowMs: number): void {
    const metric = this.#metric(name);
    if (metric === undefined) return;
    metric.by.rule.lastMs = nowMs;
    metric.by.rule.count = rules;
    for (const label of labels) noteLabel(metric, label, nowMs);
  }

  /** These metrics are there now. */
  seen(names: Iterable<string>, nowMs: number): void {
    for (const name of names) {
      const metric = this.#metric(name);
      if (metric === undefined) continue;
      if (metric.firstMs === 0) metric.firstMs = nowMs;
      else if (nowMs - metric.seenMs < DAY_MS) continue;
      metric.seenMs = nowMs;
      this.#dirty.add(pieceOf(name));
    }
  }

  of(name: string): MetricUse | undefined {
    const metric = this.#metrics.get(name);
    return metric && useOf(name, metric);
  }

  *all(): Generator<MetricUse> {
    for (const [name, metric] of this.#metrics) yield useOf(name, metric);
  }

  /** Metrics known for so long that nobody asked for in all that time. */
  unasked(idleMs: number, nowMs: number): Set<string> {
    const before = nowMs - idleMs;
    const found = new Set<string>();
    if (this.sinceMs > before) return found;
    for (const [name, metric] of this.#metrics) {
      const known = metric.firstMs > 0 && metric.firstMs <= before;
      if (known && lastAsked(metric) <= before) found.add(name);
    }
    return found;
  }

  /** Reads what was kept. What cannot be read is begun anew. */
  async load(state: State): Promise<void> {
    for (const [key, { value, version }] of await state.list(PREFIX)) {
      if (key === SINCE) {
        const since = Number(value);
        if (since > 0) this.sinceMs = Math.min(this.sinceMs, since);
        continue;
      }
      const piece = Number.parseInt(key.slice(PREFIX.length), 16);
      if (!(piece >= 0 && piece < PIECES)) continue;
      this.#versions[piece] = version;
      this.#join(value);
    }
  }

  /** Resolves what waits, and writes what has changed; `all` also what was only asked again. */
  async save(state: State, resolve: ResolveMetrics, all = false): Promise<void> {
    await this.#resolve(resolve);
    if ((await state.get(SINCE)) === undefined) {
      await state.compareAndSet(SINCE, String(this.sinceMs), 0).catch(unlessConflict);
    }
    for (const [name, metric] of this.#metrics) {
      const last = lastAsked(metric);
      if (last - metric.savedMs >= (all ? 1 : USAGE_AGAIN_MS)) this.#dirty.add(pieceOf(name));
    }
    for (const piece of [...this.#dirty]) await this.#write(state, piece);
  }

  /** Forgets what neither came nor was asked for in a long time. */
  prune(nowMs: number): void {
    for (const [name, metric] of this.#metrics) {
      if (Math.max(metric.seenMs, lastAsked(metric)) >= nowMs - USAGE_KEEP_MS) continue;
      this.#metrics.delete(name);
      this.#dirty.add(pieceOf(name));
    }
  }

  #ask(
    name: string,
    labels: readonly string[],
    { asker, nowMs, count }: { asker: Asker; nowMs: number; count: number },
  ): void {
    const metric = this.#metric(name);
    if (metric === undefined) return void this.counts.lost++;
    const by = metric.by[asker];
    by.lastMs = Math.max(by.lastMs, nowMs);
    by.count += count;
    for (const label of labels) noteLabel(metric, label, nowMs);
  }

  #metric(name: string): Mutable | undefined {
    const known = this.#metrics.get(name);
    if (known !== undefined || this.#metrics.size >= USAGE_METRICS_MAX) return known;
    const by = { query: nobody(), dashboard: nobody(), rule: nobody() };
    const fresh = { firstMs: 0, seenMs: 0, by, labels: new Map<string, number>(), savedMs: 0 };
    this.#metrics.set(name, fresh);
    return fresh;
  }

  #wait(use: Use, asker: Asker, nowMs: number): void {
    const key = JSON.stringify(use.matchers.map(({ name, op, value }) => [name, op, value]));
    let waiting = this.#waiting.get(key);
    if (waiting === undefined) {
      if (this.#waiting.size >= USAGE_SELECTORS_MAX) return void this.counts.lost++;
      waiting = { use, askers: new Map() };
      this.#waiting.set(key, waiting);
    }
    const before = waiting.askers.get(asker);
    waiting.askers.set(asker, { atMs: nowMs, count: (before?.count ?? 0) + 1 });
  }

  async #resolve(resolve: ResolveMetrics): Promise<void> {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { use, askers } of waiting) {
      for (const name of await resolve(use.matchers)) {
        for (const [asker, { atMs, count }] of askers) {
          this.#ask(name, use.labels, { asker, nowMs: atMs, count });
        }
      }
    }
  }

  async #write(state: State, piece: number): Promise<void> {
    const own = [...this.#metrics].filter(([name]) => pieceOf(name) === piece);
    const value = JSON.stringify(own.map(([name, metric]) => rowOf(name, metric)));
    const key = PREFIX + piece.toString(16).padStart(2, '0');
    try {
      this.#versions[piece] = await state.compareAndSet(key, value, this.#versions[piece]);
    } catch (thrown) {
      unlessConflict(thrown);
      // Another process counts too: its figures come in, and the next save writes both.
      const theirs = await state.get(key);
      this.#versions[piece] = theirs?.version ?? 0;
      if (theirs !== undefined) this.#join(theirs.value);
      return;
    }
    this.counts.saves++;
    this.#dirty.delete(piece);
    for (const [, metric] of own) metric.savedMs = lastAsked(metric);
  }

  #join(text: string): void {
    for (const row of rowsIn(text)) {
      const metric = this.#metric(row.name);
      if (metric === undefined) continue;
      const first = [metric.firstMs, row.firstMs].filter((ms) => ms > 0);
      metric.firstMs = first.length === 0 ? 0 : Math.min(...first);
      metric.seenMs = Math.max(metric.seenMs, row.seenMs);
      for (const asker of ASKERS) {
        const [mine, theirs] = [metric.by[asker], row.by[asker]];
        mine.lastMs = Math.max(mine.lastMs, theirs.lastMs);
        mine.count = Math.max(mine.count, theirs.count);
      }
      for (const [label, ms] of row.labels) {
        metric.labels.set(label, Math.max(ms, metric.labels.get(label) ?? 0));
      }
      metric.savedMs = Math.max(metric.savedMs, lastAsked(row));
    }
  }
}

function noteLabel({ labels }: Mutable, label: string, nowMs: number): void {
  if (labels.has(label) || labels.size < USAGE_LABELS_MAX) labels.set(label, nowMs);
}

function nobody(): { lastMs: number; count: number } {
  return { lastMs: 0, count: 0 };
}

function useOf(name: string, { firstMs, by, labels }: Mutable): MetricUse {
  return { name, firstMs, by, labels: [...labels] };
}

/** FNV-1a, of six bits. */
function pieceOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return (hash >>> 0) % PIECES;
}

type Row = MetricUse & { readonly seenMs: number };

/** docs/format/usage.md. */
function rowOf(name: string, { firstMs, seenMs, by, labels }: Mutable): unknown[] {
  const askers = ASKERS.flatMap((asker) => [by[asker].lastMs, by[asker].count]);
  return [name, firstMs, seenMs, ...askers, [...labels].flat()];
}

function rowsIn(text: string): Row[] {
  let rows: unknown;
  try {
    rows = JSON.parse(text);
  } catch {
    return [];
  }
  return Array.isArray(rows) ? rows.flatMap((row) => readRow(row) ?? []) : [];
}

function readRow(row: unknown): Row | undefined {
  if (!Array.isArray(row) || row.length !== 10 || typeof row[0] !== 'string') return undefined;
  const numbers = row.slice(1, 9) as unknown[];
  if (!numbers.every((one) => typeof one === 'number') || !Array.isArray(row[9])) return undefined;
  const [firstMs, seenMs, ...asked] = numbers as number[];
  const by = (i: number): AskedBy => ({ lastMs: asked[i * 2], count: asked[i * 2 + 1] });
  const flat = row[9] as unknown[];
  const labels: [string, number][] = [];
  for (let i = 0; i + 1 < flat.length && labels.length < USAGE_LABELS_MAX; i += 2) {
    labels.push([String(flat[i]), Number(flat[i + 1])]);
  }
  return {
    ...{ name: row[0], firstMs, seenMs, labels },
    by: { query: by(0), dashboard: by(1), rule: by(2) },
  };
}

function unlessConflict(thrown: unknown): void {
  if (!(thrown instanceof MonError) || thrown.code !== 'MON_STATE_CONFLICT') throw thrown;
}
