// A real terminal for tests: the program runs behind a pty, and xterm's own parser turns its bytes
// into a screen that can be read cell by cell. Widths are those of Unicode 6, the oldest that one
// meets: what is right here is right in newer terminals. Easy to get wrong: bytes arrive later than
// keys are pressed, so look only through `waitFor`, or after `settled`.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import { projectRoot } from './project.ts';

const pinned = join(projectRoot, 'node_modules/node/bin/node');

/** The Node that the project pins: bin/run.js would start it anyway, as a second process. */
export const nodeBin = existsSync(pinned) ? pinned : process.execPath;

export interface TermOptions {
  readonly cmd: readonly string[];
  readonly cols: number;
  readonly rows: number;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Cell {
  readonly char: string;
  readonly width: number;
  readonly bold: boolean;
  readonly inverse: boolean;
  /** -1 for the default colour. */
  readonly color: number;
}

export interface Term {
  readonly pid: number;
  /** The process that the program in the terminal, a shell mostly, has started. */
  childPid(): number;
  /** Sends a key by name (`enter`, `escape`, `up`, `ctrl-c` …) or as it is. */
  press(...keys: readonly string[]): void;
  type(text: string): void;
  resize(cols: number, rows: number): void;
  /** Rows of the screen, blanks at the end cut off. */
  screen(): string[];
  text(): string;
  cell(x: number, y: number): Cell;
  /**
   * Resolves when the screen holds the text or the condition; fails with the screen when it never
   * does.
   */
  waitFor(wanted: string | ((text: string) => boolean), ms?: number): Promise<void>;
  /** Resolves when nothing has arrived for `ms`, counted from the call on. */
  settled(ms?: number): Promise<void>;
  /** Bytes received so far. */
  bytes(): number;
  /** All that was received. */
  raw(): string;
  /** True while the alternate screen is shown. */
  alternate(): boolean;
  /** Rows that scrolled off the top of the screen shown. */
  scrolled(): number;
  /** CPU ms of the process so far, user and system. */
  cpuMs(): number;
  /** Resolves with the exit code; 128 and the signal's number when it died of one. */
  readonly exit: Promise<number>;
  kill(signal?: string): void;
}

const KEYS: Readonly<Record<string, string>> = {
  enter: '\r',
  escape: '\u001b',
  tab: '\t',
  backspace: '\u007f',
  up: '\u001b[A',
  down: '\u001b[B',
  right: '\u001b[C',
  left: '\u001b[D',
  'shift-tab': '\u001b[Z',
  'ctrl-c': '\u0003',
  'ctrl-l': '\u000c',
  'ctrl-u': '\u0015',
};

/**
 * Environment of all terminal tests: UTF-8, 24-bit colour, and no CI that would silence screens.
 */
const FIXED_ENV = {
  TERM: 'xterm-256color',
  COLORTERM: 'truecolor',
  LANG: 'C.UTF-8',
  CI: 'false',
  NO_COLOR: '',
};

/** Starts a program in a terminal. The working directory is the project's. */
export function openTerm(options: TermOptions): Term {
  const { cmd, cols, rows } = options;
  const screen = new xterm.Terminal({ cols, rows, allowProposedApi: true, scrollback: 1000 });
  const pty = spawn(cmd[0], cmd.slice(1), {
    cols,
    rows,
    cwd: projectRoot,
    env: { ...process.env, ...FIXED_ENV, ...options.env } as Record<string, string>,
  });
  let raw = '';
  let ended = false;
  let lastAt = performance.now();
  pty.onData((data) => {
    raw += data;
    lastAt = performance.now();
    screen.write(data);
  });
  const exit = new Promise<number>((resolve) => {
    pty.onExit(({ exitCode, signal }) => {
      ended = true;
      const code = signal ? 128 + signal : exitCode;
      // What was still in the parser belongs to the screen.
      screen.write('', () => resolve(code));
    });
  });
  const lines = (): string[] => {
    const { active } = screen.buffer;
    return Array.from({ length: screen.rows }, (_, y) => {
      return active.getLine(active.viewportY + y)?.translateToString(true) ?? '';
    });
  };
  const flushed = (): Promise<void> => new Promise((resolve) => screen.write('', resolve));
  return {
    pid: pty.pid,
    childPid: () => childOf(pty.pid),
    exit,
    press: (...keys) => keys.forEach((key) => pty.write(KEYS[key] ?? key)),
    type: (text) => pty.write(text),
    resize(columns, height) {
      screen.resize(columns, height);
      pty.resize(columns, height);
    },
    screen: lines,
    text: () => lines().join('\n'),
    cell: (x, y) => cellAt(screen, x, y),
    bytes: () => Buffer.byteLength(raw),
    raw: () => raw,
    alternate: () => screen.buffer.active.type === 'alternate',
    scrolled: () => screen.buffer.active.baseY,
    cpuMs: () => cpuMsOf(pty.pid),
    kill(signal = 'SIGKILL') {
      if (!ended) pty.kill(signal);
    },
    waitFor: (wanted, ms = 15_000) =>
      waitUntil({ look: () => flushed().then(() => lines().join('\n')), wanted, ms }),
    async settled(ms = 400) {
      const called = performance.now();
      while (performance.now() - Math.max(lastAt, called) < ms)
        await new Promise((r) => setTimeout(r, 25));
      await flushed();
    },
  };
}

interface Wait {
  readonly look: () => Promise<string>;
  readonly wanted: string | ((text: string) => boolean);
  readonly ms: number;
}

async function waitUntil({ look, wanted, ms }: Wait): Promise<void> {
  const end = performance.now() + ms;
  const holds = typeof wanted === 'string' ? (t: string) => t.includes(wanted) : wanted;
  for (;;) {
    const text = await look();
    if (holds(text)) return;
    if (performance.now() > end) {
      throw new Error(`the screen never showed ${String(wanted)}:\n${text}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

function cellAt(screen: InstanceType<typeof xterm.Terminal>, x: number, y: number): Cell {
  const { active } = screen.buffer;
  const cell = active.getLine(active.viewportY + y)?.getCell(x);
  return {
    char: cell?.getChars() ?? '',
    width: cell?.getWidth() ?? 0,
    bold: cell?.isBold() !== 0,
    inverse: cell?.isInverse() !== 0,
    color: cell && !cell.isFgDefault() ? cell.getFgColor() : -1,
  };
}

/**
 * Environment in which a program throws out of a timer, as a bug would, when it gets SIGUSR2: at a
 * moment that the test chooses, because a busy machine starts programs late.
 */
export function crashOnSignal(): Record<string, string> {
  const crash = 'setTimeout(() => { throw new Error("a bug went off"); })';
  const code = `process.on('SIGUSR2', () => ${crash})`;
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}` };
}

function childOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return Number(text.split(' ')[0]);
}

/** Fields 14 and 15 of /proc/PID/stat, in ticks of 10 ms; 0 where there is no /proc. */
function cpuMsOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
}
