// What `mon run ROLE` does: one role as a process of its own, part of the cluster that its flags
// name. Under a supervisor it says on stdout how it is, one line of JSON a change, and ends when
// its stdin does. Easy to get wrong: without that a killed supervisor leaves orphans behind that
// hold ports and folders.
import { hostname } from 'node:os';
import type { Readable } from 'node:stream';
import { UserError, messageOf } from '../errors.ts';
import { addressText, parseAddress } from '../remote/address.ts';
import type { Address } from '../remote/address.ts';
import { systemClock } from '../runtime/clock.ts';
import { LogFile } from '../runtime/log-file.ts';
import { makeLogger } from '../runtime/logger.ts';
import { isLoopback } from './listen-address.ts';
import { reloadOnHangup } from './reload.ts';
import { refuseInCluster } from './cluster-refusals.ts';
import { startRole } from './role-frame.ts';
import type { RoleOptions, RunningRole } from './role-frame.ts';
import { roleNamed } from './roles.ts';
import type { RoleReport } from './supervisor.ts';
import { decide, readToken, stopped } from './up.ts';
import type { UpOptions } from './up-options.ts';

export interface RunOptions extends Omit<UpOptions, 'detach' | 'background' | 'cluster'> {
  readonly role: string;
  readonly member?: string;
  readonly zone: string;
  readonly zones?: readonly string[];
  readonly hub?: string;
  readonly socket: string;
  readonly advertise?: string;
  readonly clusterTokenFile?: string;
  readonly objects?: string;
  readonly logFile?: string;
  /** What the supervisor says; its end is ours. */
  readonly supervisor?: Readable;
}

const LOG_FILE_BYTES = 16 * 1024 * 1024;
const LOG_FILES_KEPT = 3;
const LOOK_MS = 100;

/** Runs until the signal fires or the supervisor has gone; answers the exit code. */
export async function run(options: RunOptions): Promise<number> {
  const start = await roleNamed(options.role);
  const { decided: settings, reloader } = await decide({
    ...options,
    detach: false,
    background: false,
  });
  refuseInCluster(settings);
  const { member = `${options.role}-${hostname()}`, logFile: path } = options;
  const token = await clusterToken(options);
  const file =
    path === undefined
      ? undefined
      : new LogFile({ path, bytesMax: LOG_FILE_BYTES, keep: LOG_FILES_KEPT });
  const write = file?.write ?? ((line: string) => options.warn(line.trimEnd()));
  const logger = makeLogger({ write, clock: systemClock }).child({ role: member });
  const ended = new AbortController();
  let failure: unknown;
  const failed = (thrown: unknown): void => {
    failure ??= thrown;
    ended.abort();
  };
  let others: readonly string[] = [];
  const { supervisor } = options;
  if (supervisor !== undefined) {
    listenTo(
      supervisor,
      () => ended.abort(),
      (now) => (others = now.filter((m) => m !== member)),
    );
  }
  const role: RoleOptions = {
    ...{ role: options.role, member, zone: options.zone, zones: options.zones, token, logger },
    ...{ dataDir: settings.dataDir, hub: hubOf(options), socket: parseAddress(options.socket) },
    ...(options.advertise === undefined ? {} : { advertise: options.advertise }),
    settings: { ...settings, objectFolder: options.objects ?? settings.objectFolder },
    ...{ failed, others: () => others, reloader },
  };
  const signal = AbortSignal.any([options.signal, ended.signal]);
  let running: RunningRole | undefined;
  try {
    running = await startRole(start, role);
    const now = running;
    const again = async (): Promise<void> => {
      try {
        await now.reload();
      } catch (thrown) {
        logger.error('what was read from files stays as it was', { why: messageOf(thrown) });
        throw thrown;
      }
    };
    reloadOnHangup({ reload: again }, options.onHangup, failed);
    logger.info('up', { pid: process.pid, address: addressText(running.address) });
    await report(running, { ...options, signal });
    await stopped(signal);
    logger.info('stopping');
  } catch (thrown) {
    logger.failure('ends', thrown);
    throw thrown;
  } finally {
    const bad = (await running?.stop()) ?? [];
    if (bad.length > 0) logger.error('did not stop well', { parts: bad.join(', ') });
    if (failure !== undefined) logger.failure('ends', failure);
    file?.close();
  }
  if (failure !== undefined) throw failure;
  return 0;
}

function hubOf({ role, hub }: RunOptions): Address | undefined {
  if (role === 'log' || role === 'state') return undefined;
  if (hub !== undefined) return parseAddress(hub);
  throw new UserError(`the role ${role} needs the address of the hub`, {
    hint: 'give --hub HOST:PORT: where mon run log, or state, listens (its --socket)',
  });
}

async function clusterToken({ clusterTokenFile, socket }: RunOptions): Promise<string> {
  if (clusterTokenFile !== undefined) return readToken(clusterTokenFile);
  const address = parseAddress(socket);
  if ('path' in address || isLoopback(address.host)) return '';
  throw new UserError(`${socket} can be reached from other machines, and there is no token`, {
    hint: 'give every process of the cluster the same --cluster-token-file',
  });
}

/** Reads the supervisor's lines until it has gone. */
function listenTo(
  supervisor: Readable,
  gone: () => void,
  waiting: (members: readonly string[]) => void,
): void {
  let rest = '';
  supervisor.setEncoding('utf8');
  supervisor.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    const last = lines.at(-1);
    if (last === undefined || last === '') return;
    waiting((JSON.parse(last) as { waitingFor: readonly string[] }).waitingFor);
  });
  supervisor.on('end', gone);
  supervisor.on('close', gone);
  supervisor.on('error', gone);
}

/** Tells the supervisor, or the terminal, each time readiness changes, until the signal fires. */
async function report(running: RunningRole, options: RunOptions): Promise<void> {
  let told = '';
  while (!options.signal.aborted) {
    const waiting = running.waitingFor();
    const line: RoleReport = {
      state: waiting.length === 0 ? 'ready' : 'not ready',
      why: waiting.length === 0 ? '' : `waits for ${waiting.join(', ')}`,
      address: addressText(running.address),
      url: running.url ?? '',
    };
    const text = JSON.stringify(line);
    if (text !== told) {
      const plain = `${options.role} is ${line.state} at ${line.url || line.address} ${line.why}`;
      options.print(options.supervisor === undefined ? plain.trimEnd() : text);
    }
    told = text;
    await systemClock.sleep(LOOK_MS, options.signal);
  }
}
