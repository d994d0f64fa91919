// `mon query` without an expression: a line to type PromQL into, with completion and colours, and
// the answer below it as a table, a chart or a plan. It arranges and takes keys; the state is in
// query-prompt-state.ts, the pictures in query-prompt-view.ts. Easy to get wrong: nothing here may
// tick by itself, and a key must never wait for the server.
import { Box, useInput, usePaste, useWindowSize } from 'ink';
import { useEffect, useMemo, useRef, useState, useSyncExternalStore, type ReactNode } from 'react';
import type { Ask, Explain, QueryTimes } from '../../engine/ports.ts';
import type { Clock } from '../../engine/runtime/clock.ts';
import { STYLE } from '../draw/styles.ts';
import { formatRange } from '../draw/units.ts';
import { NameCache, type NameSource } from '../feed/name-cache.ts';
import { QuerySession } from '../feed/query-session.ts';
import { runScreen, type ScreenControls, type ScreenProcess } from '../run-screen.ts';
import { screenTheme, type TerminalEnv, type Theme, type ThemeChoice } from '../theme.ts';
import { Panel } from '../widgets/panel.tsx';
import { Picture } from '../widgets/picture.tsx';
import { StatusLine, type WordGroup } from '../widgets/status-line.tsx';
import { TooSmall } from '../widgets/too-small.tsx';
import { PromptBody } from './query-prompt-body.tsx';
import {
  EDIT_KEYS,
  OFFER_KEYS,
  SEARCH_KEYS,
  promptKeys,
  type PromptKey,
} from './query-prompt-keys.ts';
import { offersAt, type Offers } from './query-prompt-offers.ts';
import { queryTimes, shellCommand } from './query-prompt-time.ts';
import { lineQuery, paste, press, promptState, type PromptState } from './query-prompt-state.ts';
import { editorHeight, editorLines, offersHeight, offersLines } from './query-prompt-view.ts';

export interface PromptOptions {
  readonly ask: Ask & Explain;
  readonly names: NameSource;
  readonly server: { readonly url: string; readonly flags: string };
  readonly clock: Clock;
  readonly look: { readonly env: TerminalEnv } & ThemeChoice;
  /** IANA time zone of all times on the screen; the machine's when undefined. */
  readonly zone?: string;
  /** Queries of before, the oldest first, and a look at the range to begin with. */
  readonly view?: Partial<PromptState>;
  /** Keeps a query for the next time; answers what went wrong, '' when nothing did. */
  readonly remember: (query: string) => Promise<string>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly process: ScreenProcess;
  readonly signal?: AbortSignal;
}

const COLUMNS_MIN = 30;
const ROWS_MIN = 8;
const NO_OFFERS: Offers = { start: 0, typed: '', list: [] };

/** Shows the prompt until it is left; answers the exit code. */
export async function openQueryPrompt(options: PromptOptions): Promise<number> {
  const { ask, clock, look } = options;
  const session = new QuerySession(ask, clock);
  const names = new NameCache(options.names, clock);
  const theme = screenTheme(look.env, look);
  try {
    return await runScreen({
      ...options,
      pastes: true,
      show: (controls) => <Prompt {...{ options, session, names, theme, controls }} />,
    });
  } finally {
    session.cancel();
  }
}

export interface PromptProps {
  readonly options: PromptOptions;
  readonly session: QuerySession;
  readonly names: NameCache;
  readonly theme: Theme;
  readonly controls: ScreenControls;
}

