// What info() selects: the matchers of its second argument sorted by what they mean, and the time
// at which info series are looked at. Source: Prometheus' documentation of info.
import { childrenOf } from './ast.ts';
import { durationOf } from './duration.ts';
import type { Call, Duration, Expr, Modifiers } from './ast.ts';
import type { InfoSelection } from './plan-node.ts';
import type { Matcher } from '../model/matcher.ts';
import type { QueryTimes } from './duration.ts';

const NAME = '__name__';

/** Which series and labels a call of info() asks for. */
export function infoSelection(expr: Call): InfoSelection {
  const [, selector] = expr.args;
  const written = selector?.kind === 'selector' ? selector.matchers : [];
  const names = effective(written.filter((matcher) => matcher.name === NAME));
  const labels = written.filter((matcher) => matcher.name !== NAME);
  return { matchers: [...labels, ...names], names, labels };
}

/** Without a positive matcher the name ends in _info; without any it is target_info. */
function effective(names: readonly Matcher[]): readonly Matcher[] {
  if (names.some(({ op }) => op === '=' || op === '=~')) return names;
  if (names.length > 0) return [{ name: NAME, op: '=~', value: '.+_info' }, ...names];
  return [{ name: NAME, op: '=', value: 'target_info' }];
}

/**
 * The modifiers that say when info series are looked at: those of the first selector, with the
 * offsets of subqueries around it up to the first `@`.
 */
export function anchorOf(expr: Expr, times: QueryTimes): Modifiers {
  const path = pathToSelector(expr) ?? [];
  let offsetMs = 0;
  for (const modifiers of path) {
    if (modifiers.offset !== undefined) offsetMs += durationOf(modifiers.offset, times, false);
    if (modifiers.at !== undefined) return { at: modifiers.at, ...offset(offsetMs) };
  }
  return offset(offsetMs);
}

function offset(ms: number): Modifiers {
  if (ms === 0) return {};
  const text = `${ms}ms`;
  const duration: Duration = { kind: 'seconds', seconds: ms / 1000, text, start: 0, end: 0 };
  return { offset: duration };
}

/** The modifiers from the first selector outwards. */
function pathToSelector(expr: Expr): readonly Modifiers[] | undefined {
  if (expr.kind === 'selector') return [expr.modifiers];
  for (const child of childrenOf(expr)) {
    const path = pathToSelector(child);
    if (path === undefined) continue;
    return expr.kind === 'subquery' ? [...path, expr.modifiers] : path;
  }
  return undefined;
}
