// Somebody else's server as a child process, started on a free port and ended with the test: node
// exporter, Pushgateway, collectd. Easy to get wrong: a program that ended at once must say why.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { cleanEnv } from './run-cli.ts';

export interface RealProgram {
  output(): string;
  end(): Promise<void>;
}

/** Starts it and resolves when `ready` says so; it is ended with the test. */
export async function startProgram(
  t: TestContext,
  [program, ...args]: readonly [string, ...string[]],
  ready: () => Promise<boolean>,
): Promise<RealProgram> {
  const child = spawn(program, args, { env: cleanEnv(), stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = once(child, 'exit');
  const end = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  t.after(end);
  const deadline = performance.now() + 30_000;
  while (!(await ready().catch(() => false))) {
    if (child.exitCode !== null) throw new Error(`${program} ended: ${text}`);
    if (performance.now() > deadline) throw new Error(`${program} is not ready: ${text}`);
    await pause(100);
  }
  return { output: () => text, end };
}

/** Whether an address answers with a 2xx. */
export async function answers(url: string): Promise<boolean> {
  return (await fetch(url)).ok;
}
