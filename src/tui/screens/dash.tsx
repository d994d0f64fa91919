// `mon dash`: a dashboard on the whole terminal. It takes keys and hands whole frames to the
// compositor; the picture is made in dash-draw.ts, keys become state in dash-state.ts, and what is
// shown comes from one feed. Ink reads the keys and knows nothing of the picture: laying out ten
// thousand cells is most of what a frame would cost. Easy to get wrong: the feed has to be told
// which panels are in sight before it can ask for them.
import { useInput, useWindowSize } from 'ink';
import {
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
  type ReactNode,
} from 'react';
import type { Dashboard, DashPanel } from '../../engine/dash/dashboard.ts';
import { toggle } from '../../engine/dash/variables.ts';
import type { Clock } from '../../engine/runtime/clock.ts';
import type { Ask, Explain, QueryTimes } from '../../engine/ports.ts';
import { planRows, syntaxRows } from '../draw/plan-tree.ts';
import { STYLE } from '../draw/styles.ts';
import { DashFeed } from '../feed/dash-feed.ts';
import type { DashSnapshot, VariableState } from '../feed/dash-snapshot.ts';
import type { DashNames } from '../feed/dash-variables.ts';
import { QuerySession, type SessionState } from '../feed/query-session.ts';
import { keyNames } from '../keys.ts';
import { runScreen, type ScreenControls, type ScreenProcess } from '../run-screen.ts';
import { screenTheme, type TerminalEnv, type Theme, type ThemeChoice } from '../theme.ts';
import { DashPainter, headerRows, type DashScene } from './dash-draw.ts';
import { DASH_KEYS, type DashAction } from './dash-keys.ts';
import { boardPages } from './dash-layout.ts';
import {
  dashModeOf,
  dashState,
  reduceDash,
  shownChoices,
  typeValue,
  type DashAround,
  type DashState,
} from './dash-state.ts';
import { commandNote, planNote, queryCommand, type DashServer, type Line } from './dash-view.ts';

export interface DashOptions {
  readonly dashboard: Dashboard;
  /** What opens it again: a name or a file. */
  readonly name: string;
  readonly ask: Ask & Explain;
  readonly names: DashNames;
  readonly server: DashServer;
  readonly clock: Clock;
  /** Environment and flags from which the theme is made. */
  readonly look: { readonly env: TerminalEnv } & ThemeChoice;
  readonly zone?: string;
  /** The view to open with. */
  readonly view?: Partial<DashState>;
  readonly chosen?: ReadonlyMap<string, readonly string[]>;
  readonly scrapeMs?: (signal: AbortSignal) => Promise<number | undefined>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly process: ScreenProcess;
  readonly signal?: AbortSignal;
}

const INTERRUPTED = 130;
const BEAT_MS = 1000;
const MODES_OF_NOTES = new Set(['command', 'explain']);

/** Shows the dashboard until the user leaves; answers the exit code. */
export async function openDash(options: DashOptions): Promise<number> {
  const { dashboard, ask, names, clock, chosen, scrapeMs } = options;
  const view = dashState({
    rangeMs: dashboard.rangeMs,
    beatMs: dashboard.refreshMs ?? BEAT_MS,
    ...options.view,
  });
  const theme = screenTheme(options.look.env, options.look);
  const { rangeMs, beatMs } = view;
  const columns = instants(options.stdout.columns, view.zoomed);
  const feed = new DashFeed({
    ...{ ask, names, clock, dashboard, rangeMs, beatMs, chosen, scrapeMs, columns },
  });
  const session = new QuerySession(ask, clock);
  try {
    return await runScreen({
      ...options,
      elsewhere: 'mon screenshot dash draws it into a file',
      show: (controls) => <Dash {...{ options, feed, session, view, theme, controls }} />,
    });
  } finally {
    session.cancel();
    feed.stop();
  }
}

/** Instants wanted over the range: a chart has two dots to a cell. */
function instants(columns: number, zoomed: boolean): number {
  return Math.max(60, Math.min(800, zoomed ? columns - 12 : Math.round(columns * 0.6)));
}

