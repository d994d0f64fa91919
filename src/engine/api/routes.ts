// The table of the API: path, methods, handler. Looked up once a request with one Map; only label
// values have a name inside their path. Easy to get wrong: a path that is known but not for this
// method is 405 and says which methods it has; a client tries the next of them.
import { cleanTombstones, deleteSeries, snapshot } from './admin-handlers.ts';
import {
  deleteSilence,
  getAlerts,
  getGroups,
  getReceivers,
  getSilence,
  getSilences,
  getStatus,
  postAlerts,
  postSilence,
} from './alertmanager-handlers.ts';
import type { ApiParts } from './api-parts.ts';
import type { Call } from './call.ts';
import { labelNames, labelValues, metadata, series } from './catalog-handlers.ts';
import { explore, usageStatus } from './explore-handlers.ts';
import { exportSamples } from './export-handler.ts';
import { federate } from './federate-handler.ts';
import {
  alertmanagers,
  lifecycleDisabled,
  notifications,
  notificationsLive,
  queryExemplars,
  walReplay,
} from './idle-handlers.ts';
import { deleteGroup, postGroup, putGroup } from './push-gateway.ts';
import { importSamples } from './import-handler.ts';
import { acknowledge, getIncidents, testReceiver } from './incident-handlers.ts';
import { pushExposition, pushJson, remoteWrite } from './push-handlers.ts';
import { influxPing, influxQuery, pushCollectd, pushInflux, pushOtlp } from './push-protocols.ts';
import { instantQuery, rangeQuery } from './query-handlers.ts';
import { reload } from './reload-handler.ts';
import { beginReplay, replayState } from './replay-handlers.ts';
import { poolOf } from './query-options.ts';
import { alerts, rules } from './rules-handlers.ts';
import { askSql, sqlTables } from './sql-handlers.ts';
import {
  buildInfo,
  config,
  flags,
  healthy,
  ready,
  runtimeInfo,
  selfMetrics,
  status,
  targets,
  welcome,
} from './status-handlers.ts';

import { explainQuery, formatQuery, parseQuery } from './syntax-handlers.ts';
import {
  cardinalityStatus,
  features,
  scrapePools,
  targetsMetadata,
  tsdbBlocks,
  tsdbStatus,
} from './tsdb-handlers.ts';

export type Handler = (call: Call, parts: ApiParts) => Promise<void>;

export interface Route {
  /** What is counted: the path with a placeholder for its name. */
  readonly name: string;
  /** Handler of each method; HEAD is answered by GET's without the body. */
  readonly methods: ReadonlyMap<string, Handler>;
  /** Health checks need no token: a balancer has none. */
  readonly open: boolean;
}

/** A list over many series waits for its turn as a query does. */
function inTurn(handler: Handler): Handler {
  return async (call, parts) => {
    const { turns } = parts;
    if (turns === undefined) return handler(call, parts);
    const options = { ...poolOf(call), user: call.user, signal: call.gone() };
    return turns.turn(options, () => handler(call, parts));
  };
}

function route(name: string, methods: Record<string, Handler>, open = false): Route {
  const all = new Map(Object.entries(methods));
  const get = all.get('GET');
  if (get !== undefined) all.set('HEAD', get);
  return { name, methods: all, open };
}

const LABEL_VALUES = route('/api/v1/label/:name/values', { GET: inTurn(labelValues) });

const SILENCE = route('/api/v2/silence/:id', { GET: getSilence, DELETE: deleteSilence });

