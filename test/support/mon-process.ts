// A real `mon up` as a child process on a free port, for tests of the whole: start, wait until it
// is ready, kill it in any way, start it again on the same folder.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { projectRoot } from './project.ts';

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export interface MonProcess {
  readonly url: string;
  readonly pid: number;
  readonly child: ChildProcess;
  /** Both streams so far. */
  output(): string;
  /** Sends the signal and waits for the end; answers exit code or signal name. */
  end(signal: NodeJS.Signals): Promise<number | string>;
}

export interface MonOptions {
  readonly dataDir: string;
  readonly port: number;
  readonly config?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** How long it may take until it is ready; 30 s by default. */
  readonly readyMs?: number;
}

/** Starts `mon up` and resolves when /-/ready answers 200. */
export async function startMon(options: MonOptions): Promise<MonProcess> {
  const listen = `127.0.0.1:${options.port}`;
  const args = ['bin/run.js', 'up', '--data-dir', options.dataDir, '--listen', listen];
  if (options.config !== undefined) args.push('--config', options.config);
  const child = spawn(process.execPath, [...args, ...(options.args ?? [])], {
    cwd: projectRoot,
    env: { ...process.env, NO_COLOR: '1', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  child.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const url = `http://${listen}`;
  await untilReady({ url, child, text: () => text, readyMs: options.readyMs ?? 30_000 });
  return {
    url,
    child,
    pid: child.pid as number,
    output: () => text,
    async end(signal) {
      child.kill(signal);
      const [code, by] = await ended;
      return code ?? by ?? 'gone';
    },
  };
}

interface Waiting {
  readonly url: string;
  readonly child: ChildProcess;
  readonly text: () => string;
  readonly readyMs: number;
}

async function untilReady({ url, child, text, readyMs }: Waiting): Promise<void> {
  const deadline = performance.now() + readyMs;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`mon ended (${child.exitCode}): ${text()}`);
    const ready = await fetch(`${url}/-/ready`).then(
      (r) => r.ok,
      () => false,
    );
    if (ready) return;
    if (performance.now() > deadline)
      throw new Error(`mon was not ready in ${readyMs} ms: ${text()}`);
    await pause(20);
  }
}
