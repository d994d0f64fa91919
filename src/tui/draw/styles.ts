// What a cell looks like, by name: a style is a number in the grid and becomes an escape sequence
// only when a row is written. Four depths of colour from one table; without colour the weight
// (bold, dim, inverse) stays, and a sign or a letter always says the same as the colour does.

/**
 * 'none' writes no escape sequence at all; 'mono' keeps bold, dim and inverse (NO_COLOR on a
 * screen).
 */
export type ColorDepth = 'none' | 'mono' | '16' | '256' | 'truecolor';
export type ThemeName = 'dark' | 'light';

export const STYLE_NAMES = [
  'plain',
  'bold',
  'dim',
  'border',
  'selected',
  'accent',
  'good',
  'warn',
  'bad',
  'badge',
  'badgeBad',
  'series0',
  'series1',
  'series2',
  'series3',
  'series4',
  'series5',
  'series6',
  'series7',
  'heat0',
  'heat1',
  'heat2',
  'heat3',
  'heat4',
  'heat5',
] as const;
export type StyleName = (typeof STYLE_NAMES)[number];

/** Style -> its number in a grid. */
export const STYLE = Object.fromEntries(STYLE_NAMES.map((name, i) => [name, i])) as Readonly<
  Record<StyleName, number>
>;
/** Steps of the ramp of a heatmap. */
export const MAP_STEPS = 12;
/** Styles behind the named ones: a step of the ramp as the colour of the character. */
const MAP_SINGLE = STYLE_NAMES.length;
/** And behind those: one step as its colour, another as what lies behind it. */
const MAP_PAIR = MAP_SINGLE + MAP_STEPS;

/** The style of a step of the ramp, with another step behind the character where given. */
export function mapStyle(step: number, behind?: number): number {
  if (behind === undefined) return MAP_SINGLE + step;
  return MAP_PAIR + step * MAP_STEPS + behind;
}

export const SERIES_STYLES = 8;
export const HEAT_STYLES = 6;

/** For each style the sequence that begins it and the one that ends it. */
export interface Palette {
  readonly depth: ColorDepth;
  readonly open: readonly string[];
  readonly close: readonly string[];
}

type Attribute = 'bold' | 'dim' | 'inverse';
/** Weight, colour as 0xrrggbb, and the number of the colour among the sixteen. */
type Look = readonly [attribute: Attribute | undefined, rgb: number | undefined, ansi: number];

const SERIES_DARK: readonly Look[] = [
  [undefined, 0x60a5fa, 94],
  [undefined, 0xfbbf24, 93],
  [undefined, 0x34d399, 92],
  [undefined, 0xf472b6, 95],
  [undefined, 0x22d3ee, 96],
  [undefined, 0xfb923c, 33],
  [undefined, 0xa78bfa, 35],
  [undefined, 0xa3e635, 32],
];
const SERIES_LIGHT: readonly Look[] = [
  [undefined, 0x1d4ed8, 34],
  [undefined, 0xb45309, 33],
  [undefined, 0x047857, 32],
  [undefined, 0xbe185d, 35],
  [undefined, 0x0e7490, 36],
  [undefined, 0xc2410c, 31],
  [undefined, 0x6d28d9, 95],
  [undefined, 0x4d7c0f, 92],
];
const HEAT_DARK: readonly Look[] = [
  [undefined, 0x2dd4bf, 36],
  [undefined, 0x4ade80, 32],
  [undefined, 0xa3e635, 92],
  [undefined, 0xfacc15, 93],
  [undefined, 0xfb923c, 33],
  [undefined, 0xf87171, 91],
];
const HEAT_LIGHT: readonly Look[] = [
  [undefined, 0x0f766e, 36],
  [undefined, 0x15803d, 32],
  [undefined, 0x4d7c0f, 32],
  [undefined, 0xa16207, 33],
  [undefined, 0xc2410c, 33],
  [undefined, 0xb91c1c, 31],
];
const LOOKS: Readonly<Record<ThemeName, readonly Look[]>> = {
  dark: [
    [undefined, undefined, 0],
    ['bold', undefined, 0],
    ['dim', 0x8b949e, 90],
    ['dim', 0x4b5563, 90],
    ['bold', 0x7dd3fc, 96],
    [undefined, 0x7dd3fc, 96],
    [undefined, 0x4ade80, 92],
    ['bold', 0xfacc15, 93],
    ['bold', 0xf87171, 91],
    ['inverse', 0x7dd3fc, 96],
    ['inverse', 0xf87171, 91],
    ...SERIES_DARK,
    ...HEAT_DARK,
  ],
  light: [
    [undefined, undefined, 0],
    ['bold', undefined, 0],
    ['dim', 0x57606a, 90],
    ['dim', 0xafb8c1, 37],
    ['bold', 0x0550ae, 34],
    [undefined, 0x0550ae, 34],
    [undefined, 0x116329, 32],
    ['bold', 0x9a6700, 33],
    ['bold', 0xcf222e, 31],
    ['inverse', 0x0550ae, 34],
    ['inverse', 0xcf222e, 31],
    ...SERIES_LIGHT,
    ...HEAT_LIGHT,
  ],
};

