// Sloth's files: `version: prometheus/v1`, the same as a Kubernetes object, and the windows that
// other periods are judged by. Easy to get wrong: the file names no period, so that is a flag; and
// plugins are Go programs, of which only those that change nothing can be passed over.
import type { Node } from 'yaml';
import { pairsFor } from '../alert/slo/burn-windows.ts';
import type { AlertWindows, BudgetShare } from '../alert/slo/burn-windows.ts';
import type { Slo, SloAlert, SloIndicator, SloPairs } from '../model/slo.ts';
import { ConfigFile, Section, words } from './config-reader.ts';
import { budgetOf, decimal, pairsOf, query, required } from './slo-fields.ts';
import type { SloDefaults } from './slo-fields.ts';
import { pluginsOf, readChain } from './slo-plugins.ts';
import type { PluginChain } from './slo-plugins.ts';

/** How the two spellings of the format name their fields. */
const SPELLINGS = {
  snake: {
    plugins: 'slo_plugins',
    error: 'error_query',
    total: 'total_query',
    ratio: 'error_ratio_query',
    page: 'page_alert',
    ticket: 'ticket_alert',
  },
  camel: {
    plugins: 'sloPlugins',
    error: 'errorQuery',
    total: 'totalQuery',
    ratio: 'errorRatioQuery',
    page: 'pageAlert',
    ticket: 'ticketAlert',
  },
} as const;
type Spelling = (typeof SPELLINGS)[keyof typeof SPELLINGS];

/** The SLOs of a `prometheus/v1` document. */
export function readSloth(file: ConfigFile, defaults: SloDefaults): Slo[] {
  const fields = words('version service labels slos slo_plugins');
  const root = new Section(file, file.root, 'a Sloth file', fields);
  return readGroup(root, SPELLINGS.snake, { ...defaults, spec: 'prometheus/v1' });
}

/** The SLOs of a PrometheusServiceLevel. */
export function readServiceLevel(file: ConfigFile, defaults: SloDefaults): Slo[] {
  const root = new Section(file, file.root, 'a PrometheusServiceLevel', [
    ...words('apiVersion kind metadata spec status'),
  ]);
  const spec = root.section('spec', words('service labels slos sloPlugins'));
  return readGroup(spec, SPELLINGS.camel, { ...defaults, spec: 'sloth.slok.dev/v1' });
}

type Group = SloDefaults & { readonly spec: string };

function readGroup(group: Section, spelling: Spelling, defaults: Group): Slo[] {
  const service = required(group, 'service');
  const chain = readChain(group, spelling.plugins);
  const labels = pairsOf(group, 'labels');
  const nodes = group.items('slos');
  if (nodes.length === 0) group.fail('slos', 'slos must hold at least one SLO');
  const context = { service, labels, spelling, defaults, chain };
  return nodes.map((node) => readSlo(group.file, node, context));
}

interface Context {
  readonly service: string;
  readonly labels: SloPairs;
  readonly spelling: Spelling;
  readonly defaults: Group;
  readonly chain: PluginChain;
}

function readSlo(file: ConfigFile, node: Node, context: Context): Slo {
  const { service, spelling, defaults, chain } = context;
  const fields = words('name description objective labels sli alerting plugins');
  const section = new Section(file, node, 'an SLO', fields);
  const name = required(section, 'name');
  const objective = decimal(section, 'objective');
  if (!(objective > 0 && objective <= 100)) {
    section.fail('objective', 'objective must be a percentage above 0, at most 100', 'as in 99.9');
  }
  const plugins = pluginsOf(chain, readChain(section, 'plugins'));
  const { line, col } = file.linePos(node);
  return {
    id: `${service}-${name}`,
    name,
    service,
    description: section.text('description') ?? '',
    labels: [...context.labels, ...pairsOf(section, 'labels')],
    objective,
    budget: budgetOf(section.text('objective') as string, 100),
    spec: defaults.spec,
    indicator: readSli(section, spelling),
    period: { kind: 'rolling', ms: defaults.periodMs },
    pairs: pairsFor(defaults.periodMs, defaults.windows),
    ownConditions: false,
    ...readAlerting(section, spelling),
    ...(plugins.length === 0 ? {} : { plugins }),
    place: { file: file.path, line, column: col },
  };
}

