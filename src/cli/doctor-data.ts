// What the doctor looks at in data folders and files: blocks, the log, processes of a cluster that
// crash again and again, configuration, rules and routes. Changes nothing. Easy to get wrong: a
// folder in which nothing was ever stored is well.
import { join } from 'node:path';
import { rolesFile } from '../engine/daemons/folders.ts';
import { findRuleFiles, readRuleFile } from '../engine/daemons/rule-files.ts';
import { inspectFolder, inspectLogIn } from '../engine/daemons/store-files.ts';
import type { RoleStatus } from '../engine/daemons/supervisor.ts';
import { MonError, UserError } from '../engine/errors.ts';
import { folderOwner } from '../engine/runtime/folder-lock.ts';
import { systemDisk } from '../engine/runtime/system-disk.ts';
import type { DoctorFinding } from './doctor-finding.ts';
import { well } from './doctor-finding.ts';

/** More than this in the log, and a reader holds it. */
const LOG_BYTES_WARNING = 8 * 1024 ** 3;
const GIB = 1024 ** 3;

/** Folders below a data folder that have a store or a log: itself, or those of a cluster. */
async function partsOf(folder: string): Promise<{ stores: string[]; logs: string[] }> {
  const stores = join(folder, 'stores');
  if (!(await systemDisk.exists(stores))) return { stores: [folder], logs: [folder] };
  const members = await systemDisk.list(stores);
  return { stores: members.map((one) => join(stores, one)), logs: [join(folder, 'hub')] };
}

/** Everything of one data folder. */
export async function folderFindings(folder: string): Promise<readonly DoctorFinding[]> {
  if (!(await systemDisk.exists(folder))) return [];
  const { stores, logs } = await partsOf(folder);
  const found: DoctorFinding[] = [];
  for (const one of stores) found.push(...(await blockFindings(one)));
  for (const one of logs) found.push(...(await logFindings(one)));
  found.push(...(await roleFindings(folder)));
  return found;
}

async function blockFindings(folder: string): Promise<readonly DoctorFinding[]> {
  try {
    const { problems, partitions } = await inspectFolder(folder);
    const count = partitions.reduce((sum, { blocks }) => sum + blocks.length, 0);
    if (problems.length === 0) return [well('blocks', `${count} blocks in ${folder}`)];
    return problems.map((problem) => ({
      ...{ severity: 'error', check: 'blocks', problem },
      meaning: 'queries of that time lack samples, and say so',
      command: `mon store verify --data-dir ${folder}; a copy in the object store is used instead`,
    }));
  } catch (thrown) {
    if (!(thrown instanceof MonError)) throw thrown;
    // A folder in which nothing was ever stored is well, unless a server says otherwise.
    if (thrown.code === 'MON_NOT_FOUND' || folderOwner(folder) === undefined) return [];
    const meaning = 'the store cannot be read from outside';
    const problem = thrown.message;
    return [{ severity: 'error', check: 'blocks', problem, meaning, command: 'mon logs' }];
  }
}

/** A log of which nothing can be read. */
const NO_LOG = { segments: 0, bytes: 0, closed: false };

async function logFindings(folder: string): Promise<readonly DoctorFinding[]> {
  const log = await inspectLogIn(folder).catch((thrown: unknown) => {
    if (thrown instanceof MonError) return { ...NO_LOG, problems: [thrown.message] };
    throw thrown;
  });
  if (log === undefined) return [];
  const { segments, bytes, closed, problems } = log;
  const size = `${segments} segments, ${(bytes / 1024 ** 2).toFixed(0)} MB in ${folder}`;
  if (problems.length > 0) {
    return problems.map((problem) => ({
      ...{ severity: 'error', check: 'log', problem },
      meaning: 'acknowledged samples may be lost: mon up refuses to start on it',
      command: 'restore the folder from a copy; docs/format/log.md says what belongs there',
    }));
  }
  if (bytes > LOG_BYTES_WARNING) {
    return [
      {
        ...{ severity: 'warning', check: 'log', problem: size },
        meaning: `a reader holds more than ${LOG_BYTES_WARNING / GIB} GB: it is far behind`,
        command: 'mon status names processes that are not ready; mon logs says why',
      },
    ];
  }
  if (closed || folderOwner(folder) !== undefined) return [well('log', size)];
  return [
    {
      ...{ severity: 'note', check: 'log', problem: `${size} was not closed in order` },
      meaning: 'a process was killed; what was acknowledged is there, the tail is read anew',
      command: '',
    },
  ];
}

