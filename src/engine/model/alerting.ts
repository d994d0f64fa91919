// What the notifier tells of alerts, silences and incidents, as plain data: it crosses the API, the
// client and the screens. Labels are objects here because all of them travel as JSON; they are made
// without a prototype. Times in ms since 1970, 0 for never.
import type { Matcher } from './matcher.ts';

export type LabelObject = Readonly<Record<string, string>>;

/** An alert as somebody posts it; times left out are the receiver's affair. */
export interface PostedAlert {
  readonly labels: LabelObject;
  readonly annotations: LabelObject;
  readonly startsAtMs?: number;
  readonly endsAtMs?: number;
  readonly generatorUrl: string;
}

/** One alert with what holds it back. */
export interface AlertView extends Required<PostedAlert> {
  readonly fingerprint: string;
  readonly updatedAtMs: number;
  readonly receivers: readonly string[];
  readonly state: 'unprocessed' | 'active' | 'suppressed';
  readonly silencedBy: readonly string[];
  readonly inhibitedBy: readonly string[];
  readonly mutedBy: readonly string[];
  /** The incident it belongs to, where there is one. */
  readonly incident?: string;
}

/** Alerts that are told together. */
export interface GroupView {
  readonly labels: LabelObject;
  readonly receiver: string;
  readonly alerts: readonly AlertView[];
}

export type SilenceState = 'pending' | 'active' | 'expired';

export interface Silence {
  readonly id: string;
  readonly matchers: readonly Matcher[];
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly updatedAtMs: number;
  readonly createdBy: string;
  readonly comment: string;
}

export interface SilenceView extends Silence {
  readonly state: SilenceState;
}

/** A silence to be made, or, with an id, to be changed. */
export type SilenceWish = Omit<Silence, 'id' | 'updatedAtMs'> & { readonly id?: string };

/** One line of an incident's history. */
export interface HistoryEntry {
  readonly atMs: number;
  /** A person, a receiver, or `mon`. */
  readonly who: string;
  /** A short fixed word: opened, alert, notified, acknowledged, escalated, resolved, … */
  readonly what: string;
  readonly why: string;
}

export type IncidentStatus = 'firing' | 'acknowledged' | 'resolved';

/** What happened to one group of alerts from the first that fired to the last that resolved. */
export interface Incident {
  readonly id: string;
  readonly groupKey: string;
  readonly labels: LabelObject;
  readonly receiver: string;
  readonly severity: string;
  readonly status: IncidentStatus;
  readonly startedAtMs: number;
  readonly acknowledgedAtMs: number;
  readonly acknowledgedBy: string;
  readonly resolvedAtMs: number;
  /** Steps of the escalation policy taken so far, all rounds counted. */
  readonly escalations: number;
  /** Alerts that fire now, and all that ever fired in it. */
  readonly firing: number;
  readonly alerts: number;
  readonly history: readonly HistoryEntry[];
}

/** Which alerts a list shows; everything left out is shown. */
export interface AlertFilter {
  readonly matchers?: readonly Matcher[];
  readonly active?: boolean;
  readonly silenced?: boolean;
  readonly inhibited?: boolean;
  readonly unprocessed?: boolean;
  readonly muted?: boolean;
  /** True for the receivers that are meant. */
  readonly receiver?: (name: string) => boolean;
}

/** What became of one notification of a test. */
export interface TestOutcome {
  readonly receiver: string;
  readonly kind: string;
  readonly ok: boolean;
  readonly words: string;
}

/** What the notifier says of itself. */
export interface NotifierStatus {
  readonly startedMs: number;
  /** The routing file, its secrets blanked. */
  readonly configText: string;
  readonly receivers: readonly string[];
  /** Notifications that wait to be sent. */
  readonly waiting: number;
}
