// Rules as others are shown them: groups, health, alerts with annotations as they read now. Easy
// to get wrong: an alert that was resolved is not shown, however long it is remembered.
import type { Labels } from '../model/labels.ts';
import { labelsKey } from '../model/labels.ts';
import type { AlertStatus, RuleGroupStatus, RuleStatus } from '../model/rules.ts';
import { isActive, isFiring } from './alert-states.ts';
import type { RuleEngine } from './rule-engine.ts';
import type { RunningRule } from './running-rule.ts';

type Annotate = (
  rule: RunningRule,
  at: { readonly labels: Labels; readonly timeMs: number },
) => Promise<Labels>;

/** All groups as they stand. */
export async function showGroups(
  engine: RuleEngine,
  annotate: Annotate,
): Promise<RuleGroupStatus[]> {
  const out: RuleGroupStatus[] = [];
  for (const { group, intervalMs, rules, lastEvaluationMs, evaluationSeconds } of engine.rules
    .groups) {
    const shown: RuleStatus[] = [];
    for (const rule of rules) shown.push(await ruleStatus(rule, annotate));
    out.push({ group, intervalMs, lastEvaluationMs, evaluationSeconds, rules: shown });
  }
  return out;
}

async function ruleStatus(running: RunningRule, annotate: Annotate): Promise<RuleStatus> {
  const { rule, health, lastError, lastEvaluationMs, evaluationSeconds, query } = running;
  const alerts: AlertStatus[] = [];
  for (const alert of running.states.now.values()) {
    if (!isActive(alert)) continue;
    const { labels, activeAtMs, keepSinceMs } = alert;
    const key = labelsKey(labels);
    const told = running.published.get(key)?.annotations;
    const live = running.values.has(key);
    const annotations =
      live || told === undefined
        ? await annotate(running, { labels, timeMs: lastEvaluationMs })
        : told;
    alerts.push({
      ...{ labels, annotations, activeAtMs, keepFiringSinceMs: Math.max(0, keepSinceMs) },
      state: isFiring(alert) ? 'firing' : 'pending',
      value: running.values.get(key) ?? 0,
    });
  }
  const path = query.bound === '' ? 'standing' : `planned at each step: ${query.bound}`;
  return { rule, health, lastError, lastEvaluationMs, evaluationSeconds, path, alerts };
}