/** The whole screen. */
export function Prompt(props: PromptProps): ReactNode {
  const { options, session, names, theme } = props;
  const { columns, rows } = useWindowSize();
  const answered = useSyncExternalStore(session.subscribe, session.state, session.state);
  const known = useSyncExternalStore(names.subscribe, names.version, names.version);
  const [state, setState] = useState(() => promptState(options.view));
  const latest = useRef(state);
  const become = (next: PromptState): void => setState((latest.current = next));
  const ran = answered.outcome.kind === 'none' ? '' : answered.outcome.query;
  useKeys(props, { latest, become, page: Math.max(1, rows - 8) });
  useEffect(() => void names.metrics(), [names]);
  const { edit, quiet, asked, chosen, search } = state;
  const offers = useMemo(() => {
    const hidden = search !== undefined || (quiet && chosen === undefined);
    return hidden ? NO_OFFERS : offersAt(edit.text, edit.cursor, names, asked);
  }, [edit, quiet, asked, chosen, search, names, known]);
  if (columns < COLUMNS_MIN || rows < ROWS_MIN) {
    const needs = { columns: COLUMNS_MIN, rows: ROWS_MIN };
    return <TooSmall columns={columns} rows={rows} needs={needs} theme={theme} />;
  }
  const failed = answered.outcome.kind === 'failure' ? answered.outcome : undefined;
  const failure = failed?.query === lineQuery(state) ? placed(failed.failure, state) : undefined;
  const view = { state, failure, theme };
  const height = editorHeight(view, columns, rows);
  const body = rows - 2 - height;
  const list = offersHeight(offers, body);
  const times = queryTimes(state, options.clock.now(), columns);
  const command = shellCommand(ran || lineQuery(state), state, options.server.flags);
  return (
    <Box flexDirection="column" width={columns} height={rows} overflow="hidden">
      <StatusLine
        {...headGroups(props, state, { running: answered.running, columns })}
        width={columns}
        theme={theme}
      />
      <Picture
        lines={editorLines(view, { width: columns, height })}
        width={columns}
        height={height}
      />
      {list > 0 && (
        <Picture
          lines={offersLines(offers, chosen, { width: columns, height: list, theme })}
          width={columns}
          height={list}
        />
      )}
      {body - list > 2 && (
        <Panel title="answer" theme={theme} width={columns} height={body - list}>
          <PromptBody
            {...{ state, answered, theme, times, command }}
            zone={options.zone}
            width={columns}
            height={body - list}
          />
        </Panel>
      )}
      {body - list <= 2 && <Box height={Math.max(0, body - list)} />}
      <StatusLine left={barGroups(keysNow(state))} width={columns} theme={theme} />
    </Box>
  );
}

/** The places of a failure in the line as it stands, with what is before the query. */
function placed<T extends { readonly start?: number; readonly end?: number }>(
  failure: T,
  state: PromptState,
): T {
  if (failure.start === undefined) return failure;
  const shift = Math.max(0, state.edit.text.indexOf(lineQuery(state)));
  const { start, end = start } = failure;
  return { ...failure, start: start + shift, end: end + shift };
}

interface Hold {
  readonly latest: { current: PromptState };
  readonly become: (next: PromptState) => void;
  readonly page: number;
}

/** Keys and pastes become state and wishes, each seeing what the one before did. */
function useKeys(props: PromptProps, { latest, become, page }: Hold): void {
  const { options, session, names, controls } = props;
  const one = (name: string): boolean => {
    const { current } = latest;
    const { edit, quiet, asked, chosen } = current;
    const hidden = quiet && chosen === undefined && name !== 'tab';
    const offers = hidden
      ? { ...NO_OFFERS, start: edit.cursor }
      : offersAt(edit.text, edit.cursor, names, asked || name === 'tab');
    const { running, outcome } = session.state();
    const ran = outcome.kind === 'none' ? '' : outcome.query;
    const around = { offers, running: running !== undefined, ran, page };
    const { state, wish } = press(current, name, around);
    latest.current = state;
    const times = (): QueryTimes =>
      queryTimes(state, options.clock.now(), options.stdout.columns ?? 80);
    if (wish?.do === 'exit') controls.exit(0);
    else if (wish?.do === 'repaint') controls.repaint();
    else if (wish?.do === 'cancel') session.cancel();
    else if (wish?.do === 'explain') session.explain(wish.query, times(), wish.analyze);
    else if (wish?.do === 'run') {
      session.run(wish.query, times());
      void options.remember(wish.query).then((trouble) => {
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
  { options, theme }: PromptProps,
  state: PromptState,
  more: { readonly running: string | undefined; readonly columns: number },
): { readonly left: WordGroup[]; readonly right: WordGroup[] } {
  const { rangeMs, atMs, stepMs } = state;
  const at = atMs === undefined ? 'instant, now' : `instant, ${new Date(atMs).toISOString()}`;
  const step = stepMs === undefined ? '' : ` step ${formatRange(stepMs)}`;
  const time = rangeMs === undefined ? at : `last ${formatRange(rangeMs)}${step}`;
  const { running, columns } = more;
  const host = columns < 60 ? '' : options.server.url.replace(/^https?:\/\//, '');
  const word = running === undefined ? '○ ready' : '● running';
  const style = running === undefined ? STYLE.dim : STYLE.warn;
  return {
    left: [
      { words: [{ text: ' mon query', style: STYLE.selected }], gap: 2 },
      { words: [{ text: host, style: STYLE.dim }] },
    ],
    right: [
      { words: [{ text: theme.ascii ? word.replace(/^. /, '') : word, style }] },
      { words: [{ text: `${time} `, style: STYLE.bold }] },
    ],
  };
}

function keysNow({ search, chosen }: PromptState): readonly PromptKey[] {
  if (search !== undefined) return SEARCH_KEYS;
  return chosen === undefined ? EDIT_KEYS : OFFER_KEYS;
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
