// Whether a template of a rule can run at all: what is asked when a rule file is read. Easy to get
// wrong: the variables that Prometheus sets before each template are known here too.
import { FUNCTION_NAMES } from './functions.ts';
import type { Templates } from './nodes.ts';
import { parseTemplate } from './parse.ts';

/** Variables that every template of a rule has. */
const TEMPLATE_VARIABLES = ['$labels', '$externalLabels', '$externalURL', '$value'] as const;

/** Whether a text has anything to expand. */
export function isTemplate(text: string): boolean {
  return text.includes('{{');
}

/** Templates kept parsed: those of some thousand rules. */
const KEPT_MAX = 20_000;
const kept = new Map<string, Templates>();

/** The parsed template. @throws UserError with Go's words. */
export function parsedTemplate(text: string): Templates {
  const known = kept.get(text);
  if (known !== undefined) return known;
  const parsed = parseTemplate(text, FUNCTION_NAMES, TEMPLATE_VARIABLES);
  if (kept.size >= KEPT_MAX) kept.clear();
  kept.set(text, parsed);
  return parsed;
}

/** @throws UserError when the text is no template that could run. */
export function checkTemplate(text: string): void {
  if (isTemplate(text)) parsedTemplate(text);
}
