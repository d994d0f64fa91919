// `mon explore`: where the series of a server come from, who asks for them, and the rule that takes
// some away. It arranges and takes keys; rows are made in explore-rows.ts, words in
// explore-view.ts, keys become state in explore-state.ts. Easy to get wrong: with ten thousand
// metrics only what is in sight may cost anything at a key press.
import { Box, useInput, useWindowSize } from 'ink';
import { useEffect, useMemo, useRef, useState, useSyncExternalStore, type ReactNode } from 'react';
import type { Exploration } from '../../engine/model/exploration.ts';
import type { Clock } from '../../engine/runtime/clock.ts';
import { keyListScrollMax } from '../draw/key-list.ts';
import { LocalTime } from '../draw/scale.ts';
import { STYLE } from '../draw/styles.ts';
import { ExploreFeed, queryKey } from '../feed/explore-feed.ts';
import type { ExploreSnapshot, ExploreSource } from '../feed/explore-feed.ts';
import { keyNames } from '../keys.ts';
import { runScreen, type ScreenControls, type ScreenProcess } from '../run-screen.ts';
import { screenTheme, type TerminalEnv, type Theme, type ThemeChoice } from '../theme.ts';
import { Help, Note, noteScrollMax } from '../widgets/help.tsx';
import { Panel } from '../widgets/panel.tsx';
import { StatusLine, type WordGroup } from '../widgets/status-line.tsx';
import { Table } from '../widgets/table.tsx';
import { TextPanel, textScrollMax } from '../widgets/text-panel.tsx';
import { TooSmall } from '../widgets/too-small.tsx';
import { EXPLORE_KEYS } from './explore-keys.ts';
import { arranged, rowsOf, type ExploreList, type ExploreRow } from './explore-rows.ts';
import {
  chosenIndex,
  chosenRule,
  exploreCommand,
  exploreModeOf,
  exploreState,
  openView,
  queryOf,
  reduceExplore,
  ruleQueryOf,
  typeExplore,
  type ExploreStart,
  type ExploreState,
} from './explore-state.ts';
import {
  crumbGroups,
  listTitle,
  metricLines,
  ruleText,
  type RuleText,
  titleGroups,
  totalGroups,
} from './explore-view.ts';

export interface ExploreScreenOptions {
  readonly source: ExploreSource;
  readonly clock: Clock;
  /** Shown in the first row. */
  readonly host: string;
  /** Flags that lead another command to the same server. */
  readonly serverFlags: string;
  readonly look: { readonly env: TerminalEnv } & ThemeChoice;
  readonly zone?: string;
  readonly view?: ExploreStart;
  readonly beatMs?: number;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly process: ScreenProcess;
  readonly signal?: AbortSignal;
}

const EXPLORE_COLUMNS_MIN = 60;
const EXPLORE_ROWS_MIN = 12;
const INTERRUPTED = 130;
const HEADER_ROWS = 3;
/** A terminal so wide has room for the facts beside the list. */
const SIDE_FROM = 140;
const SIDE_CELLS = 46;

/** What the screen was left with: an exit code, and perhaps a text for stdout. */
export interface ExploreEnd {
  readonly code: number;
  readonly print: string;
}

/** Shows the explorer until the user leaves. */
export async function openExplore(options: ExploreScreenOptions): Promise<ExploreEnd> {
  const { source, clock, beatMs, look } = options;
  const feed = new ExploreFeed(source, clock, beatMs);
  const theme = screenTheme(look.env, look);
  const end = { print: '' };
  const leave = (text: string): void => void (end.print = text);
  feed.look(queryOf(openView(exploreState(options.view))));
  feed.start();
  try {
    const code = await runScreen({
      ...options,
      elsewhere: 'in a pipe, or with -o, mon explore prints lists',
      show: (controls) => <Explore {...{ ...options, feed, theme, controls, leave }} />,
    });
    return { code, ...end };
  } finally {
    feed.stop();
  }
}

export interface ExploreProps extends ExploreScreenOptions {
  readonly feed: ExploreFeed;
  readonly theme: Theme;
  readonly controls: ScreenControls;
  /** Takes what is to be printed after the screen is gone. */
  readonly leave: (text: string) => void;
}

interface Scene extends ExploreProps {
  readonly state: ExploreState;
  readonly snapshot: ExploreSnapshot;
  readonly list: ExploreList;
  readonly rows: readonly ExploreRow[];
  readonly keys: readonly string[];
  readonly written: RuleText | undefined;
  readonly columns: number;
  readonly height: number;
  readonly said: string;
}

