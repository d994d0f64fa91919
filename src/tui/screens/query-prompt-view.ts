// The pictures of the prompt: editor, offers, plan, help and history, each an area of lines. From
// state to cells, no React. Easy to get wrong: every text here may come from a server or a paste;
// it goes through CellGrid.put or fit(safeText()), which make it safe and cut it.
import { callAround } from '../../engine/promql/typing-place.ts';
import { wordsOf } from '../../engine/promql/function-words.ts';
import { CellGrid } from '../draw/cells.ts';
import { drawFrame, type Word } from '../draw/frame.ts';
import type { PlanRow } from '../draw/plan-tree.ts';
import { drawEditor, layoutEditor, type Mistake } from '../draw/query-editor.ts';
import { STYLE } from '../draw/styles.ts';
import { columnsHidden, drawTable, type TableCell } from '../draw/table.ts';
import { cellWidth, fit, safeText, shorten } from '../draw/text.ts';
import type { QueryFailure } from '../feed/query-session.ts';
import { cutText, wrapText } from '../draw/wrap.ts';
import type { Theme } from '../theme.ts';
import type { Offer, Offers } from './query-prompt-offers.ts';
import type { ResultTable } from './query-prompt-result.ts';
import { searchFound, type BodySeen, type PromptState } from './query-prompt-state.ts';

/** Cells of the screen that a picture fills. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Rows of the editor's box at most, as a share of the screen. */
const EDITOR_SHARE = 0.4;
const OFFER_ROWS_MAX = 12;
/** Rows whose widths decide the columns of a table. */
const TABLE_CHUNK = 100;

const KIND_STYLE: Readonly<Record<Offer['kind'], number>> = {
  function: STYLE.series0,
  aggregation: STYLE.series6,
  keyword: STYLE.series3,
  metric: STYLE.bold,
  label: STYLE.series4,
  value: STYLE.series2,
  command: STYLE.accent,
  table: STYLE.bold,
  column: STYLE.series4,
};
const KIND_LETTER: Readonly<Record<Offer['kind'], string>> = {
  function: 'f',
  aggregation: 'a',
  keyword: 'k',
  metric: 'm',
  label: 'l',
  value: 'v',
  command: '.',
  table: 't',
  column: 'c',
};

/** What the editor shows beside the text. */
export interface EditorView {
  readonly state: PromptState;
  /** The failure of the text that stands there, with its place. */
  readonly failure: QueryFailure | undefined;
  readonly theme: Theme;
}

function mistakeOf(failure: QueryFailure | undefined): Mistake | undefined {
  if (failure?.start === undefined) return undefined;
  return { start: failure.start, end: failure.end ?? failure.start };
}

/** Rows that the editor's box needs on a screen of so many. */
export function editorHeight(view: EditorView, columns: number, rows: number): number {
  const { state, failure } = view;
  const { text, cursor } = shownLine(state);
  const lines = layoutEditor(text, cursor, columns - 6).rows;
  const wrong = failure === undefined ? 0 : mistakeOf(failure) === undefined ? 1 : 2;
  const hint = failure?.hint === undefined ? 0 : 1;
  const most = Math.max(3, Math.floor(rows * EDITOR_SHARE));
  return Math.max(3, Math.min(most, lines + wrong + hint + 2));
}

/** The text that stands in the editor: while searching, what was found. */
function shownLine(state: PromptState): { readonly text: string; readonly cursor: number } {
  if (state.search === undefined) return state.edit;
  const text = searchFound(state) ?? '';
  return { text, cursor: text.length };
}

/** The box with the query. */
export function editorLines(view: EditorView, { width, height }: Size): string[] {
  const { state, failure, theme } = view;
  const cells = new CellGrid(width, height);
  const { search } = state;
  const title = search === undefined ? 'query' : `search: ${search.typed}▏`;
  const bottom = search === undefined ? signatureWords(state) : searchWords(state);
  const area = { x: 0, y: 0, width, height };
  const inner = drawFrame(cells, area, { title, bottom, selected: true });
  const told = failure === undefined ? [] : failureRows(failure);
  const line = shownLine(state);
  const rows = Math.max(1, inner.height - told.length);
  cells.put(inner.x + 1, inner.y, '›', { style: STYLE.accent });
  const box = { x: inner.x + 3, y: inner.y, width: inner.width - 4, height: rows };
  drawEditor(cells, box, {
    ...line,
    mistake: search === undefined ? mistakeOf(failure) : undefined,
    placeholder: 'a PromQL expression, or .help',
    colored: !line.text.trimStart().startsWith('.') || line.text.length > 12,
  });
  told.forEach(({ text, style }, i) => {
    const y = inner.y + inner.height - told.length + i;
    if (y > inner.y) cells.put(inner.x + 3, y, shorten(safeText(text), inner.width - 4), { style });
  });
  return cells.lines(theme.palette, theme.ascii);
}

