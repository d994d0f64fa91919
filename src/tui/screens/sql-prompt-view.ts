// The pictures of the SQL prompt: editor and body, each an area of lines. From state to cells, no
// React. Easy to get wrong: every text here may come from a server or a paste; it goes through
// CellGrid.put or fit(safeText()), which make it safe and cut it.
import type { SqlTables } from '../../engine/model/sql.ts';
import { CellGrid } from '../draw/cells.ts';
import { drawFrame, type Word } from '../draw/frame.ts';
import { drawEditor, layoutEditor } from '../draw/query-editor.ts';
import { sqlStyles } from '../draw/sql-text.ts';
import { STYLE } from '../draw/styles.ts';
import { safeText, shorten } from '../draw/text.ts';
import { formatDuration } from '../draw/units.ts';
import type { QueryFailure } from '../feed/query-session.ts';
import type { SqlSessionState, SqlShown } from '../feed/sql-session.ts';
import type { Theme } from '../theme.ts';
import { EDIT_KEYS, type PromptKey } from './query-prompt-keys.ts';
import type { ResultTable } from './query-prompt-result.ts';
import { searchFound, type BodySeen } from './query-prompt-state.ts';
import { folded, tableBox, wordsBox, wrapped, type Size } from './query-prompt-view.ts';
import { SQL_COMMANDS } from './sql-prompt-offers.ts';
import type { SqlPromptState } from './sql-prompt-state.ts';

const EDITOR_SHARE = 0.4;
/** Keys of the prompt of queries that have no meaning here. */
const FOREIGN = new Set(['^T', '^X']);
const LINES_KEY: PromptKey = {
  ...{ keys: '^G', bar: 'lines', help: 'each column in a line of its own, or a table' },
};
export const SQL_KEYS: readonly PromptKey[] = EDIT_KEYS.filter(
  ({ keys }) => !FOREIGN.has(keys),
).map((key) => (key.keys === '^G' ? LINES_KEY : key));

export interface SqlView {
  readonly state: SqlPromptState;
  readonly failure: QueryFailure | undefined;
  readonly theme: Theme;
}

function shownLine(state: SqlPromptState): { readonly text: string; readonly cursor: number } {
  if (state.search === undefined) return state.edit;
  const text = searchFound(state) ?? '';
  return { text, cursor: text.length };
}

/** Rows that the editor's box needs. */
export function sqlEditorHeight(
  { state, failure }: SqlView,
  columns: number,
  rows: number,
): number {
  const { text, cursor } = shownLine(state);
  const lines = layoutEditor(text, cursor, columns - 6).rows;
  const placed = failure?.start === undefined ? 1 : 2;
  const told = failure === undefined ? 0 : placed + (failure.hint === undefined ? 0 : 1);
  const most = Math.max(3, Math.floor(rows * EDITOR_SHARE));
  return Math.max(3, Math.min(most, lines + told + 2));
}

/** The box with the statement. */
export function sqlEditorLines({ state, failure, theme }: SqlView, size: Size): string[] {
  const { width, height } = size;
  const cells = new CellGrid(width, height);
  const { search, note } = state;
  const title = search === undefined ? 'statement' : `search: ${search.typed}▏`;
  const bottom = note === '' ? [] : [{ text: note, style: STYLE.warn }];
  const inner = drawFrame(cells, { x: 0, y: 0, width, height }, { title, bottom, selected: true });
  const told: Word[] = failure === undefined ? [] : failureWords(failure);
  const line = shownLine(state);
  const rows = Math.max(1, inner.height - told.length);
  cells.put(inner.x + 1, inner.y, '›', { style: STYLE.accent });
  const box = { x: inner.x + 3, y: inner.y, width: inner.width - 4, height: rows };
  const { start, end = start } = failure ?? {};
  drawEditor(cells, box, {
    ...line,
    mistake: start === undefined || search !== undefined ? undefined : { start, end: end ?? start },
    placeholder: 'a SELECT statement, or .help',
    colored: false,
    styles: sqlStyles(line.text),
  });
  told.forEach(({ text, style }, i) => {
    const y = inner.y + inner.height - told.length + i;
    if (y > inner.y) cells.put(inner.x + 3, y, shorten(safeText(text), inner.width - 4), { style });
  });
  return cells.lines(theme.palette, theme.ascii);
}

