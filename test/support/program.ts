// Other people's programs in tests: whether this machine has one, and a run of it from start to end
// with everything it said. The environment is the tests' own, as for `mon` itself.
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cleanEnv } from './run-cli.ts';
import type { CliResult } from './run-cli.ts';

/** The path of a program, or undefined where the machine lacks it. */
export function findProgram(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** For a test's `skip`: false where the program is there, else the words that test/run.ts knows. */
export function skipWithout(name: string): string | false {
  return findProgram(name) === undefined ? `needs ${name}` : false;
}

/** Runs a program to its end. */
export function runToEnd(program: string, args: readonly string[]): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: cleanEnv(), stdio: ['ignore', 'pipe', 'pipe'] });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({ stdout, stderr, code: code ?? signal ?? 'gone' }),
    );
  });
}
