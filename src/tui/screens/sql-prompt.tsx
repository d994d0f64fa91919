// `mon sql` without a statement: a line to type SQL into, with completion and colours, and the
// answer below it as a table. It arranges and takes keys; the state is in sql-prompt-state.ts, the
// pictures in sql-prompt-view.ts. Easy to get wrong: nothing here may tick by itself, and a key
// must never wait for the server.
import { Box, useInput, usePaste, useWindowSize } from 'ink';
import { useEffect, useMemo, useRef, useState, useSyncExternalStore, type ReactNode } from 'react';
import type { SqlTables, SqlValue } from '../../engine/model/sql.ts';
import type { Clock } from '../../engine/runtime/clock.ts';
import { STYLE } from '../draw/styles.ts';
import { NameCache, type NameSource } from '../feed/name-cache.ts';
import { SqlSession, type SqlQuestioner } from '../feed/sql-session.ts';
import { runScreen, type ScreenControls, type ScreenProcess } from '../run-screen.ts';
import { screenTheme, type TerminalEnv, type Theme, type ThemeChoice } from '../theme.ts';
import { Picture } from '../widgets/picture.tsx';
import { StatusLine, type WordGroup } from '../widgets/status-line.tsx';
import { TooSmall } from '../widgets/too-small.tsx';
import { OFFER_KEYS, SEARCH_KEYS, promptKeys, type PromptKey } from './query-prompt-keys.ts';
import type { Offers } from './query-prompt-offers.ts';
import { paste, promptState } from './query-prompt-state.ts';
import { offersHeight, offersLines } from './query-prompt-view.ts';
import { sqlOffersAt } from './sql-prompt-offers.ts';
import { pressSql, type SqlPromptState } from './sql-prompt-state.ts';
import { SQL_KEYS, sqlBodyLines, sqlEditorHeight, sqlEditorLines } from './sql-prompt-view.ts';
import { shellQuote } from './top-state.ts';

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

const COLUMNS_MIN = 30;
const ROWS_MIN = 8;
const NO_OFFERS: Offers = { start: 0, typed: '', list: [] };

/** Shows the prompt until it is left; answers the exit code. */
export async function openSqlPrompt(options: SqlPromptOptions): Promise<number> {
  const session = new SqlSession(options.ask, options.clock);
  const names = new NameCache(options.names, options.clock);
  const theme = screenTheme(options.look.env, options.look);
  try {
    return await runScreen({
      ...options,
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
  useKeys(props, { latest, become, page: Math.max(1, rows - 8) });
  useEffect(() => void names.metrics(), [names]);
  const { edit, quiet, asked, chosen, search } = state;
  const offers = useMemo(() => {
    const hidden = search !== undefined || (quiet && chosen === undefined);
    if (hidden) return NO_OFFERS;
    return sqlOffersAt(edit.text, edit.cursor, { names, tables: options.tables }, asked);
  }, [edit, quiet, asked, chosen, search, names, version, options.tables]);
  if (columns < COLUMNS_MIN || rows < ROWS_MIN) {
    const needs = { columns: COLUMNS_MIN, rows: ROWS_MIN };
    return <TooSmall columns={columns} rows={rows} needs={needs} theme={theme} />;
  }
  const { outcome } = answered;
  const failed = outcome.kind === 'failure' ? outcome : undefined;
  const failure = failed?.text === edit.text.trim() ? failed.failure : undefined;
  const view = { state, failure, theme };
  const height = sqlEditorHeight(view, columns, rows);
  const body = rows - 2 - height;
  const list = offersHeight(offers, body);
  const ran = outcome.kind === 'none' ? '' : outcome.text;
  const words = ['mon sql', shellQuote(ran || edit.text.trim()), options.server.flags];
  const command = words.filter((word) => word !== '').join(' ');
  const { tables, cellText } = options;
  const shown = { state, answered, tables, theme, command, cellText };
  const size = (h: number) => ({ width: columns, height: h });
  return (
    <Box flexDirection="column" width={columns} height={rows} overflow="hidden">
      <StatusLine {...headGroups(props, answered.running, columns)} width={columns} theme={theme} />
      <Picture lines={sqlEditorLines(view, size(height))} {...size(height)} />
      {list > 0 && (
        <Picture lines={offersLines(offers, chosen, { ...size(list), theme })} {...size(list)} />
      )}
      {body - list > 2 && (
        <Picture lines={sqlBodyLines(shown, size(body - list))} {...size(body - list)} />
      )}
      {body - list <= 2 && <Box height={Math.max(0, body - list)} />}
      <StatusLine left={barGroups(keysNow(state))} width={columns} theme={theme} />
    </Box>
  );
}

interface Hold {
  readonly latest: { current: SqlPromptState };
  readonly become: (next: SqlPromptState) => void;
  readonly page: number;
}

/** Keys and pastes become state and wishes, each seeing what the one before did. */
function useKeys(props: SqlPromptProps, { latest, become, page }: Hold): void {
  const { options, session, names, controls } = props;
  const one = (name: string): boolean => {
    const { current } = latest;
    const { edit, quiet, asked, chosen } = current;
    const hidden = quiet && chosen === undefined && name !== 'tab';
    const known = { names, tables: options.tables };
    const offers = hidden
      ? { ...NO_OFFERS, start: edit.cursor }
      : sqlOffersAt(edit.text, edit.cursor, known, asked || name === 'tab');
    const { running, outcome } = session.state();
    const ran = outcome.kind === 'none' ? '' : outcome.text;
    const around = { offers, running: running !== undefined, ran, page };
    const { state, wish } = pressSql(current, name, around);
    latest.current = state;
    if (wish?.do === 'exit') controls.exit(0);
    else if (wish?.do === 'repaint') controls.repaint();
    else if (wish?.do === 'cancel') session.cancel();
    else if (wish?.do === 'run') {
      session.run(wish.text);
      void options.remember(wish.text).then((trouble) => {
        if (trouble !== '') become({ ...latest.current, note: trouble });
      });
    }
    return wish?.do !== 'exit';
  };
  useInput((input, key) => {
    for (const name of promptKeys(input, key)) if (!one(name)) return;
    become(latest.current);
  });
  usePaste((text) => become(paste(latest.current, text)));
}

function headGroups(
  { options, theme }: SqlPromptProps,
  running: string | undefined,
  columns: number,
): { readonly left: WordGroup[]; readonly right: WordGroup[] } {
  const host = columns < 60 ? '' : options.server.url.replace(/^https?:\/\//, '');
  const word = running === undefined ? '○ ready' : '● running';
  const style = running === undefined ? STYLE.dim : STYLE.warn;
  const left = [
    { words: [{ text: ' mon sql', style: STYLE.selected }], gap: 2 },
    { words: [{ text: host, style: STYLE.dim }] },
  ];
  const text = theme.ascii ? word.replace(/^. /, '') : word;
  return { left, right: [{ words: [{ text: `${text} `, style }] }] };
}

function keysNow({ search, chosen }: SqlPromptState): readonly PromptKey[] {
  if (search !== undefined) return SEARCH_KEYS;
  return chosen === undefined ? SQL_KEYS : OFFER_KEYS;
}

function barGroups(keys: readonly PromptKey[]): WordGroup[] {
  return keys
    .filter(({ bar }) => bar !== undefined)
    .map(({ keys: shown, bar = '' }) => ({
      words: [
        { text: ` ${shown} `, style: STYLE.accent },
        { text: bar, style: STYLE.dim },
      ],
      gap: 1,
    }));
}
