// A rectangle of cells that charts, tables and boxes are drawn into before anything becomes text.
// Rows leave with one escape sequence per run of a style, not per cell: that is most of what a
// frame costs. Easy to get wrong: a wide character owns two cells, and cutting it in half shifts
// all behind it.
import { STYLE, type Palette } from './styles.ts';
import { asciiText, cellWidth, safeText } from './text.ts';

export class CellGrid {
  readonly width: number;
  readonly height: number;
  /** One character a cell; the empty string is the right half of a wide one. */
  private readonly chars: string[];
  private readonly styles: Uint8Array;
  /** True once a wide character was put: only then can one be cut in half. */
  private wide = false;

  constructor(width: number, height: number) {
    this.width = Math.max(0, Math.floor(width));
    this.height = Math.max(0, Math.floor(height));
    this.chars = Array<string>(this.width * this.height).fill(' ');
    this.styles = new Uint8Array(this.width * this.height);
  }

  /** Puts one narrow drawing character; outside the grid it is ignored. */
  set(x: number, y: number, char: string, style: number): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    const at = y * this.width + x;
    if (this.wide) this.split(x, y);
    this.chars[at] = char;
    this.styles[at] = style;
  }

  /**
   * Writes text from (x, y) on, made safe, clipped at the edges, and says how many cells it took.
   * `room` clips earlier than the right edge.
   */
  put(x: number, y: number, text: string, more: { style?: number; room?: number } = {}): number {
    if (y < 0 || y >= this.height) return 0;
    const style = more.style ?? STYLE.plain;
    const end = Math.min(this.width, x + (more.room ?? this.width));
    let at = x;
    for (const char of safeText(text)) {
      const wide = cellWidth(char);
      if (at + wide > end) break;
      if (at >= 0) {
        this.set(at, y, char, style);
        if (wide > 1) {
          this.set(at + 1, y, ' ', style);
          this.chars[y * this.width + at + 1] = '';
          this.wide = true;
        }
      }
      at += wide;
    }
    return Math.max(0, at - x);
  }

  /** Gives a run of cells a style and leaves the characters. */
  paint(x: number, y: number, more: { length: number; style: number }): void {
    if (y < 0 || y >= this.height) return;
    const from = Math.max(0, x);
    const to = Math.min(this.width, x + more.length);
    if (to > from) this.styles.fill(more.style, y * this.width + from, y * this.width + to);
  }

  /** Copies another grid over this one; what lies outside is left out. */
  blit(from: CellGrid, x: number, y: number): void {
    const width = Math.min(from.width, this.width - x);
    for (let row = 0; row < from.height && y + row < this.height; row++) {
      const source = row * from.width;
      const target = (y + row) * this.width + x;
      for (let i = 0; i < width; i++) this.chars[target + i] = from.chars[source + i];
      this.styles.set(from.styles.subarray(source, source + width), target);
    }
    this.wide ||= from.wide;
  }

  /** The character of a cell, empty for the right half of a wide one, and its style. */
  cell(x: number, y: number): { readonly char: string; readonly style: number } {
    const at = y * this.width + x;
    return { char: this.chars[at], style: this.styles[at] };
  }

  /** True while nothing was drawn there. */
  blank(x: number, y: number): boolean {
    return this.chars[y * this.width + x] === ' ';
  }

  /** The other half of a wide character that is about to be half overwritten becomes a blank. */
  private split(x: number, y: number): void {
    const at = y * this.width + x;
    if (this.chars[at] === '') this.chars[at - 1] = ' ';
    else if (x + 1 < this.width && this.chars[at + 1] === '') this.chars[at + 1] = ' ';
  }

  /** The rows as text, blanks at the end cut off, every row closing the styles that it opened. */
  lines(palette: Palette, ascii = false): string[] {
    const out: string[] = [];
    for (let y = 0; y < this.height; y++) out.push(this.line(y, palette, ascii));
    return out;
  }

  private line(y: number, palette: Palette, ascii: boolean): string {
    const from = y * this.width;
    let end = from + this.width;
    while (end > from && this.chars[end - 1] === ' ' && !this.shows(end - 1)) end--;
    let out = '';
    let style = STYLE.plain as number;
    for (let at = from; at < end; at++) {
      const char = this.chars[at];
      const next = this.styles[at];
      // A blank looks the same in every style but inverse: no need to change for it.
      if (next !== style && (char !== ' ' || this.shows(at) || inverse(style))) {
        out += palette.close[style] + palette.open[next];
        style = next;
      }
      out += char;
    }
    const text = out + palette.close[style];
    return ascii ? asciiKeepingStyles(text) : text;
  }

  private shows(at: number): boolean {
    return inverse(this.styles[at]);
  }
}

function inverse(style: number): boolean {
  return style === STYLE.badge || style === STYLE.badgeBad;
}

function asciiKeepingStyles(text: string): string {
  return text
    .split('\u001b')
    .map((part) => asciiText(part))
    .join('\u001b');
}