const ROUTES = new Map(
  [
    route('/api/v2/alerts', { GET: getAlerts, POST: postAlerts }),
    route('/api/v2/alerts/groups', { GET: getGroups }),
    route('/api/v2/silences', { GET: getSilences, POST: postSilence }),
    route('/api/v2/receivers', { GET: getReceivers }),
    route('/api/v2/status', { GET: getStatus }),
    route('/api/v1/incidents', { GET: getIncidents }),
    route('/api/v1/incidents/ack', { POST: acknowledge }),
    route('/api/v1/notify/test', { POST: testReceiver }),
    route('/api/v1/write', { POST: remoteWrite }),
    route('/api/v1/push', { POST: pushExposition }),
    route('/api/v1/otlp/v1/metrics', { POST: pushOtlp }),
    route('/v1/metrics', { POST: pushOtlp }),
    route('/write', { POST: pushInflux }),
    route('/api/v2/write', { POST: pushInflux }),
    route('/api/v1/push/collectd', { POST: pushCollectd }),
    route('/collectd-post', { POST: pushCollectd }),
    route('/ping', { GET: influxPing }, true),
    route('/query', { GET: influxQuery, POST: influxQuery }),
    route('/metrics', { GET: selfMetrics, POST: pushJson }),
    route('/api/v1/query', { GET: instantQuery, POST: instantQuery }),
    route('/api/v1/query_range', { GET: rangeQuery, POST: rangeQuery }),
    route('/api/v1/sql', { POST: askSql }),
    route('/api/v1/sql/tables', { GET: sqlTables }),
    route('/api/v1/export', { GET: exportSamples, POST: exportSamples }),
    route('/api/v1/import', { POST: importSamples }),
    route('/api/v1/query_exemplars', { GET: queryExemplars, POST: queryExemplars }),
    route('/api/v1/format_query', { GET: formatQuery, POST: formatQuery }),
    route('/api/v1/parse_query', { GET: parseQuery, POST: parseQuery }),
    route('/api/v1/explain', { GET: explainQuery, POST: explainQuery }),
    route('/federate', { GET: inTurn(federate) }),
    route('/api/v1/series', { GET: inTurn(series), POST: inTurn(series) }),
    route('/api/v1/labels', { GET: inTurn(labelNames), POST: inTurn(labelNames) }),
    route('/api/v1/metadata', { GET: metadata }),
    route('/api/v1/targets', { GET: targets }),
    route('/api/v1/targets/metadata', { GET: targetsMetadata }),
    route('/api/v1/scrape_pools', { GET: scrapePools }),
    route('/api/v1/rules', { GET: rules }),
    route('/api/v1/alerts', { GET: alerts }),
    route('/api/v1/alertmanagers', { GET: alertmanagers }),
    route('/api/v1/features', { GET: features }),
    route('/api/v1/notifications', { GET: notifications }),
    route('/api/v1/notifications/live', { GET: notificationsLive }),
    route('/api/v1/status/tsdb', { GET: tsdbStatus }),
    route('/api/v1/status/tsdb/blocks', { GET: tsdbBlocks }),
    route('/api/v1/status/cardinality', { GET: cardinalityStatus }),
    route('/api/v1/status/usage', { GET: usageStatus }),
    route('/api/v1/explore', { GET: inTurn(explore) }),
    route('/api/v1/replay', { GET: replayState, POST: beginReplay }),
    route('/api/v1/status/walreplay', { GET: walReplay }),
    route('/api/v1/admin/tsdb/delete_series', { POST: deleteSeries, PUT: deleteSeries }),
    route('/api/v1/admin/tsdb/clean_tombstones', { POST: cleanTombstones, PUT: cleanTombstones }),
    route('/api/v1/admin/tsdb/snapshot', { POST: snapshot, PUT: snapshot }),
    route('/-/reload', { POST: reload, PUT: reload }),
    route('/-/quit', { POST: lifecycleDisabled, PUT: lifecycleDisabled }),
    route('/api/v1/status/buildinfo', { GET: buildInfo }),
    route('/api/v1/status/runtimeinfo', { GET: runtimeInfo }),
    route('/api/v1/status', { GET: status }),
    route('/api/v1/status/flags', { GET: flags }),
    route('/api/v1/status/config', { GET: config }),
    route('/-/healthy', { GET: healthy }, true),
    route('/-/ready', { GET: ready }, true),
    route('/', { GET: welcome }),
  ].map((r) => [r.name, r] as const),
);

const GROUP = route('/metrics/job/:job', {
  PUT: putGroup,
  POST: postGroup,
  DELETE: deleteGroup,
});
const GROUP_PATH = /^\/metrics\/job(?:@base64)?\/./;
const LABEL_PATH = /^\/api\/v1\/label\/[^/]+\/values$/;

const SILENCE_PATH = /^\/api\/v2\/silence\/[^/]+$/;

/** The route of a path, or undefined for a path nobody knows. */
export function routeOf(path: string): Route | undefined {
  // amtool may be told an address with a path of its own, as Grafana's proxies have.
  const plain = path.startsWith('/alertmanager/api/v2/') ? path.slice(13) : path;
  const known = ROUTES.get(plain);
  if (known !== undefined) return known;
  if (LABEL_PATH.test(plain)) return LABEL_VALUES;
  if (GROUP_PATH.test(plain)) return GROUP;
  return SILENCE_PATH.test(plain) ? SILENCE : undefined;
}
