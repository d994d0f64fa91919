// An answer to SQL as a table: a column for each of its own, or, for rows that are wider than the
// terminal, a line for each column. Pure. Easy to get wrong: ten thousand rows are measured here,
// so it is done once an answer and a width, never at a key press.
import type { SqlValue } from '../../engine/model/sql.ts';
import { STYLE } from '../draw/styles.ts';
import type { TableCell, TableColumn } from '../draw/table.ts';
import { cellWidth, safeText } from '../draw/text.ts';
import { cutText } from '../draw/wrap.ts';
import type { SqlShown } from '../feed/sql-session.ts';
import type { ResultTable } from './query-prompt-result.ts';

/** A value as a cell shows it. */
export type CellText = (value: SqlValue, type: string) => string;

/** Cells of a name of a column at most, and of a value at least. */
const NAME_CELLS_MAX = 40;
const VALUE_CELLS_MIN = 12;
const MAP_CELLS_MIN = 16;
const TEXT_CELLS_MIN = 6;
/** What stands around the two columns of lines: the frame, the mark, gaps and air. */
const LINE_MARGINS = 7;

/** A column for each column. */
export function tableOf({ columns, rows }: SqlShown, cellText: CellText): ResultTable {
  return {
    columns: columns.map(({ name, type }, i): TableColumn => {
      const texts = (): string[] => rows.map((row) => cellText(row[i], type));
      return {
        title: safeText(name),
        min: isWhole(type) ? widestOf(name, texts()) : leastOf(name, type),
        max: type.startsWith('MAP') ? 120 : 60,
        // What says nothing in any row leaves first.
        rank: rows.every((row) => row[i] === null) ? columns.length + i : i,
        ...(isRight(type) ? { align: 'right' as const } : {}),
      };
    }),
    count: rows.length,
    shared: '',
    row: (r) => rows[r].map((value, c): TableCell => ({ text: cellText(value, columns[c].type) })),
  };
}

/** A line for each column, more where the value is long, and an empty one between two rows. */
export function linesOf(
  { columns, rows }: SqlShown,
  cellText: CellText,
  width: number,
): ResultTable {
  const widest = Math.max(6, ...columns.map(({ name }) => cellWidth(safeText(name))));
  const nameCells = Math.min(widest, NAME_CELLS_MAX, Math.floor(width / 3));
  const room = Math.max(VALUE_CELLS_MIN, width - nameCells - LINE_MARGINS);
  const pieces = (r: number, c: number): string[] =>
    cutText(cellText(rows[r][c], columns[c].type), room);
  // The line that each cell begins with, so that any line is found without making the others.
  const begins = new Uint32Array(rows.length * columns.length + 1);
  let line = 0;
  for (let r = 0; r < rows.length; r++) {
    for (let c = 0; c < columns.length; c++) {
      begins[r * columns.length + c] = line;
      line += pieces(r, c).length;
    }
    line++;
  }
  begins[rows.length * columns.length] = line;
  const row = (i: number): readonly TableCell[] => {
    const cell = cellAt(begins, i);
    const [r, c] = [Math.floor(cell / columns.length), cell % columns.length];
    const own = pieces(r, c);
    const at = i - begins[cell];
    if (at >= own.length) return [{ text: '' }, { text: '' }];
    const name = at === 0 ? columns[c].name : '';
    return [{ text: name, style: STYLE.accent }, { text: own[at] }];
  };
  return {
    columns: [
      { title: 'column', min: nameCells, max: nameCells, rank: 1 },
      { title: 'value', min: VALUE_CELLS_MIN, rank: 0, grow: true },
    ],
    count: Math.max(0, line - 1),
    shared: '',
    row,
  };
}

/** The last cell that begins at a line or before it. */
function cellAt(begins: Uint32Array, line: number): number {
  let [low, high] = [0, begins.length - 2];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (begins[middle] <= line) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** A number or a time that is cut would be another one. */
function isWhole(type: string): boolean {
  return isRight(type) || /^(?:TIMESTAMP|DATE|TIME\b)/.test(type);
}

/** Cells of a text that still tell something, under a title that can be read. */
function leastOf(name: string, type: string): number {
  const least = type.startsWith('MAP') ? MAP_CELLS_MIN : TEXT_CELLS_MIN;
  return Math.max(least, Math.min(cellWidth(safeText(name)), VALUE_CELLS_MIN));
}

function widestOf(title: string, texts: readonly string[]): number {
  return Math.max(cellWidth(safeText(title)), ...texts.map((text) => cellWidth(safeText(text))));
}

function isRight(type: string): boolean {
  return /INT|DOUBLE|FLOAT|DECIMAL/.test(type) && !/[([]/.test(type.replace(/^DECIMAL.*/, ''));
}
