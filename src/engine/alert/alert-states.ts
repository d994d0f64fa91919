// The states of one alerting rule's alerts, step by step: inactive, pending, firing, kept firing,
// resolved. Pure, on immutable maps, with a short past, so that a late sample can be played again
// from the step that it touches. Source of the order of decisions: Prometheus' rules/alerting.go.
// Easy to get wrong: a pending alert that ends leaves no trace; one that fired is remembered.
import { RULE_SERIES_MAX } from '../limits.ts';
import { labelsKey } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';

/** A time that has not come; 0 is one that tests begin at. */
export const NOT_YET = -1;

/** An alert that is pending, fires, or has fired. Times in ms, or NOT_YET. */
export interface Alert {
  readonly labels: Labels;
  readonly activeAtMs: number;
  readonly firedAtMs: number;
  readonly keepSinceMs: number;
  readonly resolvedAtMs: number;
}

export type Alerts = ReadonlyMap<string, Alert>;

export interface AlertTimes {
  readonly forMs: number;
  readonly keepFiringMs: number;
}

/** So long a resolved alert is remembered; Prometheus' number. */
const RESOLVED_MS = 15 * 60_000;

export function isActive(alert: Alert): boolean {
  return alert.resolvedAtMs === NOT_YET;
}

export function isFiring(alert: Alert): boolean {
  return alert.firedAtMs !== NOT_YET && isActive(alert);
}

/**
 * The alerts after one step, given the label sets that the expression answered. The very same map
 * when nothing has changed.
 */
export function stepAlerts(
  before: Alerts,
  found: ReadonlyMap<string, Labels>,
  timeMs: number,
  times: AlertTimes,
): Alerts {
  let after: Map<string, Alert> | undefined;
  const change = (key: string, alert: Alert | undefined): void => {
    after ??= new Map(before);
    if (alert === undefined) after.delete(key);
    else after.set(key, alert);
  };
  for (const [key, alert] of before) {
    if (found.has(key)) continue;
    const next = missing(alert, timeMs, times);
    if (next !== alert) change(key, next);
  }
  for (const [key, labels] of found) {
    const known = before.get(key);
    const next = present(known, labels, timeMs, times);
    if (next !== known) change(key, next);
  }
  return after ?? before;
}

function missing(alert: Alert, timeMs: number, times: AlertTimes): Alert | undefined {
  if (!isActive(alert)) return timeMs - alert.resolvedAtMs > RESOLVED_MS ? undefined : alert;
  if (alert.firedAtMs === NOT_YET) return undefined;
  if (times.keepFiringMs > 0) {
    const keepSinceMs = alert.keepSinceMs === NOT_YET ? timeMs : alert.keepSinceMs;
    if (timeMs - keepSinceMs < times.keepFiringMs) {
      return keepSinceMs === alert.keepSinceMs ? alert : { ...alert, keepSinceMs };
    }
    return { ...alert, keepSinceMs, resolvedAtMs: timeMs };
  }
  return { ...alert, resolvedAtMs: timeMs };
}

function present(
  known: Alert | undefined,
  labels: Labels,
  timeMs: number,
  { forMs }: AlertTimes,
): Alert {
  if (known === undefined || !isActive(known)) {
    const firedAtMs = forMs <= 0 ? timeMs : NOT_YET;
    const never = { keepSinceMs: NOT_YET, resolvedAtMs: NOT_YET };
    return { labels, activeAtMs: timeMs, firedAtMs, ...never };
  }
  const kept = known.keepSinceMs === NOT_YET ? known : { ...known, keepSinceMs: NOT_YET };
  if (kept.firedAtMs !== NOT_YET || timeMs - kept.activeAtMs < forMs) return kept;
  return { ...kept, firedAtMs: timeMs };
}

interface Past {
  readonly stepMs: number;
  readonly alerts: Alerts;
}

/** The alerts of a rule now and at the steps that a late sample may still touch. */
export class AlertStates {
  /** One entry for each change, rising; the first is the state before all that is remembered. */
  #past: Past[] = [{ stepMs: -Infinity, alerts: new Map() }];

  get now(): Alerts {
    return (this.#past.at(-1) as Past).alerts;
  }

  /** The state after the last step before `stepMs`. */
  before(stepMs: number): Alerts {
    return (this.#past.findLast((one) => one.stepMs < stepMs) ?? this.#past[0]).alerts;
  }

  /** Takes back all from `stepMs` on, to be played again. */
  rewind(stepMs: number): void {
    while (this.#past.length > 1 && (this.#past.at(-1) as Past).stepMs >= stepMs) this.#past.pop();
  }

  /** The state after a step; steps come in order. */
  put(stepMs: number, alerts: Alerts): void {
    if (alerts !== this.now) this.#past.push({ stepMs, alerts });
  }

  /** Everything before is past correcting. */
  forget(beforeMs: number): void {
    let keep = 0;
    while (keep + 1 < this.#past.length && this.#past[keep + 1].stepMs < beforeMs) keep++;
    if (keep > 0) this.#past = this.#past.slice(keep);
  }

  /** Begins anew from a state of an earlier life, or of another clock. */
  restore(alerts: Alerts): void {
    this.#past = [{ stepMs: -Infinity, alerts }];
  }

  /** The clock moved under us: what pends goes on pending as long as it had. */
  shift(byMs: number): void {
    const moved = new Map<string, Alert>();
    const move = (ms: number): number => (ms === NOT_YET ? ms : ms + byMs);
    for (const [key, alert] of this.now) {
      const pending = isActive(alert) && alert.firedAtMs === NOT_YET;
      moved.set(key, {
        ...alert,
        activeAtMs: pending ? move(alert.activeAtMs) : alert.activeAtMs,
        keepSinceMs: move(alert.keepSinceMs),
      });
    }
    this.restore(moved);
  }
}

/** Label sets by key. @returns undefined when two are the same or there are too many. */
export function byKey(sets: readonly Labels[]): Map<string, Labels> | undefined {
  if (sets.length > RULE_SERIES_MAX) return undefined;
  const found = new Map<string, Labels>();
  for (const labels of sets) found.set(labelsKey(labels), labels);
  return found.size === sets.length ? found : undefined;
}
