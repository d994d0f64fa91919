// A real PostgreSQL on a free port, for tests that need one: a cluster of its own in a folder of
// its own. Easy to get wrong: the server refuses to run as root, so root lends it another user.
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from './mon-process.ts';

const HOMES = '/usr/lib/postgresql';

/** The folder of the newest server on this machine; undefined when there is none. */
export function postgresHome(): string | undefined {
  try {
    const versions = readdirSync(HOMES).sort((a, b) => Number(b) - Number(a));
    return versions.length === 0 ? undefined : join(HOMES, versions[0], 'bin');
  } catch {
    return undefined;
  }
}

/** The words that begin a command of the server. */
function asServer(program: string): readonly string[] {
  const path = join(postgresHome() ?? '', program);
  if (process.getuid?.() !== 0) return [path];
  // Not every root has the programs of the system in its path.
  const runuser = ['/usr/sbin/runuser', '/sbin/runuser'].find((one) => existsSync(one));
  return [runuser ?? 'runuser', '-u', 'postgres', '--', path];
}

export class RealPostgres {
  readonly port: number;
  readonly #folder: string;
  #child: ChildProcess | undefined;

  private constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
  }

  static async start(): Promise<RealPostgres> {
    const folder = mkdtempSync(join(tmpdir(), 'mon-postgres-'));
    chmodSync(folder, 0o777);
    const [command, ...words] = asServer('initdb');
    const data = join(folder, 'data');
    execFileSync(command, [...words, '-D', data, '-U', 'mon', '-A', 'trust', '-E', 'UTF8'], {
      stdio: 'ignore',
      cwd: folder,
    });
    const server = new RealPostgres(await freePort(), folder);
    await server.again();
    return server;
  }

  url(database = 'postgres'): string {
    return `postgres://mon@127.0.0.1:${this.port}/${database}`;
  }

  async again(): Promise<void> {
    const [command, ...words] = asServer('postgres');
    const flags = ['-D', join(this.#folder, 'data'), '-p', String(this.port)];
    const quiet = ['-c', 'listen_addresses=127.0.0.1', '-k', this.#folder];
    this.#child = spawn(command, [...words, ...flags, ...quiet], {
      stdio: 'ignore',
      cwd: this.#folder,
    });
    const ready = ['-h', '127.0.0.1', '-p', String(this.port), '-q'];
    for (let i = 0; i < 200; i++) {
      try {
        execFileSync(join(postgresHome() ?? '', 'pg_isready'), ready, { stdio: 'ignore' });
        return;
      } catch {
        await pause(50);
      }
    }
    throw new Error('postgres did not answer in 10 s');
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child !== undefined && child.exitCode === null) {
      const ended = once(child, 'exit');
      // Not the child, which may be runuser: the server itself. SIGINT is its fast shutdown.
      const first = readFileSync(join(this.#folder, 'data/postmaster.pid'), 'utf8');
      process.kill(Number(first.split('\n', 1)[0]), 'SIGINT');
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
