// Text from outside, made fit for a grid of cells: escape sequences, marks that turn the direction
// of writing and graphemes on whose width terminals disagree become one visible replacement each.
// What leaves safeText has one code point per character and a width that every terminal counts
// alike. Easy to get wrong: a letter may be harmless alone and widen or reorder its neighbours
// (ZWJ, Thai am, Hebrew).
import stringWidth from 'string-width';

const ASCII = /^[\u0020-\u007e]*$/;
/** ASCII and the drawing characters of this folder: one cell each, no need to look closer. */
const NARROW_FAST = /^[\u0020-\u007e\u2026\u2190-\u2193\u2500-\u259f\u2800-\u28ff]*$/;
const REPLACEMENT = '\ufffd';
/** Longer texts are cut before any work is done on them: no cell is this wide. */
const TEXT_UNITS_MAX = 8192;

/**
 * Narrow characters: letters, numbers, punctuation and symbols of the basic plane, without emoji
 * presentation, without what is written from right to left, without East Asian blocks (below) and
 * without letters that join the grapheme before them. Mathematical alphabets are the one astral
 * block.
 */
const NARROW = String.raw`[[\p{L}\p{N}\p{P}\p{S}\u{20}]--[\u{590}-\u{8ff}\u{e33}\u{eb3}
\u{1100}-\u{11ff}\u{1b05}-\u{1b0d}\u{200b}-\u{200f}\u{2028}-\u{202f}\u{2329}\u{232a}
\u{2630}-\u{2637}\u{268a}-\u{268f}\u{2e80}-\u{a4cf}\u{a960}-\u{a97f}\u{ac00}-\u{10ffff}
\u{d4e}\p{Emoji_Presentation}\p{Cn}]]`;
const WIDE = String.raw`[\u{3041}-\u{3096}\u{30a1}-\u{30fa}\u{30fc}\u{3001}\u{3002}\u{300a}-\u{3011}
\u{3400}-\u{4db5}\u{4e00}-\u{9fcc}\u{ac00}-\u{d7a3}\u{ff01}-\u{ff60}]`;
const HALF = String.raw`[\u{ff66}-\u{ff9d}\u{fffd}\u{1d400}-\u{1d7cb}]`;
const one = `(?:${NARROW}|${WIDE}|${HALF})`.replaceAll('\n', '');
const CERTAIN = new RegExp(`^${one}*$`, 'v');
const SPACE = /^\p{Zs}$/u;
const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The text with everything uncertain replaced; equal to the input when the input is harmless. */
export function safeText(text: string): string {
  if (ASCII.test(text)) return text;
  const cut = text.length > TEXT_UNITS_MAX ? text.slice(0, TEXT_UNITS_MAX) : text;
  const normal = cut.normalize('NFC');
  if (CERTAIN.test(normal)) return normal;
  let out = '';
  for (const { segment } of GRAPHEMES.segment(normal)) out += safeGrapheme(segment);
  return out;
}

function safeGrapheme(grapheme: string): string {
  if (grapheme === '\r\n') return '\u240d\u240a';
  const code = grapheme.codePointAt(0) as number;
  const single = grapheme.length === (code > 0xffff ? 2 : 1);
  if (!single) return REPLACEMENT;
  // Control characters stay recognisable: the pictures of ESC, LF, TAB and so on.
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  if (SPACE.test(grapheme)) return ' ';
  return CERTAIN.test(grapheme) ? grapheme : REPLACEMENT;
}

/** Cells that a text takes; for text without escape sequences. */
export function cellWidth(text: string): number {
  return NARROW_FAST.test(text) ? text.length : stringWidth(text);
}

export type Align = 'left' | 'right' | 'center';

/** The text in exactly `width` cells: padded, or cut and ended with `…`. Takes safe text. */
export function fit(text: string, width: number, align: Align = 'left'): string {
  if (width <= 0) return '';
  const cut = shorten(text, width);
  const gap = width - cellWidth(cut);
  if (gap === 0) return cut;
  if (align === 'right') return ' '.repeat(gap) + cut;
  if (align === 'left') return cut + ' '.repeat(gap);
  const before = gap >> 1;
  return ' '.repeat(before) + cut + ' '.repeat(gap - before);
}

/** The text in at most `width` cells, cut and ended with `…` where it does not fit. */
export function shorten(text: string, width: number): string {
  if (width <= 0) return '';
  if (ASCII.test(text)) return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
  if (stringWidth(text) <= width) return text;
  let out = '';
  let used = 0;
  for (const character of text) {
    const wide = cellWidth(character);
    if (used + wide > width - 1) break;
    out += character;
    used += wide;
  }
  return `${out}…`;
}

/** Drawing characters and their ASCII stand-ins; anything else outside ASCII becomes `?`. */
const STAND_INS = new Map<string, string>(
  Object.entries({
    '…': '~',
    '─': '-',
    '━': '=',
    '│': '|',
    '┃': '|',
    '╭': '+',
    '╮': '+',
    '╰': '+',
    '╯': '+',
    '┏': '#',
    '┓': '#',
    '┗': '#',
    '┛': '#',
    '┤': '|',
    '┬': '+',
    '├': '+',
    '┼': '+',
    '└': '+',
    '┈': '.',
    '╌': '-',
    '·': '.',
    '•': '*',
    '●': '*',
    '○': 'o',
    '▲': '^',
    '▼': 'v',
    '▸': '>',
    '▶': '>',
    '↑': '^',
    '↓': 'v',
    '←': '<',
    '→': '>',
    '✓': '+',
    '✗': 'x',
    '‖': '"',
    '±': '~',
    '×': 'x',
    µ: 'u',
    '–': '-',
    '█': '#',
    '▉': '#',
    '▊': '#',
    '▋': '=',
    '▌': '=',
    '▍': '-',
    '▎': '-',
    '▏': '.',
    '▁': '_',
    '▂': '.',
    '▃': '-',
    '▄': '-',
    '▅': '=',
    '▆': '=',
    '▇': '#',
  }),
);

/** Safe text in ASCII alone, as wide as it was. */
export function asciiText(text: string): string {
  if (ASCII.test(text)) return text;
  let out = '';
  for (const character of text) {
    if (ASCII.test(character)) out += character;
    else out += STAND_INS.get(character) ?? '?'.repeat(cellWidth(character));
  }
  return out;
}