/** The whole screen. */
export function Explore(props: ExploreProps): ReactNode {
  const { feed, controls, theme } = props;
  const { columns, rows: height } = useWindowSize();
  const snapshot = useSyncExternalStore(feed.subscribe, feed.snapshot, feed.snapshot);
  const [state, setState] = useState(() => exploreState(props.view));
  const [said, setSaid] = useState('');
  const latest = useRef(state);
  const open = openView(state);
  // Until the answer to this view comes, the one before says nothing here.
  const key = queryKey(queryOf(open));
  const answer = snapshot.answer?.key === key ? snapshot.answer : undefined;
  const list = useMemo(() => {
    return rowsOf(open, answer?.figures, answer?.series);
  }, [open.kind, open.metric, open.label, answer]);
  const filter = state.draft ?? open.filter;
  const rows = useMemo(() => {
    return arranged(list, open, filter);
  }, [list, open.sort, open.reversed, filter]);
  const keys = useMemo(() => rows.map((row) => row.key), [rows]);
  const shown = useRef(keys);
  shown.current = keys;
  useEffect(() => feed.pause(state.paused), [feed, state.paused]);
  useEffect(() => feed.look(queryOf(openView(latest.current))), [feed, key]);
  const scoped = useScoped(props, state);
  const written = ruleText(state, snapshot.whole ?? answer?.figures, scoped, columns - 4);
  const page = Math.max(1, height - HEADER_ROWS - 5);
  const scrollMax = scrollMaxOf({ ...props, state, written }, bodySize(columns, height));
  useInput((input, press) => {
    setSaid('');
    for (const name of keyNames(input, press)) {
      const { current } = latest;
      const mode = exploreModeOf(current);
      const action = EXPLORE_KEYS.actionFor(mode, name);
      if (action === 'quit') return controls.exit(press.ctrl ? INTERRUPTED : 0);
      if (action === 'repaint') controls.repaint();
      else if (action === 'copy' || action === 'print') {
        const text = textOf(current, props.serverFlags);
        if (action === 'copy') setSaid(controls.copy(text.trimEnd()) ? COPIED : TOO_LONG);
        else {
          props.leave(text);
          return controls.exit(0);
        }
      } else if (action) {
        const around = { rows: shown.current, page, columns: list.columns.length, scrollMax };
        latest.current = reduceExplore(current, action, around);
      } else if (mode === 'filter') latest.current = typeExplore(current, name);
    }
    setState(latest.current);
  });
  if (columns < EXPLORE_COLUMNS_MIN || height < EXPLORE_ROWS_MIN) {
    const needs = { columns: EXPLORE_COLUMNS_MIN, rows: EXPLORE_ROWS_MIN };
    return <TooSmall columns={columns} rows={height} needs={needs} theme={theme} />;
  }
  const found = { list, rows, keys, written };
  const seen = { ...snapshot, answer };
  const scene = { ...props, state, snapshot: seen, ...found, columns, height, said };
  return (
    <Box flexDirection="column" width={columns} height={height} overflow="hidden">
      <Header {...scene} />
      <Body {...scene} />
      <Keys {...scene} />
    </Box>
  );
}

/** What the overlay that is open would be copied as. */
function textOf(state: ExploreState, serverFlags: string): string {
  return chosenRule(state)?.yaml ?? `${exploreCommand(state, serverFlags)}\n`;
}

const COPIED = 'copied, if the terminal lets programs copy; p prints it';
const TOO_LONG = '! too long to copy: print it with p';

/** The figures of what the rule that is being written would take. */
function useScoped({ source }: ExploreProps, state: ExploreState): Exploration | undefined {
  const [found, setFound] = useState<Exploration | undefined>(undefined);
  const scope = state.rule && JSON.stringify(ruleQueryOf(state.rule.scope));
  useEffect(() => {
    setFound(undefined);
    if (scope === undefined) return undefined;
    const stop = new AbortController();
    const { match } = JSON.parse(scope) as { readonly match: string };
    void source.explore({ match, rows: 1000 }, stop.signal).then(setFound, () => undefined);
    return () => stop.abort();
  }, [source, scope]);
  return found;
}

function Header({ snapshot, state, host, theme, columns, zone }: Scene): ReactNode {
  const line = { width: columns, theme };
  const time = new LocalTime(zone).clock(snapshot.nowMs);
  const { answer, whole } = snapshot;
  const inside = state.inside.length > 0;
  const right = [{ words: [{ text: `${time} `, style: STYLE.dim }] }];
  return (
    <>
      <StatusLine left={titleGroups(snapshot, host)} right={right} {...line} />
      <StatusLine left={totalGroups(inside ? (answer?.figures ?? whole) : whole)} {...line} />
      <StatusLine left={crumbGroups(state, whole)} {...line} />
    </>
  );
}

/** The cells between the header and the keys. */
function bodySize(columns: number, height: number) {
  return { width: columns, height: Math.max(2, height - HEADER_ROWS - 1) };
}

function helpKeys(state: ExploreState) {
  return EXPLORE_KEYS.keysOf(state.inside.length > 0 ? 'inside' : 'list');
}

function commandLines(state: ExploreState, serverFlags: string) {
  return [{ text: exploreCommand(state, serverFlags), style: STYLE.plain }];
}

