// `mon up --cluster`: the same roles as processes on this machine. What is decided for one process
// is decided here too; each role is then started with the flags that make it part of this cluster.
// Easy to get wrong: the path of a unix socket is short, so a deep folder needs another way.
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MonError, messageOf } from '../errors.ts';
import { systemClock } from '../runtime/clock.ts';
import { LogFile } from '../runtime/log-file.ts';
import { makeFolderNow } from '../runtime/make-folder.ts';
import { newSecret } from '../runtime/random.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { parseAddress } from '../remote/address.ts';
import { AGGREGATE_FILE } from './aggregate-wiring.ts';
import { aggregatesOf } from './explore-wiring.ts';
import { roleLogFile, rolesFile } from './folders.ts';
import { urlOf } from './listen-address.ts';
import type { LocalOptions } from './local-options.ts';
import { hearsHangup, RELOADED } from './cluster-reload.ts';
import { readRoutes } from './notify-wiring.ts';
import { loadRules } from './rule-files.ts';
import { hasRules } from './rules-wiring.ts';
import { Supervisor } from './supervisor.ts';
import type { RoleSpec } from './supervisor.ts';
import type { ClusterSize, UpOptions } from './up-options.ts';

const LOG_FILE_BYTES = 4 * 1024 * 1024;
/** Until then all roles should be ready; after it the start is told all the same. */
const READY_MS = 20_000;
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

/** The names of zones: a, b, c. */
export function zoneName(index: number): string {
  return LETTERS[index] ?? `z${index + 1}`;
}

export interface RunningCluster {
  readonly port: number;
  stop(): Promise<readonly string[]>;
}

/** Starts all processes; resolves when they are ready, or have had their time. */
export async function startCluster(
  up: UpOptions,
  size: ClusterSize,
  local: LocalOptions,
): Promise<RunningCluster> {
  const { dataDir, logger, host, port, rules, routesPath } = local;
  await checkPort(host, port);
  // A file with a mistake is told here, not by a process that ends again and again.
  await loadRules(systemDisk, rules.files, rules.bare !== true);
  if (routesPath !== undefined) await readRoutes(routesPath);
  for (const name of ['run', 'logs', 'hub', 'stores', 'objects'])
    makeFolderNow(join(dataDir, name));
  const tokenPath = join(dataDir, 'cluster-token');
  await systemDisk.replaceFile(tokenPath, [Buffer.from(`${newSecret()}\n`)]);
  const left = join(dataDir, 'stores', 'aggregate', AGGREGATE_FILE);
  const aggregates = aggregatesOf(local).length > 0 || (await systemDisk.exists(left));
  const stages = specsOf({ up, size, local, tokenPath, aggregates });
  const noises = new Map<string, LogFile>();
  let saving: Promise<void> = Promise.resolve();
  const supervisor: Supervisor = new Supervisor({
    ...{ stages, clock: systemClock, logger },
    noise: (member, text) => {
      const options = { path: roleLogFile(dataDir, member), bytesMax: LOG_FILE_BYTES, keep: 2 };
      const file = noises.get(member) ?? new LogFile(options);
      noises.set(member, file);
      file.write(text);
    },
    changed: () => {
      supervisor.tell('api', JSON.stringify({ waitingFor: supervisor.waitingFor() }));
      saving = saving
        .then(() => save(supervisor, dataDir))
        .catch((thrown: unknown) => {
          logger.warn('cannot write down the state of the roles', { why: messageOf(thrown) });
        });
    },
  });
  const stop = async (): Promise<readonly string[]> => {
    const killed = await supervisor.stop();
    await saving;
    await systemDisk.remove(rolesFile(dataDir)).catch(() => undefined);
    for (const file of noises.values()) file.close();
    return killed;
  };
  if (hearsHangup(up.configPath, local)) up.onHangup?.(() => supervisor.hangup(RELOADED));
  const ended = new AbortController();
  up.signal.addEventListener('abort', () => ended.abort(), { once: true });
  try {
    const started = supervisor.start();
    const stopped = new Promise<void>((resolve) => {
      ended.signal.addEventListener('abort', () => resolve(), { once: true });
      if (ended.signal.aborted) resolve();
    });
    await Promise.race([started, stopped]);
    if (!ended.signal.aborted) await supervisor.until(() => supervisor.url !== '', READY_MS);
    if (ended.signal.aborted) return { port, stop };
    const missing = supervisor.waitingFor();
    if (missing.length > 0) up.warn(`not ready yet: ${missing.join(', ')}; see mon status`);
    const url = supervisor.url === '' ? urlOf({ host, port }) : supervisor.url;
    return { port: Number(new URL(url).port), stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

/** @throws MonError MON_PORT_IN_USE before anything is started. */
async function checkPort(host: string, port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      if (cause.code !== 'EADDRINUSE') return resolve();
      const words = `${host}:${port} is in use by another process`;
      const hint = 'stop that process, or choose another address with --listen HOST:PORT';
      reject(new MonError('MON_PORT_IN_USE', words, { cause, hint, fields: { host, port } }));
    });
    server.listen({ host, port }, () => server.close(() => resolve()));
  });
}

