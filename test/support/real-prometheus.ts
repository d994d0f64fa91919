// Debian's Prometheus as a child process on a free port, with its data in a folder of the test.
// Easy to get wrong: it remote-writes only what it scraped after its queue has started, so the very
// first samples of a run may be missing on the other side.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { cleanEnv } from './run-cli.ts';
import { freePort } from './mon-process.ts';

export interface RealPrometheus {
  readonly url: string;
  output(): string;
  end(): Promise<void>;
}

export interface PrometheusOptions {
  readonly folder: string;
  /** The whole prometheus.yml; PORT stands for the port it listens on. */
  readonly config: string;
  /** Where it listens; a free port by default. */
  readonly port?: number;
  /** Which program; Debian's by default. */
  readonly program?: string;
  /** Further flags. */
  readonly args?: readonly string[];
}

/** Starts it and resolves when it is ready. */
export async function startPrometheus(options: PrometheusOptions): Promise<RealPrometheus> {
  const port = options.port ?? (await freePort());
  const file = join(options.folder, 'prometheus.yml');
  await writeFile(file, options.config.replaceAll('PORT', String(port)));
  const args = [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(options.folder, 'prometheus')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=warn',
    ...(options.args ?? []),
  ];
  const program = options.program ?? 'prometheus';
  const child = spawn(program, args, { env: cleanEnv(), stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ended = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const deadline = performance.now() + 30_000;
  const ready = (): Promise<boolean> =>
    fetch(`${url}/-/ready`).then(
      (r) => r.ok,
      () => false,
    );
  while (!(await ready())) {
    if (child.exitCode !== null) throw new Error(`Prometheus ended: ${text}`);
    if (performance.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`Prometheus was not ready in 30 s: ${text}`);
    }
    await pause(50);
  }
  return {
    url,
    output: () => text,
    async end() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
