// What `mon watch` does: connections, the ledger's file, the endpoint, and the rounds over them.
// Wiring only, and light: a watcher loads no engine, so that it stays small and outlives what it
// watches. Easy to get wrong: the ledger is written before anybody is told, and again after.
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { UserError, messageOf } from '../errors.ts';
import { HttpConnection } from '../remote/http-request.ts';
import { systemClock } from '../runtime/clock.ts';
import { Counters } from '../runtime/counters.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import type { Finding } from '../watch/check.ts';
import { Ledger } from '../watch/ledger.ts';
import { Courier, newsLine } from '../watch/telling.ts';
import { Watcher } from '../watch/watcher.ts';
import { stateFolder } from './folders.ts';
import { parseListen, urlOf } from './listen-address.ts';
import { checkWatchConfig, WATCHER_NAME } from './watch-config.ts';
import type { WatchConfig, WatchPlace } from './watch-config.ts';
import { openEndpoint } from './watch-endpoint.ts';
import { showProcess } from './self-metrics.ts';

export interface WatchOptions {
  readonly config: WatchConfig;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly print: (line: string) => void;
  readonly warn: (line: string) => void;
}

const WATCH_LISTEN = '127.0.0.1:9595';
const WATCHDOG = 'Watchdog';
/** Tries to tell before `--once` leaves the rest to the next run. */
const ONCE_TRIES = 3;

interface Opened {
  readonly watcher: Watcher;
  readonly ledger: Ledger;
  readonly couriers: readonly Courier[];
  readonly name: string;
  readonly token: string | undefined;
  save(): Promise<void>;
  close(): void;
}

/** Watches until the signal fires; answers the exit code. @throws UserError, MonError. */
export async function watch(options: WatchOptions): Promise<number> {
  const { config, signal, print } = options;
  const opened = await open(options, true);
  const { watcher, name } = opened;
  const startedMs = systemClock.now();
  const endpoint = await openEndpoint(parseListen(config.listen ?? WATCH_LISTEN), {
    ...{ name, everyMs: config.everyMs, token: opened.token },
    sinceRoundMs: () => watcher.sinceRoundMs,
    beat: () => watcher.beat(),
    metrics: () => metricsOf(opened, startedMs),
    status: () => ({ watcher: name, checks: opened.ledger.checks }),
  });
  const count = config.servers.length + config.peers.length;
  const what = count === 1 ? (config.servers[0] ?? config.peers[0]).url : `${count} addresses`;
  print(`${name} watches ${what}; its own health: ${urlOf(endpoint.address)}/-/healthy`);
  try {
    await watcher.run(config.everyMs, signal);
  } finally {
    await endpoint.close();
    await opened.save();
    opened.close();
  }
  return 0;
}

export interface OnceOutcome {
  readonly findings: readonly Finding[];
  /** Nobody took some of the news; they wait for the next run. */
  readonly untold: number;
}

/** One round, for a cron job or CI. @throws UserError, MonError. */
export async function watchOnce(options: WatchOptions): Promise<OnceOutcome> {
  const opened = await open(options, false);
  const { watcher, couriers, ledger } = opened;
  const { signal } = options;
  try {
    await watcher.round(signal);
    await Promise.all(
      couriers.map(async (courier) => {
        for (let i = 0; i < ONCE_TRIES; i++) {
          if (await courier.run(signal, true)) return;
          if (i < ONCE_TRIES - 1) await systemClock.sleep(500 * 2 ** i, signal);
        }
      }),
    );
    await opened.save();
    const untold = couriers.reduce((sum, { url }) => sum + ledger.waiting(url).length, 0);
    return { findings: watcher.findings, untold };
  } finally {
    opened.close();
  }
}

