// Which metrics and labels an expression touches: for those who count what is asked for. Easy to
// get wrong: a selector that every metric passes ({__name__=~".+"}, {job!=""}) says that there are
// metrics, not that anybody wants one of them.
import type { Matcher } from '../model/matcher.ts';
import { NAME } from '../model/labels.ts';
import { childrenOf, type Expr } from './ast.ts';
import { matcherTest, matchesEmpty } from './regexp.ts';

/** One selector of an expression. */
export interface Use {
  /** The metric, where it is named; '' where matchers choose. */
  readonly metric: string;
  readonly matchers: readonly Matcher[];
  /** Labels that matchers, groupings and matchings name, sorted. */
  readonly labels: readonly string[];
}

/** A name that nobody gives a metric: who takes it takes anything. */
const NONSENSE = 'zz9_plural_z_alpha';

/** True for a selector that does not choose. */
function isBroad(matchers: readonly Matcher[]): boolean {
  return !matchers.some((one) => {
    if (one.op === '!=' || one.op === '!~') return false;
    if (one.op === '=') return one.value !== '';
    return !matchesEmpty(one) && !matcherTest(one)(NONSENSE);
  });
}

/** The metric that matchers name, or ''. */
export function metricOf(matchers: readonly Matcher[]): string {
  return matchers.find(({ name, op }) => name === NAME && op === '=')?.value ?? '';
}

/** All selectors of a checked expression but the broad ones. */
export function usesOf(expr: Expr): readonly Use[] {
  const found: Use[] = [];
  walk(expr, new Set(), found);
  return found;
}

/** What matchers alone use; undefined when they are broad. */
export function useOf(matchers: readonly Matcher[], more: Iterable<string> = []): Use | undefined {
  if (isBroad(matchers)) return undefined;
  const labels = new Set(more);
  for (const { name } of matchers) if (name !== NAME) labels.add(name);
  return { metric: metricOf(matchers), matchers, labels: [...labels].sort() };
}

function walk(expr: Expr, named: ReadonlySet<string>, found: Use[]): void {
  let inside = named;
  if (expr.kind === 'selector') {
    const use = useOf(expr.matchers, named);
    if (use !== undefined) found.push(use);
  } else if (expr.kind === 'aggregate' && !expr.without) {
    inside = new Set([...named, ...expr.names]);
  } else if (expr.kind === 'binary') {
    const { on, labels, include } = expr.matching;
    inside = new Set([...named, ...(on ? labels : []), ...include]);
  }
  for (const child of childrenOf(expr)) walk(child, inside, found);
}
