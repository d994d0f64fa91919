// What `mon watch` was told to do: flags, and a small YAML file whose names they share. Flags that
// name servers, peers or webhooks add to those of the file; others beat it. Easy to get wrong: a
// token belongs to one address and goes to no other.
import { UserError } from '../errors.ts';
import {
  WATCH_AFTER_MS,
  WATCH_EVERY_MS,
  WATCH_EVERY_MS_MIN,
  WATCH_LATE_MS,
  WATCH_TARGETS_MAX,
} from '../limits-watch.ts';
import type { ConfigFile, Section as SectionType } from './config-reader.ts';

export interface WatchPlace {
  readonly url: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
}

export interface WatchServerConfig extends WatchPlace {
  readonly canary: boolean;
  /** A name means: this alert has to fire. */
  readonly watchdog?: string;
  readonly roles: readonly string[];
}

export interface WatchTellConfig extends WatchPlace {
  readonly form: 'alertmanager' | 'json';
}

export interface WatchConfig {
  readonly name?: string;
  readonly everyMs: number;
  readonly afterMs: number;
  readonly lateMs: number;
  readonly heartbeatMs?: number;
  readonly listen?: string;
  /** Who asks for more than health, or brings the heartbeat, must know it. */
  readonly tokenFile?: string;
  readonly stateFile?: string;
  readonly servers: readonly WatchServerConfig[];
  readonly peers: readonly WatchPlace[];
  readonly tell: readonly WatchTellConfig[];
}

const TOP = 'name every after late heartbeat listen token_file state servers peers tell'.split(' ');
const SERVER = 'url token_file ca_file canary watchdog roles'.split(' ');
const PLACE = 'url token_file ca_file'.split(' ');
const TELL = 'url token_file ca_file form'.split(' ');
export const WATCHER_NAME = /^[\w.-]{1,64}$/;

export function emptyWatchConfig(): WatchConfig {
  return {
    ...{ everyMs: WATCH_EVERY_MS, afterMs: WATCH_AFTER_MS, lateMs: WATCH_LATE_MS },
    ...{ servers: [], peers: [], tell: [] },
  };
}

/** An address to ask, without a slash at its end. @throws UserError. */
export function watchUrl(text: string): string {
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.parse(whole);
  if (url === null || !/^https?:$/.test(url.protocol) || url.host === '') {
    throw new UserError(`"${text}" is no http or https address`, {
      hint: 'an address looks like http://127.0.0.1:9590',
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new UserError('the address holds a user', { hint: 'use token_file' });
  }
  return `${url.origin}${url.pathname}${url.search}`.replace(/\/+$/, '');
}

/** By its path: Alertmanager's API, or a hook that takes any JSON. */
export function formOf(url: string): WatchTellConfig['form'] {
  return url.endsWith('/api/v2/alerts') ? 'alertmanager' : 'json';
}

/** Reads the file. @throws UserError at the place of a mistake. */
export async function parseWatchConfig(text: string, path: string): Promise<WatchConfig> {
  const { ConfigFile: File, Section } = await import('./config-reader.ts');
  const file: ConfigFile = new File(text, path);
  const top = new Section(file, file.root, 'the configuration', TOP);
  const sections = (name: string, known: readonly string[]): SectionType[] =>
    top.items(name).map((item) => new Section(file, item, `an item of ${name}`, known));
  const defaults = emptyWatchConfig();
  const name = top.text('name');
  if (name !== undefined && !WATCHER_NAME.test(name)) {
    top.fail('name', 'name holds letters, digits, dots, dashes and underscores, at most 64');
  }
  const config = {
    ...{ name, listen: top.text('listen') },
    everyMs: top.duration('every') ?? defaults.everyMs,
    afterMs: top.duration('after') ?? defaults.afterMs,
    lateMs: top.duration('late') ?? defaults.lateMs,
    heartbeatMs: top.duration('heartbeat'),
    tokenFile: top.path('token_file'),
    stateFile: top.path('state'),
    servers: sections('servers', SERVER).map((one) => ({
      ...placeOf(one),
      canary: one.bool('canary') ?? true,
      watchdog: one.text('watchdog'),
      roles: one.texts('roles'),
    })),
    peers: sections('peers', PLACE).map(placeOf),
    tell: sections('tell', TELL).map((one) => {
      const place = placeOf(one);
      const form = one.text('form') ?? formOf(place.url);
      if (form === 'alertmanager' || form === 'json') return { ...place, form } as const;
      return one.fail('form', 'form is alertmanager or json');
    }),
  };
  return config;
}

function placeOf(section: SectionType): WatchPlace {
  const text = section.text('url') ?? section.fail('url', `url is missing in ${section.what}`);
  let url: string;
  try {
    url = watchUrl(text);
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    return section.fail('url', thrown.message, thrown.hint);
  }
  return { url, tokenFile: section.path('token_file'), caFile: section.path('ca_file') };
}

/** @throws UserError for what cannot be. */
export function checkWatchConfig(config: WatchConfig): void {
  if (config.servers.length + config.peers.length === 0) {
    throw new UserError('there is nothing to watch', {
      hint: 'name a server with --url, another watcher with --peer, or give --config FILE',
    });
  }
  if (config.everyMs < WATCH_EVERY_MS_MIN) {
    throw new UserError('a round needs some time', { hint: '--every 500ms or more' });
  }
  for (const places of [config.servers, config.peers, config.tell]) {
    const urls = places.map(({ url }) => url);
    const twice = urls.find((url, i) => urls.indexOf(url) !== i);
    if (twice !== undefined) throw new UserError(`${twice} is named twice`);
    if (urls.length > WATCH_TARGETS_MAX) {
      throw new UserError(`a watcher has at most ${WATCH_TARGETS_MAX} of a kind`);
    }
  }
}
