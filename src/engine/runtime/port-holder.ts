// Which process listens on a port, for the refusal that a port in use gets. Linux tells it in
// /proc; elsewhere, and for other users' processes, nobody knows. Easy to get wrong: processes
// come and go while one looks, so whatever cannot be read is passed over.
import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';

export interface PortHolder {
  readonly pid: number;
  /** Its command line up to the first flag, names without their folders: `node run.js up`. */
  readonly command: string;
}

const LISTENING = '0A';

/** The process that listens on the TCP port, as far as this user may know. */
export function portHolder(port: number): PortHolder | undefined {
  const sockets = new Set(['tcp', 'tcp6'].flatMap((table) => listeners(table, port)));
  if (sockets.size === 0) return undefined;
  for (const name of listing('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const folder = `/proc/${name}/fd`;
    const holds = listing(folder).some((fd) => sockets.has(link(`${folder}/${fd}`)));
    if (holds) return { pid: Number(name), command: commandOf(name) };
  }
  return undefined;
}

function commandOf(pid: string): string {
  const words = text(`/proc/${pid}/cmdline`).split('\0');
  const flag = words.findIndex((word) => word === '' || word.startsWith('-'));
  return words
    .slice(0, flag < 0 ? undefined : flag)
    .map((word) => basename(word))
    .join(' ');
}

// Columns of /proc/net/tcp: number, local, remote, state, queues, timer, retransmits, user, probes,
// inode.
function listeners(table: string, port: number): string[] {
  const rows = text(`/proc/net/${table}`).split('\n').slice(1);
  const columns = rows.map((row) => row.trim().split(/\s+/));
  return columns
    .filter((c) => c[3] === LISTENING && Number.parseInt(c[1].split(':')[1], 16) === port)
    .map((c) => `socket:[${c[9]}]`);
}

function text(path: string): string {
  return orElse('', () => readFileSync(path, 'utf8'));
}

function listing(folder: string): string[] {
  return orElse([], () => readdirSync(folder));
}

function link(path: string): string {
  return orElse('', () => readlinkSync(path));
}

function orElse<T>(fallback: T, read: () => T): T {
  try {
    return read();
  } catch {
    // Not Linux, not ours, or gone in the meantime.
    return fallback;
  }
}
