// label_replace and label_join: they look at series, never at values. Easy to get wrong: a result
// may make two series the same, which is fine only while they are not there at the same step.
import { labelValue } from '../model/labels.ts';
import { withLabel } from './with-label.ts';
import { isLabelName } from './literals.ts';
import { evaluationFailed } from './query-failure.ts';
import { compileAnchored, expandTemplate } from './regexp.ts';
import { relabelled } from './vector.ts';
import type { RE2JS } from 're2js';
import type { Labels } from '../model/labels.ts';
import type { Vector } from './vector.ts';

/** @throws MonError MON_QUERY_FAILED for a bad expression or label name. */
export function labelReplace(vector: Vector, texts: readonly string[]): Vector {
  const [target, replacement, source, expression] = texts;
  let pattern: RE2JS;
  try {
    pattern = compileAnchored(expression);
  } catch {
    throw evaluationFailed(`invalid regular expression in label_replace(): ${expression}`);
  }
  if (!isLabelName(target)) {
    throw evaluationFailed(`invalid destination label name in label_replace(): ${target}`);
  }
  return relabel(vector, target, (labels) =>
    expand(pattern, labelValue(labels, source), replacement),
  );
}

/** @throws MonError MON_QUERY_FAILED for a bad label name. */
export function labelJoin(vector: Vector, texts: readonly string[]): Vector {
  const [target, separator, ...sources] = texts;
  const bad = sources.find((name) => !isLabelName(name));
  if (bad !== undefined) {
    throw evaluationFailed(`invalid source label name in label_join(): ${bad}`);
  }
  if (!isLabelName(target)) {
    throw evaluationFailed(`invalid destination label name in label_join(): ${target}`);
  }
  return relabel(vector, target, (labels) =>
    sources.map((name) => labelValue(labels, name)).join(separator),
  );
}

/** Sets one label of each series; undefined leaves it alone. */
function relabel(
  vector: Vector,
  target: string,
  value: (labels: Labels) => string | undefined,
): Vector {
  const drops = vector.drops.slice();
  const labels = vector.labels.map((set, row) => {
    const text = value(set);
    if (text === undefined) return set;
    if (target === '__name__') drops[row] = 0;
    return withLabel(set, target, text);
  });
  return relabelled(vector, labels, drops);
}

/** What the template makes of a text, nothing where the expression does not match. */
function expand(pattern: RE2JS, text: string, template: string): string | undefined {
  const matcher = pattern.matcher(text);
  return matcher.matches() ? expandTemplate(template, matcher, pattern.namedGroups()) : undefined;
}
