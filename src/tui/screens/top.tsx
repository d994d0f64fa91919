// `mon top`: the live overview. Header, charts, targets, keys; one feed for all of them. It
// arranges and takes keys; numbers become words in top-view.ts, keys become state in top-state.ts,
// pictures are made by the widgets. Easy to get wrong: anything that ticks by itself here repaints
// the screen for nothing.
import { Box, useInput, useWindowSize } from 'ink';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import type { Clock } from '../../engine/runtime/clock.ts';
import type { Ask } from '../../engine/ports.ts';
import { keyListScrollMax } from '../draw/key-list.ts';
import { STYLE } from '../draw/styles.ts';
import { Feed } from '../feed/feed.ts';
import type { FeedSnapshot, FeedTarget } from '../feed/snapshot.ts';
import { useFeed } from '../feed/use-feed.ts';
import { keyNames } from '../keys.ts';
import { runScreen, type ScreenControls, type ScreenProcess } from '../run-screen.ts';
import { screenTheme, type TerminalEnv, type Theme, type ThemeChoice } from '../theme.ts';
import { Chart } from '../widgets/chart.tsx';
import { Gauge } from '../widgets/gauge.tsx';
import { Help, Note, noteScrollMax } from '../widgets/help.tsx';
import { Panel } from '../widgets/panel.tsx';
import { Sparkline } from '../widgets/sparkline.tsx';
import { StatusLine, type WordGroup } from '../widgets/status-line.tsx';
import { Table } from '../widgets/table.tsx';
import { TooSmall } from '../widgets/too-small.tsx';
import { TOP_KEYS, type TopAction, type TopMode } from './top-keys.ts';
import { TOP_COLUMNS_MIN, TOP_ROWS_MIN, topLayout, type TopLayout } from './top-layout.ts';
import { TOP_FIGURES, TOP_PANELS, type TopPanel } from './top-panels.ts';
import { modeOf, reduceTop, topState, typeFilter, type TopState } from './top-state.ts';
import {
  TARGET_COLUMNS,
  commandLines,
  figureGroups,
  headerExtras,
  panelTrouble,
  shownTargets,
  sortedColumn,
  targetRow,
  timeGroups,
  titleGroups,
  visiblePanels,
  type TopServer,
} from './top-view.ts';

export interface TopOptions {
  readonly ask: Ask;
  readonly targets: () => Promise<readonly FeedTarget[]>;
  readonly server: TopServer;
  readonly clock: Clock;
  /** Environment and flags from which the theme is made. */
  readonly look: { readonly env: TerminalEnv } & ThemeChoice;
  /** The server's version, asked for once; undefined when it does not say. */
  readonly version?: () => Promise<string | undefined>;
  /** IANA time zone of all times on the screen; the machine's when undefined. */
  readonly zone?: string;
  /** The view to open with. */
  readonly view?: Partial<TopState>;
  /** Least time between two beats, ms. */
  readonly beatMs?: number;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly process: ScreenProcess;
  readonly signal?: AbortSignal;
}

const INTERRUPTED = 130;
/** A terminal of so many columns has room for gauges in its header. */
const EXTRAS_FROM = 150;
const EXTRA_CELLS = 22;

/** Shows the overview until the user leaves; answers the exit code. */
export async function openTop(options: TopOptions): Promise<number> {
  const { ask, targets, clock, beatMs, server, zone, version } = options;
  const view = topState(options.view);
  const theme = screenTheme(options.look.env, options.look);
  const feed = new Feed({
    ask,
    targets,
    clock,
    beatMs,
    panels: TOP_PANELS,
    figures: TOP_FIGURES,
    rangeMs: view.rangeMs,
    columns: dots(options.stdout.columns),
  });
  if (view.anchorMs !== undefined) feed.look({ anchorMs: view.anchorMs });
  feed.start();
  try {
    return await runScreen({
      ...options,
      elsewhere: 'mon screenshot top draws it into a file',
      show: (controls) => <Top {...{ feed, view, server, theme, zone, controls, version }} />,
    });
  } finally {
    feed.stop();
  }
}

/** Dots of the widest chart that a terminal of so many columns has. */
function dots(columns: number): number {
  return Math.max(60, Math.min(800, columns - 12));
}

export interface TopProps {
  readonly feed: Feed;
  readonly view: TopState;
  readonly server: TopServer;
  readonly theme: Theme;
  readonly zone?: string;
  readonly controls: ScreenControls;
  readonly version?: () => Promise<string | undefined>;
}

