// OpenSLO v1 objects: SLOs, and what they refer to in any of the files that are read together.
// Source: OpenSLO/OpenSLO README (v1). Easy to get wrong: one SLO has several objectives, each an
// SLO of its own here; a counter without a range is counted over the window; and an alert condition
// has one window only, so that a policy replaces the pairs of windows.
import type { Node } from 'yaml';
import { pairsFor, nominalMs } from '../alert/slo/burn-windows.ts';
import type { BurnPair, Slo, SloPeriod, SloSlices } from '../model/slo.ts';
import { Section, words } from './config-reader.ts';
import { budgetOf, decimal, required } from './slo-fields.ts';
import type { SloDefaults } from './slo-fields.ts';
import { readIndicator } from './slo-openslo-indicator.ts';
import { readPolicies } from './slo-openslo-alerts.ts';
import { specOf } from './slo-openslo-objects.ts';
import type { OpenSloObject, OpenSloObjects } from './slo-openslo-objects.ts';
import { readPeriod, shorthand } from './slo-openslo-period.ts';

/** The SLOs among the objects. @throws UserError with the place of a mistake. */
export function readOpenSlos(objects: OpenSloObjects, defaults: SloDefaults): Slo[] {
  return objects.all
    .filter(({ kind }) => kind === 'SLO')
    .flatMap((object) => readSlo(object, objects, defaults));
}

const BUDGETING = ['Occurrences', 'Timeslices', 'RatioTimeslices'] as const;
const OBJECTIVE_FIELDS = [
  ...words('displayName op value target targetPercent timeSliceTarget timeSliceWindow'),
  ...words('indicator indicatorRef compositeWeight'),
];

function readSlo(object: OpenSloObject, objects: OpenSloObjects, defaults: SloDefaults): Slo[] {
  const spec = specOf(object);
  const service = required(spec, 'service');
  if (objects.hasServices && objects.find('Service', service) === undefined) {
    spec.fail('service', `there is no Service ${JSON.stringify(service)} in these files`);
  }
  const method =
    spec.oneOf('budgetingMethod', BUDGETING) ??
    spec.fail('budgetingMethod', 'budgetingMethod is missing');
  const period = readPeriod(spec, defaults.periodMs);
  const own = readPolicies(spec, objects);
  const pairs = own.length > 0 ? own : pairsFor(nominalMs(period), defaults.windows);
  const nodes = spec.items('objectives');
  if (nodes.length === 0) spec.fail('objectives', 'objectives must hold at least one objective');
  const frame = { object, objects, spec, service, method, period, pairs, own: own.length > 0 };
  return nodes.map((node, i) => readObjective(node, nodes.length === 1 ? '' : `-${i}`, frame));
}

interface Frame {
  readonly object: OpenSloObject;
  readonly objects: OpenSloObjects;
  readonly spec: Section;
  readonly service: string;
  readonly method: (typeof BUDGETING)[number];
  readonly period: SloPeriod;
  readonly pairs: readonly BurnPair[];
  readonly own: boolean;
}

function readObjective(node: Node, suffix: string, frame: Frame): Slo {
  const { object, objects, spec, service, method, period, pairs, own } = frame;
  const { file } = object.root;
  const section = new Section(file, node, 'an objective', OBJECTIVE_FIELDS);
  if (section.has('compositeWeight')) {
    section.fail('compositeWeight', 'composite SLOs are not taken', 'write one SLO for each part');
  }
  const name = `${object.name}${suffix}`;
  const holder = section.has('indicator') || section.has('indicatorRef') ? section : spec;
  const indicator = readIndicator(holder, { objects, objective: section });
  const slices = readSlices(section, method);
  const { objective, budget } = readTarget(section);
  const { line, col } = file.linePos(node);
  const alert = { name, labels: [], annotations: [] };
  return {
    id: `${service}-${name}`,
    name,
    service,
    description: spec.text('description') ?? '',
    labels: [],
    objective,
    budget,
    spec: 'openslo/v1',
    indicator,
    ...(slices === undefined ? {} : { slices }),
    period,
    pairs,
    ownConditions: own,
    page: alert,
    ticket: alert,
    place: { file: file.path, line, column: col },
  };
}

function readTarget(section: Section): { readonly objective: number; readonly budget: number } {
  const given = ['target', 'targetPercent'].filter((name) => section.has(name));
  if (given.length !== 1) {
    section.fail(given[1] ?? 'target', 'an objective has one of target and targetPercent');
  }
  const [name] = given;
  const whole = name === 'target' ? 1 : 100;
  const value = decimal(section, name);
  if (!(value >= 0 && value < whole)) {
    section.fail(name, `${name} must be at least 0 and below ${whole}`);
  }
  const text = section.text(name) as string;
  return { objective: percentOf(text, whole), budget: budgetOf(text, whole) };
}

// 0.999 as 99.9, by moving the point and not by multiplying.
function percentOf(text: string, whole: 1 | 100): number {
  return whole === 100 ? Number(text) : Number(`${text}e2`);
}

function readSlices(section: Section, method: Frame['method']): SloSlices | undefined {
  const given = ['timeSliceTarget', 'timeSliceWindow'].filter((name) => section.has(name));
  if (method === 'Occurrences') {
    if (given.length > 0) section.fail(given[0], `${given[0]} belongs to time slices`);
    return undefined;
  }
  const text = required(section, 'timeSliceWindow');
  const windowMs = /^\d{1,6}$/.test(text)
    ? Number(text) * 60_000
    : shorthand(section, 'timeSliceWindow').ms;
  if (windowMs === 0) section.fail('timeSliceWindow', 'timeSliceWindow must be above 0');
  if (method === 'RatioTimeslices') {
    if (section.has('timeSliceTarget')) {
      section.fail('timeSliceTarget', 'timeSliceTarget belongs to Timeslices');
    }
    return { windowMs };
  }
  const target = decimal(section, 'timeSliceTarget');
  if (!(target > 0 && target <= 1)) {
    section.fail('timeSliceTarget', 'timeSliceTarget must be above 0, at most 1');
  }
  return { windowMs, target };
}
