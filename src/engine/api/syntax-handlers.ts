// What can be said of a query without its answer: its canonical text, its tree, and how it would be
// run. Easy to get wrong: a mistake in the text is the asker's and is told with its place, as by
// the query itself.
import { UserError } from '../errors.ts';
import { check } from '../promql/check.ts';
import { parse } from '../promql/parse.ts';
import { pretty } from '../promql/pretty.ts';
import type { Explain, QueryTimes } from '../ports.ts';
import type { Expr } from '../promql/ast.ts';
import type { ApiParts } from './api-parts.ts';
import type { Call } from './call.ts';
import { Refused, refusalOf } from './failure-status.ts';
import { rangeParams, timeParam } from './params.ts';
import { askOptions } from './query-options.ts';
import { JSON_TYPE, sendWhole, successJson } from './respond.ts';
import { syntaxJson } from './syntax-json.ts';

/** GET or POST /api/v1/format_query. */
export async function formatQuery(call: Call): Promise<void> {
  const expr = await parsedQuery(call);
  await send(call, pretty(expr));
}

/** GET or POST /api/v1/parse_query. */
export async function parseQuery(call: Call): Promise<void> {
  const expr = await parsedQuery(call);
  await send(call, syntaxJson(expr));
}

/** GET or POST /api/v1/explain: an instant with `time`, a range with `start`, `end` and `step`. */
export async function explainQuery(call: Call, parts: ApiParts): Promise<void> {
  const { explain } = parts;
  if (explain === undefined) {
    const error = 'this server does not explain queries';
    throw new Refused({ status: 404, errorType: 'not_found', error });
  }
  const params = await call.params();
  const times: QueryTimes = params.has('start')
    ? rangeParams(params)
    : { timeMs: timeParam(params, 'time', parts.clock.now()) };
  const analyze = ['true', '1'].includes(params.get('analyze') ?? '');
  const asked = { ...askOptions(call, params), analyze };
  await send(call, await explained(explain, params.get('query') ?? '', times, asked));
}

async function explained(
  explain: Explain,
  query: string,
  times: QueryTimes,
  options: Parameters<Explain['explain']>[2],
): Promise<unknown> {
  try {
    return await explain.explain(query, times, options);
  } catch (thrown) {
    throw thrown instanceof UserError ? new Refused(refusalOf(thrown, 'query')) : thrown;
  }
}

async function parsedQuery(call: Call): Promise<Expr> {
  const text = (await call.params()).get('query') ?? '';
  try {
    const expr = parse(text);
    check(expr, text);
    return expr;
  } catch (thrown) {
    throw thrown instanceof UserError ? new Refused(refusalOf(thrown, 'query')) : thrown;
  }
}

function send(call: Call, data: unknown): Promise<void> {
  return sendWhole(call.response, call.head(200, JSON_TYPE), successJson(data));
}
