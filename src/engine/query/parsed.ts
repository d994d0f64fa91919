// Query texts that were parsed and checked lately: a dashboard asks the same text again and again.
// The first station of a query. Easy to get wrong: a text that fails is not remembered, because its
// error names places that belong to one asker, and it should stay dear to be wrong.
import { QUERIES_PARSED_KEPT, QUERY_PARSED_LENGTH_MAX } from '../limits.ts';
import { check } from '../promql/check.ts';
import { format } from '../promql/format.ts';
import { parse } from '../promql/parse.ts';
import { usesOf, type Use } from '../promql/uses.ts';
import { uncacheable } from './cacheable.ts';
import type { Expr } from '../promql/ast.ts';

/** A query's tree, which nobody changes, and what is asked of the text alone. */
export class Parsed {
  readonly text: string;
  readonly expr: Expr;
  #canonical: string | undefined;
  #uses: readonly Use[] | undefined;
  #uncacheable: { readonly why: string | undefined } | undefined;

  constructor(text: string, expr: Expr) {
    this.text = text;
    this.expr = expr;
  }

  /** The text that all spellings of the query share. */
  get canonical(): string {
    return (this.#canonical ??= format(this.expr));
  }

  /** The metrics that it touches. */
  get uses(): readonly Use[] {
    return (this.#uses ??= usesOf(this.expr));
  }

  /** Why its results cannot be kept, if they cannot. */
  get uncacheable(): string | undefined {
    this.#uncacheable ??= { why: uncacheable(this.expr) };
    return this.#uncacheable.why;
  }
}

const known = new Map<string, Parsed>();

/** The tree of a query. @throws UserError with the place of the mistake. */
export function parsed(query: string): Parsed {
  const found = known.get(query);
  if (found !== undefined) {
    known.delete(query);
    known.set(query, found);
    return found;
  }
  const expr = parse(query);
  check(expr, query);
  const fresh = new Parsed(query, expr);
  if (query.length > QUERY_PARSED_LENGTH_MAX) return fresh;
  known.set(query, fresh);
  if (known.size > QUERIES_PARSED_KEPT) known.delete(known.keys().next().value as string);
  return fresh;
}
