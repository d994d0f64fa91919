// The Prometheus rules of an SLO, as Sloth writes them: names, labels, expressions and thresholds
// are equal to Sloth's text, floats with all their noise, so that moving from one to the other
// changes nothing in a rule file. Source: slok/sloth 0.16, its core plugins. Easy to get wrong:
// objective and budget are Go's float arithmetic on percents here, while the gate counts in
// decimals.
import { formatDuration } from '../../model/duration.ts';
import type { BurnPair, Slo, SloAlert, SloPairs } from '../../model/slo.ts';
import { formatFloat, quote } from '../../promql/literals.ts';
import { nominalMs, usablePairs } from './burn-windows.ts';
import { queriesOf, signOf } from './event-queries.ts';
import { goFloat, idPairs, merged, metricOf } from './rule-text.ts';
import type { Frame, RuleOptions, SloRule, SloRuleGroup } from './rule-text.ts';
import { withPlugins } from './sloth-plugins.ts';

export type { RuleOptions, SloRule, SloRuleGroup };
import { rendered } from './query-template.ts';

/** Recording rules of the ratios, recording rules about the SLO, and its alerts. */
export function sloRules(slo: Slo, options: RuleOptions): SloRuleGroup[] {
  const periodMs = nominalMs(slo.period);
  const pairs = usablePairs(slo, periodMs);
  const frame = { slo, options, periodMs, pairs, filter: filterOf(slo) };
  const groups = withPlugins(frame, {
    sli: { name: `sloth-slo-sli-recordings-${slo.id}`, rules: ratioRules(frame) },
    meta: { name: `sloth-slo-meta-recordings-${slo.id}`, rules: metaRules(frame) },
    alert: { name: `sloth-slo-alerts-${slo.id}`, rules: alertRules(frame) },
  });
  return [groups.sli, groups.meta, groups.alert].filter(({ rules }) => rules.length > 0);
}

function filterOf(slo: Slo): string {
  return `{${idPairs(slo)
    .map(([name, value]) => `${name}=${quote(value)}`)
    .join(', ')}}`;
}

function ratioRules(frame: Frame): SloRule[] {
  const { slo, options, periodMs, pairs } = frame;
  const windows = [...new Set(pairs.flatMap(({ shortMs, longMs }) => [shortMs, longMs]))];
  const record = (windowMs: number, expr: string): SloRule => ({
    record: metricOf(windowMs),
    expr,
    labels: merged(
      idPairs(slo),
      [['sloth_window', formatDuration(windowMs)]],
      slo.labels,
      options.extraLabels,
    ),
  });
  const rules = windows
    .sort((a, b) => a - b)
    .map((windowMs) => record(windowMs, ratioText(slo, windowMs)));
  const plain = slo.plugins?.some(({ kind }) => kind === 'plain-period') === true;
  const period = pairs.length === 0 || plain ? ratioText(slo, periodMs) : meanText(frame);
  return [...rules, record(periodMs, period)];
}

function ratioText(slo: Slo, windowMs: number): string {
  const { indicator, slices } = slo;
  if (slices !== undefined || indicator.kind === 'threshold') {
    const { over, total } = queriesOf(slo, 'extrapolated')(windowMs);
    return `1 - (\n${over}\n/\n${total}\n)\n`;
  }
  if (indicator.kind === 'ratio') return `(${rendered(indicator.error, windowMs)})`;
  const total = rendered(indicator.total, windowMs);
  if (indicator.bad !== undefined) return `(${rendered(indicator.bad, windowMs)})\n/\n(${total})\n`;
  return `1 - (\n(${rendered(indicator.good as string, windowMs)})\n/\n(${total})\n)\n`;
}

// The mean of the shortest window's ratios: what Sloth does to spare the server, by time and not by
// events.
function meanText({ pairs, filter, periodMs }: Frame): string {
  const metric = metricOf(pairs[0].shortMs);
  const range = `${metric}${filter}[${formatDuration(periodMs)}]`;
  return `sum_over_time(${range})\n/ ignoring (sloth_window)\ncount_over_time(${range})\n`;
}

