// The end of a server's log file, and what is written to it afterwards. Easy to get wrong: the file
// is put aside when it is full, so following means noticing that a smaller one stands at the path;
// and a read may end in the middle of a character.
import { dirname, join } from 'node:path';
import { logFile, roleLogFile } from '../engine/daemons/folders.ts';
import { MonError } from '../engine/errors.ts';
import type { Disk } from '../engine/runtime/disk.ts';
import { systemDisk } from '../engine/runtime/system-disk.ts';
import { safeChunks } from './listing.ts';
import type { Stage } from './stage.ts';

const LOOK_MS = 250;
const READ_BYTES = 256 * 1024;

export interface LogFlags {
  readonly follow: boolean;
  readonly lines: number;
  /** Of a cluster: the processes of this role, or the one of this name. */
  readonly role?: string;
}

/** Prints the log of the first folder that has one. @throws MonError MON_NOT_FOUND. */
export async function printLog(
  folders: readonly string[],
  flags: LogFlags,
  stage: Stage,
): Promise<void> {
  if (flags.role !== undefined)
    return printRoleLogs(folders, { ...flags, role: flags.role }, stage);
  const paths = folders.map(logFile);
  const path = await firstThere(systemDisk, paths);
  if (path === undefined) {
    throw new MonError('MON_NOT_FOUND', `no log at ${paths.join(' or ')}`, {
      hint: 'a server writes one when it is started with mon up --detach',
    });
  }
  await printFile(path, flags, stage);
}

/** The logs of all processes of a role, one after the other; followed together. */
async function printRoleLogs(
  folders: readonly string[],
  flags: LogFlags & { readonly role: string },
  stage: Stage,
): Promise<void> {
  const { role } = flags;
  const found: string[] = [];
  for (const folder of folders) {
    const logs = dirname(roleLogFile(folder, role));
    if (found.length > 0 || !(await systemDisk.exists(logs))) continue;
    const names = (await systemDisk.list(logs)).filter((name) => name.endsWith('.log'));
    const ours = names.filter((name) => name === `${role}.log` || isOf(name, role));
    found.push(...ours.map((name) => join(logs, name)));
  }
  if (found.length === 0) {
    throw new MonError('MON_NOT_FOUND', `no log of a role ${role} in ${folders.join(' or ')}`, {
      hint: 'mon status names the roles of a cluster',
    });
  }
  await Promise.all(found.map((path) => printFile(path, flags, stage)));
}

/** True for `store-0.log` of the role `store`. */
function isOf(name: string, role: string): boolean {
  return name.startsWith(`${role}-`) && /^-\d+\.log$/.test(name.slice(role.length));
}

async function printFile(path: string, flags: LogFlags, stage: Stage): Promise<void> {
  const file = await systemDisk.open(path, 'r');
  let position: number;
  try {
    position = await file.size();
    const from = Math.max(0, position - READ_BYTES);
    const bytes = new Uint8Array(position - from);
    const got = await file.read(bytes, from);
    const whole = Buffer.from(bytes.subarray(0, got)).toString('utf8');
    const lines = whole.split('\n');
    if (from > 0) lines.shift();
    if (lines.at(-1) === '') lines.pop();
    const last = flags.lines === 0 ? [] : lines.slice(-flags.lines);
    await printLines(last, stage);
  } finally {
    await file.close();
  }
  if (flags.follow) await follow(path, position, stage);
}

async function follow(path: string, start: number, stage: Stage): Promise<void> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(READ_BYTES);
  let position = start;
  let rest = '';
  while (!stage.signal.aborted) {
    const got = await readFrom(path, position, buffer);
    if (got === 'shrunk') {
      position = 0;
      continue;
    }
    position += got;
    const lines = (rest + decoder.decode(buffer.subarray(0, got), { stream: true })).split('\n');
    rest = lines.pop() as string;
    await printLines(lines, stage);
    if (got < buffer.length) await stage.clock.sleep(LOOK_MS, stage.signal);
  }
}

async function readFrom(
  path: string,
  position: number,
  into: Uint8Array,
): Promise<number | 'shrunk'> {
  try {
    const file = await systemDisk.open(path, 'r');
    try {
      return (await file.size()) < position ? 'shrunk' : await file.read(into, position);
    } finally {
      await file.close();
    }
  } catch (thrown) {
    // Between two files, when one was put aside and the next is not there yet.
    if (thrown instanceof MonError && thrown.code === 'MON_NOT_FOUND') return 0;
    throw thrown;
  }
}

async function printLines(lines: readonly string[], stage: Stage): Promise<void> {
  if (lines.length === 0) return;
  await stage.print(await safeChunks(() => lines.map((line) => `${line}\n`), stage.surface));
}

async function firstThere(disk: Disk, paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await disk.exists(path)) return path;
  return undefined;
}
