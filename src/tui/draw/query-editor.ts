// A query on the screen while it is typed: colours, the cursor, the partner of a bracket, carets
// under a mistake. Long lines go on in the next row. Pure: text and a width in, cells out. Easy to
// get wrong: places are UTF-16 offsets, while carets stand under cells, and one character may take
// two of them or be shown as another.
import { bracketPair, piecesOf, type PieceKind } from '../../engine/promql/highlight.ts';
import type { CellGrid } from './cells.ts';
import type { Area } from './plot.ts';
import { STYLE } from './styles.ts';
import { cellWidth, safeText } from './text.ts';

/** A stretch of the text with a mistake in it. */
export interface Mistake {
  readonly start: number;
  readonly end: number;
}

/** One character: what is shown, its place in the text and on the screen. */
export interface EditorCell {
  readonly shown: string;
  readonly offset: number;
  readonly row: number;
  readonly column: number;
  readonly wide: number;
}

export interface EditorLayout {
  readonly cells: readonly EditorCell[];
  readonly rows: number;
  readonly cursor: { readonly row: number; readonly column: number };
}

const KIND_STYLE: Readonly<Record<PieceKind, number>> = {
  function: STYLE.series0,
  aggregation: STYLE.series6,
  keyword: STYLE.series3,
  metric: STYLE.bold,
  label: STYLE.series4,
  string: STYLE.series2,
  number: STYLE.series1,
  operator: STYLE.plain,
  bracket: STYLE.dim,
  comment: STYLE.dim,
  odd: STYLE.bad,
};

/** Where each character goes in rows of `width` cells. */
export function layoutEditor(text: string, cursor: number, width: number): EditorLayout {
  const cells: EditorCell[] = [];
  const room = Math.max(2, width);
  let [row, column, offset] = [0, 0, 0];
  let at = { row: 0, column: 0 };
  for (const character of text) {
    const shown = character === '\n' ? '' : safeText(character);
    const wide = character === '\n' ? 0 : cellWidth(shown);
    if (column + wide > room) [row, column] = [row + 1, 0];
    if (offset === cursor) at = { row, column };
    if (character === '\n') {
      [row, column] = [row + 1, 0];
    } else {
      cells.push({ shown, offset, row, column, wide });
      column += wide;
    }
    offset += character.length;
  }
  if (offset === cursor) {
    // The cursor behind a full row stands in the next one.
    if (column >= room) [row, column] = [row + 1, 0];
    at = { row, column };
  }
  return { cells, rows: row + 1, cursor: at };
}

export interface EditorOptions {
  readonly text: string;
  readonly cursor: number;
  readonly mistake?: Mistake;
  /** Stands there while the line is empty. */
  readonly placeholder: string;
  readonly colored: boolean;
  /** Styles by place, for a text that is no PromQL. */
  readonly styles?: ReadonlyMap<number, number>;
}

/** Draws as many rows as the area has, the cursor's among them; carets take a row below. */
export function drawEditor(cells: CellGrid, area: Area, options: EditorOptions): void {
  const { text, cursor, mistake } = options;
  const layout = layoutEditor(text, cursor, area.width);
  const caretRow = mistake === undefined ? -1 : rowAt(layout, mistake.start);
  const top = Math.max(0, Math.min(layout.cursor.row, layout.rows - area.height));
  const yOf = (row: number): number =>
    area.y + row - top + (caretRow >= top && row > caretRow ? 1 : 0);
  const plain = (): Map<number, number> => (options.colored ? stylesOf(text, cursor) : new Map());
  const styles = options.styles ?? plain();
  for (const { shown, offset, row, column } of layout.cells) {
    const y = yOf(row);
    if (row < top || y >= area.y + area.height) continue;
    const wrong = mistake !== undefined && offset >= mistake.start && offset < mistake.end;
    cells.put(area.x + column, y, shown, {
      style: wrong ? STYLE.bad : (styles.get(offset) ?? STYLE.plain),
    });
  }
  if (mistake !== undefined) drawCarets(cells, area, { layout, mistake, y: yOf(caretRow) + 1 });
  if (text === '') cells.put(area.x + 1, area.y, options.placeholder, { style: STYLE.dim });
  const { row, column } = layout.cursor;
  // Inverse, so that it is seen without colour too.
  cells.paint(area.x + column, yOf(row), { length: 1, style: STYLE.badge });
}

function rowAt({ cells, rows }: EditorLayout, offset: number): number {
  return cells.find((cell) => cell.offset >= offset)?.row ?? rows - 1;
}

function drawCarets(
  cells: CellGrid,
  area: Area,
  job: { readonly layout: EditorLayout; readonly mistake: Mistake; readonly y: number },
): void {
  const { layout, mistake, y } = job;
  if (y >= area.y + area.height) return;
  const row = rowAt(layout, mistake.start);
  const inRow = layout.cells.filter((cell) => cell.row === row);
  const marked = inRow.filter(({ offset }) => offset >= mistake.start && offset < mistake.end);
  const last = inRow.at(-1);
  const from = marked[0]?.column ?? (last === undefined ? 0 : last.column + last.wide);
  const wide = marked.reduce((sum, cell) => sum + cell.wide, 0);
  const carets = '^'.repeat(Math.max(1, wide));
  cells.put(area.x + from, y, carets, { style: STYLE.bad, room: Math.max(1, area.width - from) });
}

function stylesOf(text: string, cursor: number): Map<number, number> {
  const styles = new Map<number, number>();
  for (const { kind, start, end } of piecesOf(text)) {
    for (let at = start; at < end; at++) styles.set(at, KIND_STYLE[kind]);
  }
  const pair = bracketPair(text, cursor);
  for (const at of pair) styles.set(at, pair.length > 1 ? STYLE.selected : STYLE.bad);
  return styles;
}
