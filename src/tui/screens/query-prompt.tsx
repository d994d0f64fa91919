// `mon query` without an expression: a line to type PromQL into, with completion and colours, and
// the answer below it as a table, a chart or a plan. It arranges and takes keys; the state is in
// query-prompt-state.ts, the pictures in query-prompt-view.ts. Easy to get wrong: nothing here may
// tick by itself, and a key must never wait for the server.
import { useWindowSize } from 'ink';
import { useEffect, useMemo, useRef, useState, useSyncExternalStore, type ReactNode } from 'react';
import type { Ask, Explain, QueryTimes } from '../../engine/ports.ts';
import type { Clock } from '../../engine/runtime/clock.ts';
import { formatRange } from '../draw/units.ts';
import { NameCache, type NameSource } from '../feed/name-cache.ts';
import { QuerySession } from '../feed/query-session.ts';
import { runScreen, type ScreenControls, type ScreenProcess } from '../run-screen.ts';
import { screenTheme, type TerminalEnv, type Theme, type ThemeChoice } from '../theme.ts';
import { Panel } from '../widgets/panel.tsx';
import {
  NO_OFFERS,
  PromptFrame,
  tellKept,
  useBodySeen,
  usePromptKeys,
  type BodyWatch,
  type Hold,
} from './prompt-frame.tsx';
import { PromptBody } from './query-prompt-body.tsx';
import { EDIT_KEYS } from './query-prompt-keys.ts';
import { offersAt } from './query-prompt-offers.ts';
import { queryTimes, shellCommand } from './query-prompt-time.ts';
import { lineQuery, press, promptState, type PromptState } from './query-prompt-state.ts';
import { editorHeight, editorLines } from './query-prompt-view.ts';

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

/** Shows the prompt until it is left; answers the exit code. */
export async function openQueryPrompt(options: PromptOptions): Promise<number> {
  const { ask, clock, look } = options;
  const session = new QuerySession(ask, clock);
  const names = new NameCache(options.names, clock);
  const theme = screenTheme(look.env, look);
  try {
    return await runScreen({
      ...options,
      elsewhere: 'in a script or a pipe use mon query EXPR',
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
  const body = useBodySeen();
  useKeys(props, { latest, become }, body);
  useEffect(() => void names.metrics(), [names]);
  const { edit, quiet, asked, chosen, search } = state;
  const offers = useMemo(() => {
    const hidden = search !== undefined || (quiet && chosen === undefined);
    return hidden ? NO_OFFERS : offersAt(edit.text, edit.cursor, names, asked);
  }, [edit, quiet, asked, chosen, search, names, known]);
  const failed = answered.outcome.kind === 'failure' ? answered.outcome : undefined;
  const failure = failed?.query === lineQuery(state) ? placed(failed.failure, state) : undefined;
  const view = { state, failure, theme };
  const times = queryTimes(state, options.clock.now(), columns);
  const command = shellCommand(ran || lineQuery(state), state, options.server.flags);
  return (
    <PromptFrame
      {...{ state, offers, columns, rows, theme }}
      name="query"
      url={options.server.url}
      running={answered.running !== undefined}
      time={timeWords(state)}
      editorRows={editorHeight(view, columns, rows)}
      editor={(size) => editorLines(view, size)}
      answer={(size) => (
        <Panel title="answer" theme={theme} {...size}>
          <PromptBody
            {...{ state, answered, theme, times, command, ...size }}
            metrics={names.metrics()}
            seen={body.see}
            zone={options.zone}
          />
        </Panel>
      )}
      keys={EDIT_KEYS}
    />
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

/** Keys and pastes become state and wishes, each seeing what the one before did. */
function useKeys(props: PromptProps, hold: Hold, body: BodyWatch): void {
  const { options, session, names, controls } = props;
  const one = (name: string): boolean => {
    const { current } = hold.latest;
    const { edit, quiet, asked, chosen } = current;
    const hidden = quiet && chosen === undefined && name !== 'tab';
    const offers = hidden
      ? { ...NO_OFFERS, start: edit.cursor }
      : offersAt(edit.text, edit.cursor, names, asked || name === 'tab');
    const { running, outcome } = session.state();
    const ran = outcome.kind === 'none' ? '' : outcome.query;
    const around = { offers, running: running !== undefined, ran, body: body.seen() };
    const { state, wish } = press(current, name, around);
    hold.latest.current = state;
    const times = (): QueryTimes =>
      queryTimes(state, options.clock.now(), options.stdout.columns ?? 80);
    if (wish?.do === 'exit') controls.exit(0);
    else if (wish?.do === 'repaint') controls.repaint();
    else if (wish?.do === 'cancel') session.cancel();
    else if (wish?.do === 'explain') session.explain(wish.query, times(), wish.analyze);
    else if (wish?.do === 'run') {
      session.run(wish.query, times());
      tellKept(hold, options.remember(wish.query));
    }
    return wish?.do !== 'exit';
  };
  usePromptKeys(hold, one);
}

/** What time is asked about. */
function timeWords({ rangeMs, atMs, stepMs }: PromptState): string {
  const at = atMs === undefined ? 'instant, now' : `instant, ${new Date(atMs).toISOString()}`;
  const step = stepMs === undefined ? '' : ` step ${formatRange(stepMs)}`;
  return rangeMs === undefined ? at : `last ${formatRange(rangeMs)}${step}`;
}
