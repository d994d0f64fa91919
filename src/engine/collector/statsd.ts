// StatsD's aggregator: updates by UDP become counters, gauges, summaries and sets, shown as a
// target within the process once an interval. Easy to get wrong: counters only grow here, whatever
// interval the sender has in mind, so that rate() is right; series that nobody updates for a while
// go, or a sender of random names would fill the memory.
// Source: statsd_exporter for the forms of the series.
import { STATSD_IDLE_MS, STATSD_SERIES_MAX, STATSD_WINDOW_MAX } from '../limits.ts';
import type { Clock } from '../runtime/clock.ts';
import { ExpositionWriter } from '../wire/exposition-writer.ts';
import { readStatsd } from '../wire/statsd.ts';
import type { StatsdUpdate } from '../wire/statsd.ts';
import type { InternalTarget } from './scrape-manager.ts';

const QUANTILES = [0.5, 0.9, 0.95, 0.99] as const;

interface Entry {
  readonly name: string;
  readonly kind: StatsdUpdate['kind'];
  readonly labels: Readonly<Record<string, string>>;
  seenMs: number;
  /** A counter's total, a gauge's value, a summary's sum. */
  value: number;
  count: number;
  /** A summary's observations since it was last shown, a sample of them when there are too many. */
  readonly window: number[];
  windowCount: number;
  readonly members: Set<string>;
}

export interface StatsdCounts {
  packets: number;
  updates: number;
  malformed: number;
  /** Updates of series that there was no room for. */
  refused: number;
}

export class Statsd {
  readonly counts: StatsdCounts = { packets: 0, updates: 0, malformed: 0, refused: 0 };
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Takes a packet; never fails, for nobody waits for an answer. */
  take(packet: Uint8Array): void {
    const { updates, malformed } = readStatsd(packet);
    this.counts.packets++;
    this.counts.malformed += malformed;
    for (const update of updates) {
      const entry = this.#entry(update);
      if (entry === undefined) {
        this.counts.refused++;
        continue;
      }
      this.counts.updates++;
      this.#apply(entry, update);
    }
  }

  target(intervalMs: number, timeoutMs: number): InternalTarget {
    const render = (): Uint8Array => this.render();
    return { job: 'statsd', instance: 'udp', intervalMs, timeoutMs, render };
  }

  /** All series as exposition text; summaries begin a new window, old series are forgotten. */
  render(): Uint8Array {
    const oldest = this.#clock.now() - STATSD_IDLE_MS;
    const out = new ExpositionWriter();
    const named = new Map<string, Entry[]>();
    for (const [key, entry] of this.#entries) {
      if (entry.seenMs < oldest) this.#entries.delete(key);
      else named.set(entry.name, [...(named.get(entry.name) ?? []), entry]);
    }
    for (const [name, entries] of named) {
      const [{ kind }] = entries;
      const type = kind === 'c' ? 'counter' : kind === 'g' || kind === 's' ? 'gauge' : 'summary';
      out.family(name, type, 'From StatsD.');
      for (const entry of entries) if (entry.kind === kind) show(out, entry);
    }
    return out.take();
  }

  #entry({ name, kind, tags }: StatsdUpdate): Entry | undefined {
    const plain = plainName(name);
    const labels = Object.create(null) as Record<string, string>;
    for (let i = 0; i < tags.length; i += 2) labels[plainLabel(tags[i])] = tags[i + 1];
    const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify([plain, kind, pairs]);
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      if (this.#entries.size >= STATSD_SERIES_MAX) return undefined;
      const start = { seenMs: 0, value: 0, count: 0, windowCount: 0 };
      entry = { name: plain, kind, labels, ...start, window: [], members: new Set() };
      this.#entries.set(key, entry);
    }
    entry.seenMs = this.#clock.now();
    return entry;
  }

  #apply(entry: Entry, { kind, value, rate, relative, member }: StatsdUpdate): void {
    if (kind === 'c') entry.value += value / rate;
    else if (kind === 'g') entry.value = relative ? entry.value + value : value;
    else if (kind === 's') {
      if (entry.members.size < STATSD_WINDOW_MAX) entry.members.add(member);
    } else this.#observe(entry, kind === 't' ? value / 1000 : value, rate);
  }

  /** Each observation of a sampled timer stands for 1 / rate of them. */
  #observe(entry: Entry, value: number, rate: number): void {
    entry.value += value / rate;
    entry.count += 1 / rate;
    entry.windowCount++;
    if (entry.window.length < STATSD_WINDOW_MAX) entry.window.push(value);
    else {
      const at = Math.floor(this.#random() * entry.windowCount);
      if (at < STATSD_WINDOW_MAX) entry.window[at] = value;
    }
  }
}

function show(out: ExpositionWriter, entry: Entry): void {
  const { name, kind, labels, window, members } = entry;
  if (kind === 'c' || kind === 'g') return out.sample(name, labels, entry.value);
  if (kind === 's') {
    out.sample(name, labels, members.size);
    members.clear();
    return;
  }
  window.sort((a, b) => a - b);
  for (const quantile of QUANTILES) {
    const at = Math.min(window.length - 1, Math.floor(quantile * window.length));
    const value = window.length === 0 ? NaN : window[at];
    out.sample(name, { ...labels, quantile: String(quantile) }, value);
  }
  out.sample(`${name}_sum`, labels, entry.value);
  out.sample(`${name}_count`, labels, entry.count);
  window.length = 0;
  entry.windowCount = 0;
}

function plainName(name: string): string {
  const plain = name.replace(/[^a-zA-Z0-9_:]/g, '_');
  return /^\d/.test(plain) ? `_${plain}` : plain;
}

function plainLabel(name: string): string {
  const plain = name.replace(/[^a-zA-Z0-9_]/g, '_');
  return /^\d/.test(plain) ? `_${plain}` : plain;
}
