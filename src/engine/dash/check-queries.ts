// Whether the queries of a dashboard are PromQL once its variables are in them, and whether every
// variable it mentions is there. Used by the reader of our own files and by the import. Easy to get
// wrong: a variable whose values only a server knows stands for a text that any label may have.
import { UserError } from '../errors.ts';
import { check } from '../promql/check.ts';
import { parse } from '../promql/parse.ts';
import { ALL, AUTO, type DashVariable } from './dashboard.ts';
import { namesIn, substitute, type ChosenVariable, type TemplateScope } from './template.ts';

const HOUR = 3_600_000;
/** A value that is a label's, a metric's or a number's name anywhere in PromQL would be odd. */
const ANY = 'x';
const BUILT_IN =
  /^__(?:interval|interval_ms|rate_interval|rate_interval_ms|range|range_s|range_ms)$/;
const MORE_BUILT_IN = /^__(?:from|to|dashboard|auto_interval_\w+)$|^\d+$|^interval$/;

/** A scope in which every variable has some value, for checks without a server. */
export function sampleScope(variables: readonly DashVariable[]): TemplateScope {
  const chosen = new Map<string, ChosenVariable>();
  for (const variable of variables) {
    const some = variable.current.find((v) => v !== ALL) ?? variable.options[0]?.value ?? ANY;
    const value = variable.kind === 'interval' && some === ANY ? AUTO : some;
    const options = variable.options.length > 0 ? variable.options : [{ text: ANY, value: ANY }];
    chosen.set(variable.name, { variable, options, chosen: [value] });
  }
  const times = { startMs: 0, endMs: HOUR, stepMs: 15_000, scrapeMs: 15_000 };
  return { times, variables: chosen, title: '' };
}

/** Variables that a text mentions and nobody has. */
export function unknownNames(text: string, variables: readonly DashVariable[]): string[] {
  const known = new Set(variables.map(({ name }) => name));
  return namesIn(text).filter((name) => {
    return !known.has(name) && !BUILT_IN.test(name) && !MORE_BUILT_IN.test(name);
  });
}

/** What is wrong with a query; undefined for nothing. */
export function queryFault(expr: string, scope: TemplateScope): UserError | undefined {
  const text = substitute(expr, scope);
  try {
    check(parse(text), text);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof UserError) return thrown;
    throw thrown;
  }
}
