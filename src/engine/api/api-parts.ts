// What the HTTP API is plugged to. A daemon fills this in; the handlers get it with every call.
// Nothing here is the API's own: it asks, reads, pushes and shows, and keeps no state of its own.
import type { Admin, Ask, Explain, Groups, Intake, Source, Targets, Turns } from '../ports.ts';
import type { SqlAsk, Transfer } from '../ports-sql.ts';
import type { CardinalityReport } from '../model/cardinality-report.ts';
import type { ExploreView } from '../model/exploration.ts';
import type { ReloadReport } from '../model/reload-report.ts';
import type { RoleHealth } from '../model/role-health.ts';
import type { RulesView } from '../model/rules.ts';
import type { AlertDesk } from '../model/alert-desk.ts';
import type { BlockStatus } from '../model/upkeep.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Counters } from '../runtime/counters.ts';

/** What /api/v1/status/buildinfo tells; unknown fields may be left out. */
export interface VersionInfo {
  readonly version: string;
  readonly revision?: string;
  readonly branch?: string;
  readonly buildUser?: string;
  readonly buildDate?: string;
  /** What it runs on, as Prometheus names the Go version: here Node's. */
  readonly runtime?: string;
}

/** A job that computes anew what was derived from samples. Asking for it twice does it once. */
export interface Replay {
  /** Begins, and answers how many pieces wait; they are done in the background. */
  replay(fromMs: number): Promise<number>;
  /** How many pieces wait now. */
  waiting(): Promise<number>;
}

export interface ApiParts {
  readonly ask: Ask;
  /** Without it /api/v1/explain is not found. */
  readonly explain?: Explain;
  /** Without it nothing is exported. */
  readonly transfer?: Transfer;
  /** Without it SQL is not found. */
  readonly sql?: SqlAsk;
  /** Where lists of series and labels wait for their turn; without it they do not wait. */
  readonly turns?: Turns;
  readonly source: Source;
  readonly intake: Intake;
  readonly targets: Targets;
  /** What new series passed which limit. */
  readonly cardinality?: () => CardinalityReport | Promise<CardinalityReport>;
  /** Without it nobody counts who asks for what. */
  readonly explore?: ExploreView;
  /** Without it the Pushgateway's paths are not found. */
  readonly groups?: Groups;
  /** Without it there are no rules and no alerts. */
  readonly rules?: RulesView;
  /** The sealed blocks there are. */
  readonly blocks?: () => Promise<readonly BlockStatus[]>;
  /** The notifier as people use it; without it the alert API is not found. */
  readonly desk?: AlertDesk;
  /** Without it the admin API answers 403. */
  readonly admin?: Admin;
  /** Reads the configuration again; without it /-/reload answers 403. */
  readonly reload?: () => Promise<ReloadReport>;
  /** What can be computed anew from a time on, by its name. */
  readonly replays?: ReadonlyMap<string, Replay>;
  /** The process's own counters as exposition text. */
  readonly selfMetrics: () => string;
  /** Whether queries and pushes can be answered, and if not, why. */
  readonly ready: () => { readonly ready: boolean; readonly why: string };
  /** How each process of the server is; without it there is one, and it answers. */
  readonly roles?: () => Promise<readonly RoleHealth[]>;
  readonly clock: Clock;
  readonly version: VersionInfo;
  /** Without it everybody who reaches the address may come in. */
  readonly token?: string;
  /** Labels that /federate adds to series that do not have them. */
  readonly externalLabels?: Readonly<Record<string, string>>;
  /** When the process started, ms since 1970. */
  readonly startedMs: number;
  /** How long samples are kept, as /api/v1/status/runtimeinfo tells it. */
  readonly retentionMs?: number;
  readonly flags?: Readonly<Record<string, string>>;
  readonly configText?: () => string;
  /** Where requests are counted, by route and status. */
  readonly counters?: Counters;
  /** Told of a broken promise after the asker got 500; without it the process ends as it should. */
  readonly onBug?: (thrown: unknown) => void;
}

/** The same with every member, in one order: what is rehearsed looks like what is asked. */
export function wholeParts(given: ApiParts, ready: ApiParts['ready']): ApiParts {
  return {
    ask: given.ask,
    explain: given.explain,
    transfer: given.transfer,
    sql: given.sql,
    turns: given.turns,
    source: given.source,
    intake: given.intake,
    targets: given.targets,
    cardinality: given.cardinality,
    explore: given.explore,
    groups: given.groups,
    rules: given.rules,
    blocks: given.blocks,
    desk: given.desk,
    admin: given.admin,
    reload: given.reload,
    replays: given.replays,
    selfMetrics: given.selfMetrics,
    ready,
    roles: given.roles,
    clock: given.clock,
    version: given.version,
    token: given.token,
    externalLabels: given.externalLabels,
    startedMs: given.startedMs,
    retentionMs: given.retentionMs,
    flags: given.flags,
    configText: given.configText,
    counters: given.counters,
    onBug: given.onBug,
  };
}
