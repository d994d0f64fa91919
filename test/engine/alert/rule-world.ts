// A world for rules in tests: series in plain arrays instead of shards, a State in memory, a
// notifier that remembers, and a point at which the process may end. What the engine sees is what
// the feed would hand it.
import { EventCourier } from '../../../src/engine/alert/event-courier.ts';
import { RuleEngine } from '../../../src/engine/alert/rule-engine.ts';
import type { TickInput } from '../../../src/engine/alert/rule-engine.ts';
import { RuleMemory } from '../../../src/engine/alert/rule-memory.ts';
import { MonError } from '../../../src/engine/errors.ts';
import type { Labels } from '../../../src/engine/model/labels.ts';
import { NAME, labelValue, labelsKey } from '../../../src/engine/model/labels.ts';
import type { Rule, RuleGroup } from '../../../src/engine/model/rules.ts';
import { isStaleAt } from '../../../src/engine/model/sample.ts';
import type { StateChange } from '../../../src/engine/model/state-change.ts';
import type { AlertEvent, Notify, State, StateEntry } from '../../../src/engine/ports.ts';
import { runFragment } from '../../../src/engine/promql/leaf.ts';
import { mergeFragments } from '../../../src/engine/promql/merge.ts';
import { ScriptSeries } from '../../../src/engine/promql/script-series.ts';
import type { BatchAnswer, Fragment } from '../../../src/engine/model/fragment.ts';

export class Killed extends Error {}

/** A State in memory; what was written before a kill is there after it. */
export class MemoryState implements Pick<State, 'get' | 'list' | 'commit'> {
  readonly rows = new Map<string, StateEntry>();
  #version = 0;
  /** Characters of all values that were written. */
  written = 0;

  async get(key: string): Promise<StateEntry | undefined> {
    return this.rows.get(key);
  }

  async list(prefix: string): Promise<[string, StateEntry][]> {
    const found = [...this.rows].filter(([key]) => key.startsWith(prefix));
    return found.toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  async commit(changes: readonly StateChange[]): Promise<number> {
    for (const { key, expected } of changes) {
      if ((this.rows.get(key)?.version ?? 0) === expected) continue;
      throw new MonError('MON_STATE_CONFLICT', `another came first to ${key}`);
    }
    const version = ++this.#version;
    for (const { key, value } of changes) {
      if (value === undefined) this.rows.delete(key);
      else this.rows.set(key, { value, version });
      this.written += value?.length ?? 0;
    }
    return version;
  }
}

/** Remembers every call, doubles too. */
export class Listener implements Notify {
  readonly calls: AlertEvent[] = [];
  down = false;

  async take(events: readonly AlertEvent[]): Promise<void> {
    if (this.down) throw new MonError('MON_SERVER_UNREACHABLE', 'the notifier is away');
    this.calls.push(...events);
  }

  /** Each event once, in the order of its first coming. */
  get events(): AlertEvent[] {
    return [...new Map(this.calls.map((one) => [one.id, one])).values()];
  }
}

export function alertRule(name: string, expr: string, more: Partial<Rule> = {}): Rule {
  const none = { forMs: 0, keepFiringMs: 0, labels: [], annotations: [], channels: [] };
  return { kind: 'alert', name, expr, ...none, where: 'test:1', ...more };
}

export function recordRule(name: string, expr: string, more: Partial<Rule> = {}): Rule {
  return { ...alertRule(name, expr), kind: 'record', ...more };
}

export function ruleGroup(rules: readonly Rule[], more: Partial<RuleGroup> = {}): RuleGroup {
  const plain = { intervalMs: 0, queryOffsetMs: undefined, limit: 0 };
  return { file: 'test', name: 'g', ...plain, rules, ...more };
}

export const clock = {
  now: () => 0,
  monotonic: () => 0,
  after: () => ({ cancel: () => undefined }),
  sleep: async () => undefined,
};

/** The store outlives engines, as a log does. */
export class RuleWorld {
  readonly series = new ScriptSeries();
  readonly state = new MemoryState();
  readonly listener = new Listener();
  /** Ends the process at this point, once. */
  killAt: string | undefined;
  whole = true;
  /** True for a fragment whose answer lacks a part of the archive. */
  lacks: (fragment: Fragment) => boolean = () => false;
  /** Appends that fail before one succeeds. */
  full = 0;
  /** Fragments of each batch that was asked. */
  readonly batches: number[] = [];
  readonly #known: Labels[] = [];
  #touchedMs = Infinity;
  engine!: RuleEngine;
  courier!: EventCourier;
  readonly #groups: readonly RuleGroup[];
  readonly #intervalMs: number;
  readonly #alertIntervalMs: number;
  readonly #outputs: { readonly labels: Labels; readonly t: number; readonly stale?: boolean }[] =
    [];