/** The whole screen. */
export function Top(props: TopProps): ReactNode {
  const { feed, controls, theme } = props;
  const { columns, rows } = useWindowSize();
  const snapshot = useFeed(feed);
  const [state, setState] = useState(props.view);
  // Keys that arrive together must each see what the one before did.
  const latest = useRef(state);
  const panels = visiblePanels(snapshot);
  const targets = shownTargets(snapshot.targets.list, state);
  const version = useVersion(props.version);
  useEffect(() => {
    feed.look({
      rangeMs: state.rangeMs,
      anchorMs: state.anchorMs ?? 'live',
      columns: dots(columns),
    });
    feed.pause(state.paused);
  }, [feed, state.rangeMs, state.anchorMs, state.paused, columns]);
  const selected = Math.max(
    0,
    panels.findIndex((p) => p.id === state.panel),
  );
  const size = { columns, rows, panels: panels.length, selected, targets: targets.length };
  const layout = topLayout(size);
  const server = { ...props.server, version };
  const scene: Scene = { ...props, server, state, snapshot, panels, targets, layout, selected };
  const around = {
    nowMs: snapshot.nowMs,
    panels: panels.map((p) => p.id),
    targets: targets.length,
    scrollMax: scrollMaxOf(scene),
  };
  useInput((input, press) => {
    for (const name of keyNames(input, press)) {
      const { current } = latest;
      const mode = modeOf(current);
      const action = TOP_KEYS.actionFor(mode, name);
      if (action === 'quit') return controls.exit(press.ctrl ? INTERRUPTED : 0);
      if (action === 'repaint') controls.repaint();
      else if (action) latest.current = reduceTop(current, action, around);
      else if (mode === 'filter') latest.current = typeFilter(current, name);
    }
    setState(latest.current);
  });
  if (columns < TOP_COLUMNS_MIN || rows < TOP_ROWS_MIN) {
    const needs = { columns: TOP_COLUMNS_MIN, rows: TOP_ROWS_MIN };
    return <TooSmall columns={columns} rows={rows} needs={needs} theme={theme} />;
  }
  return (
    <Box flexDirection="column" width={columns} height={rows} overflow="hidden">
      <Header {...scene} />
      <Body {...scene} />
      <Keys {...scene} />
    </Box>
  );
}

function useVersion(ask: TopProps['version']): string | undefined {
  const [version, setVersion] = useState<string | undefined>(undefined);
  useEffect(() => {
    void ask?.().then(setVersion, () => undefined);
  }, [ask]);
  return version;
}

interface Scene extends TopProps {
  readonly state: TopState;
  readonly snapshot: FeedSnapshot;
  readonly panels: readonly TopPanel[];
  readonly targets: readonly FeedTarget[];
  readonly layout: TopLayout;
  readonly selected: number;
}

function Header(scene: Scene): ReactNode {
  const { snapshot, server, theme, zone, layout, panels } = scene;
  const width = layout.columns;
  const { left } = titleGroups(snapshot, server);
  const extras = width < EXTRAS_FROM ? [] : headerExtras(snapshot);
  const figures = width - extras.length * (EXTRA_CELLS + 2);
  const pages = Math.ceil(panels.length / layout.perPage);
  const page = Math.floor(layout.firstPanel / layout.perPage) + 1;
  const more = pages > 1 ? [{ words: [{ text: `page ${page}/${pages}`, style: STYLE.dim }] }] : [];
  return (
    <>
      <StatusLine left={left} right={timeGroups(snapshot, zone)} width={width} theme={theme} />
      <Box flexShrink={0}>
        <StatusLine left={figureGroups(snapshot)} right={more} width={figures} theme={theme} />
        {extras.map((extra) => (
          <Box key={extra.label} marginLeft={2}>
            {extra.share === undefined ? (
              <Sparkline {...extra} width={EXTRA_CELLS} theme={theme} />
            ) : (
              <Gauge {...extra} share={extra.share} width={EXTRA_CELLS} theme={theme} />
            )}
          </Box>
        ))}
      </Box>
    </>
  );
}

/** The cells between the header and the keys. */
function bodySize({ layout }: Scene) {
  return { width: layout.columns, height: Math.max(2, layout.rows - layout.headerRows - 1) };
}

function helpKeys({ state }: Scene) {
  return TOP_KEYS.keysOf(state.zoomed ? 'zoom' : 'overview');
}

/** How far the overlay that is open can be scrolled. */
function scrollMaxOf(scene: Scene): number {
  const { state, panels, selected } = scene;
  const size = bodySize(scene);
  if (state.overlay === 'help') return keyListScrollMax(helpKeys(scene).length, size);
  if (state.overlay === 'none') return 0;
  return noteScrollMax(commandLines(panels[selected], state, scene), size);
}

