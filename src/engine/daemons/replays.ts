// What `mon replay` may name, in every form: rollups where they are kept, rules where there are
// any. Wiring only.
import type { Replay } from '../api/api-parts.ts';
import type { LocalOptions } from './local-options.ts';
import { hasRules } from './rules-wiring.ts';

/** The jobs by the name of their group. */
export function replaysOf(
  options: Pick<LocalOptions, 'rollups' | 'rules'>,
  { rollup, alert }: { readonly rollup: Replay; readonly alert: Replay },
): ReadonlyMap<string, Replay> {
  const all = new Map<string, Replay>();
  if (options.rollups !== undefined) all.set('rollup', rollup);
  if (hasRules(options)) all.set('alert', alert);
  return all;
}
