// One test file in a process of its own, and what it reports. Easy to get wrong: what a test has
// started outlives it and holds its output open, so the file is the head of a process group, and
// the group is what is killed: when its time is over, and when the file has ended by itself.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { REPORT_FD } from './test-report.ts';
import type { TestReport } from './test-report.ts';

const LEFT_OPEN_MS = 2000;
const REPORTER = fileURLToPath(new URL('./test-report.js', import.meta.url));

export interface TestProcessOptions {
  readonly file: string;
  /** When it is killed, ms. */
  readonly ms: number;
  readonly report: (report: TestReport) => void;
  readonly output: (text: string) => void;
}

const running = new Set<ChildProcess>();

/** Runs the file to its end; answers why it has failed beyond what its tests told. */
export async function runTestFile(options: TestProcessOptions): Promise<string | undefined> {
  const { file, ms, report, output } = options;
  const flags = [`--test-reporter=${REPORTER}`, '--test-reporter-destination=stdout'];
  const stdio = ['ignore', 'pipe', 'pipe', 'pipe'] as const;
  // Set where the runner's own tests run, it would send what is told to nobody.
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  const child = spawn(process.execPath, [...flags, file], {
    ...{ stdio: [...stdio], env },
    detached: true,
  });
  running.add(child);
  child.stdout?.setEncoding('utf8').on('data', output);
  child.stderr?.setEncoding('utf8').on('data', output);
  let done = false;
  let failed = false;
  const lines = createInterface({ input: child.stdio[REPORT_FD] as Readable });
  lines.on('line', (line) => {
    const told = JSON.parse(line) as TestReport;
    if (told.kind === 'done') done = true;
    else report(told);
    failed ||= told.kind === 'end' && told.failure !== undefined;
  });
  const closed = Promise.all([once(lines, 'close'), once(child, 'close')]);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    killGroup(child);
  }, ms);
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  clearTimeout(timer);
  killGroup(child);
  running.delete(child);
  // Who has left the group may hold the output open for as long as it lives.
  await Promise.race([closed, pause(LEFT_OPEN_MS, undefined, { ref: false })]);
  if (late) return `killed: it had not ended after ${ms / 1000} s`;
  const end = signal ?? `exit code ${code}`;
  if (!done) return `ended before its tests did (${end})`;
  return code === 0 || failed ? undefined : `ended with ${end}`;
}

/** Kills all that runs, for a runner that is stopped itself. */
export function killTestFiles(): void {
  for (const child of running) killGroup(child);
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (thrown) {
    // Nobody of the group is left.
    if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown;
  }
}
