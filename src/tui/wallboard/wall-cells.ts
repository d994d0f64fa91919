// The cells that blessed has drawn, in the form in which the compositor has those of the other
// screens: for pictures of a wall. Easy to get wrong: blessed packs a cell's look into one number,
// nine bits each for both colours, with 0x1ff for the terminal's own.
import type { CellRow } from '../draw/svg.ts';
import type { Screen } from './contrib.ts';

const OWN = 0x1ff;
const FLAGS: readonly (readonly [bit: number, code: number])[] = [
  [1, 1],
  [2, 4],
  [8, 7],
];
/** The right half of a wide character. */
const HALF = '\u0003';

type Line = readonly (readonly [look: number, char: string])[];

export function cellsOf(screen: Screen): CellRow[] {
  const { lines } = screen as unknown as { lines: readonly Line[] };
  return lines.map((line) => ({
    chars: line.map(([, char]) => (char === HALF ? '' : char)),
    styles: line.map(([look]) => styleOf(look)),
  }));
}

function styleOf(look: number): string {
  const ink = (look >> 9) & OWN;
  const ground = look & OWN;
  const flags = look >> 18;
  const codes = FLAGS.filter(([bit]) => (flags & bit) !== 0).map(([, code]) => String(code));
  if (ink !== OWN) codes.push(`38;5;${ink}`);
  if (ground !== OWN) codes.push(`48;5;${ground}`);
  return codes.join(';');
}
