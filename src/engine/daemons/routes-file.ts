// A routing file: an alertmanager.yml as Alertmanager 0.34 takes it, with mon's own additions under
// x-mon. Read once into one plain object that the notifier works from. Easy to get wrong: the file
// is shown by the API later, so its secrets are blanked here, before anybody can forget it.
import { isMap, isScalar, visit } from 'yaml';
import { UserError } from '../errors.ts';
import { DEDUPE_WINDOW_MS } from '../limits.ts';
import type { Routing, TimeInterval } from '../notify/routing.ts';
import { ConfigFile, Section, words } from './config-reader.ts';
import { GLOBAL_FIELDS, HTTP } from './routes-fields.ts';
import { checkHttp, checkTls } from './routes-http.ts';
import { parseWholeYaml } from './yaml-text.ts';
import { readIntervals } from './routes-intervals.ts';
import { readReceivers } from './routes-receivers.ts';
import { GLOBAL_DEFAULTS, GLOBAL_PAIRS } from './routes-rules.ts';
import { readEscalation, readInhibitRules, readRoot } from './routes-tree.ts';
import { SECRET, atMostOne, isGiven, readSettings } from './routes-values.ts';

const ROOT_FIELDS = [
  ...words('global route inhibit_rules receivers templates mute_time_intervals time_intervals'),
  ...words('tracing event_recorder x-mon'),
];
const MON_FIELDS = ['dedupe_window', 'escalation'];
/** A file so large is a mistake; a large organization's has some thousand lines. */
const FILE_BYTES_MAX = 8 * 1024 * 1024;
const BLANKED =
  /(?:password|secret|token|credentials|api_key|service_key|routing_key|user_key|^key)$/;
const BLANKED_URL = /^(?:webhook_url|slack_api_url|mattermost_webhook_url|url|api_url)$/;

export interface ParsedRoutes {
  readonly routing: Routing;
  /** Sentences with their places. */
  readonly warnings: readonly string[];
}

/**
 * Reads a routing file; `path` is absolute, relative paths in the file start from its folder.
 * @throws UserError with file, line, column, the line itself and what was expected.
 */
export function parseRoutes(text: string, path: string): ParsedRoutes {
  if (text.length > FILE_BYTES_MAX) throw new UserError(`${path} is larger than 8 MiB`);
  // Of several documents Alertmanager reads the first.
  const [file = new ConfigFile(text, path), second] = ConfigFile.all(text, path);
  if (second !== undefined) file.warn(second.root, 'only the first document of the file is used');
  const root = new Section(file, file.root, 'the routing file', ROOT_FIELDS);
  root.notUsed(['tracing', 'event_recorder']);
  const global = readGlobal(root);
  const receivers = readReceivers(root, global);
  const intervals = new Map<string, readonly TimeInterval[]>();
  readIntervals(root, 'mute_time_intervals', intervals);
  readIntervals(root, 'time_intervals', intervals);
  const names = { receivers: new Set(receivers.keys()), intervals: new Set(intervals.keys()) };
  const mon = root.section('x-mon', MON_FIELDS);
  const routing: Routing = {
    root: readRoot(root, names),
    receivers,
    intervals,
    inhibitRules: readInhibitRules(root),
    resolveTimeoutMs: global['resolve_timeout'] as number,
    templates: readTemplateGlobs(root),
    dedupeWindowMs: mon.duration('dedupe_window') ?? DEDUPE_WINDOW_MS,
    escalation: mon.has('escalation') ? readEscalation(mon, names) : [],
    text: withoutSecrets(text),
  };
  return { routing, warnings: file.warnings };
}

function readTemplateGlobs(root: Section): string[] {
  return root.texts('templates').map((pattern) => {
    if (/\[[^\]]*$|\[\]|\\$/.test(pattern)) root.fail('templates', `${pattern} is no pattern`);
    return root.file.resolvePath(pattern);
  });
}

function readGlobal(root: Section): Record<string, unknown> {
  const section = root.section('global', Object.keys(GLOBAL_FIELDS));
  const given = readSettings(section, GLOBAL_FIELDS);
  for (const name of GLOBAL_PAIRS) atMostOne(section, given, name, `${name}_file`);
  const app = isGiven(given, 'slack_app_token') ? 'slack_app_token' : 'slack_app_token_file';
  const hook = isGiven(given, 'slack_api_url') ? 'slack_api_url' : 'slack_api_url_file';
  const appUrl = given['slack_app_url'] ?? GLOBAL_DEFAULTS['slack_app_url'];
  // Files from before app tokens give the API's address as the hook's.
  if (given['slack_api_url'] !== appUrl) atMostOne(section, given, app, hook);
  if (section.has('http_config')) checkHttp(section.section('http_config', Object.keys(HTTP)));
  if (section.has('smtp_tls_config')) {
    checkTls(section.section('smtp_tls_config', Object.keys(HTTP['tls_config'] as object)));
  }
  return { ...GLOBAL_DEFAULTS, ...given };
}

/** The host of an address; the rest of it may be a secret. Older clients want an address still. */
function blankUrl(text: string): string {
  const origin = /^(https?:\/\/)(?:[^/?#@]*@)?([^/?#]+)/i.exec(text);
  return origin === null ? SECRET : `${origin[1]}${origin[2]}/${SECRET}`;
}

/** The file for everybody's eyes: every secret is replaced by a word. */
function withoutSecrets(text: string): string {
  const [document] = parseWholeYaml(text, true).documents;
  if (document === undefined) return text;
  visit(document, {
    Pair(_key, pair) {
      const { key, value } = pair;
      if (!isScalar(key) || typeof key.value !== 'string') return;
      if (isScalar(value) && typeof value.value === 'string' && value.value !== '') {
        if (BLANKED.test(key.value)) value.value = SECRET;
        if (BLANKED_URL.test(key.value)) value.value = blankUrl(String(value.value));
      }
      if (key.value === 'http_headers' && isMap(value)) pair.value = document.createNode({});
    },
  });
  return document.toString();
}
