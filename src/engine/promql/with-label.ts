// One label of a set changed, for label_replace and its kin. The set comes out sorted again, and an
// empty value removes the label.
import { makeLabels } from '../model/labels.ts';
import type { Labels } from '../model/labels.ts';

/** The labels with one of them set anew; an empty value removes it. */
export function withLabel(labels: Labels, name: string, value: string): Labels {
  const pairs: [string, string][] = [];
  for (let i = 0; i < labels.length; i += 2) pairs.push([labels[i], labels[i + 1]]);
  return makeLabels([...pairs, [name, value]]);
}
