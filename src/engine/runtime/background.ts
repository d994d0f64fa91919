// Starts a process of its own that outlives this one. Easy to get wrong: a child that keeps one of
// our pipes dies of the next line it prints when we are gone, so its output goes to a file from the
// start.
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { diskFailure } from './disk-failure.ts';

export interface Background {
  readonly pid: number;
  /** True when the process has ended, with its exit code. */
  ended(): number | undefined;
}

/** Runs the same Node with `args`; both streams are appended to `outputPath`. */
export function startBackground(args: readonly string[], outputPath: string): Background {
  let output: number;
  try {
    output = openSync(outputPath, 'a', 0o600);
  } catch (thrown) {
    throw diskFailure(thrown, 'write', outputPath);
  }
  let code: number | undefined;
  const child = spawn(process.execPath, [...args], {
    detached: true,
    stdio: ['ignore', output, output],
  });
  child.on('exit', (exit) => (code = exit ?? 1));
  child.on('error', () => (code = 1));
  child.unref();
  closeSync(output);
  return { pid: child.pid ?? 0, ended: () => code };
}
