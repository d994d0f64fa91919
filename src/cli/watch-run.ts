// What `mon watch` does between its flags and the watcher: file and flags become one configuration,
// and one round becomes a list. Easy to get wrong: a failed check is 3, a check that could not be
// told to anybody is 1, because then somebody has to look at the watcher.
import { UserError } from '../engine/errors.ts';
import { systemDisk } from '../engine/runtime/system-disk.ts';
import {
  emptyWatchConfig,
  formOf,
  parseWatchConfig,
  watchUrl,
} from '../engine/daemons/watch-config.ts';
import type { WatchConfig } from '../engine/daemons/watch-config.ts';
import { EXIT } from './exit-codes.ts';
import type { Listing } from './listing.ts';
import type { Stage } from './stage.ts';
import { durationFlag } from './times.ts';

export interface WatchRun {
  readonly flags: {
    readonly url?: readonly string[];
    readonly peer?: readonly string[];
    readonly tell?: readonly string[];
    readonly name?: string;
    readonly every?: string;
    readonly after?: string;
    readonly late?: string;
    readonly heartbeat?: string;
    readonly watchdog?: string;
    readonly canary: boolean;
    readonly listen?: string;
    readonly once: boolean;
  };
  readonly files: {
    readonly config?: string;
    readonly state?: string;
    readonly token?: string;
    readonly ca?: string;
  };
  readonly stage: Stage;
}

/** Watches until it is stopped, or one round. @throws UserError, MonError. */
export async function runWatch(run: WatchRun): Promise<{ listing?: Listing; code: number }> {
  const { stage, flags } = run;
  const config = await configOf(run);
  const { watch, watchOnce } = await import('../engine/daemons/watch.ts');
  const say = (line: string): void => void stage.note(line);
  const options = { config, env: stage.env, signal: stage.signal, warn: say };
  if (!flags.once) {
    const print = (line: string): void => void stage.print([`${line}\n`]);
    return { code: await watch({ ...options, print: (line) => void safe(line).then(print) }) };
  }
  const { findings, untold } = await watchOnce({ ...options, print: () => undefined });
  const rows = findings.map(({ server, check, state, words, ms }) => [
    ...[server, check, state, ms === undefined ? '' : Math.round(ms), words],
  ]);
  const columns = [
    ...[{ name: 'server' }, { name: 'check' }, { name: 'state' }],
    ...[{ name: 'ms', align: 'right' as const }, { name: 'why' }],
  ];
  const listing = { kind: 'Watch', columns, rows, valueColumn: 2 };
  const bad = findings.some(({ state }) => state === 'down' || state === 'late');
  if (untold > 0) say(`${untold} news could not be told; the next run tries again`);
  const code = untold > 0 ? EXIT.failed : bad ? EXIT.checkFailed : EXIT.ok;
  return { listing, code };
}

async function safe(line: string): Promise<string> {
  const { safeLine } = await import('./terminal-text.ts');
  return await safeLine(line);
}

async function configOf({ flags, files, stage }: WatchRun): Promise<WatchConfig> {
  const base = await fileOf(files.config);
  const places = { tokenFile: files.token, caFile: files.ca };
  const span = (name: string, text: string | undefined): number | undefined =>
    text === undefined ? undefined : durationFlag(name, text);
  const named = (flags.url ?? []).map((url) => ({
    ...{ url: watchUrl(url), ...places, canary: flags.canary, watchdog: flags.watchdog },
    roles: [],
  }));
  const fallback = stage.env['MON_URL'];
  if (named.length + base.servers.length + (flags.peer ?? []).length === 0 && fallback) {
    const url = watchUrl(fallback);
    named.push({ url, ...places, canary: flags.canary, watchdog: flags.watchdog, roles: [] });
  }
  const tell = (flags.tell ?? []).map((url) => ({ url: watchUrl(url), form: formOf(url) }));
  const peers = (flags.peer ?? []).map((url) => ({ url: watchUrl(url) }));
  return {
    ...base,
    name: flags.name ?? base.name,
    everyMs: span('--every', flags.every) ?? base.everyMs,
    afterMs: span('--after', flags.after) ?? base.afterMs,
    lateMs: span('--late', flags.late) ?? base.lateMs,
    heartbeatMs: span('--heartbeat', flags.heartbeat) ?? base.heartbeatMs,
    listen: flags.listen ?? base.listen,
    stateFile: files.state ?? base.stateFile,
    servers: [...base.servers, ...named],
    peers: [...base.peers, ...peers],
    tell: [...base.tell, ...tell],
  };
}

async function fileOf(path: string | undefined): Promise<WatchConfig> {
  if (path === undefined) return emptyWatchConfig();
  let text: string;
  try {
    text = Buffer.from(await systemDisk.readFile(path)).toString('utf8');
  } catch (thrown) {
    throw new UserError(`cannot read ${path}`, { cause: thrown, hint: 'give --config FILE' });
  }
  return await parseWatchConfig(text, path);
}
