// `mon: store:` of a configuration: a Prometheus-compatible store behind mon, which keeps the
// history while mon keeps the last hours. Part of the configuration. Easy to get wrong: an address
// must hold no password, since it is shown; there are fields for that.
import type { ServerAccess } from '../collector/access-config.ts';
import { REMOTE_STORE_HOT_MS, REMOTE_STORE_HOT_MS_MIN } from '../limits-regions.ts';
import { formatDuration } from '../model/duration.ts';
import { readAuth, readTls } from './config-http.ts';
import type { Section } from './config-reader.ts';
import { words } from './config-reader.ts';
import { authFields, compact, SECRET, tlsFields } from './config-render-access.ts';
import type { Plain } from './config-render-access.ts';

/** A store behind mon; everything decided. */
export interface BehindSettings {
  /** Full address of its remote write. */
  readonly write: string;
  /** Address below which /api/v1/query is; without a slash at the end. */
  readonly query: string;
  readonly access: ServerAccess;
  readonly headers: Readonly<Record<string, string>>;
  /** What stays in this process. */
  readonly hotMs: number;
  /** Others write into it too: queries are answered by it alone, recent time included. */
  readonly shared: boolean;
}

const FIELDS = [
  ...words('kind write query hot shared headers follow_redirects'),
  ...words('basic_auth authorization bearer_token bearer_token_file tls_config'),
];
/** Set by the protocol itself. */
const OWN_HEADERS = /^(?:authorization|content-|host$|x-prometheus-remote-write|user-agent$)/i;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Undefined where mon keeps everything itself. @throws UserError. */
export function readBehind(mon: Section): BehindSettings | undefined {
  if (!mon.has('store')) return undefined;
  const section = mon.section('store', FIELDS);
  const kind = section.oneOf('kind', ['local', 'remote']) ?? 'local';
  if (kind === 'local') {
    const useless = FIELDS.find((name) => name !== 'kind' && section.has(name));
    if (useless !== undefined) section.fail(useless, `${useless} needs kind: remote`);
    return undefined;
  }
  const hotMs = section.duration('hot') ?? REMOTE_STORE_HOT_MS;
  if (hotMs < REMOTE_STORE_HOT_MS_MIN) {
    section.fail('hot', `hot must be ${formatDuration(REMOTE_STORE_HOT_MS_MIN)} or more`);
  }
  const [auth, tls] = [readAuth(section), readTls(section)];
  return {
    write: address(section, 'write', 'http://victoria:8428/api/v1/write'),
    query: address(section, 'query', 'http://victoria:8428').replace(/\/+$/, ''),
    access: {
      ...(auth === undefined ? {} : { auth }),
      ...(tls === undefined ? {} : { tls }),
      followRedirects: section.bool('follow_redirects') ?? false,
    },
    headers: readHeaders(section),
    hotMs,
    shared: section.bool('shared') ?? false,
  };
}

function address(section: Section, name: string, example: string): string {
  const text = section.text(name);
  if (text === undefined) return section.fail(name, `a remote store needs ${name}`, example);
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.host === '') {
    return section.fail(name, `${name} is no http or https address`, `such as ${example}`);
  }
  if (url.username !== '' || url.password !== '') {
    return section.fail(name, `${name} holds a user`, 'use basic_auth or authorization');
  }
  return url.href;
}

function readHeaders(section: Section): Readonly<Record<string, string>> {
  const { file } = section;
  const headers = Object.create(null) as Record<string, string>;
  for (const { key, keyNode, value } of file.entries(section.value('headers'), 'headers')) {
    if (!HEADER_NAME.test(key)) file.fail(keyNode, `${JSON.stringify(key)} is no header`);
    if (OWN_HEADERS.test(key)) {
      file.fail(keyNode, `mon sets ${key} itself`, 'credentials go into authorization');
    }
    const text = file.text(value, 'a header');
    if (/[^\t\x20-\x7e]/.test(text)) file.fail(value, `${key} holds what a header cannot`);
    headers[key] = text;
  }
  return headers;
}

/** The settings by the file's own names, secrets hidden. */
export function behindFields(settings: BehindSettings | undefined): Plain {
  if (settings === undefined) return {};
  const { write, query, hotMs, shared, headers, access } = settings;
  const hidden = Object.keys(headers).map((name) => [name, SECRET]);
  return {
    ...{ kind: 'remote', write, query, hot: formatDuration(hotMs), shared },
    ...compact({ headers: Object.fromEntries(hidden), tls_config: tlsFields(access.tls) }),
    follow_redirects: access.followRedirects,
    ...authFields(access.auth),
  };
}
