// What there is to ask for: series, label names, label values, metadata. From selectors and a time
// range to the Source, from its sorted answers to JSON. Easy to get wrong: many selectors mean "any
// of them", and a list that was cut at the limit has to say so.
import { QUERY_SERIES_MAX } from '../limits.ts';
import type { MetadataEntry } from '../model/batch.ts';
import type { Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import { isLabelName } from '../promql/literals.ts';
import type { ApiParts } from './api-parts.ts';
import type { Call } from './call.ts';
import { Refused } from './failure-status.ts';
import { JsonBuffer } from './json-buffer.ts';
import { TIME_MS_MAX, TIME_MS_MIN, limitParam, timeParam, unescapeLabelName } from './params.ts';
import { labelsJson, stringList } from './query-json.ts';
import { JSON_TYPE, sendPages, sendWhole, successJson } from './respond.ts';
import { parseSelectors } from './selectors.ts';

const CUT = ['results truncated due to limit'];

interface CatalogParams {
  readonly matchers: readonly (readonly Matcher[])[];
  readonly minMs: number;
  readonly maxMs: number;
  readonly limit: number;
}

async function catalogParams(call: Call, selectorNeeded: boolean): Promise<CatalogParams> {
  const params = await call.params();
  const selectors = params.getAll('match[]');
  if (selectorNeeded && selectors.length === 0) {
    const error = 'no match[] parameter provided';
    throw new Refused({ status: 400, errorType: 'bad_data', error });
  }
  return {
    limit: limitParam(params, 'limit', 0) || Infinity,
    minMs: timeParam(params, 'start', TIME_MS_MIN),
    maxMs: timeParam(params, 'end', TIME_MS_MAX),
    matchers: parseSelectors(selectors),
  };
}

/** GET or POST /api/v1/series. */
export async function series(call: Call, { source }: ApiParts): Promise<void> {
  const { matchers, minMs, maxMs, limit } = await catalogParams(call, true);
  const most = Math.min(limit, QUERY_SERIES_MAX);
  const found = await source.series(matchers, minMs, maxMs, most + 1);
  await sendPages(call.response, call.head(200, JSON_TYPE), seriesJson(found, most));
}

function* seriesJson(found: readonly Labels[], most: number): Generator<Buffer, void, void> {
  const out = new JsonBuffer();
  out.raw('{"status":"success","data":[');
  for (let i = 0; i < Math.min(found.length, most); i++) {
    if (i > 0) out.raw(',');
    labelsJson(out, found[i]);
    if (out.full) yield out.take();
  }
  out.raw(']');
  stringList(out, 'warnings', found.length > most ? CUT : []);
  out.raw('}');
  yield out.take();
}

/** GET or POST /api/v1/labels. */
export async function labelNames(call: Call, { source }: ApiParts): Promise<void> {
  const { matchers, minMs, maxMs, limit } = await catalogParams(call, false);
  await sendNames(call, await source.labelNames(matchers, minMs, maxMs), limit);
}

/** GET /api/v1/label/<name>/values. */
export async function labelValues(call: Call, { source }: ApiParts): Promise<void> {
  const name = pathLabel(call.path);
  const { matchers, minMs, maxMs, limit } = await catalogParams(call, false);
  await sendNames(call, await source.labelValues(name, matchers, minMs, maxMs), limit);
}

function sendNames(call: Call, names: readonly string[], limit: number): Promise<void> {
  const cut = names.length > limit;
  const body = successJson(cut ? names.slice(0, limit) : names, cut ? CUT : []);
  return sendWhole(call.response, call.head(200, JSON_TYPE), body);
}

function pathLabel(path: string): string {
  const encoded = path.slice('/api/v1/label/'.length, -'/values'.length);
  const name = decoded(encoded);
  if (name === undefined || !isLabelName(name)) {
    const error = `invalid label name: ${JSON.stringify(encoded)}`;
    throw new Refused({ status: 400, errorType: 'bad_data', error });
  }
  return name;
}

function decoded(encoded: string): string | undefined {
  try {
    return unescapeLabelName(decodeURIComponent(encoded));
  } catch {
    return undefined;
  }
}

/** GET /api/v1/metadata: family -> what targets and senders said of it. */
export async function metadata(call: Call, { source }: ApiParts): Promise<void> {
  const params = await call.params();
  const limit = limitParam(params, 'limit', Infinity);
  const perFamily = limitParam(params, 'limit_per_metric', 0) || Infinity;
  const only = params.get('metric') ?? '';
  const families = Object.create(null) as Record<string, Omit<MetadataEntry, 'family'>[]>;
  let count = 0;
  for (const { family, type, help, unit } of await source.metadata()) {
    if (only !== '' && family !== only) continue;
    if (families[family] === undefined) {
      if (count === limit) continue;
      count++;
      families[family] = [];
    }
    const said = families[family];
    const known = said.some((e) => e.type === type && e.help === help && e.unit === unit);
    if (!known && said.length < perFamily) said.push({ type, help, unit });
  }
  await sendWhole(call.response, call.head(200, JSON_TYPE), successJson(families));
}
