// `match[]` parameters into matchers. Each is a vector selector as in a query, without offset and
// @. Easy to get wrong: a selector that also matches series without any of its labels would match
// everything there is, and is refused as Prometheus does.
import { UserError } from '../errors.ts';
import type { Matcher } from '../model/matcher.ts';
import { parse } from '../promql/parse.ts';
import { matchesEmpty } from '../promql/regexp.ts';
import { Refused, refusalOf } from './failure-status.ts';
import { badParam } from './params.ts';

const PARAM = 'match[]';

/** The matchers of each selector, "any of them" between. @throws Refused, 400. */
export function parseSelectors(
  texts: readonly string[],
  param = PARAM,
): readonly (readonly Matcher[])[] {
  try {
    return texts.map(parseOne);
  } catch (thrown) {
    if (thrown instanceof UserError) throw new Refused(refusalOf(thrown, param));
    throw thrown;
  }
}

function parseOne(text: string): readonly Matcher[] {
  const expr = parse(text);
  const { at, offset, extend } = expr.kind === 'selector' ? expr.modifiers : {};
  const modified = at !== undefined || offset !== undefined || extend !== undefined;
  if (expr.kind !== 'selector' || modified) {
    const { start, end } = expr;
    throw new UserError('expected a series selector such as up{job="node"}', {
      source: text,
      start,
      end,
    });
  }
  if (expr.matchers.every(matchesEmpty)) {
    throw badParam(PARAM, `${PARAM} must contain at least one non-empty matcher`);
  }
  return expr.matchers;
}
