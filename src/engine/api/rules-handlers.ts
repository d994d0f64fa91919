// GET /api/v1/rules and /api/v1/alerts in Prometheus' JSON, with all of its parameters. Easy to
// get wrong: a group of which no rule is left is left out when a filter asks; times are RFC 3339,
// lengths are seconds, and a value is text in Go's shortest exponent form.
import type { AlertStatus, RuleGroupStatus, RuleStatus } from '../model/rules.ts';
import { groupKey } from '../model/rules.ts';
import { labelValue, labelsObject } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import { matcherTest } from '../promql/regexp.ts';
import { quote } from '../promql/literals.ts';
import type { ApiParts } from './api-parts.ts';
import type { Call } from './call.ts';
import { badParam, limitParam } from './params.ts';
import { JSON_TYPE, sendWhole, successJson } from './respond.ts';
import { parseSelectors } from './selectors.ts';

/** What Prometheus writes for a time that never was. */
const NEVER = '0001-01-01T00:00:00Z';

function timeText(ms: number): string {
  return ms === 0 ? NEVER : new Date(ms).toISOString().replace(/\.?0*Z$/, 'Z');
}

/** strconv.FormatFloat(v, 'e', -1, 64). */
function valueText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  const [digits, power] = value.toExponential().split('e');
  const size = Math.abs(Number(power));
  return `${digits}e${power.startsWith('-') ? '-' : '+'}${size < 10 ? '0' : ''}${size}`;
}

function objectOf(pairs: readonly (readonly [string, string])[]): Record<string, string> {
  const out = Object.create(null) as Record<string, string>;
  for (const [name, value] of pairs) out[name] = value;
  return out;
}

function alertJson(alert: AlertStatus): object {
  const { labels, annotations, state, activeAtMs, keepFiringSinceMs, value } = alert;
  return {
    labels: labelsObject(labels),
    annotations: labelsObject(annotations),
    state,
    activeAt: timeText(activeAtMs),
    ...(keepFiringSinceMs === 0 ? {} : { keepFiringSince: timeText(keepFiringSinceMs) }),
    value: valueText(value),
  };
}

function ruleJson(status: RuleStatus, withAlerts: boolean): object {
  const { rule, health, lastError, evaluationSeconds, lastEvaluationMs, alerts } = status;
  const health_ = {
    health,
    ...(lastError === '' ? {} : { lastError }),
    evaluationTime: evaluationSeconds,
    lastEvaluation: timeText(lastEvaluationMs),
  };
  if (rule.kind === 'record') {
    const labels = rule.labels.length === 0 ? {} : { labels: objectOf(rule.labels) };
    return { name: rule.name, query: rule.expr, ...labels, ...health_, type: 'recording' };
  }
  return {
    state: stateOf(alerts),
    name: rule.name,
    query: rule.expr,
    duration: rule.forMs / 1000,
    keepFiringFor: rule.keepFiringMs / 1000,
    labels: objectOf(rule.labels),
    annotations: objectOf(rule.annotations),
    alerts: withAlerts ? alerts.map(alertJson) : [],
    ...health_,
    ...(rule.channels.length === 0 ? {} : { channels: rule.channels }),
    type: 'alerting',
  };
}

function stateOf(alerts: readonly AlertStatus[]): string {
  if (alerts.some(({ state }) => state === 'firing')) return 'firing';
  return alerts.length > 0 ? 'pending' : 'inactive';
}

interface Filter {
  readonly type: string;
  readonly names: ReadonlySet<string>;
  readonly groups: ReadonlySet<string>;
  readonly files: ReadonlySet<string>;
  readonly selections: readonly (readonly Matcher[])[];
}

function passes({ rule }: RuleStatus, filter: Filter): boolean {
  if (filter.type !== '' && rule.kind !== filter.type) return false;
  if (filter.names.size > 0 && !filter.names.has(rule.name)) return false;
  if (filter.selections.length === 0) return true;
  const labels: Labels = rule.labels.flat();
  return filter.selections.some((matchers) =>
    matchers.every((m) => matcherTest(m)(labelValue(labels, m.name))),
  );
}