function failureWords({ message, hint }: QueryFailure): Word[] {
  const words: Word[] = [{ text: `✗ ${message}`, style: STYLE.bad }];
  if (hint !== undefined) words.push({ text: `  ${hint}`, style: STYLE.warn });
  return words;
}

export interface BodyView {
  readonly state: SqlPromptState;
  readonly answered: SqlSessionState;
  readonly tables: SqlTables;
  readonly theme: Theme;
  readonly command: string;
  /** The answer as the table that is shown, for so many cells. */
  readonly table: (answer: SqlShown, width: number) => ResultTable;
  /** Told what there was to paint. */
  readonly seen: (body: BodySeen) => void;
}

/** What stands below the line. */
export function sqlBodyLines(view: BodyView, size: Size): string[] {
  const { state, answered, theme } = view;
  const right = answered.running === undefined ? [] : [{ text: 'running', style: STYLE.warn }];
  const { seen } = view;
  const box = (title: string) => ({ title, right, scroll: state.scroll, theme, seen });
  const width = Math.max(1, size.width - 4);
  if (state.view === 'help') {
    if (state.tables === true) return wordsBox(box('tables'), tableWords(view.tables), size);
    return wordsBox(box('help'), helpWords(), size);
  }
  if (state.view === 'history') {
    const rows = state.past.toReversed().map((text) => plain(text.replaceAll(/\s+/g, ' ')));
    return wordsBox(box('history, newest first'), rows, size);
  }
  if (state.view === 'command')
    return wordsBox(box('for a shell'), folded(view.command, width), size);
  const { outcome } = answered;
  if (outcome.kind === 'none') return wordsBox(box('answer'), welcomeWords(), size);
  if (outcome.kind === 'failure') {
    const { message, hint = '' } = outcome.failure;
    const rows = [...wrapped(message, width, STYLE.bad), ...wrapped(hint, width, STYLE.warn)];
    return wordsBox(box('no answer'), rows, size);
  }
  const { answer, ms } = outcome;
  const { rows, cut, warnings } = answer.end;
  const more = cut ? ', cut there' : '';
  const title = `${rows} ${rows === 1 ? 'row' : 'rows'}${more}, ${formatDuration(ms)}`;
  const told = warnings.length === 0 ? [] : [{ text: `! ${warnings[0]}`, style: STYLE.warn }];
  const frame = { ...box(title), right: right.length > 0 ? right : told };
  if (rows === 0)
    return wordsBox(frame, [plain(''), [{ text: 'no rows', style: STYLE.dim }]], size);
  return tableBox({ ...frame, more: '^G shows them' }, view.table(answer, size.width), size);
}

function plain(text: string): Word[] {
  return [{ text, style: STYLE.plain }];
}

function tableWords(tables: SqlTables): Word[][] {
  return tables.flatMap(({ name, about, columns }) => [
    [
      { text: name.padEnd(12), style: STYLE.bold },
      { text: about, style: STYLE.dim },
    ],
    ...columns.map((column): Word[] => [
      { text: `  ${column.name}`.padEnd(12), style: STYLE.series4 },
      { text: column.type.padEnd(26), style: STYLE.plain },
      { text: column.about, style: STYLE.dim },
    ]),
    plain(''),
  ]);
}

function helpWords(): Word[][] {
  const row = (keys: string, words: string): Word[] => [
    { text: keys.padEnd(14), style: STYLE.accent },
    { text: words, style: STYLE.plain },
  ];
  return [
    ...SQL_KEYS.map(({ keys, help }) => row(keys, help)),
    plain(''),
    ...SQL_COMMANDS.map(([name, about]) => row(name, about)),
  ];
}

function welcomeWords(): Word[][] {
  const row = (key: string, words: string): Word[] => [
    { text: key.padEnd(15), style: STYLE.accent },
    { text: words, style: STYLE.dim },
  ];
  return [
    plain(''),
    row('FROM samples', 'all samples: ts, metric, labels, value'),
    row('Tab', 'completes tables, columns, metrics and labels'),
    row('.tables', 'all tables and their columns'),
    row('.help', 'all keys and commands'),
    row('Ctrl-D', 'leaves'),
  ];
}
