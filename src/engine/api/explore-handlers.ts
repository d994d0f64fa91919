// What the explorer asks: figures of series by metric, label and pair, and who asks for what. Easy
// to get wrong: names of metrics come from outside, so objects by name are never made of them.
import { EXPLORE_ROWS, EXPLORE_ROWS_MAX } from '../limits-explore.ts';
import type { ApiParts } from './api-parts.ts';
import type { Call } from './call.ts';
import { Refused } from './failure-status.ts';
import { JSON_TYPE, sendWhole, successJson } from './respond.ts';
import { parseSelectors } from './selectors.ts';

function send(call: Call, data: unknown): Promise<void> {
  return sendWhole(call.response, call.head(200, JSON_TYPE), successJson(data));
}

function notHere(): Refused {
  const error = 'this server does not count who asks for what';
  return new Refused({ status: 404, errorType: 'not_found', error });
}

/** GET /api/v1/explore?match[]=&label=&limit=. */
export async function explore(call: Call, { explore: view }: ApiParts): Promise<void> {
  const params = await call.params();
  const selections = parseSelectors(params.getAll('match[]'));
  if (selections.length > 1) throw badData('match[] may be given once');
  const label = params.get('label') ?? '';
  const found = await view?.explore({
    rows: rowsParam(params),
    ...(selections.length === 0 ? {} : { matchers: selections[0] }),
    ...(label === '' ? {} : { label }),
  });
  if (found === undefined) throw notHere();
  await send(call, found);
}

/** GET /api/v1/status/usage?metric=&limit=: when each metric was asked for, never ones first. */
export async function usageStatus(call: Call, { explore: view }: ApiParts): Promise<void> {
  const params = await call.params();
  const known = await view?.uses();
  if (known === undefined) throw notHere();
  const wanted = params.getAll('metric');
  const metrics = [...known.metrics]
    .filter(({ name }) => wanted.length === 0 || wanted.includes(name))
    .map((use) => ({ use, last: Math.max(...Object.values(use.by).map((by) => by.lastMs)) }))
    .sort((a, b) => a.last - b.last || (a.use.name < b.use.name ? -1 : 1))
    .slice(0, rowsParam(params));
  await send(call, { countedSinceMs: known.sinceMs, metrics: metrics.map(({ use }) => use) });
}

function rowsParam(params: URLSearchParams): number {
  const text = params.get('limit') ?? '';
  if (text === '') return EXPLORE_ROWS;
  if (!/^\d{1,9}$/.test(text) || Number(text) < 1) throw badData('limit must be a positive number');
  return Math.min(Number(text), EXPLORE_ROWS_MAX);
}

function badData(error: string): Refused {
  return new Refused({ status: 400, errorType: 'bad_data', error });
}
