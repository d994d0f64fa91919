// What `mon explore` does on a terminal: the client becomes the screen's source, the screen runs
// until it is left, and what was asked to be printed is printed then. Easy to get wrong: the screen
// is loaded last, after all that can be wrong with the flags was said.
import { UserError } from '../engine/errors.ts';
import { ExploreClient } from '../engine/remote/explore-client.ts';
import type { Exploration } from '../engine/model/exploration.ts';
import { EXPLORE_ROWS_ALL, type ExploreSource } from '../tui/feed/explore-feed.ts';
import { EXPLORE_TABS, type ExploreTab } from '../tui/screens/explore-keys.ts';
import { serverWords } from './server-words.ts';
import type { ServerChoice } from './server.ts';
import type { Stage } from './stage.ts';
import { zoneOf } from './times.ts';

export interface ExploreScreenRun {
  readonly server: ServerChoice;
  readonly metric: string | undefined;
  readonly flags: {
    readonly list: string;
    readonly label?: string;
    readonly filter?: string;
    readonly sort?: number;
    readonly reverse: boolean;
    readonly tz?: string;
    readonly theme?: 'dark' | 'light';
    readonly ascii: boolean;
    readonly color: 'auto' | 'always' | 'never';
  };
  readonly stage: Stage;
  readonly process: NodeJS.Process;
}

/** Runs the screen and answers its exit code. @throws UserError for flags that mean nothing. */
export async function runExploreScreen(run: ExploreScreenRun): Promise<number> {
  const { server, flags, metric, stage, process } = run;
  const { clock, signal, env } = stage;
  const { tz, label, filter, reverse } = flags;
  const zone = zoneOf(tz);
  const list = EXPLORE_TABS.find((one) => one === flags.list);
  if (list === undefined) {
    throw new UserError(`--list ${flags.list}: no such list`, {
      hint: `there are ${EXPLORE_TABS.join(', ')}`,
    });
  }
  const client = new ExploreClient(server, clock);
  // Asked before the screen is loaded: both take their time, and so they take it together.
  const source = metric === undefined && label === undefined ? hurried(client, signal) : client;
  const { openExplore } = await import('../tui/screens/explore.tsx');
  try {
    const end = await openExplore({
      source,
      ...{ clock, signal, process },
      host: server.url.replace(/^https?:\/\//, ''),
      serverFlags: serverWords(server),
      look: { env, color: flags.color, theme: flags.theme, ascii: flags.ascii || undefined },
      zone,
      view: {
        ...{ tab: list satisfies ExploreTab, filter, metric, label },
        sort: (flags.sort ?? 0) - 1,
        reversed: reverse,
      },
      stdin: process.stdin,
      stdout: process.stdout,
    });
    if (end.print !== '') await stage.print([end.print]);
    return end.code;
  } finally {
    client.close();
  }
}

/** The client with its first answer on the way. */
function hurried(client: ExploreClient, signal: AbortSignal): ExploreSource {
  let first: Promise<Exploration> | undefined = client.explore({ rows: EXPLORE_ROWS_ALL }, signal);
  first.catch(() => undefined);
  return {
    explore: (ask, stop) => {
      const whole = ask.match === undefined && ask.label === undefined;
      const answer = whole ? first : undefined;
      if (whole) first = undefined;
      return answer ?? client.explore(ask, stop);
    },
    series: (match, limit, stop) => client.series(match, limit, stop),
  };
}