function readSli(slo: Section, spelling: Spelling): SloIndicator {
  const sli = slo.section('sli', words('events raw plugin'));
  const given = words('events raw plugin').filter((name) => sli.has(name));
  if (given.length !== 1) slo.fail('sli', 'sli must have one of events, raw and plugin');
  if (given[0] === 'plugin') {
    sli.fail('plugin', 'SLI plugins are Go programs, which mon does not run', 'write its query');
  }
  if (given[0] === 'raw') {
    const raw = sli.section('raw', [spelling.ratio]);
    return { kind: 'ratio', error: query(raw, spelling.ratio) };
  }
  const events = sli.section('events', [spelling.error, spelling.total]);
  return {
    kind: 'events',
    bad: query(events, spelling.error),
    total: query(events, spelling.total),
  };
}

function readAlerting(slo: Section, spelling: Spelling): { page?: SloAlert; ticket?: SloAlert } {
  const { page, ticket } = spelling;
  // Sloth passes over the words of the other spelling.
  const other = words('page_alert ticket_alert pageAlert ticketAlert');
  const fields = [...words('name labels annotations'), ...other];
  const alerting = slo.section('alerting', fields);
  const common = {
    labels: pairsOf(alerting, 'labels'),
    annotations: pairsOf(alerting, 'annotations'),
  };
  const read = (field: string): SloAlert | undefined => {
    const section = alerting.section(field, words('disable labels annotations'));
    if (section.bool('disable') === true) return undefined;
    return {
      name: alerting.text('name') || slo.fail('alerting', 'alerting.name is missing', ALERT_HINT),
      labels: [...common.labels, ...pairsOf(section, 'labels')],
      annotations: [...common.annotations, ...pairsOf(section, 'annotations')],
    };
  };
  const found = { page: read(page), ticket: read(ticket) };
  return {
    ...(found.page === undefined ? {} : { page: found.page }),
    ...(found.ticket === undefined ? {} : { ticket: found.ticket }),
  };
}

const ALERT_HINT = 'name the alerts, or say disable: true for both';

/** The windows of an AlertWindows document. */
export function readAlertWindows(file: ConfigFile): AlertWindows {
  const fields = words('apiVersion kind spec');
  const root = new Section(file, file.root, 'AlertWindows', fields);
  const spec = root.section('spec', words('sloPeriod page ticket'));
  const periodMs = spec.duration('sloPeriod') ?? spec.fail('sloPeriod', 'sloPeriod is missing');
  const shares = (['page', 'ticket'] as const).flatMap((severity) => {
    const section = spec.section(severity, words('quick slow'));
    return [readShare(section, 'quick', severity), readShare(section, 'slow', severity)];
  });
  return { periodMs, shares };
}

function readShare(
  section: Section,
  name: 'quick' | 'slow',
  severity: BudgetShare['severity'],
): BudgetShare {
  if (!section.has(name)) section.fail(name, `${severity}.${name} is missing`);
  const share = section.section(name, words('errorBudgetPercent shortWindow longWindow'));
  const length = (field: string): number => {
    const ms = share.duration(field) ?? share.fail(field, `${field} is missing`);
    return ms > 0 ? ms : share.fail(field, `${field} must be above 0`);
  };
  const percent = decimal(share, 'errorBudgetPercent');
  if (!(percent > 0 && percent <= 100)) {
    share.fail('errorBudgetPercent', 'errorBudgetPercent must be above 0, at most 100');
  }
  return { severity, percent, shortMs: length('shortWindow'), longMs: length('longWindow') };
}
