// The alert centre: what fires, what is silenced, what happened, and the keys to act on it. It
// arranges and takes keys; rows and words are made in alert-centre-view.ts, keys become state in
// alert-centre-state.ts. Easy to get wrong: with five thousand alerts only what is in sight may
// cost anything at a key press.
import { Box, useInput, useWindowSize } from 'ink';
import { useEffect, useMemo, useRef, useState, useSyncExternalStore, type ReactNode } from 'react';
import { messageOf } from '../../engine/errors.ts';
import type { AlertView } from '../../engine/model/alerting.ts';
import type { Clock } from '../../engine/runtime/clock.ts';
import { keyListScrollMax } from '../draw/key-list.ts';
import { STYLE } from '../draw/styles.ts';
import { LocalTime } from '../draw/scale.ts';
import { AlertFeed, type AlertSnapshot, type AlertSource } from '../feed/alert-feed.ts';
import { keyNames } from '../keys.ts';
import { runScreen, type ScreenControls, type ScreenProcess } from '../run-screen.ts';
import { screenTheme, type TerminalEnv, type Theme, type ThemeChoice } from '../theme.ts';
import { Help, Note, noteScrollMax } from '../widgets/help.tsx';
import { Panel } from '../widgets/panel.tsx';
import { StatusLine, type WordGroup } from '../widgets/status-line.tsx';
import { Table } from '../widgets/table.tsx';
import { TextPanel, textScrollMax } from '../widgets/text-panel.tsx';
import { TooSmall } from '../widgets/too-small.tsx';
import { commandsFor, detailLines } from './alert-centre-detail.ts';
import { formLines, formTitle } from './alert-centre-form.ts';
import { ALERT_KEYS, type AlertMode, type AlertTab } from './alert-centre-keys.ts';
import {
  alertModeOf,
  alertState,
  chosenIds,
  reduceAlerts,
  typeAlerts,
  type AlertAround,
  type AlertState,
} from './alert-centre-state.ts';
import {
  COLUMNS,
  filtered,
  linesOf,
  rowOf,
  stateGroups,
  tabGroups,
  titleGroups,
  type Line,
} from './alert-centre-view.ts';
import { carryOut } from './alert-centre-wish.ts';

export interface AlertCentreOptions {
  readonly source: AlertSource;
  readonly clock: Clock;
  /** Shown in the first row. */
  readonly host: string;
  /** Flags that lead another command to the same server. */
  readonly serverFlags: string;
  /** Who silences and acknowledges. */
  readonly author: string;
  readonly look: { readonly env: TerminalEnv } & ThemeChoice;
  readonly zone?: string;
  readonly view?: Partial<AlertState>;
  readonly beatMs?: number;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly process: ScreenProcess;
  readonly signal?: AbortSignal;
}

const ALERTS_COLUMNS_MIN = 60;
const ALERTS_ROWS_MIN = 12;
const INTERRUPTED = 130;
const HEADER_ROWS = 2;
/** Frame and air around the lines of a detail. */
const TEXT_MARGINS = 4;
/** A terminal so wide has room for the detail beside the list. */
const SIDE_FROM = 150;

/** Shows the alert centre until the user leaves; answers the exit code. */
export async function openAlertCentre(options: AlertCentreOptions): Promise<number> {
  const { source, clock, beatMs, look } = options;
  const feed = new AlertFeed(source, clock, beatMs);
  const theme = screenTheme(look.env, look);
  feed.start();
  try {
    return await runScreen({
      ...options,
      elsewhere: 'mon screenshot alerts draws it into a file; mon alerts lists them',
      show: (controls) => <AlertCentre {...{ ...options, feed, theme, controls }} />,
    });
  } finally {
    feed.stop();
  }
}

export interface AlertCentreProps extends AlertCentreOptions {
  readonly feed: AlertFeed;
  readonly theme: Theme;
  readonly controls: ScreenControls;
}

interface Scene extends AlertCentreProps {
  readonly state: AlertState;
  readonly snapshot: AlertSnapshot;
  readonly lines: Record<AlertTab, readonly Line[]>;
  readonly shown: readonly Line[];
  readonly columns: number;
  readonly rows: number;
  readonly said: string;
  readonly values: readonly number[];
  readonly time: (ms: number) => string;
}