/** How far what is open over the list can be scrolled. */
function scrollMaxOf(
  { state, written, serverFlags }: Pick<Scene, 'state' | 'written' | 'serverFlags'>,
  size: ReturnType<typeof bodySize>,
): number {
  if (state.overlay === 'help') return keyListScrollMax(helpKeys(state).length, size);
  if (state.overlay === 'command') return noteScrollMax(commandLines(state, serverFlags), size);
  return written === undefined ? 0 : textScrollMax({ lines: written.lines, ...size });
}

function Body(scene: Scene): ReactNode {
  const { state, snapshot, columns, height, theme, keys, written, serverFlags } = scene;
  const size = { ...bodySize(columns, height), theme };
  const { scroll } = state;
  if (state.overlay === 'help') return <Help keys={helpKeys(state)} {...{ scroll, ...size }} />;
  if (state.overlay === 'command') {
    const lines = commandLines(state, serverFlags);
    return <Note title="command" {...{ lines, scroll, ...size }} />;
  }
  if (written !== undefined) {
    const { title, lines } = written;
    const bottom = [{ text: 'Esc back', style: STYLE.dim }];
    return <TextPanel selected {...{ title, lines, bottom, scroll, ...size }} />;
  }
  const open = openView(state);
  const chosen = keys[chosenIndex(open, keys)];
  const figures = snapshot.answer?.figures;
  const metric = open.kind === 'metrics' ? chosen : open.metric;
  const facts = figures?.metrics.find(({ name }) => name === metric);
  const beside = metric !== undefined && facts !== undefined && figures !== undefined;
  if (columns < SIDE_FROM || !beside) return <List scene={scene} {...size} />;
  return (
    <Box>
      <List scene={scene} {...size} width={columns - SIDE_CELLS} />
      <Panel title={metric} {...size} width={SIDE_CELLS}>
        <TextPanel
          title={metric}
          lines={metricLines(facts, figures)}
          {...size}
          width={SIDE_CELLS}
        />
      </Panel>
    </Box>
  );
}

interface ListProps {
  readonly scene: Scene;
  readonly width: number;
  readonly height: number;
  readonly theme: Theme;
}

/** The list: only the rows in sight are made. */
function List({ scene, ...size }: ListProps): ReactNode {
  const { state, snapshot, list, rows, keys } = scene;
  const open = openView(state);
  const row = chosenIndex(open, keys);
  const room = Math.max(1, size.height - 3);
  const top = Math.max(0, Math.min(rows.length - room, row - (room >> 1)));
  const window = rows.slice(top, top + room).map((one) => one.cells());
  const all = list.rows.length;
  const count = rows.length === all ? String(all) : `${rows.length}/${all}`;
  const place = rows.length > room ? [{ text: `${row + 1}/${rows.length}`, style: STYLE.dim }] : [];
  const { trouble, answer } = snapshot;
  const bottom = trouble === undefined ? [] : [{ text: `! ${trouble}`, style: STYLE.bad }];
  const nothing = all === 0 ? 'nothing here' : `none of ${all} matches`;
  const sorted = open.sort >= 0 ? { column: open.sort, down: !open.reversed } : undefined;
  const title = listTitle(open);
  return (
    <Panel title={title} {...size}>
      <Table
        title={answer === undefined ? title : `${title} ${count}`}
        right={place}
        bottom={bottom}
        columns={list.columns}
        rows={window}
        selected={row - top}
        {...(sorted === undefined ? {} : { sorted })}
        empty={answer === undefined ? 'counting…' : nothing}
        {...size}
      />
    </Panel>
  );
}

/** The keys that are valid now; or what is typed, or was just done. */
function Keys({ state, theme, columns, said }: Scene): ReactNode {
  const mode = exploreModeOf(state);
  const left: WordGroup[] = [];
  if (state.draft !== undefined) {
    const words = [
      { text: ' / ', style: STYLE.badge },
      { text: ` ${state.draft}`, style: STYLE.bold },
      { text: '▏', style: STYLE.accent },
    ];
    left.push({ words, gap: 3 });
  } else if (said !== '') {
    const style = said.startsWith('!') ? STYLE.bad : STYLE.good;
    left.push({ words: [{ text: ` ${said}`, style }], gap: 3 });
  } else if (openView(state).filter !== '') {
    const words = [
      { text: ' / ', style: STYLE.badge },
      { text: ` ${openView(state).filter} `, style: STYLE.bold },
    ];
    left.push({ words, gap: 1 });
  }
  for (const one of EXPLORE_KEYS.keysOf(mode)) {
    if (one.bar === undefined) continue;
    const words = [
      { text: ` ${one.shown} `, style: STYLE.accent },
      { text: one.bar, style: STYLE.dim },
    ];
    left.push({ words, gap: 1 });
  }
  return <StatusLine left={left} width={columns} theme={theme} />;
}