interface DashProps {
  readonly options: DashOptions;
  readonly feed: DashFeed;
  readonly session: QuerySession;
  readonly view: DashState;
  readonly theme: Theme;
  readonly controls: ScreenControls;
}

/** Keys in, frames out; for Ink there is nothing to see. */
function Dash(props: DashProps): ReactNode {
  const { options, feed, session, theme, controls } = props;
  const { dashboard, server, zone } = options;
  const { columns, rows } = useWindowSize();
  const snapshot = useSyncExternalStore(feed.subscribe, feed.snapshot);
  const told = useSyncExternalStore(session.subscribe, session.state);
  const [state, setState] = useState(props.view);
  // Keys that arrive together must each see what the one before did.
  const latest = useRef(state);
  const painter = useMemo(() => new DashPainter(), []);
  const variables = shownVariables(snapshot);
  const size = { columns, rows: Math.max(1, rows - headerRows(variables) - 1) };
  const pages = useMemo(
    () => boardPages(dashboard.panels, size),
    // oxlint-disable-next-line react/exhaustive-deps -- a size is its two numbers
    [dashboard, size.columns, size.rows],
  );
  const page = pageOf(state, pages);
  const shown = page === state.page ? state : { ...state, page };
  useFeed({ feed, state: shown, inSight: inSight(shown, pages), columns });
  const around: DashAround = {
    nowMs: snapshot.nowMs,
    pages,
    panels: choosable(dashboard),
    variables,
  };
  useInput((input, press) => {
    for (const name of keyNames(input, press)) {
      latest.current = { ...latest.current, page: pageOf(latest.current, pages) };
      const mode = dashModeOf(latest.current);
      const action = DASH_KEYS.actionFor(mode, name);
      if (action === 'quit') return controls.exit(press.ctrl ? INTERRUPTED : 0);
      if (action === undefined) latest.current = typeValue(latest.current, name);
      else latest.current = act(action, { ...props, state: latest.current, around, snapshot });
    }
    setState(latest.current);
  });
  const panel = dashboard.panels.find(({ id }) => id === shown.panel);
  const note = noteOf({ state: shown, panel, props, snapshot, told });
  const scene: DashScene = {
    ...{ dashboard, server, state: shown, snapshot, variables, pages, columns, rows, theme, zone },
    note,
  };
  useLayoutEffect(() => {
    controls.paint(painter.draw(scene).lines(theme.palette, theme.ascii));
  });
  return null;
}

/** The variables that somebody may choose from. */
function shownVariables(snapshot: DashSnapshot): VariableState[] {
  return [...snapshot.variables.values()].filter(({ variable }) => {
    return !variable.hidden && variable.kind !== 'constant' && variable.kind !== 'datasource';
  });
}

function choosable({ panels }: Dashboard): string[] {
  return panels.filter(({ kind }) => kind !== 'row').map(({ id }) => id);
}

/** The page of the chosen panel, or the one that was turned to, as far as there are any. */
function pageOf(state: DashState, pages: readonly (readonly { readonly id: string }[])[]): number {
  const own = pages.findIndex((page) => page.some(({ id }) => id === state.panel));
  return own >= 0 ? own : Math.max(0, Math.min(pages.length - 1, state.page));
}

function inSight(
  state: DashState,
  pages: readonly (readonly { readonly id: string }[])[],
): readonly string[] {
  if (state.zoomed && state.panel !== undefined) return [state.panel];
  return (pages[state.page] ?? []).map(({ id }) => id);
}

