// Debian's VictoriaMetrics as a child process on one port, with its data in a folder of the test;
// it can be killed and started again on both. Easy to get wrong: what was just written is not
// searchable for a second, so wait for what you count.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { cleanEnv } from './run-cli.ts';
import { freePort } from './mon-process.ts';

const READY_MS_MAX = 30_000;

export class RealVictoria {
  readonly url: string;
  readonly #folder: string;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #text = '';

  private constructor(folder: string, port: number, args: readonly string[]) {
    this.url = `http://127.0.0.1:${port}`;
    this.#folder = folder;
    this.#args = args;
  }

  static async start(folder: string, args: readonly string[] = []): Promise<RealVictoria> {
    const made = new RealVictoria(folder, await freePort(), args);
    await made.start();
    return made;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Starts it, or starts it again, and resolves when it answers. */
  async start(): Promise<void> {
    const child = spawn(
      'victoria-metrics',
      [
        `-storageDataPath=${join(this.#folder, 'victoria')}`,
        `-httpListenAddr=${this.url.replace('http://', '')}`,
        '-retentionPeriod=100y',
        ...this.#args,
      ],
      { env: cleanEnv(), stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#child = child;
    child.stdout.on('data', (chunk: Buffer) => (this.#text += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (this.#text += chunk.toString()));
    const deadline = performance.now() + READY_MS_MAX;
    while (!(await this.#answers())) {
      if (child.exitCode !== null) throw new Error(`VictoriaMetrics ended: ${this.#text}`);
      if (performance.now() > deadline) throw new Error(`VictoriaMetrics is slow: ${this.#text}`);
      await pause(50);
    }
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  #answers(): Promise<boolean> {
    return fetch(`${this.url}/health`).then(
      (reply) => reply.ok,
      () => false,
    );
  }
}
