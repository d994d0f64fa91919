// relabel_configs and metric_relabel_configs of a configuration file, checked as Prometheus checks
// them. Part of the configuration. Easy to get wrong: what a rule may not say depends on its
// action.
import type { Node } from 'yaml';
import { regexProblem, ruleProblem } from '../collector/relabel.ts';
import type { RelabelRule } from '../collector/scrape-config.ts';
import { RELABEL_ACTIONS, RELABEL_DEFAULT } from '../collector/scrape-config.ts';
import type { ConfigFile } from './config-reader.ts';
import { Section, words } from './config-reader.ts';

const FIELDS = [
  ...words('source_labels separator target_label regex modulus replacement'),
  'action',
];

function readRule(file: ConfigFile, node: Node): RelabelRule {
  const section = new Section(file, node, 'a relabelling rule', FIELDS);
  const lower = section.text('action')?.toLowerCase();
  const action = RELABEL_ACTIONS.find((known) => known === lower);
  if (lower !== undefined && action === undefined) section.oneOf('action', RELABEL_ACTIONS);
  const rule: RelabelRule = {
    action: action ?? RELABEL_DEFAULT.action,
    sourceLabels: section.texts('source_labels'),
    separator: section.text('separator') ?? RELABEL_DEFAULT.separator,
    regex: section.text('regex') ?? RELABEL_DEFAULT.regex,
    modulus: section.integer('modulus', 1, Number.MAX_SAFE_INTEGER) ?? RELABEL_DEFAULT.modulus,
    targetLabel: section.text('target_label') ?? RELABEL_DEFAULT.targetLabel,
    replacement: section.text('replacement') ?? RELABEL_DEFAULT.replacement,
  };
  const broken = regexProblem(rule.regex);
  if (broken !== undefined) section.fail('regex', broken);
  const problem = ruleProblem(rule);
  if (problem !== undefined) section.fail('action', problem);
  return rule;
}

/** The rules of a list. @throws UserError. */
export function readRelabel(section: Section, name: string): RelabelRule[] {
  return section.items(name).map((node) => readRule(section.file, node));
}
