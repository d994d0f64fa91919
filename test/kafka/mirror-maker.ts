// A real MirrorMaker 2 as a child process, from the same jars as the brokers: started on a file of
// properties, killed as a power cut would, started again. Easy to get wrong: a test that dies must
// not leave it behind, so a shell beside it ends it when the test's end of a pipe is closed.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { kafkaJars } from './jars.ts';

const HEAP = ['-Xms64m', '-Xmx256m'];
const LIGHT = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto'];
const MAIN = 'org.apache.kafka.connect.mirror.MirrorMaker';
const SCRIPT = 'exec 3<&0; java "$@" </dev/null 3<&- >&2 & echo $! >&1; read -r _ <&3; kill -9 $!';

export class MirrorMaker {
  readonly #child: ChildProcess;
  readonly #log: string;
  readonly #pid: Promise<number>;

  /** Starts it; what it writes goes into the file `log`. */
  constructor(properties: string, log: string) {
    const args = [...HEAP, ...LIGHT, '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'];
    args.push('-cp', `${kafkaJars()}/*`, MAIN, properties);
    const output = openSync(log, 'a');
    const child = spawn('bash', ['-c', SCRIPT, 'mirror', ...args], {
      stdio: ['pipe', 'pipe', output],
    });
    child.unref();
    closeSync(output);
    this.#child = child;
    this.#log = log;
    this.#pid = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.stdout?.once('data', (chunk: Buffer) => resolve(Number(chunk.toString().trim())));
    });
  }

  /** What it wrote, for a failure's message. */
  logs(): string {
    return existsSync(this.#log) ? readFileSync(this.#log, 'utf8').slice(-6000) : '';
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const pid = await this.#pid;
    try {
      process.kill(pid, signal);
      while (alive(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
    } catch {
      // It has ended by itself.
    }
    this.#child.kill('SIGKILL');
  }
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