async function open(options: WatchOptions, standing: boolean): Promise<Opened> {
  const { config, env, print, warn } = options;
  checkWatchConfig(config);
  const name =
    config.name ??
    hostname()
      .replaceAll(/[^\w.-]/g, '-')
      .slice(0, 64);
  if (!WATCHER_NAME.test(name)) throw new UserError(`"${name}" is no name of a watcher`);
  const path = config.stateFile ?? join(stateFolder(env), 'watch', `${name}.json`);
  const token = config.tokenFile === undefined ? undefined : await secret(config.tokenFile);
  const targets = config.tell.map(({ url }) => url);
  // One round cannot see whether something lasts: it is told at once.
  const afterMs = standing ? config.afterMs : 0;
  const ledger = new Ledger({ watcher: name, afterMs, targets }, await textAt(path));
  await systemDisk.makeFolder(dirname(path));
  let writing: Promise<void> = Promise.resolve();
  const save = (): Promise<void> => {
    const next = writing.then(() => systemDisk.replaceFile(path, [Buffer.from(ledger.save())]));
    writing = next.catch(() => undefined);
    return next;
  };
  // Before anything was found: a folder that cannot be written is said now, not in the night.
  await save();
  const connections: HttpConnection[] = [];
  const connect = async (place: WatchPlace): Promise<HttpConnection> => {
    const connection = await connectionTo(place);
    connections.push(connection);
    return connection;
  };
  const savedOrSaid = (): Promise<void> =>
    save().catch((thrown: unknown) => warn(`cannot write ${path}: ${messageOf(thrown)}`));
  const away = (url: string, why: string | undefined): void =>
    warn(why === undefined ? `${url} takes news again` : `cannot tell ${url}: ${why}`);
  const couriers: Courier[] = [];
  for (const tell of config.tell) {
    const target = { url: tell.url, form: tell.form, http: await connect(tell) };
    const clock = systemClock;
    couriers.push(new Courier({ target, ledger, clock, watcher: name, save: savedOrSaid, away }));
  }
  const servers = [];
  for (const { url, canary, watchdog = WATCHDOG, roles, ...place } of config.servers) {
    const needed = config.servers.find((one) => one.url === url)?.watchdog !== undefined;
    const http = await connect({ url, ...place });
    servers.push({ http, watch: { url, canary, watchdog, watchdogNeeded: needed, roles } });
  }
  const peers = [];
  for (const place of config.peers) peers.push({ url: place.url, http: await connect(place) });
  const { lateMs, heartbeatMs } = config;
  const watcher = new Watcher({
    ...{ name, clock: systemClock, ledger, servers, peers, couriers, lateMs, heartbeatMs },
    ...{ standing, save: savedOrSaid, news: (one) => print(newsLine(one)) },
  });
  const close = (): void => connections.forEach((one) => one.close());
  return { watcher, ledger, couriers, name, token, save: savedOrSaid, close };
}

async function connectionTo({ url, tokenFile, caFile }: WatchPlace): Promise<HttpConnection> {
  const token = tokenFile === undefined ? undefined : await secret(tokenFile);
  const ca = caFile === undefined ? undefined : await readText(caFile);
  return new HttpConnection({ url, token, ca }, systemClock);
}

async function secret(path: string): Promise<string> {
  const token = (await readText(path)).trim();
  if (/^[\u0021-\u007e]+$/.test(token)) return token;
  throw new UserError(`the token file ${path} holds no token`, {
    hint: 'it holds the bearer token alone',
  });
}

async function readText(path: string): Promise<string> {
  try {
    return Buffer.from(await systemDisk.readFile(path)).toString('utf8');
  } catch (thrown) {
    throw new UserError(`cannot read ${path}: ${messageOf(thrown)}`, { cause: thrown });
  }
}

async function textAt(path: string): Promise<string | undefined> {
  if (!(await systemDisk.exists(path))) return undefined;
  return Buffer.from(await systemDisk.readFile(path)).toString('utf8');
}

/** What the watcher tells of itself and of its checks; made when somebody asks. */
function metricsOf({ watcher, ledger, couriers }: Opened, startedMs: number): string {
  const counters = new Counters();
  showProcess(counters, startedMs);
  const set = (name: string, help: string, value: number, labels = {}): void =>
    counters.reading(name, help, { read: () => value, labels });
  set('mon_watch_rounds_total', 'Rounds that came to their end.', watcher.rounds);
  set('mon_watch_dropped_total', 'News dropped because nobody took them.', ledger.dropped);
  for (const { server, check, state, ms } of ledger.checks) {
    const labels = { server, check };
    set('mon_watch_well', '1 when a check is well, else 0.', state === 'ok' ? 1 : 0, labels);
    if (ms === undefined) continue;
    set('mon_watch_check_seconds', 'How long a check took.', ms / 1000, labels);
  }
  for (const courier of couriers) {
    const labels = { target: courier.url };
    const waiting = ledger.waiting(courier.url).length;
    set('mon_watch_told_total', 'News that a target took.', courier.told, labels);
    set('mon_watch_tell_failures_total', 'Tries it did not take.', courier.failures, labels);
    set('mon_watch_waiting', 'News that wait for a target.', waiting, labels);
  }
  return counters.render();
}
