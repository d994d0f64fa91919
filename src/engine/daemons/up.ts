// What `mon up` does: decide from flags, environment and configuration, take the data folder,
// start all roles, say what runs where, and stay until told to stop. Easy to get wrong: nothing
// may be printed as running before it answers, and whatever was taken is given back when a later
// step fails.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MonError, UserError, messageOf } from '../errors.ts';
import { startBackground } from '../runtime/background.ts';
import type { Background } from '../runtime/background.ts';
import { systemClock } from '../runtime/clock.ts';
import { folderOwner, lockFolder, lockedBy } from '../runtime/folder-lock.ts';
import { LogFile } from '../runtime/log-file.ts';
import { growHeapsFreely } from '../runtime/heap.ts';
import { makeLogger } from '../runtime/logger.ts';
import type { Logger } from '../runtime/logger.ts';
import { portHolder } from '../runtime/port-holder.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { refuseInCluster } from './cluster-refusals.ts';
import { renderConfig } from './config-render.ts';
import { kafkaWith } from './config-kafka.ts';
import { defaultConfig } from './config.ts';
import { dataFolder, defaultConfigFile, logFile } from './folders.ts';
import { checkPublic, parseListen, urlOf } from './listen-address.ts';
import type { ListenAddress } from './listen-address.ts';
import type { MonConfig } from './config.ts';
import type { LocalOptions } from './local-options.ts';
import { startLocal } from './local.ts';
import type { RunningLocal } from './local.ts';
import { Reloader, readConfig, reloadOnHangup } from './reload.ts';
import type { RuleSettings } from './rules-wiring.ts';
import type { UpOptions } from './up-options.ts';
import { welcome } from './welcome.ts';

const LOG_FILE_BYTES = 16 * 1024 * 1024;
const LOG_FILES_KEPT = 3;
/** The demo lives fast, so that there is something to see at once. */
const DEMO_INTERVAL_MS = 1000;
const DETACH_WAIT_MS = 20_000;
const LOOK_MS = 50;

/** Runs until the signal fires; answers the exit code. @throws UserError, MonError. */
export async function up(options: UpOptions): Promise<number> {
  const { decided, reloader } = await decide(options);
  const { dataDir } = decided;
  const clustered = options.cluster !== undefined;
  await checkForm(dataDir, clustered);
  if (options.detach) return await detach(options, decided);
  const address = { host: decided.host, port: decided.port };
  const lock = lockFolder(dataDir, {
    pid: process.pid,
    startedMs: systemClock.now(),
    listen: '',
    command: clustered ? 'mon up --cluster' : 'mon up',
    ...(options.configPath === undefined ? {} : { config: options.configPath }),
  });
  const file = new LogFile({
    path: logFile(dataDir),
    bytesMax: LOG_FILE_BYTES,
    keep: LOG_FILES_KEPT,
  });
  const logger = upLogger(options, file);
  const ended = new AbortController();
  let failure: unknown;
  const failed = (thrown: unknown): void => {
    failure ??= thrown;
    ended.abort();
  };
  let running: Running | undefined;
  try {
    const reload = reloader?.over(logger);
    const told = { ...decided, logger, failed, reload };
    running = await startForm(options, told).catch((thrown: unknown) => {
      throw portTaken(thrown, address);
    });
    const url = urlOf({ host: address.host, port: running.port });
    lock.update({ listen: url.replace('http://', '') });
    logger.info('up', { url, folder: dataDir });
    const { again } = running;
    if (again !== undefined) {
      reloader?.serve(again.targets, again.also);
      const hears = reloader !== undefined || options.rules !== undefined;
      const alone = {
        reload: () =>
          again.also().catch((thrown: unknown) => {
            logger.error(`rules and routes stay as they were: ${messageOf(thrown)}`);
            throw thrown;
          }),
      };
      if (hears || options.routesPath !== undefined) {
        reloadOnHangup(reloader ?? alone, options.onHangup, failed);
      }
    }
    for (const line of welcome({ ...decided, url, demo: options.demo })) options.print(line);
    await stopped(AbortSignal.any([options.signal, ended.signal]));
    logger.info('stopping');
  } finally {
    const bad = (await running?.stop()) ?? [];
    if (bad.length > 0) logger.error('did not stop well', { parts: bad.join(', ') });
    logger.info('stopped');
    file.close();
    lock.release();
  }
  if (failure !== undefined) throw failure;
  return 0;
}

interface Running extends Pick<RunningLocal, 'port' | 'stop'> {
  /** What a reload gives new settings to, and what else is read anew. */
  readonly again?: {
    readonly targets: RunningLocal['targets'];
    readonly also: (config?: MonConfig) => Promise<unknown>;
  };
}

