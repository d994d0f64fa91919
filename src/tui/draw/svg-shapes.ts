// The drawing characters of this folder as shapes within a cell: dots of Braille, parts of a block,
// lines from the middle to the edges. Units are those of svg.ts. Easy to get wrong: a line must
// reach the very edge of its cell, or a frame falls apart into dashes.
import type { Area } from './plot.ts';

const WIDTH = 84;
const HEIGHT = 180;
const MIDDLE_X = WIDTH / 2;
const MIDDLE_Y = HEIGHT / 2;

/** Bits of U+2800 in the order of their numbers: column and row of each dot. */
const BRAILLE: readonly (readonly [column: number, row: number])[] = [
  [0, 0],
  [0, 1],
  [0, 2],
  [1, 0],
  [1, 1],
  [1, 2],
  [0, 3],
  [1, 3],
];

/** Middles of the dots; undefined for another character. */
export function brailleDots(char: string): readonly (readonly [number, number])[] | undefined {
  const bits = char.charCodeAt(0) - 0x2800;
  if (!(bits >= 0 && bits < 256)) return undefined;
  return BRAILLE.flatMap(([column, row], i) => {
    if ((bits & (1 << i)) === 0) return [];
    return [[21 + column * 42, Math.round(22.5 + row * 45)] as const];
  });
}

/** The part of the cell that a block element fills; undefined for another character. */
export function blockShape(char: string): Area | undefined {
  const code = char.charCodeAt(0);
  if (char === '▀') return { x: 0, y: 0, width: WIDTH, height: MIDDLE_Y };
  if (code >= 0x2581 && code <= 0x2588) {
    const height = Math.round(((code - 0x2580) * HEIGHT) / 8);
    return { x: 0, y: HEIGHT - height, width: WIDTH, height };
  }
  if (code >= 0x2589 && code <= 0x258f) {
    return { x: 0, y: 0, width: Math.round(((0x2590 - code) * WIDTH) / 8), height: HEIGHT };
  }
  return undefined;
}

type Piece = (x: number, y: number) => string;

/** Which edges a line goes to from the middle: left, right, up, down; w for heavy ones. */
const EDGES: Readonly<Record<string, string>> = {
  '─': 'lr',
  '│': 'ud',
  '┌': 'rd',
  '┐': 'ld',
  '└': 'ru',
  '┘': 'lu',
  '├': 'udr',
  '┤': 'udl',
  '┬': 'lrd',
  '┴': 'lru',
  '┼': 'lrud',
  '━': 'lrw',
  '┃': 'udw',
  '┏': 'rdw',
  '┓': 'ldw',
  '┗': 'ruw',
  '┛': 'luw',
};
/** Rounded corners: the edges that they join. */
const ROUND: Readonly<Record<string, string>> = { '╭': 'rd', '╮': 'ld', '╰': 'ru', '╯': 'lu' };
/** Dashes across the cell. */
const DASHES: Readonly<Record<string, number>> = { '┈': 4, '╌': 2 };

/** The lines of a box drawing character; undefined for another character. */
export function lineShape(char: string): readonly Piece[] | undefined {
  const dashes = DASHES[char];
  if (dashes !== undefined) {
    const each = WIDTH / dashes;
    return Array.from({ length: dashes }, (_, i): Piece => {
      const from = Math.round(each * i + each / 4);
      return (x, y) => `M${x + from} ${y + MIDDLE_Y}h${Math.round(each / 2)}`;
    });
  }
  const round = ROUND[char];
  if (round !== undefined) return [corner(round)];
  const edges = EDGES[char];
  if (edges === undefined) return undefined;
  const pieces = [...edges.replace('w', '')].map(ray);
  // A heavy line is two beside one another.
  return edges.endsWith('w') ? [...pieces, ...pieces.map((one) => aside(one))] : pieces;
}

function aside(piece: Piece): Piece {
  return (x, y) => piece(x + 6, y + 6);
}

function ray(edge: string): Piece {
  if (edge === 'l') return (x, y) => `M${x} ${y + MIDDLE_Y}h${MIDDLE_X}`;
  if (edge === 'r') return (x, y) => `M${x + MIDDLE_X} ${y + MIDDLE_Y}h${MIDDLE_X}`;
  if (edge === 'u') return (x, y) => `M${x + MIDDLE_X} ${y}v${MIDDLE_Y}`;
  return (x, y) => `M${x + MIDDLE_X} ${y + MIDDLE_Y}v${MIDDLE_Y}`;
}

function corner([side, end]: string): Piece {
  const across = side === 'l' ? 0 : WIDTH;
  const along = end === 'u' ? 0 : HEIGHT;
  return (x, y) => {
    const [cx, cy] = [x + MIDDLE_X, y + MIDDLE_Y];
    return `M${x + across} ${cy}Q${cx} ${cy} ${cx} ${y + along}`;
  };
}
