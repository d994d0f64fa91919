// What the notifier keeps in State: one JSON value a record, under these keys. A crash at any point
// leaves what the last commit said, so everything that a decision leans on is in here. Easy to get
// wrong: a record is never changed in place; a changed copy replaces it when the commit is durable.
import type { Incident, Silence } from '../model/alerting.ts';
import type { Labels } from '../model/labels.ts';

export interface AlertRecord {
  readonly fingerprint: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAtMs: number;
  /** As it was told; 0 while nobody said when it ends. */
  readonly endsAtMs: number;
  /** When it counts as resolved, on the steady clock; 0 for never. */
  readonly resolveAtMs: number;
  readonly updatedAtMs: number;
  /** Event time of the newest change that was told with an id. */
  readonly atMs: number;
  readonly generatorUrl: string;
  /** Ids of the newest changes, so that one told twice changes nothing. */
  readonly ids: readonly string[];
  /** Groups that it is a member of now. */
  readonly groups: readonly string[];
  readonly channels: readonly string[];
}

/** What one integration was told of a group. */
export interface Told {
  /** How many notifications were decided: part of their ids. */
  readonly sequence: number;
  readonly firing: readonly string[];
  readonly resolved: readonly string[];
  readonly atMs: number;
  /** Alerts that were told as firing and have gone since: when they were told. */
  readonly gone: readonly (readonly [fingerprint: string, atMs: number])[];
  /** The last one was refused for good: the next flush tells it again. */
  readonly again: boolean;
}

export interface GroupRecord {
  readonly id: string;
  /** As Alertmanager writes it. */
  readonly key: string;
  readonly routeKey: string;
  readonly receiver: string;
  readonly labels: Labels;
  /** Whether its first notification was decided since it was empty. */
  readonly flushed: boolean;
  /** 0: empty and idle. */
  readonly nextFlushMs: number;
  readonly touchedMs: number;
  /** By `receiver/index`. */
  readonly told: Readonly<Record<string, Told>>;
  /** Receivers that an escalation added. */
  readonly extra: readonly string[];
  /** The newest incident of this group; empty when it never had one. */
  readonly incident: string;
}

/** An alert as it was when a notification was decided. */
export interface ToldAlert {
  readonly fingerprint: string;
  readonly firing: boolean;
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly startsAtMs: number;
  readonly endsAtMs: number;
  readonly generatorUrl: string;
}

/** A notification that was decided and is not yet delivered. */
export interface SendRecord {
  /** The same for every attempt, also after a crash. */
  readonly id: string;
  /** The order of decisions. */
  readonly order: number;
  readonly group: string;
  readonly groupKey: string;
  readonly groupLabels: Labels;
  readonly receiver: string;
  readonly index: number;
  readonly kind: 'notify' | 'acknowledge';
  readonly reason: string;
  readonly decidedMs: number;
  readonly incident: string;
  readonly alerts: readonly ToldAlert[];
}

export interface IncidentRecord extends Incident {
  readonly group: string;
  /** Fingerprints of all that fired in it, as far as they are counted. */
  readonly seen: readonly string[];
  /** When the next step of its escalation is due; 0 for none. */
  readonly escalateAtMs: number;
}

export type SilenceRecord = Silence;

/** The prefix of each kind of record; versions of the format would be beside it. */
export const PREFIXES = {
  alert: 'notify/alert/',
  group: 'notify/group/',
  send: 'notify/send/',
  incident: 'notify/incident/',
  silence: 'notify/silence/',
  meta: 'notify/meta/',
} as const;

/** Counters that must never go back; and how far a log of alerts was read, where there is one. */
export interface MetaRecord {
  readonly id: 'counters' | 'log';
  readonly incidents: number;
  readonly sends: number;
  /** Of the record `log`: which log that is, and the next offset of each partition. */
  readonly log?: string;
  readonly offsets?: readonly (readonly [partition: number, next: number])[];
}

/** Where the reader of a log stands. */
export interface ReadOf {
  readonly log: string;
  readonly offsets: ReadonlyMap<number, number>;
}

/** The name of one integration of one receiver. */
export function targetOf(receiver: string, index: number): string {
  return `${receiver}/${index}`;
}