function metaRules({ slo, options, periodMs, pairs, filter }: Frame): SloRule[] {
  const labels = merged(idPairs(slo), slo.labels, options.extraLabels);
  const ratio = goFloat(slo.objective / 100);
  const burn = (windowMs: number): string =>
    `${metricOf(windowMs)}${filter}\n` +
    '/ on(sloth_id, sloth_slo, sloth_service) group_left\n' +
    `slo:error_budget:ratio${filter}\n`;
  const rule = (record: string, expr: string): SloRule => ({ record, expr, labels });
  const info: SloPairs = [
    ['sloth_mode', modeOf(slo)],
    ['sloth_objective', formatFloat(slo.objective)],
    ['sloth_spec', slo.spec],
    ['sloth_version', options.version],
  ];
  return [
    rule('slo:objective:ratio', `vector(${ratio})`),
    rule('slo:error_budget:ratio', `vector(1-${ratio})`),
    rule('slo:time_period:days', `vector(${goFloat(periodMs / 86_400_000)})`),
    rule('slo:current_burn_rate:ratio', burn(pairs[0]?.shortMs ?? periodMs)),
    rule('slo:period_burn_rate:ratio', burn(periodMs)),
    rule('slo:period_error_budget_remaining:ratio', `1 - slo:period_burn_rate:ratio${filter}`),
    { record: 'sloth_slo_info', expr: 'vector(1)', labels: merged(labels, info) },
  ];
}

function modeOf({ spec }: Slo): string {
  if (spec.startsWith('openslo/')) return 'cli-gen-openslo';
  return spec === 'prometheus/v1' ? 'cli-gen-prom' : 'cli-gen-k8s';
}

function alertRules(frame: Frame): SloRule[] {
  const { slo, pairs } = frame;
  if (slo.ownConditions) return pairs.map((pair) => conditionRule(frame, pair));
  const rules: SloRule[] = [];
  for (const [severity, alert] of [
    ['page', slo.page],
    ['ticket', slo.ticket],
  ] as const) {
    const own = pairs.filter((pair) => pair.severity === severity);
    if (alert === undefined || own.length === 0) continue;
    const expr = own.map((pair) => pairText(frame, pair)).join('or\n');
    rules.push(alertRule(alert, severity, expr));
  }
  return rules;
}

function alertRule({ name, labels, annotations }: SloAlert, severity: string, expr: string) {
  const slo = '{{$labels.sloth_service}} {{$labels.sloth_slo}} SLO error budget burn rate';
  const words: SloPairs = [
    ['title', `(${severity}) ${slo} is too fast.`],
    ['summary', `${slo} is over expected.`],
  ];
  return {
    alert: name,
    expr,
    labels: merged([['sloth_severity', severity]], labels),
    annotations: merged(words, annotations),
  };
}

function pairText({ slo, filter }: Frame, { shortMs, longMs, factor }: BurnPair): string {
  const budget = goFloat((100 - slo.objective) / 100);
  const side = (windowMs: number): string =>
    `    max(${metricOf(windowMs)}${filter} > (${goFloat(factor)} * ${budget})) ` +
    'without (sloth_window)\n';
  return `(\n${side(shortMs)}    and\n${side(longMs)})\n`;
}

function conditionRule({ slo, filter }: Frame, pair: BurnPair): SloRule {
  const limit = `(${goFloat(pair.factor)} * ${goFloat(slo.budget)})`;
  const metric = `${metricOf(pair.longMs)}${filter}`;
  const alert = slo.page ?? { name: slo.name, labels: [], annotations: [] };
  const expr = `max(${metric} ${signOf(pair.op)} ${limit}) without (sloth_window)\n`;
  return { ...alertRule(alert, pair.severity, expr), forMs: pair.afterMs };
}