async function startForm(options: UpOptions, local: LocalOptions): Promise<Running> {
  if (local.kafka !== undefined) {
    const { lookAtTopics } = await import('./kafka-look.ts');
    const { hasRules } = await import('./rules-wiring.ts');
    const alerts = options.cluster !== undefined && hasRules(local);
    for (const line of await lookAtTopics(local.kafka, alerts)) options.warn(line);
  }
  if (options.cluster === undefined) {
    growHeapsFreely();
    const running = await startLocal(local);
    const { targets, rules, exploring, desk } = running;
    const also = async (config?: MonConfig): Promise<void> => {
      await Promise.all([rules.reloadRules(), desk?.reload()]);
      // Last, since nothing of it can be refused any more.
      if (config !== undefined) await exploring.follow(config);
    };
    return { ...running, again: { targets, also } };
  }
  refuseInCluster(local);
  // Loaded where it is wanted: the start of one process is not to pay for it.
  const { startCluster } = await import('./cluster.ts');
  return startCluster(options, options.cluster, local);
}

/** @throws UserError for a folder that the other form of mon has written. */
async function checkForm(dataDir: string, clustered: boolean): Promise<void> {
  // A folder that cannot be looked into is told of when it is taken.
  const other = join(dataDir, clustered ? 'log' : 'hub');
  if (!(await systemDisk.exists(other).catch(() => false))) return;
  const [is, not] = clustered ? ['one process', 'a cluster'] : ['a cluster', 'one process'];
  throw new UserError(`${dataDir} has the data of ${is}, not of ${not}`, {
    hint: `choose another folder with --data-dir, or start it as ${is}`,
  });
}

/** A port in use, with who uses it as far as this machine tells; anything else as it was. */
function portTaken(thrown: unknown, address: ListenAddress): unknown {
  if (!(thrown instanceof MonError) || thrown.code !== 'MON_PORT_IN_USE') return thrown;
  const holder = portHolder(address.port);
  if (holder === undefined) return thrown;
  const where = `${address.host}:${address.port}`;
  const { pid, command } = holder;
  const url = urlOf(address);
  const words = `${where} is in use by process ${pid} (${command})`;
  return new MonError('MON_PORT_IN_USE', words, {
    cause: thrown,
    hint: `if it is a mon, ask it with --url ${url}; stop it with: kill ${pid}; or change --listen`,
    fields: { pid },
  });
}

export type Decided = Omit<LocalOptions, 'logger' | 'failed'>;

/** What flags, environment and configuration say together. @throws UserError. */
export async function decide(
  options: UpOptions,
): Promise<{ readonly decided: Decided; readonly reloader: Reloader | undefined }> {
  const path = await configPath(options);
  const config = path === undefined ? defaultConfig() : await readConfig(path, options.warn);
  const reloader = path === undefined ? undefined : new Reloader(path, config);
  const listen = options.listen ?? config.listen;
  const address = parseListen(listen);
  const tokenFile = options.tokenFile ?? config.tokenFile;
  const token = tokenFile === undefined ? undefined : await readToken(tokenFile);
  checkPublic(address, token);
  const clustered = options.cluster !== undefined;
  const dataDir =
    options.dataDir ?? config.dataDir ?? dataFolder(options.env, options.demo, clustered);
  const decided: Decided = {
    dataDir,
    ...address,
    token,
    partitions: config.partitions,
    kafka: kafkaWith(config.kafka, options.kafka),
    shards: options.shards ?? config.shards,
    retentionMs: config.retentionMs,
    retentionBytes: config.retentionBytes,
    retentionFor: config.retentionFor,
    // The store behind keeps what is older than a few hours.
    rollups: config.behind === undefined ? config.rollups : undefined,
    behind: config.behind,
    regions: config.regions,
    objectFolder: config.objectStore,
    tiers: config.tiers,
    adminApi: options.enableAdmin,
    rules: ruleSettings(config, options.rules ?? []),
    checkpointMs: config.checkpointMs,
    sealMs: config.sealMs,
    intervalMs: options.demo ? DEMO_INTERVAL_MS : config.intervalMs,
    scrapes: config.scrapes,
    hostAgent: config.hostAgent,
    cardinality: config.cardinality,
    aggregate: config.aggregate,
    ...(config.statsd === undefined ? {} : { statsd: parseListen(config.statsd) }),
    selfScrape: config.selfScrape,
    demo: options.demo,
    redisUrl: config.cacheRedis,
    externalLabels: config.externalLabels,
    configText: () => renderConfig(reloader?.config ?? config),
    routesPath: options.routesPath ?? config.routes,
    statePostgres: config.statePostgres,
    env: options.env,
    flags: {
      ...{ 'data-dir': dataDir, listen, demo: String(options.demo) },
      'enable-admin': String(options.enableAdmin === true),
      'enable-lifecycle': String(options.enableLifecycle === true),
    },
    lifecycle: options.enableLifecycle === true || token !== undefined,
  };
  return { decided, reloader };
}

function ruleSettings(config: MonConfig, more: readonly string[]): RuleSettings {
  return {
    files: [...config.ruleFiles, ...more],
    intervalMs: config.evaluationIntervalMs,
    queryOffsetMs: config.ruleQueryOffsetMs,
    externalLabels: config.externalLabels,
    bare: !config.defaultRules,
  };
}

/** The file that counts: the named one, else this user's own where there is one. */
async function configPath(options: UpOptions): Promise<string | undefined> {
  const fallback = defaultConfigFile(options.env);
  return options.configPath ?? ((await systemDisk.exists(fallback)) ? fallback : undefined);
}

