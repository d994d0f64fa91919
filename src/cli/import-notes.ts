// How far files were imported, so that an import which was interrupted goes on where it stopped:
// one small file in the state folder. Easy to get wrong: another file may lie under the same path
// by now, so a note holds for a size, a beginning and a server; a note that is lost only costs
// time.
import { createHash } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { stateFolder } from '../engine/daemons/folders.ts';
import { MonError } from '../engine/errors.ts';
import type { Disk } from '../engine/runtime/disk.ts';
import type { Environment } from './color.ts';

/** What a note is about. */
export interface ImportKey {
  readonly path: string;
  readonly size: number;
  /** The first bytes of the file. */
  readonly head: Uint8Array;
  readonly url: string;
}

const NOTES_MAX = 100;

function notesFile(env: Environment): string {
  return join(stateFolder(env), 'imports.json');
}

function nameOf({ path, size, head, url }: ImportKey): string {
  const hash = createHash('sha256')
    .update(`${resolve(path)}\n${size}\n${url}\n`)
    .update(head);
  return hash.digest('hex').slice(0, 32);
}

async function readNotes(disk: Disk, env: Environment): Promise<Record<string, number>> {
  try {
    const text = Buffer.from(await disk.readFile(notesFile(env))).toString('utf8');
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, number>) : {};
  } catch (thrown) {
    if (thrown instanceof SyntaxError || thrown instanceof MonError) return {};
    throw thrown;
  }
}

async function writeNotes(
  disk: Disk,
  env: Environment,
  notes: Readonly<Record<string, number>>,
): Promise<void> {
  const path = notesFile(env);
  const kept = Object.fromEntries(Object.entries(notes).slice(-NOTES_MAX));
  try {
    await disk.makeFolder(dirname(path));
    await disk.replaceFile(path, [Buffer.from(JSON.stringify(kept))]);
  } catch (thrown) {
    // Without a note the import begins anew next time, which changes nothing.
    if (!(thrown instanceof MonError)) throw thrown;
  }
}

/** Bytes of the file that the server has taken before. */
export async function importedTo(disk: Disk, env: Environment, key: ImportKey): Promise<number> {
  const at = (await readNotes(disk, env))[nameOf(key)];
  return typeof at === 'number' && at > 0 && at < key.size ? at : 0;
}

/** Notes that all before `at` was taken. */
export async function noteImport(
  disk: Disk,
  env: Environment,
  key: ImportKey,
  at: number,
): Promise<void> {
  const { [nameOf(key)]: _before, ...others } = await readNotes(disk, env);
  await writeNotes(disk, env, { ...others, [nameOf(key)]: at });
}

export async function forgetImport(disk: Disk, env: Environment, key: ImportKey): Promise<void> {
  const notes = await readNotes(disk, env);
  if (!(nameOf(key) in notes)) return;
  const { [nameOf(key)]: _done, ...others } = notes;
  await writeNotes(disk, env, others);
}
