// A process of our own with a channel of structured messages: typed arrays cross as they are. It
// ends with us, because its channel breaks. Easy to get wrong: a child of the terminal's group
// would get the Ctrl-C that is meant for us and die before we have said goodbye.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

export interface ForkedOptions {
  /** The module that it runs. */
  readonly module: string;
  readonly heapMib: number;
  /** Each message that it sends. */
  readonly message: (value: unknown) => void;
  /** Told once, when it has ended, with the last of what it said on stderr. */
  readonly ended: (why: string) => void;
}

const LAST_WORDS_CHARS = 2000;

export class ForkedChild {
  readonly pid: number;
  readonly #process: ChildProcess;

  constructor({ module, heapMib, message, ended }: ForkedOptions) {
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
    child.on('message', message);
    child.on('error', (error) => {
      words += error.message;
    });
    let over = false;
    const end = (code: number | null, signal: string | null): void => {
      if (over) return;
      over = true;
      ended(`${signal ?? `exit ${code}`}${words === '' ? '' : `: ${words.trim()}`}`);
    };
    child.on('close', end);
    child.on('exit', end);
  }

  /** Hands a message over; false when the channel is broken. */
  send(message: unknown): boolean {
    if (!this.#process.connected) return false;
    // A failure shows as the end of the process.
    this.#process.send(message as object, () => undefined);
    return true;
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  /** It no longer keeps this process alive. */
  unref(): void {
    this.#process.unref();
    this.#process.channel?.unref();
    (this.#process.stderr as { unref?: () => void } | null)?.unref?.();
  }
}

/** The other end of the channel, in the child; the process ends when it breaks. */
export function parentChannel<In, Out>(): {
  send(message: Out): void;
  onMessage(listener: (message: In) => void): void;
} {
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  return {
    send: (message) => void process.send?.(message),
    onMessage: (listener) => void process.on('message', (value) => listener(value as In)),
  };
}
