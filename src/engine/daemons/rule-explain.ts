// What a rule is once it runs: its PromQL, whether it stands on shared fragments or is planned at
// each step, and what it reads. For `mon rules explain`. Easy to get wrong: this is told by the
// very classes that run, never guessed.
import { RuleSet } from '../alert/rule-set.ts';
import { ALERT_INTERVAL_MS, RULE_INTERVAL_MS } from '../limits.ts';
import { formatDuration } from '../model/duration.ts';
import type { Fragment } from '../model/fragment.ts';
import type { RuleGroup } from '../model/rules.ts';

export interface ExplainedRule {
  readonly kind: string;
  readonly name: string;
  readonly group: string;
  readonly where: string;
  readonly sugar: string | undefined;
  readonly promql: string;
  readonly intervalMs: number;
  readonly forMs: number;
  readonly keepFiringMs: number;
  readonly path: string;
  readonly stage: number;
  readonly reads: string;
  /** One line for each leaf fragment. */
  readonly fragments: readonly string[];
  readonly labels: string;
  readonly channels: string;
}

/** Explains all rules. @throws UserError when one cannot run. */
export function explainRules(groups: readonly RuleGroup[]): ExplainedRule[] {
  const defaults = { intervalMs: RULE_INTERVAL_MS, alertIntervalMs: ALERT_INTERVAL_MS };
  const set = new RuleSet({ ...defaults, queryOffsetMs: 0 });
  set.replace(groups);
  return set.groups.flatMap(({ group, intervalMs, rules }) =>
    rules.map(({ rule, query, stage }) => {
      const { metrics, bound } = query;
      return {
        ...{ kind: rule.kind, name: rule.name, group: group.name, where: rule.where, intervalMs },
        ...{ sugar: rule.sugar, promql: query.text, forMs: rule.forMs, stage },
        keepFiringMs: rule.keepFiringMs,
        path:
          bound === '' ? 'standing, its fragments are shared' : `planned at each step: ${bound}`,
        reads: metrics === undefined ? 'any series' : [...metrics].join(', ') || 'no series',
        fragments: query.ask(0, 1).templates.map(({ fragment }) => fragmentText(fragment)),
        labels: rule.labels.map(([name, value]) => `${name}=${value}`).join(', '),
        channels: rule.channels.join(', '),
      };
    }),
  );
}

function fragmentText({ matchers, fn, windowMs, aggregate }: Fragment): string {
  const selector = matchers.map((m) => `${m.name}${m.op}"${m.value}"`).join(', ');
  const inner = `${fn}({${selector}}[${formatDuration(Math.max(windowMs, 0))}])`;
  if (aggregate === undefined) return inner;
  const names = `${aggregate.by ? 'by' : 'without'} (${aggregate.names.join(', ')})`;
  return `${aggregate.op} ${names} (${inner})`;
}
