// The indicator of an OpenSLO object as queries: inline, or by the name of an SLI. Easy to get
// wrong: `counter: true` says that a bare selector counts up, so its increase over the window is
// meant; `counter: false` that each look at it tells of some events, which are summed.
import type { SloIndicator, ThresholdOp } from '../model/slo.ts';
import { countQuery, hasWindow } from '../alert/slo/query-template.ts';
import { Section, words } from './config-reader.ts';
import { checkQuery, decimal, required } from './slo-fields.ts';
import type { OpenSloObjects } from './slo-openslo-objects.ts';

const OPS = ['lte', 'lt', 'gte', 'gt'] as const satisfies readonly ThresholdOp[];
const SLI_FIELDS = words('description thresholdMetric ratioMetric');

export interface IndicatorContext {
  readonly objects: OpenSloObjects;
  /** Where op and value of a threshold stand. */
  readonly objective: Section;
}

/** @throws UserError with the place of a mistake. */
export function readIndicator(holder: Section, context: IndicatorContext): SloIndicator {
  const spec = indicatorSpec(holder, context.objects);
  const given = ['thresholdMetric', 'ratioMetric'].filter((name) => spec.has(name));
  if (given.length !== 1) {
    spec.fail(given[1] ?? 'ratioMetric', 'an SLI has one of ratioMetric and thresholdMetric');
  }
  const { objective } = context;
  // Op and value mean nothing here; the specification's own examples have them all the same.
  if (given[0] === 'ratioMetric') return readRatio(spec, context);
  const op = objective.oneOf('op', OPS) ?? objective.fail('op', 'op is missing in an objective');
  const value = decimal(objective, 'value');
  const metric = spec.section('thresholdMetric', ['metricSource']);
  const { section, name, text } = sourceOf(metric, context.objects);
  if (hasWindow(text)) section.fail(name, 'the query of a thresholdMetric has no {{.window}}');
  checkQuery(section, name, text);
  return { kind: 'threshold', query: text, op, value };
}

function indicatorSpec(holder: Section, objects: OpenSloObjects): Section {
  const given = ['indicator', 'indicatorRef'].filter((name) => holder.has(name));
  if (given.length !== 1) {
    holder.fail(given[1] ?? 'indicator', 'an SLO has one of indicator and indicatorRef');
  }
  if (given[0] === 'indicator') {
    const inline = holder.section('indicator', words('apiVersion kind metadata spec'));
    return inline.section('spec', SLI_FIELDS);
  }
  const name = required(holder, 'indicatorRef');
  const found = objects.find('SLI', name);
  if (found === undefined) {
    return holder.fail('indicatorRef', `there is no SLI ${JSON.stringify(name)} in these files`);
  }
  return found.root.section('spec', SLI_FIELDS);
}

function readRatio(spec: Section, { objects }: IndicatorContext): SloIndicator {
  const ratio = spec.section('ratioMetric', words('counter good bad total raw rawType'));
  if (ratio.has('raw')) {
    const other = words('good bad total').find((name) => ratio.has(name));
    if (other !== undefined) ratio.fail(other, `${other} cannot stand beside raw`);
    return readRaw(ratio, objects);
  }
  const sides = words('good bad').filter((name) => ratio.has(name));
  if (sides.length !== 1) ratio.fail(sides[1] ?? 'good', 'a ratioMetric has one of good and bad');
  if (!ratio.has('total')) ratio.fail('total', 'total is missing in ratioMetric');
  const counter = ratio.bool('counter') ?? true;
  const over = countTemplate(ratio.section(sides[0], ['metricSource']), counter, objects);
  const total = countTemplate(ratio.section('total', ['metricSource']), counter, objects);
  return sides[0] === 'good'
    ? { kind: 'events', good: over, total }
    : { kind: 'events', bad: over, total };
}

function readRaw(ratio: Section, objects: OpenSloObjects): SloIndicator {
  const type = ratio.oneOf('rawType', ['success', 'failure'] as const);
  if (type === undefined) ratio.fail('rawType', 'raw needs rawType: success or failure');
  const source = sourceOf(ratio.section('raw', ['metricSource']), objects);
  checkQuery(source.section, source.name, source.text);
  const over = hasWindow(source.text)
    ? source.text
    : `avg_over_time((${source.text})[{{.window}}:1m])`;
  return { kind: 'ratio', error: type === 'failure' ? over : `1 - (${over})` };
}

/** A query with {{.window}} that counts what the metric counts. */
function countTemplate(metric: Section, counter: boolean, objects: OpenSloObjects): string {
  const { section, name, text } = sourceOf(metric, objects);
  checkQuery(section, name, text);
  if (hasWindow(text)) return text;
  if (!counter) return `sum_over_time((${text})[{{.window}}:1m])`;
  const { pieces, counts } = countQuery(text, { mode: 'extrapolated', counters: true });
  if (counts && pieces.length > 1) return pieces.join('{{.window}}');
  const hint = 'write it with {{.window}}, as in sum(rate(x[{{.window}}]))';
  return section.fail(name, `${name} counts nothing over a window`, hint);
}

interface Source {
  readonly section: Section;
  readonly name: string;
  readonly text: string;
}

function sourceOf(metric: Section, objects: OpenSloObjects): Source {
  const source = metric.section('metricSource', words('metricSourceRef type spec'));
  const ref = source.text('metricSourceRef');
  const known = ref === undefined ? undefined : objects.find('DataSource', ref);
  const kept = known?.root.section('spec', words('description type connectionDetails'));
  const type = source.text('type') ?? kept?.text('type') ?? 'prometheus';
  if (type.toLowerCase() !== 'prometheus') {
    source.fail('type', `mon asks Prometheus, and this metric comes from ${JSON.stringify(type)}`);
  }
  const section = source.section('spec', words('query promql queryType'));
  const name = section.has('promql') ? 'promql' : 'query';
  return { section, name, text: required(section, name) };
}
