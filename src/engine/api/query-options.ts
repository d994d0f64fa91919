// How a query is to be answered, beside what it asks: time limit, lookback, cache, pool, price.
// From the parameters and headers of a request. Easy to get wrong: a proxy's or browser's
// Cache-Control says no-cache on a plain reload; only no-store and nocache=1 mean the result cache.
import type { AskOptions } from '../ports.ts';
import type { Call } from './call.ts';
import { badParam, durationParam } from './params.ts';

/** Asks from these show dashboards; whoever else asks is asked to say so. */
const DASHBOARDS = /^(?:Grafana|mon-screen|Perses)\b/;

/** What a request says about how to answer. @throws UserError with Prometheus' words. */
export function askOptions(call: Call, params: URLSearchParams): AskOptions {
  const lookbackMs = durationParam(params, 'lookback_delta');
  const timeoutMs = durationParam(params, 'timeout');
  const maxCost = costParam(params);
  return {
    ...(lookbackMs === undefined ? {} : { lookbackMs }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(maxCost === undefined ? {} : { maxCost }),
    ...(skipsCache(call, params) ? { cache: 'skip' as const } : {}),
    ...poolOf(call),
    signal: call.gone(),
    user: call.user,
  };
}

function costParam(params: URLSearchParams): number | undefined {
  const text = params.get('max_cost') ?? '';
  if (text === '') return undefined;
  const cost = Number(text);
  if (/^\d/.test(text) && Number.isFinite(cost) && cost > 0) return cost;
  throw badParam('max_cost', `cannot parse ${JSON.stringify(text)} to a number above 0`);
}

function skipsCache(call: Call, params: URLSearchParams): boolean {
  if (['1', 'true'].includes(params.get('nocache') ?? '')) return true;
  if (/(?:^|[,\s])no-store\b/i.test(call.header('cache-control'))) return true;
  // The sources answer with all that was acknowledged; an extent may be older.
  return call.header('x-read-consistency').trim().toLowerCase() === 'strong';
}

/** The pool of a request, where it is not that of everybody. */
export function poolOf(call: Call): Pick<AskOptions, 'pool'> {
  return isDashboard(call) ? { pool: 'dashboard' } : {};
}

function isDashboard(call: Call): boolean {
  const said = call.header('x-mon-pool').trim().toLowerCase();
  if (said === 'dashboard' || said === 'adhoc') return said === 'dashboard';
  return call.header('x-dashboard-uid') !== '' || DASHBOARDS.test(call.header('user-agent'));
}
