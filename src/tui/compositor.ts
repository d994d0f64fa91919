// Stands between Ink and the terminal: takes whole frames as text, keeps the cells that are on the
// screen, and sends only the runs of cells that differ. A chart that grows by one dot costs a few
// bytes, not its whole row, and a row is always addressed absolutely, so that nothing can drift.
// Easy to get wrong: while the terminal is slow frames must be dropped, not queued, or the screen
// lags ever further.
import { EventEmitter } from 'node:events';
import type { CellRow } from './draw/svg.ts';
import { cellWidth } from './draw/text.ts';

/** What the compositor needs of the terminal. */
export interface Output {
  readonly columns: number;
  readonly rows: number;
  readonly writableNeedDrain: boolean;
  write(text: string): unknown;
  on(event: 'resize' | 'drain', listener: () => void): unknown;
  off(event: 'resize' | 'drain', listener: () => void): unknown;
  /** Takes the cells of each frame: for pictures without a terminal. */
  frame?(rows: readonly CellRow[]): void;
}

const SYNC = '\u001b[?2026h';
const END_SYNC = '\u001b[?2026l';
const RESET = '\u001b[0m';
const CLEAR = '\u001b[0m\u001b[2J';
// Sequences that only move or erase: the compositor does that itself.
// oxlint-disable-next-line no-control-regex -- escape sequences begin with ESC
const NOT_STYLE = /\u001b\[[0-?]*[ -/]*[@-ln-~]/g;
/** Unchanged cells between two changed ones that are cheaper to send than to skip. */
const GAP_MAX = 4;
/** Blanks at the end of a row from which on erasing is cheaper than writing them. */
const BLANKS_MIN = 4;

/** One row of cells: characters (the right half of a wide one is empty) and the style of each. */
interface Row {
  readonly text: string;
  readonly chars: readonly string[];
  readonly styles: readonly string[];
}

/** A writable in the eyes of Ink; a diffing painter in those of the terminal. */
export class Compositor extends EventEmitter {
  readonly isTTY = true;
  readonly writable = true;
  private readonly out: Output;
  private shown: Row[] = [];
  private waiting: string[] | undefined;
  private columnsShown = 0;
  private closed = false;

  constructor(out: Output) {
    super();
    this.setMaxListeners(0);
    this.out = out;
    out.on('resize', this.onResize);
    out.on('drain', this.onDrain);
  }

  get columns(): number {
    return this.out.columns;
  }

  get rows(): number {
    return this.out.rows;
  }

  /** Takes what Ink writes. Only a text of exactly as many lines as the terminal has is a frame. */
  write(data: string | Uint8Array, ...rest: readonly unknown[]): boolean {
    const done = rest.findLast((one) => typeof one === 'function') as (() => void) | undefined;
    const text = String(data).replaceAll(NOT_STYLE, '');
    const lines = text.split('\n');
    if (text !== '' && lines.length === this.rows && !this.closed) this.frame(lines);
    done?.();
    return true;
  }

  /** Takes a frame that Ink had no part in. */
  show(lines: readonly string[]): void {
    if (lines.length === this.rows && !this.closed) this.frame([...lines]);
  }

  /** Paints the last frame whole: after something else has written on the screen. */
  repaint(): void {
    this.columnsShown = 0;
    const lines = this.shown.map((row) => row.text);
    if (lines.length === this.rows && !this.closed) this.frame(lines);
  }

  /** Paints nothing from now on. */
  close(): void {
    this.closed = true;
    this.out.off('resize', this.onResize);
    this.out.off('drain', this.onDrain);
  }

  private readonly onResize = (): void => {
    this.columnsShown = 0;
    this.emit('resize');
  };

  private readonly onDrain = (): void => {
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting && waiting.length === this.rows && !this.closed) this.paint(waiting);
  };

  private frame(lines: string[]): void {
    if (this.out.writableNeedDrain) this.waiting = lines;
    else this.paint(lines);
  }

  private paint(lines: readonly string[]): void {
    const whole = this.columnsShown !== this.columns || this.shown.length !== lines.length;
    const blank = parseRow('', this.columns);
    const rows: Row[] = [];
    let out = '';
    lines.forEach((line, y) => {
      const before = whole ? blank : this.shown[y];
      const row = before.text === line ? before : parseRow(line, this.columns);
      rows.push(row);
      if (row !== before) out += rowChanges(before, row, y);
    });
    this.shown = rows;
    this.columnsShown = this.columns;
    this.out.frame?.(rows);
    if (out !== '' || whole) this.out.write(SYNC + (whole ? CLEAR : '') + out + END_SYNC);
  }
}

