// Streams that look like a terminal and keep what would be on it: a screen runs in them without
// one, and its last frame becomes a picture. The frames are the compositor's own cells, so that no
// second terminal is needed to know what a terminal would show. Easy to get wrong: a frame that is
// still filling up is no picture, so one waits until nothing has changed for a while.
import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import type { Clock } from '../engine/runtime/clock.ts';
import type { CellRow } from './draw/svg.ts';

/** Who draws frames hands their cells to whoever can take them. */
export interface FrameTaker {
  frame?(rows: readonly CellRow[]): void;
}

class QuietInput extends Readable {
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

class FrameOutput extends EventEmitter implements FrameTaker {
  readonly isTTY = true;
  readonly writable = true;
  readonly writableNeedDrain = false;
  readonly columns: number;
  readonly rows: number;
  readonly #clock: Clock;
  last: readonly CellRow[] = [];
  #text = '';
  changedAt: number;

  constructor(size: CaptureSize, clock: Clock) {
    super();
    this.setMaxListeners(0);
    this.columns = size.columns;
    this.rows = size.rows;
    this.#clock = clock;
    this.changedAt = clock.monotonic();
  }

  write(_text: unknown, ...rest: readonly unknown[]): boolean {
    const done = rest.findLast((one) => typeof one === 'function') as (() => void) | undefined;
    done?.();
    return true;
  }

  end(): this {
    return this;
  }

  frame(rows: readonly CellRow[]): void {
    const text = textOf(rows);
    if (text !== this.#text) this.changedAt = this.#clock.monotonic();
    this.#text = text;
    this.last = rows.map(({ chars, styles }) => ({ chars: [...chars], styles: [...styles] }));
  }
}

export interface CaptureSize {
  readonly columns: number;
  readonly rows: number;
}

export interface CaptureOptions extends CaptureSize {
  readonly clock: Clock;
  /** A picture that has not changed for so long is taken, ms. */
  readonly quietMs: number;
  /** Nothing is taken earlier: the first answers have to come, ms. */
  readonly leastMs: number;
  /** After so long whatever is there is taken, ms. */
  readonly mostMs: number;
  /** Ends it early. */
  readonly signal: AbortSignal;
}

export interface CaptureStreams {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  /** Ends the screen when its picture has been taken. */
  readonly signal: AbortSignal;
}

const LOOK_MS = 50;

/** Runs a screen until its picture stands still, and answers the cells. */
export async function capture(
  options: CaptureOptions,
  show: (streams: CaptureStreams) => Promise<unknown>,
): Promise<readonly CellRow[]> {
  const { clock, quietMs, leastMs, mostMs, signal } = options;
  const output = new FrameOutput(options, clock);
  const input = new QuietInput();
  const ended = new AbortController();
  const streams = {
    stdin: input as unknown as NodeJS.ReadStream,
    stdout: output as unknown as NodeJS.WriteStream,
    signal: AbortSignal.any([ended.signal, signal]),
  };
  const begun = clock.monotonic();
  const shown = show(streams);
  let over = false;
  const left = shown.then(
    () => (over = true),
    () => (over = true),
  );
  for (;;) {
    await Promise.race([clock.sleep(LOOK_MS, signal), left]);
    const now = clock.monotonic();
    const still = output.last.length > 0 && now - output.changedAt >= quietMs;
    if (over || (still && now - begun >= leastMs) || now - begun >= mostMs || signal.aborted) break;
  }
  const rows = output.last;
  ended.abort();
  await shown;
  return rows;
}

/** The cells as lines of text, blanks at the end cut off. */
export function textOf(rows: readonly CellRow[]): string {
  return rows.map(({ chars }) => `${chars.join('').trimEnd()}\n`).join('');
}
