// One rule at work: its groups, its slots, and from when to when it takes windows. Between the
// reader of the log and the fold. Easy to get wrong: whether a sample is in time is decided by the
// ticks of its own partition, so that a replay decides the same.
import type { Labels } from '../../model/labels.ts';
import { labelsKey, labelValue, NAME } from '../../model/labels.ts';
import { AGGREGATE_GROUPS_MAX } from '../../limits-aggregate.ts';
import { CompiledRule, ruleKey } from './aggregate-rule.ts';
import type { AggregateRule } from './aggregate-rule.ts';

/** Series that become one row of outputs: those of one metric with the same labels that stay. */
export interface Group {
  readonly metric: string;
  readonly labels: Labels;
  /** Sum of a counter's growths in all windows so far. */
  total: number;
  /** End of the last window that it had samples in; -Infinity before. */
  usedMs: number;
}

export class LiveRule {
  readonly compiled: CompiledRule;
  readonly key: string;
  readonly groups: (Group | undefined)[] = [];
  readonly #byKey = new Map<string, number>();
  readonly #free: number[] = [];
  /** Slots in the order in which they were made. */
  readonly slots: number[] = [];
  /** Windows that begin before it are not this rule's. */
  readonly sinceMs: number;
  /** Windows that end after it are not this rule's; Infinity while it is wanted. */
  untilMs = Infinity;
  /** No point of an open window is older; Infinity when there is none. */
  oldestMs = Infinity;

  constructor(rule: AggregateRule, sinceMs: number) {
    this.compiled = new CompiledRule(rule);
    this.key = ruleKey(rule);
    this.sinceMs = sinceMs;
  }

  get rule(): AggregateRule {
    return this.compiled.rule;
  }

  /** End of the window that a time is in. */
  windowEnd(timeMs: number): number {
    const { windowMs } = this.compiled.rule;
    return Math.ceil(timeMs / windowMs) * windowMs;
  }

  /** Whether a sample of the window that ends then counts where the ticks stand at `clockMs`. */
  takes(endMs: number, clockMs: number): boolean {
    const { windowMs, graceMs } = this.compiled.rule;
    return endMs + graceMs > clockMs && endMs - windowMs >= this.sinceMs && endMs <= this.untilMs;
  }

  /** True when no window of it can take a sample any more. */
  isOver(clockMs: number): boolean {
    return this.untilMs + this.rule.graceMs <= clockMs && this.oldestMs === Infinity;
  }

  /** It takes windows up to the one that `nowMs` is in. */
  retire(nowMs: number): void {
    this.untilMs = Math.min(this.untilMs, this.windowEnd(nowMs));
  }

  /** The number of the group of a series; -1 when there are too many. */
  groupOf(labels: Labels): number {
    return this.group(labelValue(labels, NAME), this.compiled.groupOf(labels));
  }

  /** The number of a group, made when it is new; -1 when there are too many. */
  group(metric: string, labels: Labels): number {
    const key = `${metric}\u0000${labelsKey(labels)}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    if (this.#byKey.size >= AGGREGATE_GROUPS_MAX) return -1;
    const number = this.#free.pop() ?? this.groups.length;
    this.groups[number] = { metric, labels, total: 0, usedMs: -Infinity };
    this.#byKey.set(key, number);
    return number;
  }

  /** Lets go of groups that have no slot and were not used since; answers their numbers. */
  sweepGroups(used: ReadonlySet<number>, idleBeforeMs: number): number[] {
    const gone: number[] = [];
    for (const [key, number] of this.#byKey) {
      const group = this.groups[number];
      if (group === undefined || used.has(number) || group.usedMs >= idleBeforeMs) continue;
      this.groups[number] = undefined;
      this.#byKey.delete(key);
      this.#free.push(number);
      gone.push(number);
    }
    return gone;
  }
}
