// Plugins in Sloth's files: those that Sloth brings along are known by what they do to rules,
// others are Go programs and refused. Under the reader of such files. Source: slok/sloth 0.16,
// internal/plugin/slo. Easy to get wrong: a chain that overrides what was before takes the core
// plugins away too, and only what it names is made.
import type { SloGroupKind, SloPlugin } from '../model/slo.ts';
import { Section, words } from './config-reader.ts';
import { decimal, pairsOf, required } from './slo-fields.ts';

interface Placed {
  readonly priority: number;
  readonly plugin: SloPlugin | SloGroupKind | 'nothing';
}

export interface PluginChain {
  readonly overrides: boolean;
  readonly plugins: readonly Placed[];
}

const MINUTE = 60_000;
const ID = /^sloth\.dev\/(core|contrib)\/([a-z_]+)\/v1$/;
/** Sloth does not look at these names, and Prometheus takes any text. */
const ANY_NAME = /./;
const INFO_METRIC = 'sloth_slo_info';

/** The chain of a group or of one SLO. */
export function readChain(section: Section, field: string): PluginChain {
  const chain = section.section(field, words('overridePrevious chain'));
  const plugins = chain.items('chain').map((node): Placed => {
    const one = new Section(section.file, node, 'a plugin', words('id config priority'));
    const id = required(one, 'id');
    const [, , name = ''] = ID.exec(id) ?? [];
    const known = Object.hasOwn(READERS, name);
    if (!known) one.fail('id', `mon does not know the plugin ${JSON.stringify(id)}`);
    return { priority: numberOf(one, 'priority'), plugin: READERS[name](one) };
  });
  return { overrides: chain.bool('overridePrevious') === true, plugins };
}

/** What runs for an SLO of a group, in that order. */
export function pluginsOf(group: PluginChain, own: PluginChain): SloPlugin[] {
  const overrides = group.overrides || own.overrides;
  const placed = [...(own.overrides ? [] : group.plugins), ...own.plugins];
  placed.sort((a, b) => a.priority - b.priority);
  const plugins = placed.map(({ plugin }) => plugin);
  const groups = plugins.filter((one): one is SloGroupKind => {
    return one === 'sli' || one === 'meta' || one === 'alert';
  });
  const effects = plugins.filter((one) => typeof one === 'object');
  // A plain period stands for the group of ratios too.
  if (effects.some(({ kind }) => kind === 'plain-period')) groups.push('sli');
  return overrides ? [{ kind: 'only', groups }, ...effects] : effects;
}

/** A number, 0 where none is given. */
function numberOf(section: Section, name: string): number {
  return section.has(name) ? decimal(section, name) : 0;
}

type Read = (plugin: Section) => SloPlugin | SloGroupKind | 'nothing';

const READERS: Readonly<Record<string, Read>> = {
  debug: () => 'nothing',
  noop: () => 'nothing',
  validate: () => 'nothing',
  validate_victoria_metrics: () => 'nothing',
  metadata_rules: () => 'meta',
  alert_rules: () => 'alert',
  sli_rules: (plugin) => {
    const config = plugin.section('config', words('disableOptimized'));
    return config.bool('disableOptimized') === true ? { kind: 'plain-period' } : 'sli';
  },
  denominator_corrected_rules: (plugin) => {
    const config = plugin.section('config', words('disableOptimized'));
    if (config.bool('disableOptimized') === true) {
      config.fail('disableOptimized', 'mon writes the corrected ratio of the period optimized');
    }
    return { kind: 'denominator' };
  },
  info_labels: (plugin) => {
    const config = plugin.section('config', words('labels metricName'));
    const labels = pairsOf(config, 'labels', ANY_NAME);
    if (labels.length === 0) plugin.fail('config', 'at least one label is required');
    return { kind: 'info-labels', metric: config.text('metricName') ?? INFO_METRIC, labels };
  },
  rule_intervals: (plugin) => {
    const config = plugin.section('config', words('interval'));
    const interval = config.section('interval', words('default sliError metadata alert'));
    const all = interval.duration('default') ?? 0;
    if (!(all > 0)) plugin.fail('config', 'at least the default interval is required');
    return {
      kind: 'intervals',
      sliMs: interval.duration('sliError') ?? all,
      metaMs: interval.duration('metadata') ?? all,
      alertMs: interval.duration('alert') ?? all,
    };
  },
  remove_labels: (plugin) => {
    const config = plugin.section('config', words('preserveLabels skipMetrics'));
    return {
      kind: 'remove-labels',
      keep: config.texts('preserveLabels'),
      skip: [INFO_METRIC, ...config.texts('skipMetrics')],
    };
  },
  error_budget_exhausted_alert: (plugin) => {
    const fields = words('threshold for annotations alert_name selector_labels alert_labels');
    const config = plugin.section('config', fields);
    return {
      kind: 'exhausted-alert',
      name: config.text('alert_name') ?? 'ErrorBudgetExhausted',
      threshold: numberOf(config, 'threshold'),
      forMs: config.duration('for') ?? 5 * MINUTE,
      annotations: pairsOf(config, 'annotations'),
      selector: pairsOf(config, 'selector_labels'),
      labels: pairsOf(config, 'alert_labels'),
    };
  },
};
