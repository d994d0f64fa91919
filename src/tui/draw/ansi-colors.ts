// The style of a cell, from the numbers of its escape sequence, as colours a picture can have. The
// sixteen and the 256 are xterm's. Easy to get wrong: inverse swaps after the defaults are put in,
// and dim is half way to the background.
export interface CellLook {
  /** 0xrrggbb. */
  readonly ink: number;
  /** Undefined: the picture's own. */
  readonly ground: number | undefined;
  readonly bold: boolean;
}

export interface Grounds {
  readonly ink: number;
  readonly ground: number;
}

const SIXTEEN = [
  ...[0x000000, 0xcd3131, 0x0dbc79, 0xe5e510, 0x2472c8, 0xbc3fbc, 0x11a8cd, 0xe5e5e5],
  ...[0x666666, 0xf14c4c, 0x23d18b, 0xf5f543, 0x3b8eea, 0xd670d6, 0x29b8db, 0xffffff],
];
const LEVELS = [0, 95, 135, 175, 215, 255];

/** One of the 256. */
export function color256(index: number): number {
  if (index < 16) return SIXTEEN[index];
  if (index >= 232) return (8 + (index - 232) * 10) * 0x010101;
  const at = index - 16;
  const [r, g, b] = [Math.floor(at / 36), Math.floor(at / 6) % 6, at % 6];
  return (LEVELS[r] << 16) | (LEVELS[g] << 8) | LEVELS[b];
}

/** `codes`: numbers with semicolons, as between ESC [ and m. */
export function lookOf(codes: string, grounds: Grounds): CellLook {
  const parts = codes.split(';').map(Number);
  let ink: number | undefined;
  let ground: number | undefined;
  const flags = new Set<number>();
  for (let i = 0; i < parts.length; i++) {
    const code = parts[i];
    if (code === 38 || code === 48) {
      const direct = parts[i + 1] === 2;
      const [r, g, b] = parts.slice(i + 2, i + 5);
      const color = direct ? (r << 16) | (g << 8) | b : color256(parts[i + 2] & 255);
      if (code === 38) ink = color;
      else ground = color;
      i += direct ? 4 : 2;
    } else if (code >= 30 && code < 38) ink = SIXTEEN[code - 30];
    else if (code >= 90 && code < 98) ink = SIXTEEN[code - 82];
    else if (code >= 40 && code < 48) ground = SIXTEEN[code - 40];
    else if (code >= 100 && code < 108) ground = SIXTEEN[code - 92];
    else flags.add(code);
  }
  ink ??= grounds.ink;
  if (flags.has(7)) [ink, ground] = [ground ?? grounds.ground, ink];
  if (flags.has(2)) ink = between(ink, ground ?? grounds.ground);
  return { ink, ground, bold: flags.has(1) };
}

function between(a: number, b: number): number {
  const mix = (shift: number): number => (((a >> shift) & 255) + ((b >> shift) & 255)) >> 1;
  return (mix(16) << 16) | (mix(8) << 8) | mix(0);
}
