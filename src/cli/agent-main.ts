// The process that an agent goes on in: without the command line around it, which would take ten
// megabytes for nothing. Started by bin/agent.js in the place of `mon agent`. Easy to get wrong:
// signals, exit codes and words on stderr are those of `mon agent` itself.
import { systemClock } from '../engine/runtime/clock.ts';
import { askedOf, runAgent } from './agent-run.ts';
import type { Environment } from './color.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { watchInterrupts } from './interrupts.ts';
import type { SignalSource } from './interrupts.ts';

/** The process as it is handed over by who may touch it. */
export interface AgentHost extends SignalSource {
  readonly env: Environment;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  on(event: string, listener: (thrown: unknown) => void): unknown;
  /** Ends the process. */
  leave(code: number): never;
}

/** Does what was asked for and ends the process. */
export async function agentMain(host: AgentHost, asked: string): Promise<void> {
  const watched = watchInterrupts(
    host,
    () => systemClock.monotonic(),
    (code) => host.leave(code),
  );
  const tell = async (thrown: unknown): Promise<number> => {
    const { failureText } = await import('./failure-text.ts');
    host.stderr.write(await failureText(thrown, false));
    return exitCodeOf(thrown);
  };
  const crash = (thrown: unknown): void => void tell(thrown).then((code) => host.leave(code));
  host.on('uncaughtException', crash);
  host.on('unhandledRejection', crash);
  const note = async (line: string): Promise<void> => {
    const { safeLine } = await import('./terminal-text.ts');
    host.stderr.write(`${await safeLine(line)}\n`);
  };
  let code: number;
  try {
    code = await runAgent(askedOf(asked), {
      ...{ env: host.env, signal: watched.signal },
      print: (line) => void host.stdout.write(`${line}\n`),
      note: (line) => void note(line),
    });
  } catch (thrown) {
    code = watched.code() === undefined ? await tell(thrown) : EXIT.failed;
  }
  host.stdout.write('', () => host.leave(watched.code() ?? code));
}
