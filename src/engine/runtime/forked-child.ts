// A process of our own that is spoken to in messages: structured data goes both ways, typed arrays
// cross as they are. It ends with us, because its channel breaks. Easy to get wrong: a child of the
// terminal's group would get the Ctrl-C that is meant for us and die before we have said goodbye;
// and it may die at any moment, of which its last words on stderr are all that one learns.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

export interface ForkedOptions {
  /** The compiled module that it runs, under the same Node. */
  readonly module: string;
  readonly heapMib: number;
  /** Told once, however it ends, with the last of what it said on stderr. */
  readonly ended: (why: string, lastWords: string) => void;
}

const LAST_WORDS_CHARS = 2000;

export class ForkedChild {
  readonly pid: number;
  readonly #process: ChildProcess;
  #over = false;

  constructor({ module, heapMib, ended }: ForkedOptions) {
    const args = [`--max-old-space-size=${heapMib}`, '--no-warnings', module];
    const child = spawn(process.execPath, args, {
      detached: true,
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#process = child;
    this.pid = child.pid ?? 0;
    let words = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-LAST_WORDS_CHARS);
    });
    const end = (why: string): void => {
      if (this.#over) return;
      this.#over = true;
      ended(why, words.trim());
    };
    // Where it could not be started nothing else is told.
    child.on('error', (error) => child.pid === undefined && end(error.message));
    child.on('exit', (code, signal) => end(signal ?? `exit ${code}`));
  }

  on(_: 'message', listener: (value: unknown) => void): void {
    this.#process.on('message', listener);
  }

  /** Hands a message over; false when the channel is broken. */
  postMessage(message: unknown): boolean {
    if (!this.#process.connected) return false;
    // A failure shows as the end of the process.
    this.#process.send(message as object, () => undefined);
    return true;
  }

  /** Ends it at once; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#over) return;
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await gone;
  }

  /** It no longer keeps this process alive. */
  unref(): void {
    this.#process.unref();
    this.#process.channel?.unref();
    (this.#process.stderr as { unref?: () => void } | null)?.unref?.();
  }
}

/** The other end of the channel, in the child; the process ends when it breaks. */
export function parentChannel(): {
  on(event: 'message', listener: (value: unknown) => void): void;
  postMessage(value: unknown): void;
} {
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  return {
    on: (event, listener) => void process.on(event, listener),
    postMessage: (value) => void process.send?.(value, undefined, undefined, () => undefined),
  };
}
