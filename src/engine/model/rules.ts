// Alerting and recording rules as plain data: what a rule file says, and what a running rule
// shows. Files are read in daemons/, rules run in alert/, the API and the commands show them. Easy
// to get wrong: a label with an empty value is not "no label" here, it removes the label from the
// result.

/** Names and values in the order of the file; values may be empty, and may be templates. */
export type Pairs = readonly (readonly [name: string, value: string])[];

export interface Rule {
  readonly kind: 'alert' | 'record';
  readonly name: string;
  readonly expr: string;
  readonly forMs: number;
  readonly keepFiringMs: number;
  readonly labels: Pairs;
  readonly annotations: Pairs;
  /** Receivers that the rule itself names. */
  readonly channels: readonly string[];
  /** `file:line` where the rule begins. */
  readonly where: string;
  /** What was written instead of PromQL, for rules in another form. */
  readonly sugar?: string;
}

export interface RuleGroup {
  readonly file: string;
  readonly name: string;
  /** 0: the interval of the configuration. */
  readonly intervalMs: number;
  /** Undefined: the offset of the configuration. */
  readonly queryOffsetMs: number | undefined;
  /** Series or alerts of one rule at most; 0: any number. */
  readonly limit: number;
  readonly rules: readonly Rule[];
}

/** One alert that is pending or fires. Times in ms, 0 where there is none. */
export interface AlertStatus {
  readonly labels: readonly string[];
  readonly annotations: readonly string[];
  readonly state: 'pending' | 'firing';
  readonly activeAtMs: number;
  readonly keepFiringSinceMs: number;
  readonly value: number;
}

export interface RuleStatus {
  readonly rule: Rule;
  readonly health: 'unknown' | 'ok' | 'err';
  readonly lastError: string;
  readonly lastEvaluationMs: number;
  readonly evaluationSeconds: number;
  /** Whether the rule runs on shared fragments, or is planned anew at each step, and why. */
  readonly path: string;
  readonly alerts: readonly AlertStatus[];
}

export interface RuleGroupStatus {
  readonly group: RuleGroup;
  readonly intervalMs: number;
  readonly lastEvaluationMs: number;
  readonly evaluationSeconds: number;
  readonly rules: readonly RuleStatus[];
}

/** The rules that run, for those who show them. */
export interface RulesView {
  groups(): Promise<readonly RuleGroupStatus[]>;
}

/** What a reload of rule files changed. */
export interface RulesChanged {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
  readonly unchanged: number;
}

/** The name by which a group is known everywhere: its file and its name. */
export function groupKey(group: Pick<RuleGroup, 'file' | 'name'>): string {
  return `${group.file};${group.name}`;
}