function Body(scene: Scene): ReactNode {
  const { state, theme, layout, panels, selected } = scene;
  const { width, height } = bodySize(scene);
  const { scroll } = state;
  if (state.overlay === 'help') {
    return <Help keys={helpKeys(scene)} {...{ scroll, width, height, theme }} />;
  }
  if (state.overlay === 'command') {
    const lines = commandLines(panels[selected], state, scene);
    return <Note title="command" {...{ lines, scroll, width, height, theme }} />;
  }
  if (state.zoomed && panels.length > 0) {
    const size = { width, height };
    return <TopChart scene={scene} panel={panels[selected]} size={size} large />;
  }
  return (
    <>
      {layout.chartRows.map((rowHeight, r) => (
        <Box key={r} height={rowHeight} flexShrink={0}>
          {layout.chartWidths.map((chartWidth, c) => {
            const panel = panels[layout.firstPanel + r * layout.across + c];
            const size = { width: chartWidth, height: rowHeight };
            return panel && <TopChart key={panel.id} scene={scene} panel={panel} size={size} />;
          })}
        </Box>
      ))}
      <TopTargets {...scene} />
    </>
  );
}

interface TopChartProps {
  readonly scene: Scene;
  readonly panel: TopPanel;
  readonly size: { readonly width: number; readonly height: number };
  readonly large?: boolean;
}

function TopChart(props: TopChartProps): ReactNode {
  const { scene, panel, size, large } = props;
  const { snapshot, theme, zone, panels, selected, state } = scene;
  const data = snapshot.panels.get(panel.id);
  if (!data) return null;
  const trouble = panelTrouble(data, snapshot.nowMs);
  return (
    <Panel title={panel.title} theme={theme} {...size}>
      <Chart
        title={panel.title}
        unit={panel.unit}
        head={panel.head}
        ceiling={panel.ceiling}
        heat={panel.heat}
        series={data.series}
        hidden={data.hidden}
        startMs={snapshot.startMs}
        endMs={snapshot.endMs}
        theme={theme}
        zone={zone}
        selected={state.panel !== undefined && panels[selected]?.id === panel.id}
        large={large}
        empty={trouble === undefined ? 'waiting for the first answer' : 'no data yet'}
        trouble={trouble}
        {...size}
      />
    </Panel>
  );
}

function TopTargets(scene: Scene): ReactNode {
  const { snapshot, state, theme, layout, targets } = scene;
  const { targets: all } = snapshot;
  const size = { width: layout.columns, height: layout.targetRows };
  const filter = state.draft ?? state.filter;
  const count =
    targets.length === all.list.length
      ? `${targets.length}`
      : `${targets.length}/${all.list.length}`;
  const right = filter === '' ? [] : [{ text: `filter ${filter}`, style: STYLE.warn }];
  const bottom = all.trouble ? [{ text: `! ${all.trouble.message}`, style: STYLE.bad }] : [];
  const why = filter === '' ? 'no targets: this server scrapes nothing' : 'no target matches';
  return (
    <Panel title="targets" theme={theme} {...size}>
      <Table
        title={`targets ${count}`}
        right={right}
        bottom={bottom}
        columns={TARGET_COLUMNS}
        rows={targets.map((target) => targetRow(target, snapshot.nowMs))}
        selected={state.row}
        sorted={sortedColumn(state)}
        empty={all.known ? why : 'waiting for the first answer'}
        theme={theme}
        {...size}
      />
    </Panel>
  );
}

/** The keys that are valid now; while a filter is typed, the filter. */
function Keys(scene: Scene): ReactNode {
  const { state, theme, layout } = scene;
  const mode = modeOf(state);
  const left: WordGroup[] = mode === 'filter' ? [draftGroup(state.draft ?? '')] : [];
  left.push(...barGroups(mode, scene));
  return <StatusLine left={left} width={layout.columns} theme={theme} />;
}

function draftGroup(draft: string): WordGroup {
  return {
    words: [
      { text: ' / ', style: STYLE.badge },
      { text: ` ${draft}`, style: STYLE.bold },
      { text: '▏', style: STYLE.accent },
    ],
    gap: 3,
  };
}

function barGroups(mode: TopMode, scene: Scene): WordGroup[] {
  const { state, panels } = scene;
  const charts = panels.length > 0;
  const valid = (action: TopAction): boolean => charts || (action !== 'zoom' && action !== 'next');
  const keys = TOP_KEYS.keysOf(mode).filter((k) => k.bar !== undefined && valid(k.action));
  return keys.map(({ action, shown, bar = '' }) => ({
    words: [
      { text: ` ${shown} `, style: STYLE.accent },
      { text: action === 'pause' && state.paused ? 'go on' : bar, style: STYLE.dim },
    ],
    gap: 1,
  }));
}
