// How alerts and samples of rule tests are shown and compared: one line each, as promtool prints
// them. Easy to get wrong: two lists are equal exactly when their texts are, so nothing may be
// left out.
import type { Labels } from '../model/labels.ts';
import { formatFloat, quote } from '../promql/literals.ts';

export interface ShownSample {
  readonly labels: Labels;
  readonly value: number;
  /** A native histogram as scripts write it; empty for a float. */
  readonly histogram: string;
}

export function labelSetText(labels: Labels): string {
  const pairs: string[] = [];
  for (let i = 0; i < labels.length; i += 2) pairs.push(`${labels[i]}=${quote(labels[i + 1])}`);
  return `{${pairs.join(', ')}}`;
}

/** All alerts of a name, or [] for none. */
export function alertsText(
  alerts: readonly { readonly labels: Labels; readonly annotations: Labels }[],
): string {
  if (alerts.length === 0) return '[]';
  const lines = alerts.map(({ labels, annotations }) => {
    return `\n        Labels:${labelSetText(labels)} Annotations:${labelSetText(annotations)}`;
  });
  return lines.join('');
}

/** All samples, or nil for none. */
export function samplesText(samples: readonly ShownSample[]): string {
  if (samples.length === 0) return 'nil';
  const one = ({ labels, value, histogram }: ShownSample): string =>
    `${labelSetText(labels)} ${histogram === '' ? formatFloat(value) : histogram}`;
  return samples.map(one).join(', ');
}
