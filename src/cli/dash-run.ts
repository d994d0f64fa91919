// What the `mon dash` commands do: open a dashboard on the terminal, list, check and import. The
// screen is loaded last, after all that can be wrong with flags and files was said. Easy to get
// wrong: the import writes data to stdout, and what it left out goes to stderr.
import { ALL } from '../engine/dash/dashboard.ts';
import type { Dashboard } from '../engine/dash/dashboard.ts';
import { MonError, UserError } from '../engine/errors.ts';
import { DASH_BEAT_MS_MIN, DASH_RANGE_MS_MAX, DASH_RANGE_MS_MIN } from '../engine/limits-dash.ts';
import type { PrometheusClient } from '../engine/remote/prometheus-client.ts';
import type { DashNames } from '../tui/feed/dash-variables.ts';
import type { DashState } from '../tui/screens/dash-state.ts';
import { dashboardPath, knownDashboards, readDashboard } from './dash-files.ts';
import { readInput } from './input.ts';
import { safeChunks } from './listing.ts';
import type { Listing } from './listing.ts';
import { serverWords } from './server-words.ts';
import type { ServerChoice } from './server.ts';
import type { Stage } from './stage.ts';
import { durationFlag, timeFlag, zoneOf } from './times.ts';
import { yamlText } from './yaml-text.ts';

export interface DashFlags {
  readonly since?: string;
  readonly to?: string;
  readonly var?: readonly string[];
  readonly panel?: string;
  readonly zoom: boolean;
  readonly refresh?: string;
  readonly tz?: string;
  readonly theme?: 'dark' | 'light';
  readonly ascii: boolean;
  readonly color: 'auto' | 'always' | 'never';
}

export interface DashRun {
  /** A name or a file. */
  readonly asked: string;
  readonly client: PrometheusClient;
  readonly server: ServerChoice;
  readonly flags: DashFlags;
  readonly stage: Stage;
  readonly process: NodeJS.Process;
}

/** Runs the screen and answers its exit code. @throws UserError for flags that mean nothing. */
export async function runDash(run: DashRun): Promise<number> {
  const { asked, client, server, flags, stage, process } = run;
  const { clock, env, signal } = stage;
  const path = await dashboardPath(asked, env);
  const { dashboard } = await readDashboard(path, stage);
  const view = viewOf(dashboard, flags, clock.now());
  const chosen = chosenOf(dashboard, flags.var ?? []);
  const zone = zoneOf(flags.tz);
  const { openDash } = await import('../tui/screens/dash.tsx');
  try {
    return await openDash({
      dashboard,
      name: asked,
      ask: client,
      names: namesOf(client),
      scrapeMs: async (ended) => await scrapeInterval(client, ended),
      server: { url: client.url, flags: serverWords(server) },
      clock,
      look: { env, color: flags.color, theme: flags.theme, ascii: flags.ascii || undefined },
      zone,
      view,
      chosen,
      stdin: process.stdin,
      stdout: process.stdout,
      process,
      signal,
    });
  } finally {
    client.close();
  }
}

/** A server's names, as variables want them. */
export function namesOf(client: PrometheusClient): DashNames {
  return {
    labelValues: async (label, question) => await client.labelValues(label, question),
    labelNames: async (question) => await client.labelNames(question),
  };
}

/** The longest interval of a server's targets, ms; undefined where it does not say. */
export async function scrapeInterval(
  client: PrometheusClient,
  signal: AbortSignal,
): Promise<number | undefined> {
  const targets = await client.targets(signal);
  const intervals = targets.map(({ intervalMs }) => intervalMs).filter((ms) => ms > 0);
  return intervals.length > 0 ? Math.max(...intervals) : undefined;
}

