// The two doors of a query: an instant and a range. From parameters to an Ask, from its columns to
// pages of JSON. Easy to get wrong: an asker that leaves must stop the query it asked for.
import { UserError } from '../errors.ts';
import type { AskOptions } from '../ports.ts';
import type { QueryAnswer } from '../model/query-result.ts';
import type { ApiParts } from './api-parts.ts';
import type { Call } from './call.ts';
import { Refused, refusalOf } from './failure-status.ts';
import { limitParam, rangeParams, timeParam } from './params.ts';
import { queryJson } from './query-json.ts';
import { askOptions } from './query-options.ts';
import { JSON_TYPE, sendPages, sendStream } from './respond.ts';

/** GET or POST /api/v1/query. */
export async function instantQuery(call: Call, parts: ApiParts): Promise<void> {
  const params = await call.params();
  const timeMs = timeParam(params, 'time', parts.clock.now());
  const text = params.get('query') ?? '';
  await answer(call, parts, params, (options) => parts.ask.instant(text, timeMs, options));
}

/** GET or POST /api/v1/query_range. */
export async function rangeQuery(call: Call, parts: ApiParts): Promise<void> {
  const params = await call.params();
  const { startMs, endMs, stepMs } = rangeParams(params);
  const text = params.get('query') ?? '';
  await answer(call, parts, params, (options) =>
    parts.ask.range(text, startMs, endMs, stepMs, options),
  );
}

async function answer(
  call: Call,
  parts: ApiParts,
  params: URLSearchParams,
  ask: (options: AskOptions) => Promise<QueryAnswer>,
): Promise<void> {
  const limit = limitParam(params, 'limit', 0);
  const wantsStats = (params.get('stats') ?? '') !== '';
  const json = { limit, stats: wantsStats };
  const options = { ...askOptions(call, params), json };
  const begin = parts.clock.monotonic();
  const found = await ask(options).catch((thrown: unknown) => {
    throw thrown instanceof UserError ? new Refused(refusalOf(thrown, 'query')) : thrown;
  });
  if (found.pages !== undefined) {
    return sendStream(call.response, call.head(200, JSON_TYPE), found.pages);
  }
  const evalSeconds = (parts.clock.monotonic() - begin) / 1000;
  const pages = queryJson(found, { limit, ...(wantsStats ? { evalSeconds } : {}) });
  const told: Record<string, string> = {};
  if (found.cache !== undefined) told['X-Mon-Cache'] = found.cache;
  await sendPages(call.response, { ...call.head(200, JSON_TYPE), headers: told }, pages);
}