/** The whole screen. */
export function AlertCentre(props: AlertCentreProps): ReactNode {
  const { feed, controls, theme, zone } = props;
  const { columns, rows } = useWindowSize();
  const snapshot = useSyncExternalStore(feed.subscribe, feed.snapshot, feed.snapshot);
  const [state, setState] = useState(() => alertState(props.view));
  const [said, setSaid] = useState('');
  const latest = useRef(state);
  const lines = useMemo(() => linesOf(snapshot), [snapshot]);
  const filter = state.draft ?? state.filter;
  const shown = useMemo(() => filtered(lines[state.tab], filter), [lines, state.tab, filter]);
  useEffect(() => feed.pause(state.paused), [feed, state.paused]);
  const values = useHistory(props.source, state.open ? shown[state.row]?.alert : undefined);
  const page = Math.max(1, rows - HEADER_ROWS - 4);
  const time = timeTextOf(new LocalTime(zone), snapshot.nowMs);
  const about = { state, snapshot, lines, shown, columns, rows, said, values, time };
  const scene: Scene = { ...props, ...about };
  useInput((input, press) => {
    for (const name of keyNames(input, press)) {
      const { current } = latest;
      const mode = alertModeOf(current);
      const action = ALERT_KEYS.actionFor(mode, name);
      if (action === 'quit') return controls.exit(press.ctrl ? INTERRUPTED : 0);
      if (action === 'repaint') controls.repaint();
      else if (action) {
        const seen = filtered(lines[current.tab], current.draft ?? current.filter);
        const scrollMax = scrollMaxOf(scene);
        const around = aroundOf(current, seen, { snapshot, page, scrollMax });
        latest.current = reduceAlerts(current, action, around);
      } else if (mode === 'form' || mode === 'filter') latest.current = typeAlerts(current, name);
    }
    const { wish } = latest.current;
    if (wish !== undefined) {
      latest.current = { ...latest.current, wish: undefined };
      setSaid('…');
      void carryOut(wish, props, snapshot).then(
        (words) => setSaid(words),
        (thrown: unknown) => setSaid(`! ${messageOf(thrown)}`),
      );
      void Promise.resolve().then(() => feed.hurry());
    } else if (said !== '') setSaid('');
    setState(latest.current);
  });
  if (columns < ALERTS_COLUMNS_MIN || rows < ALERTS_ROWS_MIN) {
    const needs = { columns: ALERTS_COLUMNS_MIN, rows: ALERTS_ROWS_MIN };
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

/** The clock; with the day in front of it when that is another one. */
function timeTextOf(local: LocalTime, nowMs: number): (ms: number) => string {
  const day = (ms: number): string => new Date(local.wall(ms)).toISOString().slice(5, 10);
  const today = day(nowMs);
  return (ms) => {
    if (ms === 0) return '';
    const its = day(ms);
    return its === today ? local.clock(ms) : `${its} ${local.clock(ms)}`;
  };
}

function aroundOf(
  state: AlertState,
  shown: readonly Line[],
  more: Pick<AlertAround, 'page' | 'scrollMax'> & { readonly snapshot: AlertSnapshot },
) {
  const ids = shown.map((line) => line.id);
  const chosen = new Set(chosenIds(state, ids));
  const lines = shown.filter((line) => chosen.has(line.id));
  const { alerts: all, incidents: known } = more.snapshot;
  const open = new Set(known.filter((one) => one.status !== 'resolved').map((one) => one.id));
  const wanted = new Set(
    lines.flatMap(({ alert, incident }) => alert?.incident ?? incident?.id ?? []),
  );
  const own = lines.flatMap(({ alert }) => alert ?? []);
  const ofIncidents = lines.some((line) => line.incident !== undefined);
  return {
    ids,
    alerts: ofIncidents ? all.filter((one) => wanted.has(one.incident ?? '')) : own,
    incidents: [...wanted].filter((id) => open.has(id)),
    page: more.page,
    scrollMax: more.scrollMax,
  };
}

/** The values behind the alert that is looked at. */
function useHistory(source: AlertSource, alert: AlertView | undefined): readonly number[] {
  const [values, setValues] = useState<readonly number[]>([]);
  const print = alert?.fingerprint;
  const asked = useRef(alert);
  asked.current = alert;
  useEffect(() => {
    setValues([]);
    if (asked.current === undefined) return undefined;
    const stop = new AbortController();
    void source.history(asked.current, stop.signal).then(setValues, () => undefined);
    return () => stop.abort();
  }, [source, print]);
  return values;
}

function Header(scene: Scene): ReactNode {
  const { snapshot, state, lines, host, theme, columns, time } = scene;
  const counts = {
    alerts: lines.alerts.length,
    silences: snapshot.silences.filter((one) => one.state !== 'expired').length,
    incidents: lines.incidents.length,
  };
  const line = { width: columns, theme };
  return (
    <>
      <StatusLine
        left={titleGroups(snapshot, host)}
        right={stateGroups(snapshot, time)}
        {...line}
      />
      <StatusLine left={tabGroups(state, counts)} {...line} />
    </>
  );
}

/** The cells between the header and the keys. */
function bodySize({ columns, rows }: Pick<Scene, 'columns' | 'rows'>) {
  return { width: columns, height: Math.max(2, rows - HEADER_ROWS - 1) };
}

function helpKeys({ state }: Scene) {
  return ALERT_KEYS.keysOf(state.open ? 'detail' : state.tab);
}

/** The commands for what is chosen. */
function commandLines({ state, shown, serverFlags }: Scene) {
  const ids = shown.map((line) => line.id);
  const chosen = new Set(chosenIds(state, ids));
  const lines = shown.filter((line) => chosen.has(line.id));
  return commandsFor(state.tab, lines, serverFlags);
}

/** How far the overlay, or else the detail, can be scrolled. */
function scrollMaxOf(scene: Scene): number {
  const { state, shown, snapshot, time, values } = scene;
  const size = bodySize(scene);
  if (state.overlay === 'help') return keyListScrollMax(helpKeys(scene).length, size);
  if (state.overlay === 'command') return noteScrollMax(commandLines(scene), size);
  const line = shown[Math.min(state.row, shown.length - 1)];
  if (!state.open || line === undefined) return 0;
  const text = { clock: time, room: size.width - TEXT_MARGINS };
  return textScrollMax({ lines: detailLines(line, snapshot, text), values, ...size });
}

function Body(scene: Scene): ReactNode {
  const { state, columns, theme, shown } = scene;
  const size = { ...bodySize(scene), theme };
  const bottom = [{ text: 'Esc back', style: STYLE.dim }];
  const scroll = state.noteScroll;
  if (state.overlay === 'help') return <Help keys={helpKeys(scene)} {...{ scroll, ...size }} />;
  if (state.overlay === 'command') {
    return <Note title="command" lines={commandLines(scene)} {...{ scroll, ...size }} />;
  }
  if (state.form !== undefined) {
    const lines = formLines(state.form, scene.snapshot.alerts, columns - 4);
    return (
      <TextPanel title={formTitle(state.form)} lines={lines} bottom={bottom} selected {...size} />
    );
  }
  const line = shown[Math.min(state.row, shown.length - 1)];
  if (state.open && line !== undefined) {
    return <Detail scene={scene} line={line} {...size} selected />;
  }
  if (columns < SIDE_FROM || line === undefined) return <List scene={scene} {...size} />;
  const side = Math.floor(columns * 0.38);
  return (
    <Box>
      <List scene={scene} {...size} width={columns - side} />
      <Detail scene={scene} line={line} {...size} width={side} />
    </Box>
  );
}

interface PartProps {
  readonly scene: Scene;
  readonly width: number;
  readonly height: number;
  readonly theme: Theme;
}

function Detail(
  props: PartProps & { readonly line: Line; readonly selected?: boolean },
): ReactNode {
  const { scene, line, selected, ...size } = props;
  const title =
    line.alert?.labels['alertname'] ?? (line.silence ? 'silence' : `incident ${line.id}`);
  return (
    <Panel title={title} {...size}>
      <TextPanel
        title={title}
        lines={detailLines(line, scene.snapshot, {
          clock: scene.time,
          room: size.width - TEXT_MARGINS,
        })}
        values={selected === true ? scene.values : []}
        valuesTitle="last hour"
        scroll={selected === true ? scene.state.scroll : 0}
        selected={selected === true}
        {...size}
      />
    </Panel>
  );
}

/** The list: only the rows in sight are made. */
function List({ scene, ...size }: PartProps): ReactNode {
  const { state, shown, snapshot, lines } = scene;
  const room = Math.max(1, size.height - 3);
  const row = Math.max(0, Math.min(state.row, shown.length - 1));
  const top = Math.max(0, Math.min(shown.length - room, row - (room >> 1)));
  const window = shown.slice(top, top + room).map((line) => rowOf(line, state, snapshot));
  const all = lines[state.tab].length;
  const count = shown.length === all ? String(all) : `${shown.length}/${all}`;
  const place =
    shown.length > room ? [{ text: `${row + 1}/${shown.length}`, style: STYLE.dim }] : [];
  const why = all === 0 ? `no ${state.tab}` : `none of ${all} ${state.tab} matches`;
  const trouble = snapshot.trouble;
  const bottom = trouble === undefined ? [] : [{ text: `! ${trouble}`, style: STYLE.bad }];
  return (
    <Panel title={state.tab} {...size}>
      <Table
        title={`${state.tab} ${count}`}
        right={place}
        bottom={bottom}
        columns={COLUMNS[state.tab]}
        rows={window}
        selected={row - top}
        empty={snapshot.known ? why : 'waiting for the first answer'}
        {...size}
      />
    </Panel>
  );
}

/** The keys that are valid now; or what was just done, or is asked. */
function Keys(scene: Scene): ReactNode {
  const { state, theme, columns, said } = scene;
  const mode = alertModeOf(state);
  const left: WordGroup[] = [];
  if (state.draft !== undefined) {
    const words = [
      { text: ' / ', style: STYLE.badge },
      { text: ` ${state.draft}`, style: STYLE.bold },
      { text: '▏', style: STYLE.accent },
    ];
    left.push({ words, gap: 3 });
  } else if (state.confirm !== undefined) {
    left.push({ words: [{ text: ` ${state.confirm.words} `, style: STYLE.badgeBad }] });
  } else if (said !== '') {
    const style = said.startsWith('!') ? STYLE.bad : STYLE.good;
    left.push({ words: [{ text: ` ${said}`, style }], gap: 3 });
  }
  left.push(...barGroups(mode));
  return <StatusLine left={left} width={columns} theme={theme} />;
}

function barGroups(mode: AlertMode): WordGroup[] {
  const keys = ALERT_KEYS.keysOf(mode).filter((k) => k.bar !== undefined);
  return keys.map((k) => ({
    words: [
      { text: ` ${k.shown} `, style: STYLE.accent },
      { text: k.bar as string, style: STYLE.dim },
    ],
    gap: 1,
  }));
}
