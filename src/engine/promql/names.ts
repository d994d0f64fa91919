// Which labels of a series a function or an aggregation leaves. What "dropping the name" drops is
// more than __name__: Prometheus 3 drops the labels of type and unit with it.
import { dropLabels, keepLabels } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';

const METADATA: ReadonlySet<string> = new Set(['__name__', '__type__', '__unit__']);

const nameless = new WeakMap<Labels, Labels>();

/**
 * The labels without the metric's name, type and unit: the same array for the same array, because a
 * series' labels come by again with every query.
 */
export function withoutName(labels: Labels): Labels {
  let found = nameless.get(labels);
  if (found === undefined) nameless.set(labels, (found = bare(labels)));
  return found;
}

/** The same for labels that do not come by again. */
export function bare(labels: Labels): Labels {
  for (let i = 0; i < labels.length; i += 2) {
    if (METADATA.has(labels[i])) return dropLabels(labels, METADATA);
  }
  return labels;
}

/** Says for a set of labels to which group of an aggregation it belongs. */
export function groupingOf(names: readonly string[], by: boolean): (labels: Labels) => Labels {
  if (by) {
    const kept = new Set(names);
    return kept.size === 0 ? () => [] : (labels) => keepLabels(labels, kept);
  }
  const dropped = new Set([...names, '__name__']);
  return (labels) => dropLabels(labels, dropped);
}