function viewOf(dashboard: Dashboard, flags: DashFlags, nowMs: number): Partial<DashState> {
  const { since, to, refresh, panel, zoom } = flags;
  const known = dashboard.panels.filter(({ kind }) => kind !== 'row').map(({ id }) => id);
  if (panel !== undefined && !known.includes(panel)) {
    throw new UserError(`--panel ${panel}: no such panel`, {
      hint: `there are ${known.join(', ')}`,
    });
  }
  if (zoom && panel === undefined) {
    throw new UserError('--zoom needs a panel', { hint: `--panel ${known[0] ?? 'ID'}` });
  }
  const rangeMs = since === undefined ? dashboard.rangeMs : durationFlag('--since', since);
  if (rangeMs < DASH_RANGE_MS_MIN || rangeMs > DASH_RANGE_MS_MAX) {
    throw new UserError(`--since ${since}: a range is from 10s to 2y`);
  }
  const beatMs = refresh === undefined ? undefined : durationFlag('--refresh', refresh);
  return {
    rangeMs,
    anchorMs: to === undefined || to === 'now' ? undefined : timeFlag('--to', to, nowMs),
    ...(beatMs === undefined ? {} : { beatMs: Math.max(DASH_BEAT_MS_MIN, beatMs) }),
    panel,
    zoomed: zoom,
  };
}

/** `--var name=value`, several times for several values; `All` is all of them. */
export function chosenOf(dashboard: Dashboard, words: readonly string[]): Map<string, string[]> {
  const chosen = new Map<string, string[]>();
  for (const word of words) {
    const cut = word.indexOf('=');
    const hint = '--var NAME=VALUE, again for further values';
    if (cut < 1) throw new UserError(`--var ${word}: no value`, { hint });
    const [name, value] = [word.slice(0, cut), word.slice(cut + 1)];
    const variable = dashboard.variables.find((one) => one.name === name);
    if (variable === undefined) {
      const names = dashboard.variables.map((one) => one.name).join(', ');
      const known = names === '' ? 'this dashboard has no variables' : `there are ${names}`;
      throw new UserError(`--var ${word}: there is no variable ${name}`, { hint: known });
    }
    const all = /^all$/i.test(value) && variable.includeAll;
    chosen.set(name, [...(chosen.get(name) ?? []), all ? ALL : value]);
  }
  return chosen;
}

/** All dashboards that can be named. */
export async function dashListing(stage: Stage): Promise<Listing> {
  const rows: (readonly (string | number)[])[] = [];
  for (const { name, path, shipped } of await knownDashboards(stage.env)) {
    const from = shipped ? 'mon' : path;
    try {
      const { dashboard } = await readDashboard(path, stage);
      const panels = dashboard.panels.filter(({ kind }) => kind !== 'row').length;
      rows.push([name, dashboard.title, panels, from]);
    } catch (thrown) {
      // One broken file hides none of the others.
      if (!(thrown instanceof UserError || thrown instanceof MonError)) throw thrown;
      rows.push([name, `cannot be read: ${thrown.message}`, 0, from]);
    }
  }
  return {
    kind: 'Dashboards',
    columns: [
      { name: 'name' },
      { name: 'title' },
      { name: 'panels', align: 'right' },
      { name: 'from' },
    ],
    rows,
    valueColumn: 0,
  };
}

/** Checks files and says what they hold. @throws UserError with the place of a mistake. */
export async function checkDashboards(files: readonly string[], stage: Stage): Promise<void> {
  for (const file of files) {
    const { dashboard, warnings } = await readDashboard(file, stage, { strict: true });
    for (const words of warnings) await stage.note(`warning: ${words}`);
    const { panels, variables } = dashboard;
    const shown = panels.filter(({ kind }) => kind !== 'row');
    const counts = [
      plural(shown.length, 'panel'),
      plural(
        shown.reduce((sum, { queries }) => sum + queries.length, 0),
        'query',
      ),
      plural(variables.length, 'variable'),
    ];
    const lines = [`${file}: all well, ${counts.join(', ')}\n`];
    await stage.print(await safeChunks(() => lines, stage.surface));
  }
}

function plural(count: number, word: string): string {
  if (count === 1) return `1 ${word}`;
  return `${count} ${word.replace(/y$/, 'ie')}s`;
}

/** Prints a dashboard of Grafana's in our form; what is left out goes to stderr. */
export async function importDashboard(file: string, stage: Stage): Promise<void> {
  const { importGrafana } = await import('../engine/dash/grafana.ts');
  const { plainDashboard } = await import('../engine/dash/plain.ts');
  const text = Buffer.from(await readInput(file, stage)).toString('utf8');
  const { dashboard, warnings } = importGrafana(text, file === '-' ? '<stdin>' : file);
  for (const words of warnings) await stage.note(`warning: ${words}`);
  const lines = yamlText(plainDashboard(dashboard)).split(/(?<=\n)/);
  await stage.print(await safeChunks(() => lines, stage.surface));
}