/** A line as cells; styles as the sequence that sets them from nothing. */
function parseRow(text: string, columns: number): Row {
  const chars = Array<string>(columns).fill(' ');
  const styles = Array<string>(columns).fill('');
  const pen = new Pen();
  let x = 0;
  for (let i = 0; i < text.length && x < columns;) {
    if (text.charCodeAt(i) === 0x1b) {
      const end = text.indexOf('m', i);
      if (end < 0) break;
      pen.apply(text.slice(i + 2, end));
      i = end + 1;
      continue;
    }
    const char = String.fromCodePoint(text.codePointAt(i) as number);
    i += char.length;
    const wide = cellWidth(char);
    if (x + wide > columns) break;
    for (let half = 0; half < wide; half++, x++) {
      chars[x] = half === 0 ? char : '';
      styles[x] = pen.style;
    }
  }
  return { text, chars, styles };
}

/** The style in force, from the sequences read so far. */
class Pen {
  style = '';
  private color = '';
  private background = '';
  private readonly flags = new Set<string>();

  apply(codes: string): void {
    const parts = codes === '' ? ['0'] : codes.split(';');
    for (let i = 0; i < parts.length; i++) {
      const code = Number(parts[i]);
      if (code === 38 || code === 48) {
        const length = parts[i + 1] === '2' ? 5 : 3;
        const value = parts.slice(i, i + length).join(';');
        if (code === 38) this.color = value;
        else this.background = value;
        i += length - 1;
      } else this.one(code);
    }
    const all = [...this.flags, this.color, this.background].filter((part) => part !== '');
    this.style = all.join(';');
  }

  private one(code: number): void {
    if (code === 0) {
      this.flags.clear();
      this.color = this.background = '';
    } else if (code === 39) this.color = '';
    else if (code === 49) this.background = '';
    else if (code === 22) ['1', '2'].forEach((flag) => this.flags.delete(flag));
    else if (code > 22 && code < 30) this.flags.delete(String(code - 20));
    else if (code < 10) this.flags.add(String(code));
    else if ((code >= 30 && code < 38) || code >= 90) this.color = String(code);
    else if (code >= 40 && code < 48) this.background = String(code);
  }
}

/** The bytes that turn one row into another; the pen is at rest before and after. */
function rowChanges(before: Row, after: Row, y: number): string {
  const columns = after.chars.length;
  const end = blankFrom(after);
  const erase = blankFrom(before) - end >= BLANKS_MIN;
  const differs = (x: number): boolean =>
    before.chars[x] !== after.chars[x] || before.styles[x] !== after.styles[x];
  const limit = erase ? end : columns;
  let out = '';
  let style = '';
  let at = -1;
  for (let x = 0; x < limit; x++) {
    if (!differs(x)) continue;
    // The right half of a wide character is changed by writing the character.
    let from = after.chars[x] === '' ? x - 1 : x;
    if (at >= 0 && from - at <= GAP_MAX && from > at && plain(after, at, from)) from = at;
    if (from !== at) out += at < 0 ? `\u001b[${y + 1};${from + 1}H` : `\u001b[${from - at}C`;
    for (at = from; at <= x || after.chars[at] === ''; at++) {
      if (after.chars[at] === '') continue;
      if (after.styles[at] !== style) {
        style = after.styles[at];
        out += style === '' ? RESET : `\u001b[0;${style}m`;
      }
      out += after.chars[at];
    }
    x = at - 1;
  }
  if (style !== '') out += RESET;
  if (!erase) return out;
  return `${out}\u001b[${y + 1};${end + 1}H\u001b[K`;
}

/** True when cells can be sent again without a change of style in between. */
function plain(row: Row, from: number, to: number): boolean {
  for (let x = from; x < to; x++) if (row.styles[x] !== row.styles[from - 1]) return false;
  return row.chars[from] !== '';
}

/** The first column from which on a row is blank and without style. */
function blankFrom(row: Row): number {
  let end = row.chars.length;
  while (end > 0 && row.chars[end - 1] === ' ' && row.styles[end - 1] === '') end--;
  return end;
}