function failureRows({ message, hint }: QueryFailure): Word[] {
  const rows: Word[] = [{ text: `✗ ${message}`, style: STYLE.bad }];
  if (hint !== undefined) rows.push({ text: `  ${hint}`, style: STYLE.warn });
  return rows;
}

function searchWords(state: PromptState): Word[] {
  const found = searchFound(state);
  if (state.search?.typed === '') return [{ text: 'type a part of a query', style: STYLE.dim }];
  return found === undefined ? [{ text: 'no such query', style: STYLE.warn }] : [];
}

/** The call around the cursor, on the lower edge. */
function signatureWords({ edit, note }: PromptState): Word[] {
  if (note !== '') return [{ text: note, style: STYLE.warn }];
  const call = callAround(edit.text, edit.cursor);
  const words = call === undefined ? undefined : wordsOf(call.name);
  if (words === undefined) return [];
  return [
    { text: words.signature, style: STYLE.accent },
    { text: `– ${words.about}`, style: STYLE.dim },
  ];
}

/** Rows that the list of offers takes of a body of so many; 0 for none. */
export function offersHeight(offers: Offers, body: number): number {
  if (offers.list.length === 0 || body < 3) return 0;
  return Math.min(offers.list.length + 2, OFFER_ROWS_MAX, body);
}

/** The list of offers; what is known of the chosen one stands to the right. */
export function offersLines(
  offers: Offers,
  chosen: number | undefined,
  { width, height, theme }: Size & { readonly theme: Theme },
): string[] {
  const { list } = offers;
  const cells = new CellGrid(width, height);
  const at = chosen === undefined ? 0 : Math.min(chosen, list.length - 1);
  const count = list.length === 1 ? '1 fits' : `${list.length} fit`;
  const words = chosen === undefined ? `${count}, Tab completes` : `${at + 1} of ${list.length}`;
  const area = { x: 0, y: 0, width, height };
  const bottom = [{ text: words, style: STYLE.dim }];
  const inner = drawFrame(cells, area, { title: 'completion', bottom });
  const top = Math.max(0, Math.min(list.length - inner.height, at - (inner.height >> 1)));
  const shown = list.slice(top, top + inner.height);
  const widest = Math.max(12, ...shown.map((offer) => cellWidth(safeText(offer.shown))));
  const names = Math.min(
    widest,
    Math.max(12, Math.floor(inner.width * (inner.width < 60 ? 0.9 : 0.6))),
  );
  shown.forEach((offer, i) => {
    const y = inner.y + i;
    const marked = chosen !== undefined && top + i === at;
    if (marked) cells.put(inner.x, y, '▸', { style: STYLE.accent });
    cells.put(inner.x + 2, y, KIND_LETTER[offer.kind], { style: STYLE.dim });
    const style = marked ? STYLE.selected : KIND_STYLE[offer.kind];
    cells.put(inner.x + 4, y, fit(safeText(offer.shown), Math.min(names, inner.width - 5)), {
      style,
    });
    const room = inner.width - names - 8;
    if (room < 8) return;
    const about = shorten(safeText(offer.about), room);
    cells.put(inner.x + names + 6, y, about, { style: marked ? STYLE.plain : STYLE.dim });
  });
  return cells.lines(theme.palette, theme.ascii);
}

/** A box of rows that can be scrolled. */
export interface BoxView {
  readonly title: string;
  readonly right?: readonly Word[];
  readonly bottom?: readonly Word[];
  readonly scroll: number;
  readonly theme: Theme;
  /** Told how many rows there are, and how many there is room for. */
  readonly seen?: (body: BodySeen) => void;
  /** How columns that there is no room for can be seen. */
  readonly more?: string;
}