/** Tells the feed what is looked at, and starts it with the first telling. */
function useFeed(of: {
  readonly feed: DashFeed;
  readonly state: DashState;
  readonly inSight: readonly string[];
  readonly columns: number;
}): void {
  const { feed, state, columns } = of;
  const { rangeMs, anchorMs, beatMs, paused, zoomed } = state;
  const panels = of.inSight.join('\n');
  useEffect(() => {
    feed.look({
      ...{ rangeMs, beatMs, panels: panels.split('\n') },
      anchorMs: anchorMs ?? 'live',
      columns: instants(columns, zoomed),
    });
    feed.pause(paused);
    feed.start();
  }, [feed, rangeMs, anchorMs, beatMs, paused, zoomed, columns, panels]);
}

interface Acting extends DashProps {
  readonly state: DashState;
  readonly around: DashAround;
  readonly snapshot: DashSnapshot;
}

/** The state after an action, and what it does besides. */
function act(action: DashAction, at: Acting): DashState {
  const { state, around, controls, feed, session, options, snapshot } = at;
  if (action === 'repaint') {
    controls.repaint();
    return state;
  }
  if (action === 'toggle' || (action === 'submit' && state.overlay === 'values')) {
    chooseMarked(action, at);
  }
  const next = reduceDash(state, action, around);
  const panel = options.dashboard.panels.find(({ id }) => id === next.panel);
  if (action === 'explain' && panel !== undefined) {
    const [first] = feed.asked(panel);
    if (first !== undefined) session.explain(first.expr, timesOf(snapshot, first.instant), false);
  }
  if (action === 'copy' && panel !== undefined) {
    const [first] = feed.asked(panel);
    if (first === undefined) return next;
    const { flags } = options.server;
    const text = queryCommand(first, snapshot) + (flags === '' ? '' : ` ${flags}`);
    const said = controls.copy(text) ? 'copied, where the terminal allows it' : 'too long to copy';
    return { ...next, said };
  }
  return next;
}

function chooseMarked(action: DashAction, { state, around, feed }: Acting): void {
  const open = around.variables.find(({ variable }) => variable.name === state.variable);
  const marked = shownChoices(state, around)[state.row];
  if (open === undefined || marked === undefined) return;
  const { name, multi } = open.variable;
  // Enter ends the choice of several; it does not take back what is marked.
  if (action === 'submit' && multi && state.typed === '') {
    if (!open.chosen.includes(marked.value) && open.chosen.length === 0)
      feed.choose(name, [marked.value]);
    return;
  }
  feed.choose(name, action === 'submit' && !multi ? [marked.value] : toggle(open, marked.value));
}

function timesOf({ grid }: DashSnapshot, instant: boolean): QueryTimes {
  if (instant) return { timeMs: grid.end };
  return { startMs: grid.start, endMs: grid.end, stepMs: grid.step };
}

/** What lies over the panels. */
function noteOf(of: {
  readonly state: DashState;
  readonly panel: DashPanel | undefined;
  readonly props: DashProps;
  readonly snapshot: DashSnapshot;
  readonly told: SessionState;
}): DashScene['note'] {
  const { state, panel, props, snapshot, told } = of;
  if (!MODES_OF_NOTES.has(state.overlay)) return undefined;
  const { name, server } = props.options;
  const asked = panel === undefined ? [] : props.feed.asked(panel);
  if (state.overlay === 'command') {
    const lines = commandNote({ panel, asked, name, state, snapshot, server });
    return { title: 'command', lines };
  }
  const title = `how "${panel?.title ?? ''}" is answered`;
  if (asked.length === 0) return { title, lines: [{ text: 'it asks nothing', style: STYLE.dim }] };
  return { title, lines: explainLines(told) };
}

function explainLines({ running, outcome }: SessionState): Line[] {
  if (running !== undefined) return [{ text: 'asking the server …', style: STYLE.dim }];
  switch (outcome.kind) {
    case 'plan':
      return planNote(planRows(outcome.plan));
    case 'tree':
      return [
        { text: outcome.why, style: STYLE.dim },
        ...planNote(syntaxRows(outcome.tree, outcome.query)),
      ];
    case 'failure':
      return [{ text: `! ${outcome.failure.message}`, style: STYLE.bad }];
    default:
      return [{ text: 'nothing was asked', style: STYLE.dim }];
  }
}
