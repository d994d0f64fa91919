// A process of our own that ends with us: it reads a pipe that we hold, and whatever ends us closes
// it. Easy to get wrong: Ctrl-C in a terminal reaches a whole group, so a child has a group of its
// own and hears only from us; and the last words of one that failed are all that one learns.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

export interface ChildOptions {
  /** Arguments of the same Node. */
  readonly args: readonly string[];
  /** Each line that it prints. */
  readonly line: (text: string) => void;
  /** What it says on stderr, as it comes. */
  readonly noise: (text: string) => void;
}

export interface ChildEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** The end of what it said on stderr. */
  readonly lastWords: string;
}

const LAST_WORDS_CHARS = 4000;
const LINE_CHARS_MAX = 64 * 1024;

/** One running child. */
export class Child {
  readonly pid: number;
  readonly ended: Promise<ChildEnd>;
  readonly #process: ChildProcess;
  #words = '';

  constructor(options: ChildOptions) {
    const child = spawn(process.execPath, [...options.args], {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#process = child;
    this.pid = child.pid ?? 0;
    let rest = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).slice(-LINE_CHARS_MAX).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) options.line(line);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#words = (this.#words + text).slice(-LAST_WORDS_CHARS);
      options.noise(text);
    });
    // Its end is told by 'close'; a pipe that breaks before is no news.
    child.stdin?.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      const end = (code: number | null, signal: string | null): void =>
        resolve({ code, signal, lastWords: this.#words });
      child.on('error', (error) => {
        this.#words += `error: ${error.message}`;
        end(1, null);
      });
      child.on('close', end);
    });
  }

  /** Writes a line to its stdin. */
  tell(line: string): void {
    this.#process.stdin?.write(`${line}\n`);
  }

  kill(signal: 'SIGTERM' | 'SIGKILL' | 'SIGHUP'): void {
    this.#process.kill(signal);
  }
}
