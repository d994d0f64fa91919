// The theme's colours as blessed and its widgets want them: numbers of the 256. Easy to get wrong:
// without colour a widget gets the terminal's own, not black.
import { STYLE, type Palette } from '../draw/styles.ts';

/** The number of a style's colour; -1 for the terminal's own. */
export function colorOf(palette: Palette, style: number): number {
  const codes = (/\u001b\[([\d;]*)m/.exec(palette.open[style])?.[1] ?? '').split(';').map(Number);
  const at = codes.indexOf(38);
  if (at >= 0 && codes[at + 1] === 5) return codes[at + 2];
  const plain = codes.find((code) => (code >= 30 && code < 38) || (code >= 90 && code < 98));
  if (plain === undefined) return -1;
  return plain < 90 ? plain - 30 : plain - 82;
}

/** As a canvas takes it: it has another word for the terminal's own. */
export function strokeOf(palette: Palette, style: number): number | string {
  const color = colorOf(palette, style);
  return color < 0 ? 'normal' : color;
}

/** What is left of a ring. */
export function restOf(palette: Palette): number | string {
  return strokeOf(palette, STYLE.border);
}
