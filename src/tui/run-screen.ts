// Opens a full screen and gives the terminal back as it was, whatever happens: quit, Ctrl-C, a
// signal, an exception in a timer, a broken component. Ink draws frames, the compositor sends what
// changed. Autowrap is off meanwhile, because a terminal that counts a character wider than we do
// would otherwise scroll. Easy to get wrong: the message of a crash must come after the screen is
// restored, or it vanishes.
import { render, type Instance } from 'ink';
import type { ReactNode } from 'react';
import { UserError } from '../engine/errors.ts';
import type { Clock } from '../engine/runtime/clock.ts';
import { Compositor } from './compositor.ts';

export interface ScreenControls {
  /** Leaves with an exit code. */
  exit(code: number): void;
  /** Paints everything again: after something else has written on the screen. */
  repaint(): void;
  /** Shows these rows, exactly as many as the terminal has, without a layout by Ink. */
  paint(lines: readonly string[]): void;
  /**
   * Hands a text to the clipboard of the terminal, over SSH too, where the terminal allows that
   * (OSC 52). False when it is too long.
   */
  copy(text: string): boolean;
}

/** What of the process a screen has to listen to. */
export interface ScreenProcess {
  prependListener(event: string, listener: (thrown: unknown) => void): unknown;
  removeListener(event: string, listener: (thrown: unknown) => void): unknown;
  listenerCount(event: string): number;
}

export interface ScreenOptions {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly clock: Clock;
  readonly process: ScreenProcess;
  /** Ends the screen from outside: SIGTERM, a deadline. */
  readonly signal?: AbortSignal;
  /** What is pasted arrives as one text (bracketed paste). */
  readonly pastes?: boolean;
  readonly show: (controls: ScreenControls) => ReactNode;
  /** What to do where there is no terminal. */
  readonly elsewhere: string;
}

const CRASHES = ['uncaughtException', 'unhandledRejection'];
/** Alternate screen, cursor hidden, no autowrap. */
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const LEAVE = '\u001b[0m\u001b[?7h\u001b[?1049l\u001b[?25h';
/** Ink would ask for it too, but only frames pass the compositor. */
const PASTE_ON = '\u001b[?2004h';
const PASTE_OFF = '\u001b[?2004l';
/** Frames a second while keys are pressed; data comes far more slowly. */
const FPS_MAX = 15;
/** After a resize the terminal settles, then everything is painted once more. */
const SETTLE_MS = 80;
/** Terminals take some ten kilobytes into their clipboard; a whole rule has to fit. */
const COPY_BYTES_MAX = 64 * 1024;
/** The code when the signal fired and nobody above knows a better one. */
const TERMINATED = 143;

/**
 * Runs a screen until it exits and answers its exit code.
 * @throws UserError without a terminal; whatever broke a component, after the terminal is restored.
 */
export async function runScreen(options: ScreenOptions): Promise<number> {
  const { stdin, stdout } = options;
  if (stdout.isTTY !== true || stdin.isTTY !== true) {
    throw new UserError('a screen needs a terminal for input and output', {
      hint: options.elsewhere,
    });
  }
  return await new Screen(options).run();
}

class Screen {
  private readonly options: ScreenOptions;
  private readonly compositor: Compositor;
  private instance: Instance | undefined;
  private code = 0;
  private open = false;
  private crashed: ((thrown: unknown) => void) | undefined;
  private readonly controls: ScreenControls = {
    exit: (code) => this.leave(code),
    repaint: () => this.compositor.repaint(),
    paint: (lines) => this.compositor.show(lines),
    copy: (text) => this.copy(text),
  };

  constructor(options: ScreenOptions) {
    this.options = options;
    this.compositor = new Compositor(options.stdout);
  }

  async run(): Promise<number> {
    const { stdin, stdout, show, signal, process } = this.options;
    const broken = new Promise<never>((_, reject) => (this.crashed = reject));
    broken.catch(() => undefined);
    for (const event of CRASHES) process.prependListener(event, this.onCrash);
    process.prependListener('exit', this.onExit);
    signal?.addEventListener('abort', this.onAbort, { once: true });
    try {
      this.open = true;
      // Before the first frame, or keys that come early are echoed into it.
      stdin.setRawMode?.(true);
      stdout.write(this.options.pastes === true ? ENTER + PASTE_ON : ENTER);
      this.instance = render(show(this.controls), {
        stdin,
        stdout: this.compositor as unknown as NodeJS.WriteStream,
        maxFps: FPS_MAX,
        // What is logged meanwhile would tear the picture; it goes nowhere.
        patchConsole: true,
        exitOnCtrlC: false,
        // A terminal in a CI job is a terminal all the same.
        interactive: true,
      });
      // Node tells of another size only. A terminal that was small for a moment and has its size
      // again has lost what stood there, and all that comes of it is the signal.
      process.prependListener('SIGWINCH', this.onResize);
      stdout.on('resize', this.onResize);
      if (signal?.aborted) this.leave(TERMINATED);
      await Promise.race([this.instance.waitUntilExit(), broken]);
      return this.code;
    } finally {
      this.restore();
      stdout.off('resize', this.onResize);
      process.removeListener('SIGWINCH', this.onResize);
      signal?.removeEventListener('abort', this.onAbort);
      for (const event of CRASHES) process.removeListener(event, this.onCrash);
      process.removeListener('exit', this.onExit);
    }
  }

  private leave(code: number): void {
    if (!this.open) return;
    this.code = code;
    this.restore();
  }

  private copy(text: string): boolean {
    const bytes = Buffer.from(text);
    if (!this.open || bytes.length > COPY_BYTES_MAX) return false;
    this.options.stdout.write(`\u001b]52;c;${bytes.toString('base64')}\u0007`);
    return true;
  }

  private restore(): void {
    if (!this.open) return;
    this.open = false;
    this.compositor.close();
    this.instance?.unmount();
    this.options.stdin.setRawMode?.(false);
    const { stdout, pastes } = this.options;
    stdout.write(pastes === true ? PASTE_OFF + LEAVE : LEAVE);
  }

  private readonly onAbort = (): void => this.leave(TERMINATED);
  private readonly onExit = (): void => this.restore();
  private readonly onResize = (): void => {
    this.options.clock.after(SETTLE_MS, () => this.compositor.repaint(), true);
  };

  /** Restores first; then whoever else listens prints, or the caller gets it. */
  private readonly onCrash = (thrown: unknown): void => {
    this.restore();
    const others = CRASHES.some((event) => this.options.process.listenerCount(event) > 1);
    if (!others) this.crashed?.(thrown);
  };
}
