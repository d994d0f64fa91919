// A process of our own that is spoken to in messages: structured data goes both ways, typed arrays
// included. It ends with us, since its channel closes then. Easy to get wrong: it may die at any
// moment, and who waits for an answer has to hear of that; its words on stderr are all one learns.
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

export interface HelperEnd {
  readonly why: string;
  /** The end of what it said on stderr. */
  readonly lastWords: string;
}

const LAST_WORDS_CHARS = 2000;

export class HelperProcess {
  readonly #child: ChildProcess;
  #words = '';
  #over = false;

  /** Starts a compiled module under the same Node; `ended` is called once, however it ends. */
  constructor(module: URL, args: readonly string[], ended: (end: HelperEnd) => void) {
    this.#child = fork(module, [], {
      execArgv: [...args],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      // Ctrl-C in a terminal reaches a whole group: it hears only from us.
      detached: true,
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#words = (this.#words + text).slice(-LAST_WORDS_CHARS);
    });
    const end = (why: string): void => {
      if (this.#over) return;
      this.#over = true;
      ended({ why, lastWords: this.#words });
    };
    this.#child.on('error', (error) => end(error.message));
    this.#child.on('exit', (code, signal) => end(signal ?? `exit ${code}`));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  on(_: 'message', listener: (value: unknown) => void): void {
    this.#child.on('message', listener);
  }

  postMessage(value: unknown): void {
    // Its end is told by 'exit'; a channel that breaks before is no news.
    this.#child.send(value as object, () => undefined);
  }

  /** Ends it at once; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#over) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await gone;
  }
}

/** The other end, in the process that was started; it ends when its parent is gone. */
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
