// What `mon wall` does: files and names become dashboards with a feed each, and the wall runs
// until it is left. Easy to get wrong: the wall is loaded last, after all that can be wrong with
// the flags was said.
import type { Dashboard } from '../engine/dash/dashboard.ts';
import { MonError } from '../engine/errors.ts';
import type { PrometheusClient } from '../engine/remote/prometheus-client.ts';
import { DashFeed } from '../tui/feed/dash-feed.ts';
import { DEFAULT_WALLS } from '../tui/wallboard/default-walls.ts';
import type { Clock } from '../engine/runtime/clock.ts';
import type { ServerChoice } from './server.ts';
import type { Stage } from './stage.ts';
import { dashboardPath, readDashboard } from './dash-files.ts';
import { namesOf, scrapeInterval } from './dash-run.ts';
import { durationFlag, zoneOf } from './times.ts';

export interface WallRun {
  /** Files, or names of walls that mon brings; none: those that the server has data for. */
  readonly names: readonly string[];
  readonly client: PrometheusClient;
  readonly server: ServerChoice;
  readonly flags: {
    readonly every?: string;
    readonly since?: string;
    readonly refresh?: string;
    readonly tz?: string;
    readonly theme?: 'dark' | 'light';
    readonly ascii: boolean;
    readonly color: 'auto' | 'always' | 'never';
  };
  readonly stage: Stage;
  readonly process: NodeJS.Process;
}

const EVERY_MS_MIN = 2000;

/** Runs the wall and answers its exit code. @throws UserError for files and flags with mistakes. */
export async function runWall(run: WallRun): Promise<number> {
  const { client, server, flags, stage, process } = run;
  const { clock, signal, env } = stage;
  const every = flags.every === undefined ? undefined : durationFlag('--every', flags.every);
  const everyMs = every === undefined ? undefined : Math.max(EVERY_MS_MIN, every);
  const rangeMs = flags.since === undefined ? undefined : durationFlag('--since', flags.since);
  const beatMs = flags.refresh === undefined ? undefined : durationFlag('--refresh', flags.refresh);
  const zone = zoneOf(flags.tz);
  const found = await dashboardsOf(run);
  const { columns } = stage;
  const dashboards = found.map((dashboard) => ({
    dashboard,
    feed: wallFeed({ client, clock, dashboard, columns, rangeMs, beatMs }),
  }));
  const { openWall } = await import('../tui/wallboard/wall.ts');
  try {
    return await openWall({
      ...{ dashboards, everyMs, clock, zone, signal, process },
      alerts: (asked) => client.alerts(asked),
      host: server.url.replace(/^https?:\/\//, ''),
      look: { env, color: flags.color, theme: flags.theme, ascii: flags.ascii || undefined },
      stdin: process.stdin,
      stdout: process.stdout,
    });
  } finally {
    client.close();
  }
}

export interface WallFeedOptions {
  readonly client: PrometheusClient;
  readonly clock: Clock;
  readonly dashboard: Dashboard;
  /** Of the terminal. */
  readonly columns: number;
  readonly rangeMs: number | undefined;
  readonly beatMs?: number;
}

/** The feed of one dashboard; the wall starts it. */
export function wallFeed({ client, columns, ...more }: WallFeedOptions): DashFeed {
  return new DashFeed({
    ...{ ask: client, names: namesOf(client), columns: Math.max(60, columns - 12), ...more },
    scrapeMs: (signal) => scrapeInterval(client, signal),
  });
}

/** The dashboards that were named, or those that have something to show. */
export async function dashboardsOf(
  run: Pick<WallRun, 'names' | 'client' | 'stage'>,
): Promise<readonly Dashboard[]> {
  const { names, client, stage } = run;
  if (names.length > 0) return await Promise.all(names.map((name) => named(name, stage)));
  let metrics: ReadonlySet<string>;
  try {
    metrics = new Set(await client.labelValues('__name__', { signal: stage.signal }));
  } catch (thrown) {
    if (!(thrown instanceof MonError)) throw thrown;
    // A server that is away now may be back soon: the wall says so itself.
    return DEFAULT_WALLS.map(({ make }) => make());
  }
  const some = DEFAULT_WALLS.filter(({ metric }) => metrics.has(metric));
  return (some.length > 0 ? some : DEFAULT_WALLS).map(({ make }) => make());
}

async function named(name: string, stage: Stage): Promise<Dashboard> {
  const known = DEFAULT_WALLS.find((one) => one.name === name);
  if (known !== undefined) return known.make();
  return (await readDashboard(await dashboardPath(name, stage.env), stage)).dashboard;
}
