// What the command line needs of SLOs, plugged together: files are read, a server is asked, rules
// are made. Nothing of it runs in a server, and what stands here is all that commands see of
// alert/slo/.
import { checkSlos, planOf } from '../alert/slo/check-slos.ts';
import type { SloCheck, SloPlan } from '../alert/slo/check-slos.ts';
import { sloRules } from '../alert/slo/sloth-rules.ts';
import type { RuleOptions, SloRule, SloRuleGroup } from '../alert/slo/sloth-rules.ts';
import type { Slo } from '../model/slo.ts';

export { parseSloFiles } from './slo-files.ts';
export { checkSlos, planOf };
export type { SloCheck, SloPlan, SloRule, SloRuleGroup };

/** The rule groups of all SLOs. */
export function rulesOf(slos: readonly Slo[], options: RuleOptions): SloRuleGroup[] {
  return slos.flatMap((slo) => sloRules(slo, options));
}
