// What the plugins that Sloth brings along do to the rules of an SLO, after these were made.
// Source: slok/sloth 0.16, internal/plugin/slo/contrib. Easy to get wrong: they run in the order of
// their chain, and each sees what the one before has left.
import { formatDuration } from '../../model/duration.ts';
import type { SloGroupKind, SloPairs, SloPlugin } from '../../model/slo.ts';
import { UserError } from '../../errors.ts';
import { quote } from '../../promql/literals.ts';
import { rendered } from './query-template.ts';
import { goFloat, idPairs, merged, metricOf } from './rule-text.ts';
import type { Frame, SloRule, SloRuleGroup } from './rule-text.ts';

export type RuleGroups = Readonly<Record<SloGroupKind, SloRuleGroup>>;

const CORRECTION = 'slo:numerator_correction:ratio';
const WINDOW = 'sloth_window';

/** The groups after all plugins of the SLO. @throws UserError for one that cannot have its SLO. */
export function withPlugins(frame: Frame, groups: RuleGroups): RuleGroups {
  const plugins = frame.slo.plugins ?? [];
  return plugins.reduce((before, plugin) => applied(plugin, frame, before), groups);
}

function applied(plugin: SloPlugin, frame: Frame, groups: RuleGroups): RuleGroups {
  const { sli, meta, alert } = groups;
  switch (plugin.kind) {
    case 'only': {
      const kept = (kind: SloGroupKind): SloRuleGroup =>
        plugin.groups.includes(kind) ? groups[kind] : { ...groups[kind], rules: [] };
      return { sli: kept('sli'), meta: kept('meta'), alert: kept('alert') };
    }
    case 'intervals':
      return {
        sli: { ...sli, intervalMs: plugin.sliMs },
        meta: { ...meta, intervalMs: plugin.metaMs },
        alert: { ...alert, intervalMs: plugin.alertMs },
      };
    case 'info-labels': {
      const rules = meta.rules.map((rule) =>
        rule.record === plugin.metric
          ? { ...rule, labels: merged(rule.labels, plugin.labels) }
          : rule,
      );
      return { ...groups, meta: { ...meta, rules } };
    }
    case 'remove-labels': {
      const keep = new Set([...idPairs(frame.slo).map(([name]) => name), ...plugin.keep]);
      const left = (names: ReadonlySet<string>) => (rule: SloRule) =>
        plugin.skip.includes(rule.record ?? '') ? rule : { ...rule, labels: only(rule, names) };
      return {
        ...groups,
        sli: { ...sli, rules: sli.rules.map(left(new Set([...keep, WINDOW]))) },
        meta: { ...meta, rules: meta.rules.map(left(keep)) },
      };
    }
    case 'exhausted-alert':
      return { ...groups, alert: { ...alert, rules: [...alert.rules, exhausted(plugin, frame)] } };
    case 'denominator':
      return corrected(frame, groups);
    default:
      return groups;
  }
}

function only({ labels }: SloRule, names: ReadonlySet<string>): SloPairs {
  return labels.filter(([name]) => names.has(name));
}

function exhausted(
  plugin: Extract<SloPlugin, { kind: 'exhausted-alert' }>,
  { slo, options }: Frame,
): SloRule {
  const asked = merged(idPairs(slo), slo.labels, options.extraLabels, plugin.selector);
  const matchers = asked.map(([name, value]) => `${name}=${quote(value)}`).join(', ');
  const metric = 'slo:period_error_budget_remaining:ratio';
  return {
    alert: plugin.name,
    expr: `${metric}{${matchers}} <= ${goFloat(plugin.threshold)}`,
    forMs: plugin.forMs,
    labels: merged(plugin.labels),
    ...(plugin.annotations.length === 0 ? {} : { annotations: merged(plugin.annotations) }),
  };
}

/** Ratios of short windows count by the traffic that they had. */
function corrected(frame: Frame, groups: RuleGroups): RuleGroups {
  const { slo, options, periodMs, filter } = frame;
  const { indicator } = slo;
  if (indicator.kind !== 'events' || indicator.bad === undefined) {
    throw new UserError(`${slo.id}: the denominator corrected SLI needs events`);
  }
  const { bad, total } = indicator;
  const windows = windowsOf(frame);
  const rules = groups.sli.rules.map((rule) => {
    const windowMs = windows.find((ms) => rule.record === metricOf(ms));
    if (windowMs === undefined) return rule;
    const correction = `${CORRECTION}${formatDuration(windowMs)}${filter}`;
    const over = `(\n${correction}\n* on()\n${rendered(bad, windowMs)}\n)\n`;
    return { ...rule, expr: `${over}/\n(${rendered(total, windowMs)})\n` };
  });
  const labels = merged(idPairs(slo), slo.labels, options.extraLabels);
  const corrections = windows.map((windowMs) => ({
    record: CORRECTION + formatDuration(windowMs),
    expr: `(${rendered(total, windowMs)})/(${rendered(total, periodMs)})`,
    labels,
  }));
  const meta = { ...groups.meta, rules: [...groups.meta.rules, ...corrections] };
  return { ...groups, sli: { ...groups.sli, rules }, meta };
}

function windowsOf({ pairs }: Frame): number[] {
  const all = new Set(pairs.flatMap(({ shortMs, longMs }) => [shortMs, longMs]));
  return [...all].sort((a, b) => a - b);
}
