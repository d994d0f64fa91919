// The groups of rules that run, and how a new list of them takes the place of the old: what did
// not change goes on untouched, what did keeps the states of alerts of the same name and labels.
// Easy to get wrong: a later rule sees the outputs of earlier ones of the same step, of its group
// and of the groups before, so it has to wait for them; all others run at once.
import { RULES_MAX } from '../limits.ts';
import { UserError } from '../errors.ts';
import { groupKey } from '../model/rules.ts';
import type { Rule, RuleGroup, RulesChanged } from '../model/rules.ts';
import { RunningRule } from './running-rule.ts';
import { Templates } from './standing-query.ts';

export interface RunningGroup {
  readonly group: RuleGroup;
  readonly key: string;
  readonly intervalMs: number;
  readonly offsetMs: number;
  /** The states of alerts are written at multiples of this, however often they are decided. */
  readonly writeMs: number;
  readonly rules: readonly RunningRule[];
  /** The newest step that was evaluated; -Infinity before the first. */
  lastStepMs: number;
  lastEvaluationMs: number;
  evaluationSeconds: number;
}

export interface RuleDefaults {
  readonly intervalMs: number;
  /** Of groups that write nothing but the states of alerts; as above by default. */
  readonly alertIntervalMs?: number | undefined;
  readonly queryOffsetMs: number;
  readonly lookbackMs?: number;
}

export class RuleSet {
  groups: readonly RunningGroup[] = [];
  /** Names of the series that these rules write. */
  ownNames: ReadonlySet<string> = new Set();
  readonly templates = new Templates();
  readonly #defaults: RuleDefaults;

  constructor(defaults: RuleDefaults) {
    this.#defaults = defaults;
  }

  get stages(): number {
    return this.groups.reduce(
      (most, { rules }) => rules.reduce((max, { stage }) => Math.max(max, stage + 1), most),
      0,
    );
  }

  get rules(): RunningRule[] {
    return this.groups.flatMap(({ rules }) => rules);
  }

  /**
   * Takes the new groups; answers what changed and the rules that are gone.
   * @throws UserError when a rule cannot run; then nothing has changed.
   */
  replace(groups: readonly RuleGroup[]): { changed: RulesChanged; gone: readonly RunningRule[] } {
    const total = groups.reduce((sum, { rules }) => sum + rules.length, 0);
    if (total > RULES_MAX) throw new UserError(`${total} rules are more than ${RULES_MAX}`);
    const old = new Map(this.groups.map((one) => [one.key, one]));
    const before = new Map(this.rules.map((one) => [one.id, one]));
    const next = groups.map((group) => {
      const known = old.get(groupKey(group));
      return known !== undefined && same(known.group, group) ? known : this.#begin(group);
    });
    const kept = new Set<string>();
    for (const running of next) {
      const untouched = old.get(running.key) === running;
      for (const rule of running.rules) {
        kept.add(rule.id);
        const earlier = before.get(rule.id);
        if (!untouched && earlier !== undefined) rule.inherit(earlier);
      }
      if (!untouched) running.lastStepMs = old.get(running.key)?.lastStepMs ?? -Infinity;
    }
    this.groups = next;
    layStages(this.rules);
    this.ownNames = new Set(this.rules.flatMap(({ makes }) => [...makes]));
    const gone = [...before.values()].filter(({ id }) => !kept.has(id));
    return { changed: changesOf(old, next), gone };
  }

  #begin(group: RuleGroup): RunningGroup {
    const { lookbackMs, queryOffsetMs } = this.#defaults;
    const intervalMs = intervalOf(group, this.#defaults);
    const options = { stepMs: intervalMs, templates: this.templates, lookbackMs };
    const seen = new Map<string, number>();
    const rules = group.rules.map((rule) => {
      const name = idOf(group, rule);
      const count = seen.get(name) ?? 0;
      seen.set(name, count + 1);
      return new RunningRule(rule, `${name}\u0000${count}`, options);
    });
    return {
      ...{ group, key: groupKey(group), intervalMs, rules },
      offsetMs: group.queryOffsetMs ?? queryOffsetMs,
      writeMs: group.intervalMs > 0 ? intervalMs : Math.max(intervalMs, this.#defaults.intervalMs),
      lastStepMs: -Infinity,
      lastEvaluationMs: 0,
      evaluationSeconds: 0,
    };
  }
}

/** How often a group is evaluated: as it says, else as its kind of rules is by default. */
function intervalOf(group: RuleGroup, { intervalMs, alertIntervalMs }: RuleDefaults): number {
  if (group.intervalMs > 0) return group.intervalMs;
  const records = group.rules.some(({ kind }) => kind === 'record');
  return records ? intervalMs : (alertIntervalMs ?? intervalMs);
}

function idOf(group: RuleGroup, rule: Rule): string {
  return [groupKey(group), rule.kind, rule.name, JSON.stringify(rule.labels)].join('\u0000');
}

/** A rule stands one stage behind the last rule before it, of any group, whose series it reads. */
function layStages(rules: readonly RunningRule[]): void {
  const made = new Map<string, number>();
  let last = -1;
  for (const rule of rules) {
    let stage = 0;
    const { metrics } = rule.query;
    if (metrics === undefined) stage = last + 1;
    else for (const name of metrics) stage = Math.max(stage, (made.get(name) ?? -1) + 1);
    rule.stage = stage;
    for (const name of rule.makes) made.set(name, Math.max(stage, made.get(name) ?? 0));
    last = Math.max(last, stage);
  }
}

function same(a: RuleGroup, b: RuleGroup): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function changesOf(
  old: ReadonlyMap<string, RunningGroup>,
  next: readonly RunningGroup[],
): RulesChanged {
  const names = (groups: readonly RunningGroup[]): string[] => groups.map(({ key }) => key);
  const keys = new Set(names(next));
  const fresh = next.filter((one) => old.get(one.key) !== one);
  return {
    added: names(fresh.filter(({ key }) => !old.has(key))),
    removed: [...old.keys()].filter((key) => !keys.has(key)),
    changed: names(fresh.filter(({ key }) => old.has(key))),
    unchanged: next.length - fresh.length,
  };
}
