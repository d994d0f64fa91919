// The alert policies of an OpenSLO object as burn rates to watch. Easy to get wrong: a condition
// has one window, which stands for both of a pair; where there are policies, they replace the usual
// pairs, because whoever wrote them has said when to alert.
import type { Node } from 'yaml';
import type { BurnPair, ThresholdOp } from '../model/slo.ts';
import { Section, words } from './config-reader.ts';
import { decimal, required } from './slo-fields.ts';
import { shorthand } from './slo-openslo-period.ts';
import type { OpenSloObjects } from './slo-openslo-objects.ts';

const OPS = ['lte', 'lt', 'gte', 'gt'] as const satisfies readonly ThresholdOp[];
const OBJECT = words('apiVersion kind metadata spec');
const POLICY = [
  ...words('description alertWhenNoData alertWhenResolved alertWhenBreaching conditions'),
  'notificationTargets',
];
const CONDITION = words('description severity condition');

/** Burn rates of all conditions of an SLO's policies. */
export function readPolicies(spec: Section, objects: OpenSloObjects): BurnPair[] {
  return spec.items('alertPolicies').flatMap((node) => {
    const policy = resolved(spec, node, { objects, kind: 'AlertPolicy', ref: 'alertPolicyRef' });
    const body = policy.section('spec', POLICY);
    for (const target of body.items('notificationTargets')) {
      const found = { objects, kind: 'AlertNotificationTarget', ref: 'targetRef' };
      resolved(body, target, found).section('spec', words('description target'));
    }
    const conditions = body.items('conditions');
    if (conditions.length !== 1) body.fail('conditions', 'conditions must hold one condition');
    if (body.bool('alertWhenBreaching') === false) return [];
    return conditions.map((condition) => {
      const found = { objects, kind: 'AlertCondition', ref: 'conditionRef' };
      return readCondition(resolved(body, condition, found));
    });
  });
}

interface Reference {
  readonly objects: OpenSloObjects;
  readonly kind: string;
  readonly ref: string;
}

/** The object itself, or the one that it refers to. */
function resolved(holder: Section, node: Node, { objects, kind, ref }: Reference): Section {
  const section = new Section(holder.file, node, kind, [...OBJECT, ref]);
  const name = section.text(ref);
  if (name === undefined) return section;
  const found = objects.find(kind, name);
  if (found !== undefined) return found.root;
  return section.fail(ref, `there is no ${kind} ${JSON.stringify(name)} in these files`);
}

function readCondition(object: Section): BurnPair {
  const body = object.section('spec', CONDITION);
  const severity = required(body, 'severity');
  const fields = words('kind op threshold lookbackWindow alertAfter');
  if (!body.has('condition')) body.fail('condition', 'condition is missing');
  const condition = body.section('condition', fields);
  condition.oneOf('kind', ['burnrate'] as const);
  const op = condition.oneOf('op', OPS) ?? condition.fail('op', 'op is missing in a condition');
  const factor = decimal(condition, 'threshold');
  const { ms } = shorthand(condition, 'lookbackWindow');
  if (ms === 0) condition.fail('lookbackWindow', 'lookbackWindow must be above 0');
  const afterMs = condition.has('alertAfter') ? shorthand(condition, 'alertAfter').ms : 0;
  return { severity, shortMs: ms, longMs: ms, factor, op, afterMs };
}
