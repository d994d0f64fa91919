// What `mon screenshot` does: runs a screen without a terminal and writes its picture. Easy to get
// wrong: a picture is for other people and other times, so colours, zone and size do not follow the
// terminal that it was made in.
import { UserError } from '../engine/errors.ts';
import type { AlertClient } from '../engine/remote/alert-client.ts';
import type { PrometheusClient } from '../engine/remote/prometheus-client.ts';
import { systemDisk } from '../engine/runtime/system-disk.ts';
import type { CaptureStreams } from '../tui/capture.ts';
import type { DashOptions } from '../tui/screens/dash.tsx';
import { alertSource } from './alert-centre-run.ts';
import type { ServerChoice } from './server.ts';
import type { Stage } from './stage.ts';
import { dashboardPath, readDashboard } from './dash-files.ts';
import { chosenOf, namesOf, scrapeInterval } from './dash-run.ts';
import { durationFlag, timeFlag, zoneOf } from './times.ts';

const SCREENS = ['top', 'alerts', 'wall', 'dash'] as const;
export type ScreenName = (typeof SCREENS)[number];

export interface ScreenshotRun {
  readonly screen: ScreenName;
  /** Dashboards, by name or file. */
  readonly names: readonly string[];
  readonly client: PrometheusClient;
  readonly alerts: AlertClient;
  readonly server: ServerChoice;
  readonly flags: {
    readonly size: string;
    readonly output?: string;
    readonly since?: string;
    readonly to?: string;
    readonly panel?: string;
    readonly var?: readonly string[];
    readonly wait: string;
    readonly tz: string;
    readonly theme: 'dark' | 'light';
  };
  readonly stage: Stage;
  readonly process: NodeJS.Process;
}

const SIZE_MOST = { columns: 500, rows: 200 };
const QUIET_MS = 600;
const MORE_MS = 10_000;
/** Colours and characters that every picture has. */
const PICTURE_ENV = { TERM: 'xterm-256color', COLORTERM: 'truecolor', LANG: 'C.UTF-8' };

/** Makes the picture and writes it to the file, or to stdout. @throws UserError. */
export async function runScreenshot(run: ScreenshotRun): Promise<void> {
  const { screen, flags, stage, client, alerts } = run;
  const size = sizeOf(flags.size);
  const form = formOf(flags.output);
  const leastMs = durationFlag('--wait', flags.wait);
  const { capture, textOf } = await import('../tui/capture.ts');
  const { clock, signal } = stage;
  const timing = { quietMs: QUIET_MS, leastMs, mostMs: leastMs + MORE_MS };
  try {
    const rows = await capture({ ...size, ...timing, clock, signal }, (streams) =>
      open(run, streams),
    );
    const { svgOf } = await import('../tui/draw/svg.ts');
    const title = `mon ${screen}, ${size.columns}x${size.rows}`;
    const text = form === 'svg' ? svgOf(rows, { theme: flags.theme, title }) : textOf(rows);
    const { output } = flags;
    if (output === undefined || output === '-') return await stage.print([text]);
    await systemDisk.replaceFile(output, [Buffer.from(text)]);
    await stage.note(`wrote ${output}`);
  } finally {
    client.close();
    alerts.close();
  }
}

function sizeOf(text: string): { columns: number; rows: number } {
  const found = /^(\d{1,3})x(\d{1,3})$/.exec(text);
  const [columns, rows] = [Number(found?.[1]), Number(found?.[2])];
  if (columns >= 1 && columns <= SIZE_MOST.columns && rows >= 1 && rows <= SIZE_MOST.rows) {
    return { columns, rows };
  }
  throw new UserError(`--size ${text}: no size of a screen`, {
    hint: `write COLUMNSxROWS, as in 120x40; at most ${SIZE_MOST.columns}x${SIZE_MOST.rows}`,
  });
}

function formOf(output: string | undefined): 'svg' | 'text' {
  if (output === undefined || output === '-' || /\.txt$/i.test(output)) return 'text';
  if (/\.svg$/i.test(output)) return 'svg';
  throw new UserError(`${output}: not a picture that can be made`, {
    hint: 'the name ends in .svg or .txt',
  });
}

async function open(run: ScreenshotRun, streams: CaptureStreams): Promise<unknown> {
  const { screen, client, server, flags, stage, process } = run;
  const { clock } = stage;
  const zone = zoneOf(flags.tz);
  const look = { env: PICTURE_ENV, theme: flags.theme };
  const rangeMs = flags.since === undefined ? undefined : durationFlag('--since', flags.since);
  const anchorMs = flags.to === undefined ? undefined : timeFlag('--to', flags.to, clock.now());
  const base = { clock, look, zone, process, ...streams };
  const host = server.url.replace(/^https?:\/\//, '');
  if (screen === 'top') {
    const { openTop } = await import('../tui/screens/top.tsx');
    const view = { ...(rangeMs === undefined ? {} : { rangeMs }), anchorMs };
    const zoomed = flags.panel === undefined ? {} : { panel: flags.panel, zoomed: true };
    return await openTop({
      ...{ ...base, ask: client, server: { url: client.url, flags: '' } },
      targets: () => client.targets(streams.signal),
      version: async () => (await client.buildInfo(streams.signal)).version,
      view: { ...view, ...zoomed },
    });
  }
  if (screen === 'alerts') {
    const { openAlertCentre } = await import('../tui/screens/alert-centre.tsx');
    const source = alertSource({ client: run.alerts, ask: client, stage }, 'somebody');
    return await openAlertCentre({ ...base, source, host, serverFlags: '', author: 'somebody' });
  }
  if (screen === 'dash') return await openBoard(run, { ...base, rangeMs, anchorMs });
  const { dashboardsOf, wallFeed } = await import('./wall-run.ts');
  const found = await dashboardsOf(run);
  const dashboards = found.map((dashboard) => ({
    dashboard,
    feed: wallFeed({ client, clock, dashboard, columns: streams.stdout.columns, rangeMs }),
  }));
  for (const { feed } of dashboards) if (anchorMs !== undefined) feed.look({ anchorMs });
  const { openWall } = await import('../tui/wallboard/wall.ts');
  const alerts = (asked: AbortSignal) => client.alerts(asked);
  return await openWall({ ...base, dashboards, alerts, everyMs: undefined, host });
}

type ScreenBase = Omit<DashOptions, 'dashboard' | 'name' | 'ask' | 'names' | 'server' | 'view'>;

interface BoardBase extends ScreenBase {
  readonly rangeMs: number | undefined;
  readonly anchorMs: number | undefined;
}

async function openBoard(run: ScreenshotRun, base: BoardBase): Promise<number> {
  const { client, flags, stage, names } = run;
  const [name] = names;
  if (name === undefined) {
    throw new UserError('which dashboard?', { hint: 'mon screenshot dash NAME; mon dash list' });
  }
  const { dashboard } = await readDashboard(await dashboardPath(name, stage.env), stage);
  const { rangeMs = dashboard.rangeMs, anchorMs, ...screen } = base;
  const zoomed = flags.panel === undefined ? {} : { panel: flags.panel, zoomed: true };
  const { openDash } = await import('../tui/screens/dash.tsx');
  return await openDash({
    ...{ ...screen, dashboard, name, ask: client, names: namesOf(client) },
    scrapeMs: (signal) => scrapeInterval(client, signal),
    server: { url: client.url, flags: '' },
    view: { rangeMs, anchorMs, ...zoomed },
    chosen: chosenOf(dashboard, flags.var ?? []),
  });
}
