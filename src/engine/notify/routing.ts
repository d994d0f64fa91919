// What a routing file (alertmanager.yml) says, as plain frozen data: the tree, the receivers, the
// rules of muting, and mon's own additions. A daemon parses the file; everything in this room works
// from this. Easy to get wrong: names in settings are the file's own, so that what is sent can be
// traced to what was written.
import type { Matcher } from '../model/matcher.ts';

/** The kinds of receivers that Alertmanager knows, by the names of their lists. */
export type IntegrationKind =
  | 'discord'
  | 'email'
  | 'incidentio'
  | 'jira'
  | 'mattermost'
  | 'msteams'
  | 'msteamsv2'
  | 'opsgenie'
  | 'pagerduty'
  | 'pushover'
  | 'rocketchat'
  | 'slack'
  | 'sns'
  | 'telegram'
  | 'victorops'
  | 'webex'
  | 'webhook'
  | 'wechat';

/** Values of a section as the file names them; durations are ms, paths absolute. */
export type Settings = Readonly<Record<string, unknown>>;

/** One way of reaching somebody. */
export interface Integration {
  readonly kind: IntegrationKind;
  /** Its place among all integrations of the receiver: part of every identity. */
  readonly index: number;
  readonly sendResolved: boolean;
  readonly settings: Settings;
}

export interface Receiver {
  readonly name: string;
  readonly integrations: readonly Integration[];
}

/** One step of an escalation: who is told when nobody has acknowledged for so long. */
export interface EscalationStep {
  readonly afterMs: number;
  readonly to: string;
}

export interface EscalationPolicy {
  /** Which incidents it is for: all of them must match one of its alerts. */
  readonly matchers: readonly Matcher[];
  readonly steps: readonly EscalationStep[];
  /** How often the whole ladder is climbed again. */
  readonly repeat: number;
}

export interface RouteNode {
  /** Matchers of all nodes from the root to here, as Alertmanager's group keys begin. */
  readonly key: string;
  readonly matchers: readonly Matcher[];
  readonly receiver: string;
  readonly groupBy: 'all' | readonly string[];
  readonly groupWaitMs: number;
  readonly groupIntervalMs: number;
  readonly repeatIntervalMs: number;
  readonly continues: boolean;
  readonly muteIntervals: readonly string[];
  readonly activeIntervals: readonly string[];
  /** Policies of this node; undefined: those of the file. */
  readonly escalation: readonly EscalationPolicy[] | undefined;
  readonly routes: readonly RouteNode[];
}

export interface InhibitRule {
  readonly source: readonly Matcher[];
  readonly target: readonly Matcher[];
  readonly equal: readonly string[];
}

/** A range with both ends included. */
export type Range = readonly [begin: number, end: number];

/** A set of moments; what is undefined holds always, an empty list never. */
export interface TimeInterval {
  /** Minutes of the day, the end excluded. */
  readonly times?: readonly Range[];
  /** Sunday is 0. */
  readonly weekdays?: readonly Range[];
  /** Negative days count from the end of the month. */
  readonly daysOfMonth?: readonly Range[];
  readonly months?: readonly Range[];
  readonly years?: readonly Range[];
  /** IANA name; UTC when undefined, this machine's for Local. */
  readonly location?: string;
}

export interface Routing {
  readonly root: RouteNode;
  readonly receivers: ReadonlyMap<string, Receiver>;
  readonly inhibitRules: readonly InhibitRule[];
  readonly intervals: ReadonlyMap<string, readonly TimeInterval[]>;
  readonly resolveTimeoutMs: number;
  /** Patterns of template files, absolute. */
  readonly templates: readonly string[];
  readonly dedupeWindowMs: number;
  readonly escalation: readonly EscalationPolicy[];
  /** The file with its secrets blanked. */
  readonly text: string;
}

/** A setting that is text; empty where there is none. */
export function textSetting(settings: Settings, name: string): string {
  const value = settings[name];
  return typeof value === 'string' ? value : '';
}
