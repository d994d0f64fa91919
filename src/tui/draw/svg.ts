// A screen as a picture: rows of cells into SVG that looks the same everywhere. Letters are text of
// a fixed length; Braille, blocks and lines are shapes, because fonts disagree on them most. Pure:
// the same cells are the same bytes. Easy to get wrong: what is in a cell came from outside, so it
// is escaped, and what XML cannot hold is replaced.
import { lookOf, type CellLook, type Grounds } from './ansi-colors.ts';
import { blockShape, brailleDots, lineShape } from './svg-shapes.ts';

/** A row of a screen: a character a cell (the right half of a wide one is empty), and its style. */
export interface CellRow {
  readonly chars: readonly string[];
  /** Numbers of an escape sequence; empty for none. */
  readonly styles: readonly string[];
}

export interface SvgOptions {
  readonly theme: 'dark' | 'light';
  /** For readers that show no pictures. */
  readonly title: string;
}

/** Units of a cell: tenths of a pixel, so that all numbers are whole. */
export const CELL = { width: 84, height: 180 } as const;
const FONT = 140;
const BASE = 134;
const MARGIN = 120;
const DOT = 26;
const LINE = 11;
const THEMES: Readonly<Record<SvgOptions['theme'], Grounds>> = {
  dark: { ink: 0xd4d4d8, ground: 0x0f1115 },
  light: { ink: 0x24292f, ground: 0xffffff },
};
const FONTS = "ui-monospace,'DejaVu Sans Mono','SF Mono',Menlo,Consolas,monospace";

/** The picture. */
export function svgOf(rows: readonly CellRow[], options: SvgOptions): string {
  const grounds = THEMES[options.theme];
  const columns = Math.max(0, ...rows.map(({ chars }) => chars.length));
  const width = columns * CELL.width + 2 * MARGIN;
  const height = rows.length * CELL.height + 2 * MARGIN;
  const layers = new Layers(grounds);
  rows.forEach((row, y) => layers.row(row, y));
  const title = escaped(options.title);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}"`,
    ` width="${width / 10}" height="${height / 10}" role="img">\n<title>${title}</title>\n`,
    `<rect width="${width}" height="${height}" rx="80" fill="${hex(grounds.ground)}"/>\n`,
    `<g transform="translate(${MARGIN} ${MARGIN})">\n`,
    ...layers.parts(),
    '</g>\n</svg>\n',
  ].join('');
}

/** What is drawn, by kind and colour, in the order in which it lies on top of one another. */
class Layers {
  readonly #grounds: Grounds;
  readonly #looks = new Map<string, CellLook>();
  readonly #fills = new Map<number, string[]>();
  readonly #shapes = new Map<number, string[]>();
  readonly #lines = new Map<number, string[]>();
  readonly #dots = new Map<number, string[]>();
  readonly #texts: string[] = [];

  constructor(grounds: Grounds) {
    this.#grounds = grounds;
  }

  row({ chars, styles }: CellRow, y: number): void {
    const top = y * CELL.height;
    for (let x = 0; x < chars.length;) {
      let end = x + 1;
      while (end < chars.length && styles[end] === styles[x]) end++;
      const look = this.#lookOf(styles[x]);
      if (look.ground !== undefined) {
        const size = `h${(end - x) * CELL.width}v${CELL.height}h-${(end - x) * CELL.width}z`;
        push(this.#fills, look.ground, `M${x * CELL.width} ${top}${size}`);
      }
      this.#run(chars, { x, end, y, look });
      x = end;
    }
  }

  /** Cells of one style: shapes are drawn, and what lies between them is text. */
  #run(
    chars: readonly string[],
    run: { readonly x: number; readonly end: number; readonly y: number; readonly look: CellLook },
  ): void {
    const { end, y, look } = run;
    let text = '';
    let from = run.x;
    for (let x = run.x; x < end; x++) {
      const char = chars[x];
      if (this.#shape(char, { x: x * CELL.width, y: y * CELL.height, ink: look.ink })) {
        this.#text(text, { from, y, cells: x - from, look });
        text = '';
        from = x + 1;
      } else text += char;
    }
    this.#text(text, { from, y, cells: end - from, look });
  }

  #shape(char: string, at: { readonly x: number; readonly y: number; readonly ink: number }) {
    const code = char.charCodeAt(0);
    if (!(code >= 0x2500 && code < 0x25a0) && !(code >= 0x2800 && code < 0x2900)) return false;
    const { x, y, ink } = at;
    const dots = brailleDots(char);
    if (dots !== undefined) {
      for (const [dx, dy] of dots) push(this.#dots, ink, `M${x + dx} ${y + dy}h0`);
      return true;
    }
    const block = blockShape(char);
    if (block !== undefined) {
      const { x: dx, y: dy, width, height } = block;
      push(this.#shapes, ink, `M${x + dx} ${y + dy}h${width}v${height}h-${width}z`);
      return true;
    }
    const line = lineShape(char);
    if (line === undefined) return false;
    for (const piece of line) push(this.#lines, ink, piece(x, y));
    return true;
  }

  #text(
    text: string,
    of: {
      readonly from: number;
      readonly y: number;
      readonly cells: number;
      readonly look: CellLook;
    },
  ): void {
    const blanks = text.length - text.trimStart().length;
    const words = text.trim();
    if (words === '') return;
    const cells = of.cells - (text.length - words.length);
    const x = (of.from + blanks) * CELL.width;
    const y = of.y * CELL.height + BASE;
    const bold = of.look.bold ? ' font-weight="700"' : '';
    const place = `x="${x}" y="${y}" textLength="${cells * CELL.width}" fill="${hex(of.look.ink)}"`;
    this.#texts.push(`<text ${place}${bold}>${escaped(words)}</text>\n`);
  }

  #lookOf(style: string): CellLook {
    let look = this.#looks.get(style);
    if (look === undefined) {
      look = lookOf(style, this.#grounds);
      this.#looks.set(style, look);
    }
    return look;
  }

  *parts(): Iterable<string> {
    for (const [ink, list] of this.#fills)
      yield `<path fill="${hex(ink)}" d="${list.join('')}"/>\n`;
    for (const [ink, list] of this.#shapes) {
      yield `<path fill="${hex(ink)}" d="${list.join('')}"/>\n`;
    }
    for (const [ink, list] of this.#lines) {
      const stroke = `fill="none" stroke="${hex(ink)}" stroke-width="${LINE}"`;
      yield `<path ${stroke} d="${list.join('')}"/>\n`;
    }
    for (const [ink, list] of this.#dots) {
      const stroke = `stroke="${hex(ink)}" stroke-width="${DOT}" stroke-linecap="round"`;
      yield `<path ${stroke} d="${list.join('')}"/>\n`;
    }
    if (this.#texts.length === 0) return;
    yield `<g font-family="${FONTS}" font-size="${FONT}" xml:space="preserve">\n`;
    yield* this.#texts;
    yield '</g>\n';
  }
}

function push(into: Map<number, string[]>, ink: number, path: string): void {
  const list = into.get(ink);
  if (list === undefined) into.set(ink, [path]);
  else list.push(path);
}

function hex(color: number): string {
  return `#${color.toString(16).padStart(6, '0')}`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

/** Text that XML can hold. */
function escaped(text: string): string {
  return text
    .replaceAll(/[&<>"]/g, (char) => ENTITIES[char])
    .replaceAll(/[^\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');
}
