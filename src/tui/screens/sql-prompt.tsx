// `mon sql` without a statement: a line to type SQL into, with completion and colours, and the
// answer below it as a table. It arranges and takes keys; the state is in sql-prompt-state.ts, the
// pictures in sql-prompt-view.ts. Easy to get wrong: nothing here may tick by itself, and a key
// must never wait for the server.
import { useWindowSize } from 'ink';
import { useEffect, useMemo, useRef, useState, useSyncExternalStore, type ReactNode } from 'react';
import type { SqlTables, SqlValue } from '../../engine/model/sql.ts';
import type { Clock } from '../../engine/runtime/clock.ts';
import { NameCache, type NameSource } from '../feed/name-cache.ts';
import { SqlSession, type SqlQuestioner, type SqlShown } from '../feed/sql-session.ts';
import { runScreen, type ScreenControls, type ScreenProcess } from '../run-screen.ts';
import { screenTheme, type TerminalEnv, type Theme, type ThemeChoice } from '../theme.ts';
import { Picture } from '../widgets/picture.tsx';
import {
  NO_OFFERS,
  PromptFrame,
  tellKept,
  useBodySeen,
  usePromptKeys,
  type BodyWatch,
  type Hold,
} from './prompt-frame.tsx';
import type { ResultTable } from './query-prompt-result.ts';
import { promptState } from './query-prompt-state.ts';
import { sqlOffersAt } from './sql-prompt-offers.ts';
import { pressSql, type SqlPromptState } from './sql-prompt-state.ts';
import { linesOf, tableOf, type CellText } from './sql-prompt-table.ts';
import { SQL_KEYS, sqlBodyLines, sqlEditorHeight, sqlEditorLines } from './sql-prompt-view.ts';
import { shellQuote } from '../draw/shell-word.ts';

export interface SqlPromptOptions {
  readonly ask: SqlQuestioner;
  readonly names: NameSource;
  readonly tables: SqlTables;
  readonly server: { readonly url: string; readonly flags: string };
  readonly clock: Clock;
  readonly look: { readonly env: TerminalEnv } & ThemeChoice;
  /** A value as a cell shows it. */
  readonly cellText: (value: SqlValue, type: string) => string;
  /** Statements of before, the oldest first, and a note to begin with. */
  readonly past: readonly string[];
  readonly note: string;
  /** Keeps a statement for the next time; answers what went wrong, '' when nothing did. */
  readonly remember: (text: string) => Promise<string>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly process: ScreenProcess;
  readonly signal?: AbortSignal;
}

/** Shows the prompt until it is left; answers the exit code. */
export async function openSqlPrompt(options: SqlPromptOptions): Promise<number> {
  const session = new SqlSession(options.ask, options.clock);
  const names = new NameCache(options.names, options.clock);
  const theme = screenTheme(options.look.env, options.look);
  try {
    return await runScreen({
      ...options,
      elsewhere: 'in a script or a pipe use mon sql STATEMENT',
      pastes: true,
      show: (controls) => <SqlPrompt {...{ options, session, names, theme, controls }} />,
    });
  } finally {
    session.cancel();
  }
}

interface SqlPromptProps {
  readonly options: SqlPromptOptions;
  readonly session: SqlSession;
  readonly names: NameCache;
  readonly theme: Theme;
  readonly controls: ScreenControls;
}

function SqlPrompt(props: SqlPromptProps): ReactNode {
  const { options, session, names, theme } = props;
  const { columns, rows } = useWindowSize();
  const answered = useSyncExternalStore(session.subscribe, session.state, session.state);
  const version = useSyncExternalStore(names.subscribe, names.version, names.version);
  const [state, setState] = useState<SqlPromptState>(() => promptState(options));
  const latest = useRef(state);
  const become = (next: SqlPromptState): void => setState((latest.current = next));
  const body = useBodySeen();
  useKeys(props, { latest, become }, body);
  useEffect(() => void names.metrics(), [names]);
  const { edit, quiet, asked, chosen, search } = state;
  const offers = useMemo(() => {
    const hidden = search !== undefined || (quiet && chosen === undefined);
    if (hidden) return NO_OFFERS;
    return sqlOffersAt(edit.text, edit.cursor, { names, tables: options.tables }, asked);
  }, [edit, quiet, asked, chosen, search, names, version, options.tables]);
  const { outcome } = answered;
  const failed = outcome.kind === 'failure' ? outcome : undefined;
  const failure = failed?.text === edit.text.trim() ? failed.failure : undefined;
  const view = { state, failure, theme };
  const ran = outcome.kind === 'none' ? '' : outcome.text;
  const words = ['mon sql', shellQuote(ran || edit.text.trim()), options.server.flags];
  const command = words.filter((word) => word !== '').join(' ');
  const { tables } = options;
  const table = useTable(options.cellText, state.sideways === true);
  const shown = { state, answered, tables, theme, command, table, seen: body.see };
  return (
    <PromptFrame
      {...{ state, offers, columns, rows, theme }}
      name="sql"
      url={options.server.url}
      running={answered.running !== undefined}
      editorRows={sqlEditorHeight(view, columns, rows)}
      editor={(size) => sqlEditorLines(view, size)}
      answer={(size) => <Picture lines={sqlBodyLines(shown, size)} {...size} />}
      keys={SQL_KEYS}
    />
  );
}

/** The table of an answer, made once for each answer, form and width. */
function useTable(cellText: CellText, sideways: boolean) {
  const kept = useRef<{ readonly key: readonly unknown[]; readonly table: ResultTable }>(undefined);
  return (answer: SqlShown, width: number): ResultTable => {
    const key = [answer, sideways, sideways ? width : 0];
    const { current } = kept;
    if (current !== undefined && key.every((part, i) => part === current.key[i])) {
      return current.table;
    }
    const table = sideways ? linesOf(answer, cellText, width) : tableOf(answer, cellText);
    kept.current = { key, table };
    return table;
  };
}

/** Keys and pastes become state and wishes, each seeing what the one before did. */
function useKeys(props: SqlPromptProps, hold: Hold, body: BodyWatch): void {
  const { options, session, names, controls } = props;
  const one = (name: string): boolean => {
    const { current } = hold.latest;
    const { edit, quiet, asked, chosen } = current;
    const hidden = quiet && chosen === undefined && name !== 'tab';
    const known = { names, tables: options.tables };
    const offers = hidden
      ? { ...NO_OFFERS, start: edit.cursor }
      : sqlOffersAt(edit.text, edit.cursor, known, asked || name === 'tab');
    const { running, outcome } = session.state();
    const ran = outcome.kind === 'none' ? '' : outcome.text;
    const around = { offers, running: running !== undefined, ran, body: body.seen() };
    const { state, wish } = pressSql(current, name, around);
    hold.latest.current = state;
    if (wish?.do === 'exit') controls.exit(0);
    else if (wish?.do === 'repaint') controls.repaint();
    else if (wish?.do === 'cancel') session.cancel();
    else if (wish?.do === 'run') {
      session.run(wish.text);
      tellKept(hold, options.remember(wish.text));
    }
    return wish?.do !== 'exit';
  };
  usePromptKeys(hold, one);
}
