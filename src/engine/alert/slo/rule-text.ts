// What rules of an SLO are made of, beside their expressions: names, labels and floats as Sloth
// writes them. Under sloth-rules.ts and the plugins. Easy to get wrong: maps are sorted by name, as
// Go writes them, and a float keeps all its noise.
import { formatDuration } from '../../model/duration.ts';
import type { BurnPair, Slo, SloPairs } from '../../model/slo.ts';

export interface SloRule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly forMs?: number;
  readonly labels: SloPairs;
  readonly annotations?: SloPairs;
}

export interface SloRuleGroup {
  readonly name: string;
  /** How often it is evaluated; absent: as the server does. */
  readonly intervalMs?: number;
  readonly rules: readonly SloRule[];
}

export interface RuleOptions {
  /** Labels that every recording rule gets. */
  readonly extraLabels: SloPairs;
  /** What `sloth_version` says. */
  readonly version: string;
}

export interface Frame {
  readonly slo: Slo;
  readonly options: RuleOptions;
  readonly periodMs: number;
  readonly pairs: readonly BurnPair[];
  readonly filter: string;
}

export function idPairs({ id, name, service }: Slo): [string, string][] {
  return [
    ['sloth_id', id],
    ['sloth_service', service],
    ['sloth_slo', name],
  ];
}

/** Later ones win; sorted by name, as Go writes maps. */
export function merged(...lists: readonly SloPairs[]): SloPairs {
  return [...new Map(lists.flat())].sort(([a], [b]) => (a < b ? -1 : 1));
}

export function metricOf(windowMs: number): string {
  return `slo:sli_error:ratio_rate${formatDuration(windowMs)}`;
}

/** A float as Go's %v and %g print it: an exponent from 1e-05 on. */
export function goFloat(value: number): string {
  if (value === 0 || Math.abs(value) >= 1e-4) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}
