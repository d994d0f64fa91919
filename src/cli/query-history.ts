// The queries that were asked in the prompt, from one session to the next: a line of JSON each in
// the state folder, the newest last, bounded. Easy to get wrong: two prompts may be open at once,
// so the file is read again before it is written; and a damaged line must cost only itself.
import { dirname, join } from 'node:path';
import { stateFolder } from '../engine/daemons/folders.ts';
import { messageOf, MonError } from '../engine/errors.ts';
import { QUERY_HISTORY_BYTES_MAX, QUERY_HISTORY_MAX } from '../engine/limits.ts';
import type { Disk } from '../engine/runtime/disk.ts';
import type { Environment } from './color.ts';

/** `$XDG_STATE_HOME/mon/query-history.jsonl`. */
export function historyFile(env: Environment): string {
  return join(stateFolder(env), 'query-history.jsonl');
}

/** The same of `mon sql`. */
export function sqlHistoryFile(env: Environment): string {
  return join(stateFolder(env), 'sql-history.jsonl');
}

/** The history of one prompt while it is open. */
export interface PromptHistory {
  /** What was asked before, the oldest first. */
  readonly past: readonly string[];
  /** Why there is none, or ''. */
  readonly note: string;
  /** Answers '' or what went wrong. */
  readonly remember: (text: string) => Promise<string>;
  /** Resolves when all is written: wait for it before leaving, or the last one is lost. */
  readonly settled: () => Promise<unknown>;
}

export async function openHistory(disk: Disk, path: string): Promise<PromptHistory> {
  let note = '';
  const past = await readHistory(disk, path).catch((thrown: unknown) => {
    note = `the history cannot be read: ${messageOf(thrown)}`;
    return [];
  });
  // One after the other: each reads what the one before has written.
  let turn = Promise.resolve('');
  return {
    ...{ past, note },
    remember: (text) => (turn = turn.then(() => remember(disk, path, text))),
    settled: () => turn,
  };
}

/** The queries kept, the oldest first; none when there is no file. @throws MonError. */
export async function readHistory(disk: Disk, path: string): Promise<readonly string[]> {
  let text: string;
  try {
    text = Buffer.from(await disk.readFile(path)).toString('utf8');
  } catch (thrown) {
    if (thrown instanceof MonError && thrown.code === 'MON_NOT_FOUND') return [];
    throw thrown;
  }
  return trimmed(text.slice(-QUERY_HISTORY_BYTES_MAX).split('\n').flatMap(entryOf));
}

/** Puts a query at the end, in the place of an older same one; '' or what went wrong. */
export async function remember(disk: Disk, path: string, query: string): Promise<string> {
  try {
    const kept = await readHistory(disk, path);
    const next = trimmed([...kept.filter((one) => one !== query), query]);
    const text = next.map((one) => `${JSON.stringify(one)}\n`).join('');
    await disk.makeFolder(dirname(path));
    await disk.replaceFile(path, [Buffer.from(text)]);
    return '';
  } catch (thrown) {
    return `the history is not kept: ${messageOf(thrown)}`;
  }
}

function entryOf(line: string): string[] {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === 'string' && entry.trim() !== '' ? [entry] : [];
  } catch {
    return [];
  }
}

/** The newest of them, within the bounds. */
function trimmed(entries: readonly string[]): string[] {
  const out: string[] = [];
  let bytes = 0;
  for (const entry of entries.toReversed()) {
    bytes += Buffer.byteLength(entry) + 3;
    if (out.length >= QUERY_HISTORY_MAX || bytes > QUERY_HISTORY_BYTES_MAX) break;
    out.push(entry);
  }
  return out.toReversed();
}
