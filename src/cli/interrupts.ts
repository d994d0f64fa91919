// Signals and closed pipes as one AbortSignal. The first SIGINT, SIGTERM or SIGHUP asks the
// command to come to an end, so that its clean-up runs; a second one leaves at once. A reader that
// closed our stdout or stderr (`mon … | head`) is no failure. Easy to get wrong: npm passes a
// Ctrl-C on, so that one key press may arrive twice.
import { EXIT } from './exit-codes.ts';

const CODES = {
  SIGINT: EXIT.interrupted,
  SIGTERM: EXIT.terminated,
  SIGHUP: EXIT.hangup,
} as const;

/** Two signals closer than this are one key press, once from the terminal and once from npm. */
const SAME_PRESS_MS = 40;

export interface Interrupts {
  /** Fires with the first signal or when the reader of our output has gone. */
  readonly signal: AbortSignal;
  /** The exit code that the interruption demands; undefined when there was none. */
  code(): number | undefined;
  /** SIGHUP calls the listener from now on and interrupts nothing. */
  onHangup(listener: () => void): void;
}

export interface SignalSource {
  on(event: keyof typeof CODES, listener: () => void): unknown;
  readonly stdout: NodeJS.EventEmitter;
  readonly stderr: NodeJS.EventEmitter;
}

/** Listens from now on; `leave` ends the process at once with a code. */
export function watchInterrupts(
  process: SignalSource,
  monotonic: () => number,
  leave: (code: number) => void,
): Interrupts {
  const controller = new AbortController();
  let code: number | undefined;
  let firstAt = 0;
  let hangup: (() => void) | undefined;
  for (const name of Object.keys(CODES) as (keyof typeof CODES)[]) {
    process.on(name, () => {
      if (name === 'SIGHUP' && hangup !== undefined && code === undefined) return hangup();
      if (code !== undefined && monotonic() - firstAt > SAME_PRESS_MS) return leave(CODES[name]);
      if (code !== undefined) return;
      code = CODES[name];
      firstAt = monotonic();
      controller.abort();
    });
  }
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
      code ??= EXIT.ok;
      controller.abort();
    });
  }
  return {
    signal: controller.signal,
    code: () => code,
    onHangup: (listener) => (hangup = listener),
  };
}