  constructor(groups: readonly RuleGroup[], intervalMs = 1000, alertIntervalMs = intervalMs) {
    this.#groups = groups;
    this.#intervalMs = intervalMs;
    this.#alertIntervalMs = alertIntervalMs;
  }

  /** A process begins. */
  async start(): Promise<void> {
    const point = (name: string): void => {
      if (this.killAt !== name) return;
      this.killAt = undefined;
      throw new Killed(name);
    };
    this.engine = new RuleEngine({
      ...{ intervalMs: this.#intervalMs, alertIntervalMs: this.#alertIntervalMs },
      ...{ queryOffsetMs: 0, clock, point },
      leaves: async (fragments) => this.leaves(fragments),
      memory: new RuleMemory(this.state),
      context: { externalLabels: [], externalUrl: 'http://mon', query: async () => [] },
      writer: {
        refOf: (labels) => this.#known.push(labels) - 1,
        release: () => undefined,
        append: async ({ refs, timestamps, values, count }) => {
          if (this.full-- > 0) throw new MonError('MON_DISK_FULL', 'no room');
          const words = new Uint32Array(values.buffer);
          for (let i = 0; i < count; i++) {
            const stale = isStaleAt(words, i) ? { stale: true } : {};
            const sample = { t: timestamps[i], v: values[i], ...stale };
            this.#outputs.push({ labels: this.#known[refs[i]], t: timestamps[i], ...stale });
            this.series.add(this.#known[refs[i]], [sample]);
          }
        },
      },
    });
    this.courier = new EventCourier({
      notify: this.listener,
      waiting: () => this.engine.outbox,
      told: (ids) => this.engine.told(ids),
      pause: async () => undefined,
      ...{ warn: () => undefined, failed: () => undefined, point },
    });
    await this.engine.restore();
    await this.engine.replace(this.#groups);
  }

  /** A sample comes, however late. */
  add(labels: Labels, t: number, v: number): void {
    this.series.add(labels, [{ t, v }]);
    this.#touchedMs = Math.min(this.#touchedMs, t);
  }

  async tick(tickMs: number): Promise<void> {
    const touched = { liveMs: this.#touchedMs, late: new Map<string, number>() };
    this.#touchedMs = Infinity;
    const input: TickInput = { tickMs, touched, offsets: new Map([[0, tickMs]]) };
    await this.engine.tick(input);
    await this.tell();
  }

  /** Everything that waits is told. */
  async tell(): Promise<void> {
    const waiting = this.engine.outbox.slice();
    if (waiting.length === 0 || this.listener.down) return;
    await this.listener.take(waiting);
    if (this.killAt === 'published') {
      this.killAt = undefined;
      throw new Killed('published');
    }
    this.engine.told(new Set(waiting.map(({ id }) => id)));
  }

  /** What was written of a metric, in order. */
  shown(metric: string) {
    return this.#outputs.filter(({ labels }) => labelValue(labels, NAME) === metric);
  }

  /** Alerts that fire by what the notifier was told. */
  firing(): string[] {
    const now = new Map<string, boolean>();
    for (const { labels, endsAtMs } of this.listener.events) {
      now.set(labelsKey(labels), endsAtMs === 0);
    }
    return [...now].filter(([, fires]) => fires).map(([key]) => key);
  }

  names(): string[] {
    return this.listener.events.map(({ labels, endsAtMs }) => {
      return `${labelValue(labels, 'alertname')}${endsAtMs === 0 ? '+' : '-'}`;
    });
  }

  /** What the store answers. */
  leaves(fragments: readonly Fragment[]): BatchAnswer {
    this.batches.push(fragments.length);
    const results = fragments.map((one) => {
      const result = mergeFragments(one, [runFragment(one, this.series)]);
      return this.lacks(one) ? { ...result, partial: true } : result;
    });
    return { results, whole: this.whole, storeReads: 0 };
  }
}
