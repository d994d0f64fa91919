// Streams that look like a terminal, for screens that run inside the test's own process: what is
// written goes through xterm's parser, keys are pushed in. For what a real terminal and a real
// process do, there is terminal.ts.
import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import xterm from '@xterm/headless';

class FakeStdin extends Readable {
  readonly isTTY = true;
  override _read(): void {}
  setRawMode(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

class FakeStdout extends EventEmitter {
  readonly isTTY = true;
  readonly writable = true;
  readonly writableNeedDrain = false;
  readonly terminal: InstanceType<typeof xterm.Terminal>;

  constructor(terminal: InstanceType<typeof xterm.Terminal>) {
    super();
    this.terminal = terminal;
  }

  get columns(): number {
    return this.terminal.cols;
  }

  get rows(): number {
    return this.terminal.rows;
  }

  write(text: string, ...rest: readonly unknown[]): boolean {
    const done = rest.findLast((one) => typeof one === 'function') as (() => void) | undefined;
    this.terminal.write(text, done);
    return true;
  }
}

export interface FakeTerminal {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  press(keys: string): void;
  resize(columns: number, rows: number): void;
  /** Rows of the screen once nothing has changed for a while; blanks at the end cut off. */
  frame(): Promise<string[]>;
}

/** A terminal of a size. */
export function fakeTerminal(columns: number, rows: number): FakeTerminal {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  const stdin = new FakeStdin();
  const stdout = new FakeStdout(terminal);
  const look = async (): Promise<string[]> => {
    await new Promise<void>((resolve) => terminal.write('', resolve));
    const { active } = terminal.buffer;
    return Array.from({ length: terminal.rows }, (_, y) => {
      return active.getLine(active.viewportY + y)?.translateToString(true) ?? '';
    });
  };
  return {
    stdin: stdin as unknown as NodeJS.ReadStream,
    stdout: stdout as unknown as NodeJS.WriteStream,
    press: (keys) => void stdin.push(keys),
    resize(width, height) {
      terminal.resize(width, height);
      stdout.emit('resize');
    },
    async frame() {
      let before: string[] = [];
      for (let same = 0; same < 3;) {
        await new Promise((resolve) => setTimeout(resolve, 60));
        const now = await look();
        same = now.join('\n') === before.join('\n') ? same + 1 : 0;
        before = now;
      }
      return before;
    },
  };
}
