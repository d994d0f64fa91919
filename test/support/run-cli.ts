// Runs the real `mon` as a child process and keeps everything it says. The environment is made from
// nothing, so that a developer's own contexts, colours and tokens cannot change a test.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from './project.ts';

export interface CliResult {
  readonly stdout: string;
  readonly stderr: string;
  /** The exit code, or the signal that ended the process. */
  readonly code: number | string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
  readonly cwd?: string;
  /** Called as soon as the process runs. */
  readonly started?: (child: ChildProcess) => void;
}

const homes: string[] = [];
process.on('exit', () => homes.forEach((home) => rmSync(home, { recursive: true, force: true })));

/** A folder of its own for configuration and state; it goes when the test file has ended. */
export function freshHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'mon-cli-'));
  homes.push(home);
  return home;
}

const emptyHome = freshHome();

/** The whole environment of a command: nothing of the developer's but the way to programs. */
export function cleanEnv(more: CliOptions['env'] = {}): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: emptyHome,
    TERM: 'xterm-256color',
    LANG: 'C.UTF-8',
    ...more,
  };
}

/** Runs `mon ARGS…` and resolves when it has ended. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return runProgram(process.execPath, [join(projectRoot, 'bin/run.js'), ...args], options);
}

/** Runs a line of bash in which `mon` is the real one. */
export function runShell(line: string, options: CliOptions = {}): Promise<CliResult> {
  const mon = `mon() { "${process.execPath}" "${join(projectRoot, 'bin/run.js')}" "$@"; }`;
  return runProgram('bash', ['-c', `${mon}; ${line}`], options);
}

function runProgram(
  program: string,
  args: readonly string[],
  options: CliOptions,
): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd ?? projectRoot,
      env: cleanEnv(options.env),
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({ stdout, stderr, code: code ?? signal ?? 'gone' }),
    );
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    options.started?.(child);
  });
}