async function roleFindings(folder: string): Promise<readonly DoctorFinding[]> {
  const path = rolesFile(folder);
  const owner = folderOwner(folder);
  if (owner === undefined || !(await systemDisk.exists(path))) return [];
  const text = Buffer.from(await systemDisk.readFile(path)).toString('utf8');
  const { pid, roles } = JSON.parse(text) as { pid: number; roles: RoleStatus[] };
  if (pid !== owner.pid) return [];
  const bad = roles.filter(({ state }) => state !== 'ready');
  if (bad.length === 0) return [well('roles', `${roles.length} processes are ready`)];
  return bad.map(({ member, state, why, restarts }) => ({
    severity: state === 'crashing' ? 'error' : 'warning',
    ...{ check: 'roles', problem: `${member} is ${state} (${restarts} restarts): ${why}` },
    meaning:
      state === 'crashing'
        ? 'it is started again and again and ends each time; what it does is not done'
        : 'what it does waits',
    command: `mon logs --role ${member} --data-dir ${folder}`,
  }));
}

export interface FilesToCheck {
  readonly config?: string;
  readonly routes?: string;
  readonly rules: readonly string[];
}

/** The configuration with its rule files and routes: as `mon up` would read them. */
export async function configFindings(files: FilesToCheck): Promise<readonly DoctorFinding[]> {
  const found: DoctorFinding[] = [];
  let globs = files.rules;
  let routes = files.routes;
  if (files.config !== undefined) {
    const { readConfig } = await import('../engine/daemons/reload.ts');
    const path = files.config;
    const warnings: string[] = [];
    const config = await mistakesOf(found, 'config', path, () =>
      readConfig(path, (sentence) => warnings.push(sentence)),
    );
    for (const problem of warnings) {
      const meaning = 'this has no effect';
      const command = `mon config check ${path}`;
      found.push({ severity: 'note', check: 'config', problem, meaning, command });
    }
    if (config !== undefined) found.push(well('config', `${path} is well`));
    globs = [...globs, ...(config?.ruleFiles ?? [])];
    routes ??= config?.routes;
  }
  for (const path of await findRuleFiles(systemDisk, globs)) {
    const groups = await mistakesOf(found, 'rules', path, () => readRuleFile(systemDisk, path));
    if (groups !== undefined) found.push(well('rules', `${path}: ${groups.length} groups`));
  }
  if (routes !== undefined) {
    const path = routes;
    const { parseRoutes } = await import('../engine/daemons/routes-file.ts');
    const read = async () =>
      parseRoutes(Buffer.from(await systemDisk.readFile(path)).toString('utf8'), path);
    const known = await mistakesOf(found, 'routes', path, read);
    if (known !== undefined) found.push(well('routes', `${path} is well`));
  }
  return found;
}

/** What `read` answers; a mistake of the user becomes a finding. */
async function mistakesOf<T>(
  found: DoctorFinding[],
  check: 'config' | 'rules' | 'routes',
  path: string,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (thrown) {
    if (!(thrown instanceof UserError) && !(thrown instanceof MonError)) throw thrown;
    const meaning = 'mon up refuses to start with it, and a reload changes nothing';
    const command = `mon ${check} check ${path}`;
    found.push({ severity: 'error', check, problem: thrown.message, meaning, command });
    return undefined;
  }
}