function filterOf(params: URLSearchParams): Filter {
  const type = (params.get('type') ?? '').toLowerCase();
  if (type !== '' && type !== 'alert' && type !== 'record') {
    throw badParam('type', `not supported value ${JSON.stringify(type)}`);
  }
  const all = (name: string): Set<string> =>
    new Set([...params.getAll(`${name}[]`), ...params.getAll(name)]);
  return {
    type,
    names: all('rule_name'),
    groups: all('rule_group'),
    files: all('file'),
    selections: parseSelectors(params.getAll('match[]')),
  };
}

function flagParam(params: URLSearchParams, name: string): boolean {
  const text = params.get(name) ?? '';
  if (text !== '' && !/^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/.test(text)) {
    throw badParam(name, `error converting ${name}: invalid syntax`);
  }
  return /^(?:1|t|T|TRUE|true|True)$/.test(text);
}

/** A token names the group that comes next; it needs no memory on this side. */
function tokenOf(status: RuleGroupStatus): string {
  return Buffer.from(groupKey(status.group)).toString('base64url');
}

/** GET /api/v1/rules. */
export async function rules(call: Call, parts: ApiParts): Promise<void> {
  const params = await call.params();
  const filter = filterOf(params);
  const hideAlerts = flagParam(params, 'exclude_alerts');
  const limit = limitParam(params, 'group_limit', 0);
  const token = params.get('group_next_token') ?? '';
  if (token !== '' && limit === 0) {
    const why = 'group_limit needs to be set in order to paginate over the groups';
    throw badParam('group_limit', why);
  }
  const filtered = (await (parts.rules?.groups() ?? [])).filter(({ group }) => {
    if (filter.groups.size > 0 && !filter.groups.has(group.name)) return false;
    return filter.files.size === 0 || filter.files.has(group.file);
  });
  const all = filtered.toSorted((a, b) => (groupKey(a.group) < groupKey(b.group) ? -1 : 1));
  const from = token === '' ? 0 : all.findIndex((one) => tokenOf(one) === token);
  if (from < 0) throw badParam('group_next_token', `invalid group_next_token ${quote(token)}`);
  const strict = filter.type !== '' || filter.names.size > 0 || filter.selections.length > 0;
  const groups: object[] = [];
  let next = '';
  for (const status of all.slice(from)) {
    const kept = status.rules.filter((rule) => passes(rule, filter));
    if (kept.length === 0 && strict) continue;
    if (limit > 0 && groups.length >= limit) {
      next = tokenOf(status);
      break;
    }
    groups.push(groupJson(status, kept, !hideAlerts));
  }
  await send(call, { groups, ...(next === '' ? {} : { groupNextToken: next }) });
}

function groupJson(
  status: RuleGroupStatus,
  kept: readonly RuleStatus[],
  withAlerts: boolean,
): object {
  const { group, intervalMs, evaluationSeconds, lastEvaluationMs } = status;
  return {
    name: group.name,
    file: group.file,
    rules: kept.map((rule) => ruleJson(rule, withAlerts)),
    interval: intervalMs / 1000,
    limit: group.limit,
    evaluationTime: evaluationSeconds,
    lastEvaluation: timeText(lastEvaluationMs),
  };
}

/** GET /api/v1/alerts. */
export async function alerts(call: Call, parts: ApiParts): Promise<void> {
  const groups = (await parts.rules?.groups()) ?? [];
  const all = groups.flatMap((group) => group.rules.flatMap((rule) => rule.alerts));
  await send(call, { alerts: all.map(alertJson) });
}

function send(call: Call, data: unknown): Promise<void> {
  return sendWhole(call.response, call.head(200, JSON_TYPE), successJson(data));
}