/** @throws UserError for a file that is not there or holds no single word. */
export async function readToken(path: string): Promise<string> {
  let text: string;
  try {
    text = Buffer.from(await systemDisk.readFile(path))
      .toString('utf8')
      .trim();
  } catch (thrown) {
    throw new UserError(`the token file: ${messageOf(thrown)}`);
  }
  if (/^[\u0021-\u007e]+$/.test(text)) return text;
  const why = text === '' ? 'is empty' : 'holds more than one word';
  throw new UserError(`the token file ${path} ${why}`, { hint: 'it holds the bearer token alone' });
}

function upLogger(options: UpOptions, file: LogFile): Logger {
  const write = (line: string): void => {
    file.write(line);
    // In the foreground what goes wrong is seen at once; the rest is in the file.
    if (!options.background && / (warn|error) /.test(line.slice(0, 60))) {
      options.warn(line.trimEnd());
    }
  };
  return makeLogger({ write, clock: systemClock });
}

/** Resolves when the signal fires. */
export function stopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Starts the same server in the background and waits until it answers. */
async function detach(options: UpOptions, decided: Decided): Promise<number> {
  const { dataDir } = decided;
  const owner = folderOwner(dataDir);
  if (owner !== undefined) throw lockedBy(dataDir, owner);
  await systemDisk.makeFolder(dataDir);
  const run = fileURLToPath(new URL('../../../../bin/run.js', import.meta.url));
  const args = [run, 'up', '--background', '--data-dir', dataDir];
  if (options.demo) args.push('--demo');
  if (options.configPath !== undefined) args.push('--config', options.configPath);
  if (options.listen !== undefined) args.push('--listen', options.listen);
  if (options.tokenFile !== undefined) args.push('--token-file', options.tokenFile);
  if (options.enableAdmin === true) args.push('--enable-admin');
  if (options.enableLifecycle === true) args.push('--enable-lifecycle');
  if (options.kafka !== undefined) args.push('--kafka', options.kafka);
  for (const glob of options.rules ?? []) args.push('--rules', glob);
  if (options.routesPath !== undefined) args.push('--routes', options.routesPath);
  if (options.shards !== undefined) args.push('--shards', String(options.shards));
  if (options.cluster !== undefined) {
    const { stores, zones, collectors } = options.cluster;
    args.push('--cluster', '--stores', String(stores), '--zones', String(zones));
    args.push('--collectors', String(collectors));
  }
  const output = join(dataDir, 'mon.out');
  // What earlier servers printed stands before this one's words.
  const from = (await saidIn(output)).length;
  const child = startBackground(args, output);
  await untilUp(child, dataDir, { signal: options.signal, output, from });
  const url = `http://${folderOwner(dataDir)?.listen ?? ''}`;
  for (const line of welcome({ ...decided, url, demo: options.demo })) options.print(line);
  const plain = options.dataDir === undefined && options.cluster === undefined;
  const demo = options.demo ? ' --demo' : '';
  const where = plain ? demo : ` --data-dir ${dataDir}`;
  options.print(`stop it with: mon down${where}`);
  return 0;
}

/** What the background process said last, as our own failure. */
function startFailure(said: string, output: string): MonError {
  const lines = said.split('\n');
  const at = lines.findLastIndex((line) => /^(?:error|BUG): /.test(line));
  const last = lines.findLast((line) => line.trim() !== '');
  const ended = `the server ended at once${last === undefined ? '' : `: ${last.trim()}`}`;
  const words = at < 0 ? ended : lines[at].replace(/^error: /, '');
  const hint = lines.slice(at + 1).find((line) => line.startsWith('hint: '));
  return new MonError('MON_SERVER_FAILED', words, {
    hint: hint?.slice('hint: '.length) ?? `everything it printed is in ${output}`,
  });
}

/** What was printed into a file so far; nothing when there is none. */
async function saidIn(output: string): Promise<string> {
  if (!(await systemDisk.exists(output))) return '';
  return Buffer.from(await systemDisk.readFile(output)).toString('utf8');
}

async function untilUp(
  child: Background,
  dataDir: string,
  { signal, output, from }: { signal: AbortSignal; output: string; from: number },
): Promise<void> {
  const deadline = systemClock.monotonic() + DETACH_WAIT_MS;
  while (!signal.aborted) {
    const owner = folderOwner(dataDir);
    if (owner?.pid === child.pid && owner.listen !== '') return;
    if (child.ended() !== undefined) {
      throw startFailure((await saidIn(output)).slice(from).trimEnd(), output);
    }
    if (systemClock.monotonic() > deadline) {
      const said = (await saidIn(output)).slice(from).trim().split('\n').at(-1) ?? '';
      const words = `the server did not come up in 20 s${said === '' ? '' : `: ${said}`}`;
      throw new MonError('MON_TIMEOUT', words, {
        hint: `what it printed is in ${output}`,
      });
    }
    await systemClock.sleep(LOOK_MS, signal);
  }
}
