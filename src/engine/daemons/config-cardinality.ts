// The `cardinality` section under `mon:`: what a new series may not pass. Part of the
// configuration. Easy to get wrong: a limit of 0 switches that limit off, and the default only
// warns, because a server that starts to refuse what it took yesterday surprises people.
import type { CardinalityLimits } from '../collector/cardinality-guard.ts';
import {
  CARDINALITY_LABELS,
  CARDINALITY_SERIES_OF_METRIC,
  CARDINALITY_VALUES_OF_LABEL,
} from '../limits.ts';
import { readPolicies } from './config-policies.ts';
import type { Section } from './config-reader.ts';

const FIELDS = [
  ...['mode', 'labels', 'series_per_metric', 'values_per_label', 'allow_labels', 'deny_labels'],
  'policies',
];
const COUNT_MAX = 1e9;

export function readCardinality(mon: Section): CardinalityLimits {
  const section = mon.section('cardinality', FIELDS);
  const count = (name: string, otherwise: number): number =>
    section.integer(name, 0, COUNT_MAX) ?? otherwise;
  return {
    mode: section.oneOf('mode', ['warn', 'reject']) ?? 'warn',
    labels: count('labels', CARDINALITY_LABELS),
    seriesOfMetric: count('series_per_metric', CARDINALITY_SERIES_OF_METRIC),
    valuesOfLabel: count('values_per_label', CARDINALITY_VALUES_OF_LABEL),
    allowLabels: section.texts('allow_labels'),
    denyLabels: section.texts('deny_labels'),
    policies: readPolicies(section),
  };
}