/** Words in rows, in a box. */
export function wordsBox(
  view: BoxView,
  rows: readonly (readonly Word[])[],
  { width, height }: Size,
): string[] {
  const cells = new CellGrid(width, height);
  const room = Math.max(1, height - 2);
  view.seen?.({ count: rows.length, room });
  const top = Math.max(0, Math.min(view.scroll, rows.length - room));
  const inner = drawFrame(
    cells,
    { x: 0, y: 0, width, height },
    { ...view, bottom: [...(view.bottom ?? []), ...placeWords(top, room, rows.length)] },
  );
  rows.slice(top, top + inner.height).forEach((words, i) => {
    let x = inner.x + 1;
    for (const { text, style } of words) {
      x += cells.put(x, inner.y + i, shorten(safeText(text), inner.x + inner.width - x), { style });
    }
  });
  return cells.lines(view.theme.palette, view.theme.ascii);
}

/** A text in rows of so many cells; what is copied from them is whole. */
export function folded(text: string, width: number): Word[][] {
  if (text === '') return [];
  return cutText(text, width).map((row) => [{ text: row, style: STYLE.plain }]);
}

/** A sentence in rows of so many cells, broken between words. */
export function wrapped(text: string, width: number, style: number): Word[][] {
  return text === '' ? [] : wrapText(text, width).map((row) => [{ text: row, style }]);
}

function placeWords(top: number, room: number, count: number): Word[] {
  if (count <= room) return [];
  const last = Math.min(count, top + room);
  return [{ text: `${top + 1}–${last} of ${count}`, style: STYLE.dim }];
}

/** The rows of a plan with their colours. */
export function planWords(rows: readonly PlanRow[], width: number): Word[][] {
  const style = { step: STYLE.bold, text: STYLE.series2, ran: STYLE.series1, sum: STYLE.accent };
  return rows.flatMap(({ kind, lead, words, more }) => {
    const first: Word[] = [
      { text: lead, style: STYLE.border },
      { text: words, style: style[kind] },
    ];
    if (more === '') return [first];
    const second = { text: `  ${more}`, style: STYLE.dim };
    if (lead.length + words.length + more.length + 2 <= width) return [[...first, second]];
    const below = lead.replace('├', '│').replace('└', ' ');
    return [
      first,
      [
        { text: `${below}  `, style: STYLE.border },
        { text: more, style: STYLE.dim },
      ],
    ];
  });
}

/** A table of which only the rows in sight are made. */
export function tableBox(view: BoxView, table: ResultTable, { width, height }: Size): string[] {
  const cells = new CellGrid(width, height);
  const room = Math.max(1, height - 3);
  view.seen?.({ count: table.count, room });
  const top = Math.max(0, Math.min(view.scroll, table.count - room));
  const shared = table.shared === '' ? [] : [{ text: `all: ${table.shared}`, style: STYLE.dim }];
  // The columns stay where they are while a page is scrolled.
  const from = Math.max(0, Math.floor(top / TABLE_CHUNK) * TABLE_CHUNK);
  const until = Math.min(table.count, top + Math.max(room, TABLE_CHUNK));
  const rows: (readonly TableCell[])[] = [];
  for (let r = from; r < until; r++) rows.push(table.row(r));
  const hidden = hiddenWords(columnsHidden(table.columns, rows, width - 2), view.more);
  const bottom = [...placeWords(top, room, table.count), ...hidden, ...shared];
  const area = { x: 0, y: 0, width, height };
  const inner = drawFrame(cells, area, { ...view, bottom: cutWords(bottom, width - 6) });
  drawTable(cells, inner, { columns: table.columns, rows, top: top - from });
  return cells.lines(view.theme.palette, view.theme.ascii);
}

/** A column that is left out must not look as if it were not there. */
function hiddenWords(count: number, how = ''): Word[] {
  if (count === 0) return [];
  const columns = count === 1 ? '1 column has' : `${count} columns have`;
  return [{ text: `(${columns} no room${how === '' ? '' : `: ${how}`})`, style: STYLE.warn }];
}

/** The first word whole, of the others what there is room for. */
function cutWords(words: readonly Word[], room: number): Word[] {
  let left = room;
  return words.flatMap(({ text, style }) => {
    const cut = shorten(safeText(text), left - 2);
    left -= cellWidth(cut) + 1;
    return cut === '' || left < 0 ? [] : [{ text: cut, style }];
  });
}
