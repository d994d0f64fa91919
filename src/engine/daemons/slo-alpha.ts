// OpenSLO v1alpha, as far as Sloth reads it: ratios of good to all events, a period in days. Its
// rules are Sloth's, text by text, and it has no alerts.
import type { Node } from 'yaml';
import { pairsFor } from '../alert/slo/burn-windows.ts';
import type { Slo } from '../model/slo.ts';
import { ConfigFile, Section, words } from './config-reader.ts';
import { budgetOf, decimal, query, required } from './slo-fields.ts';
import type { SloDefaults } from './slo-fields.ts';
import { nameOf } from './slo-openslo-objects.ts';

const DAY_MS = 86_400_000;
const DAYS_MAX = 3650;

/** The SLOs of an `openslo/v1alpha` document. */
export function readAlpha(file: ConfigFile, defaults: SloDefaults): Slo[] {
  const root = new Section(file, file.root, 'an OpenSLO object', [
    ...words('apiVersion kind metadata spec'),
  ]);
  if (root.oneOf('kind', ['SLO', 'Service'] as const) !== 'SLO') return [];
  const name = nameOf(root);
  const spec = root.section('spec', [
    ...words('service description budgetingMethod objectives timeWindows indicator'),
  ]);
  const service = required(spec, 'service');
  const periodMs = readDays(spec) ?? defaults.periodMs;
  const nodes = spec.items('objectives');
  if (nodes.length === 0) spec.fail('objectives', 'objectives must hold at least one objective');
  return nodes.map((node, i) => {
    const { line, col } = file.linePos(node);
    return {
      id: `${service}-${name}-${i}`,
      name: `${name}-${i}`,
      service,
      description: spec.text('description') ?? '',
      labels: [],
      ...readObjective(file, node),
      spec: 'openslo/v1alpha',
      period: { kind: 'rolling', ms: periodMs },
      pairs: pairsFor(periodMs, defaults.windows),
      ownConditions: false,
      place: { file: file.path, line, column: col },
    };
  });
}

function readDays(spec: Section): number | undefined {
  const nodes = spec.items('timeWindows');
  if (nodes.length === 0) return undefined;
  if (nodes.length > 1) spec.fail('timeWindows', 'timeWindows must hold one window');
  const fields = words('count unit isRolling calendar');
  const window = new Section(spec.file, nodes[0], 'a time window', fields);
  if (window.text('unit')?.toLowerCase() !== 'day') window.fail('unit', 'unit must be Day');
  const count = window.integer('count', 1, DAYS_MAX) ?? window.fail('count', 'count is missing');
  return count * DAY_MS;
}

function readObjective(
  file: ConfigFile,
  node: Node,
): Pick<Slo, 'objective' | 'budget' | 'indicator'> {
  const fields = words('displayName ratioMetrics target value op timeSliceTarget');
  const section = new Section(file, node, 'an objective', fields);
  const target = decimal(section, 'target');
  if (!(target >= 0 && target < 1)) section.fail('target', 'target must be at least 0 and below 1');
  if (!section.has('ratioMetrics')) section.fail('ratioMetrics', 'ratioMetrics is missing');
  const ratio = section.section('ratioMetrics', words('good total counter incremental'));
  const good = sideOf(ratio, 'good');
  const total = sideOf(ratio, 'total');
  const share = `    (\n      ${good}\n    )\n    /\n    (\n      ${total}\n    )`;
  const error = `\n  1 - (\n${share}\n  )\n`;
  return {
    // Sloth multiplies here, and its rules show it.
    objective: target * 100,
    budget: budgetOf(section.text('target') as string, 1),
    indicator: { kind: 'ratio', error },
  };
}

function sideOf(ratio: Section, name: string): string {
  const side = ratio.section(name, words('source queryType query'));
  const source = side.text('source');
  if (source !== 'prometheus' && source !== 'sloth') {
    side.fail('source', 'source must be prometheus or sloth');
  }
  if (side.text('queryType') !== 'promql') side.fail('queryType', 'queryType must be promql');
  return query(side, 'query');
}