async function save(supervisor: Supervisor, dataDir: string): Promise<void> {
  const { url } = supervisor;
  const text = JSON.stringify({ pid: process.pid, url, roles: supervisor.status() });
  await systemDisk.replaceFile(rolesFile(dataDir), [Buffer.from(`${text}\n`)]);
}

interface Plan {
  readonly up: UpOptions;
  readonly size: ClusterSize;
  readonly local: LocalOptions;
  readonly tokenPath: string;
  /** Windows are folded, or some are still open. */
  readonly aggregates: boolean;
}

/** The hub first, then the stores, then all that asks and is asked. */
function specsOf(plan: Plan): RoleSpec[][] {
  const { size, local, aggregates } = plan;
  const zones = Array.from({ length: size.zones }, (_, i) => zoneName(i));
  const some = (role: string, count: number): RoleSpec[] =>
    Array.from({ length: count }, (_, i) => specOf(plan, zones, role, i));
  return [
    some(local.kafka === undefined ? 'log' : 'state', 1),
    some('store', size.stores),
    [
      ...some('query', 1),
      ...some('alert', hasRules(local) ? 1 : 0),
      ...some('aggregate', aggregates ? 1 : 0),
      ...some('region', local.regions === undefined ? 0 : 1),
      ...some('notify', local.routesPath === undefined ? 0 : 1),
      ...some('collector', size.collectors),
      ...some('api', 1),
    ],
  ];
}

function specOf(plan: Plan, zones: readonly string[], role: string, index: number): RoleSpec {
  const { up, local, tokenPath } = plan;
  const { dataDir } = local;
  const member = role === 'store' || role === 'collector' ? `${role}-${index}` : role;
  const run = fileURLToPath(new URL('../../../../bin/run.js', import.meta.url));
  const isHub = role === 'log' || role === 'state';
  const folder = isHub ? join(dataDir, 'hub') : join(dataDir, 'stores', member);
  const zone = zones[index % zones.length];
  const args = [run, 'run', role, '--supervised', '--member', member, '--zone', zone];
  args.push('--zones', zones.join(','), '--data-dir', folder, '--cluster-token-file', tokenPath);
  args.push('--socket', socketOf(dataDir, member), '--log-file', roleLogFile(dataDir, member));
  args.push('--objects', local.objectFolder ?? join(dataDir, 'objects'));
  if (up.configPath !== undefined) args.push('--config', up.configPath);
  if (up.demo) args.push('--demo');
  if (up.shards !== undefined) args.push('--shards', String(up.shards));
  if (up.kafka !== undefined) args.push('--kafka', up.kafka);
  for (const glob of up.rules ?? []) args.push('--rules', glob);
  if (up.routesPath !== undefined) args.push('--routes', up.routesPath);
  if (['api', 'alert', 'notify'].includes(role)) {
    args.push('--listen', up.listen ?? `${local.host}:${local.port}`);
  }
  if (role === 'api') {
    if (up.tokenFile !== undefined) args.push('--token-file', up.tokenFile);
    if (up.enableAdmin === true) args.push('--enable-admin');
    if (up.enableLifecycle === true) args.push('--enable-lifecycle');
  }
  return { role, member, args: (hub) => (isHub ? args : [...args, '--hub', hub]) };
}

/** A unix socket in the folder, or a free port of this machine when the path is too long. */
function socketOf(dataDir: string, member: string): string {
  const unix = `unix:${join(dataDir, 'run', `${member}.sock`)}`;
  try {
    parseAddress(unix);
    return unix;
  } catch {
    return '127.0.0.1:0';
  }
}
