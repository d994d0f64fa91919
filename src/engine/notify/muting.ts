// What holds alerts back: silences, inhibition by other alerts, and the hours of a route. Looked at
// when a group is about to be told and when somebody lists alerts. Easy to get wrong: an alert that
// matches both sides of an inhibition rule is not inhibited by another one like it.
import { labelValue } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import type { SilenceState } from '../model/alerting.ts';
import { labelTest } from './matching.ts';
import type { LabelTest } from './matching.ts';
import type { AlertRecord, SilenceRecord } from './records.ts';
import type { InhibitRule, RouteNode, Routing } from './routing.ts';
import { inInterval } from './time-intervals.ts';

export function silenceState(silence: SilenceRecord, nowMs: number): SilenceState {
  if (nowMs >= silence.endsAtMs) return 'expired';
  return nowMs < silence.startsAtMs ? 'pending' : 'active';
}

export function isFiring(alert: AlertRecord, nowMs: number): boolean {
  return alert.resolveAtMs === 0 || alert.resolveAtMs > nowMs;
}

interface Rule {
  readonly source: LabelTest;
  readonly target: LabelTest;
  readonly equal: InhibitRule['equal'];
}

/** Everything that mutes, at one moment. */
export interface Muting {
  silencedBy(labels: Labels): string[];
  /** Fingerprints of the alerts that inhibit this one. */
  inhibitedBy(alert: AlertRecord): string[];
  /** Names of the intervals that mute a route now. */
  mutedBy(node: RouteNode): string[];
}

/** Rules and silences with their matchers compiled; a silence is compiled once. */
export class Mutes {
  readonly #routing: Routing;
  readonly #rules: readonly Rule[];
  readonly #tests = new Map<SilenceRecord, LabelTest>();

  constructor(routing: Routing) {
    this.#routing = routing;
    this.#rules = routing.inhibitRules.map(({ source, target, equal }) => ({
      source: labelTest(source),
      target: labelTest(target),
      equal,
    }));
  }

  at(nowMs: number, alerts: Iterable<AlertRecord>, silences: Iterable<SilenceRecord>): Muting {
    const hours = new Map<RouteNode, string[]>();
    const active: (readonly [id: string, test: LabelTest])[] = [];
    const kept = new Set<SilenceRecord>();
    for (const silence of silences) {
      if (silenceState(silence, nowMs) !== 'active') continue;
      kept.add(silence);
      active.push([silence.id, this.#testOf(silence)]);
    }
    for (const silence of this.#tests.keys()) if (!kept.has(silence)) this.#tests.delete(silence);
    let sources: readonly ReadonlyMap<string, readonly AlertRecord[]>[] | undefined;
    return {
      silencedBy: (labels) => active.filter(([, test]) => test(labels)).map(([id]) => id),
      inhibitedBy: (alert) => {
        if (this.#rules.length === 0) return [];
        sources ??= this.#sources(nowMs, alerts);
        return this.#inhibitors(alert, sources);
      },
      mutedBy: (node) => {
        let names = hours.get(node);
        if (names === undefined) hours.set(node, (names = this.#mutedBy(node, nowMs)));
        return names;
      },
    };
  }

  #testOf(silence: SilenceRecord): LabelTest {
    let test = this.#tests.get(silence);
    if (test === undefined) this.#tests.set(silence, (test = labelTest(silence.matchers)));
    return test;
  }

  /** For each rule, its firing source alerts by the values that must be equal. */
  #sources(nowMs: number, alerts: Iterable<AlertRecord>): Map<string, AlertRecord[]>[] {
    const out = this.#rules.map(() => new Map<string, AlertRecord[]>());
    for (const alert of alerts) {
      if (!isFiring(alert, nowMs)) continue;
      this.#rules.forEach(({ source, equal }, i) => {
        if (!source(alert.labels)) return;
        const key = equalKey(alert.labels, equal);
        const list = out[i].get(key);
        if (list === undefined) out[i].set(key, [alert]);
        else list.push(alert);
      });
    }
    return out;
  }

  #inhibitors(
    alert: AlertRecord,
    sources: readonly ReadonlyMap<string, readonly AlertRecord[]>[],
  ): string[] {
    for (const [i, { source, target, equal }] of this.#rules.entries()) {
      if (!target(alert.labels)) continue;
      const both = source(alert.labels);
      const found = sources[i].get(equalKey(alert.labels, equal)) ?? [];
      const by = both ? found.find((one) => !target(one.labels)) : found[0];
      if (by !== undefined) return [by.fingerprint];
    }
    return [];
  }

  #mutedBy({ muteIntervals, activeIntervals }: RouteNode, nowMs: number): string[] {
    const isIn = (name: string): boolean =>
      (this.#routing.intervals.get(name) ?? []).some((interval) => inInterval(interval, nowMs));
    const muting = muteIntervals.filter(isIn);
    const inactive = activeIntervals.length > 0 && !activeIntervals.some(isIn);
    return inactive ? [...muting, ...activeIntervals] : muting;
  }
}

function equalKey(labels: Labels, names: readonly string[]): string {
  return names.map((name) => labelValue(labels, name)).join('\u0000');
}