/** From nearly the background to what strikes the eye; even steps, so that equal runs are long. */
const RAMP: Readonly<Record<ThemeName, readonly number[]>> = {
  dark: [
    ...[0x1e2a4a, 0x23386a, 0x264a85, 0x255f97, 0x22759d, 0x1f8b9b],
    ...[0x26a18f, 0x45b67c, 0x76c865, 0xacd552, 0xe0dc4e, 0xfdf08a],
  ],
  light: [
    ...[0xe3eefb, 0xc9dff5, 0xabcdec, 0x8abae2, 0x69a5d6, 0x4b8fc9],
    ...[0x3579b9, 0x2563a6, 0x1a4f91, 0x143d79, 0x102d5f, 0x0b1e44],
  ],
};

const ATTRIBUTES: Readonly<Record<Attribute, readonly [string, string]>> = {
  bold: ['1', '22'],
  dim: ['2', '22'],
  inverse: ['7', '27'],
};

/** The escape sequences of a theme at a depth of colour. */
export function palette(depth: ColorDepth, theme: ThemeName = 'dark'): Palette {
  const open: string[] = [];
  const close: string[] = [];
  for (const [attribute, rgb, ansi] of LOOKS[theme]) {
    const on: string[] = [];
    const off: string[] = [];
    const colored = rgb !== undefined && depth !== 'none' && depth !== 'mono';
    // A grey that has a colour of its own is not dimmed a second time.
    if (attribute && depth !== 'none' && !(attribute === 'dim' && colored)) {
      on.push(ATTRIBUTES[attribute][0]);
      off.push(ATTRIBUTES[attribute][1]);
    }
    if (colored) {
      on.push(colorCode(rgb, ansi, depth));
      off.push('39');
    }
    open.push(on.length > 0 ? `\u001b[${on.join(';')}m` : '');
    close.push(off.length > 0 ? `\u001b[${off.join(';')}m` : '');
  }
  addRamp(RAMP[theme], depth, { open, close });
  return { depth, open, close };
}

/** True when a palette has the colours of a ramp; otherwise its styles change nothing. */
export function hasRamp({ depth }: Palette): boolean {
  return depth === 'truecolor' || depth === '256';
}

function addRamp(
  ramp: readonly number[],
  depth: ColorDepth,
  to: { readonly open: string[]; readonly close: string[] },
): void {
  const colored = depth === 'truecolor' || depth === '256';
  const codes = ramp.map((rgb) => (colored ? colorCode(rgb, 0, depth) : ''));
  for (const code of codes) {
    to.open.push(colored ? `\u001b[${code}m` : '');
    to.close.push(colored ? '\u001b[39m' : '');
  }
  for (const code of codes) {
    for (const behind of codes) {
      to.open.push(colored ? `\u001b[${code};4${behind.slice(1)}m` : '');
      to.close.push(colored ? '\u001b[39;49m' : '');
    }
  }
}

function colorCode(rgb: number, ansi: number, depth: ColorDepth): string {
  if (depth === 'truecolor') return `38;2;${rgb >> 16};${(rgb >> 8) & 255};${rgb & 255}`;
  if (depth === '256') return `38;5;${nearest256(rgb)}`;
  return String(ansi);
}

/** The nearest of the 6x6x6 cube and the 24 greys. */
function nearest256(rgb: number): number {
  const parts = [rgb >> 16, (rgb >> 8) & 255, rgb & 255];
  const levels = [0, 95, 135, 175, 215, 255];
  const cube = parts.map((p) => nearestIndex(levels, p));
  const grey = Math.round((parts[0] + parts[1] + parts[2]) / 3);
  const greyIndex = Math.max(0, Math.min(23, Math.round((grey - 8) / 10)));
  const cubeFar = distance(
    parts,
    cube.map((i) => levels[i]),
  );
  const greyFar = distance(parts, Array(3).fill(8 + greyIndex * 10));
  if (greyFar < cubeFar) return 232 + greyIndex;
  return 16 + 36 * cube[0] + 6 * cube[1] + cube[2];
}

function nearestIndex(levels: readonly number[], value: number): number {
  let best = 0;
  for (let i = 1; i < levels.length; i++) {
    if (Math.abs(levels[i] - value) < Math.abs(levels[best] - value)) best = i;
  }
  return best;
}

function distance(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0);
}
