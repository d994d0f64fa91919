// What `mon top` does: the flags become a view, the client becomes the feed's Ask, and the screen
// runs until it is left. The screen is loaded last, after all that can be wrong with the flags was
// said.
import { UserError } from '../engine/errors.ts';
import type { PrometheusClient } from '../engine/remote/prometheus-client.ts';
import { TOP_PANELS } from '../tui/screens/top-panels.ts';
import type { TopState } from '../tui/screens/top-state.ts';
import { serverWords } from './server-words.ts';
import type { ServerChoice } from './server.ts';
import type { Stage } from './stage.ts';
import { durationFlag, timeFlag, zoneOf } from './times.ts';

export interface TopFlags {
  readonly since: string;
  readonly to?: string;
  readonly filter?: string;
  readonly sort: TopState['sort'];
  readonly reverse: boolean;
  readonly panel?: string;
  readonly zoom: boolean;
  readonly refresh: string;
  readonly tz?: string;
  readonly theme?: 'dark' | 'light';
  readonly ascii: boolean;
  readonly color: 'auto' | 'always' | 'never';
}

export interface TopRun {
  readonly client: PrometheusClient;
  readonly server: ServerChoice;
  readonly flags: TopFlags;
  readonly stage: Stage;
  readonly process: NodeJS.Process;
}

/** Two frames a second are the most that a dashboard needs. */
const REFRESH_MS_MIN = 500;

/** Runs the screen and answers its exit code. @throws UserError for flags that mean nothing. */
export async function runTop(run: TopRun): Promise<number> {
  const { client, server, flags, stage, process } = run;
  const { clock, signal, env } = stage;
  const view = viewOf(flags, clock.now());
  const beatMs = Math.max(REFRESH_MS_MIN, durationFlag('--refresh', flags.refresh));
  const zone = zoneOf(flags.tz);
  const { openTop } = await import('../tui/screens/top.tsx');
  const buildInfo = client.buildInfo(signal).catch(() => undefined);
  try {
    return await openTop({
      ask: client,
      targets: () => client.targets(signal),
      version: async () => (await buildInfo)?.version,
      server: { url: client.url, flags: serverWords(server) },
      clock,
      look: { env, color: flags.color, theme: flags.theme, ascii: flags.ascii || undefined },
      zone,
      view,
      beatMs,
      stdin: process.stdin,
      stdout: process.stdout,
      process,
      signal,
    });
  } finally {
    client.close();
  }
}

function viewOf(flags: TopFlags, nowMs: number): Partial<TopState> {
  const { since, to, filter, sort, reverse, panel, zoom } = flags;
  if (panel !== undefined && !TOP_PANELS.some((p) => p.id === panel)) {
    const known = TOP_PANELS.map((p) => p.id).join(', ');
    throw new UserError(`--panel ${panel}: no such chart`, { hint: `there are ${known}` });
  }
  return {
    rangeMs: durationFlag('--since', since),
    anchorMs: to === undefined || to === 'now' ? undefined : timeFlag('--to', to, nowMs),
    filter: filter ?? '',
    sort,
    reversed: reverse,
    panel,
    zoomed: zoom,
  };
}
