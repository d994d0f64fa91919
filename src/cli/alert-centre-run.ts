// What `mon incidents --live` does: the clients become the screen's source, and the screen runs
// until it is left. Easy to get wrong: the screen is loaded last, after all that can be wrong with
// the flags was said.
import type { AlertView } from '../engine/model/alerting.ts';
import type { Matrix } from '../engine/model/fragment.ts';
import type { AlertClient } from '../engine/remote/alert-client.ts';
import type { PrometheusClient } from '../engine/remote/prometheus-client.ts';
import type { AlertSource } from '../tui/feed/alert-feed.ts';
import { serverWords } from './server-words.ts';
import type { ServerChoice } from './server.ts';
import type { Stage } from './stage.ts';
import { zoneOf } from './times.ts';

export interface AlertCentreRun {
  readonly client: AlertClient;
  readonly server: ServerChoice;
  /** For the line of history behind an alert. */
  readonly ask: PrometheusClient;
  readonly flags: {
    readonly filter?: string;
    readonly tz?: string;
    readonly theme?: 'dark' | 'light';
    readonly ascii: boolean;
    readonly color: 'auto' | 'always' | 'never';
  };
  readonly stage: Stage;
  readonly process: NodeJS.Process;
}

const HISTORY_MS = 3_600_000;
const HISTORY_STEPS = 120;
const INCIDENTS_MAX = 500;

/** Runs the screen and answers its exit code. @throws UserError for flags that mean nothing. */
export async function runAlertCentre(run: AlertCentreRun): Promise<number> {
  const { client, server, ask, flags, stage, process } = run;
  const { clock, signal, env } = stage;
  const zone = zoneOf(flags.tz);
  const author = env['USER'] || env['LOGNAME'] || 'somebody';
  const source = alertSource(run, author);
  const { openAlertCentre } = await import('../tui/screens/alert-centre.tsx');
  try {
    return await openAlertCentre({
      ...{ source, clock, author, signal, process },
      host: server.url.replace(/^https?:\/\//, ''),
      serverFlags: serverWords(server),
      look: { env, color: flags.color, theme: flags.theme, ascii: flags.ascii || undefined },
      zone,
      view: { filter: flags.filter ?? '' },
      stdin: process.stdin,
      stdout: process.stdout,
    });
  } finally {
    client.close();
    ask.close();
  }
}

/** The clients as the screen's source. */
export function alertSource(
  { client, ask, stage }: Pick<AlertCentreRun, 'client' | 'ask' | 'stage'>,
  author: string,
): AlertSource {
  return {
    alerts: (signal) => client.alerts([], signal),
    silences: (signal) => client.silences(signal),
    incidents: (signal) => client.incidents({ limit: INCIDENTS_MAX }, signal),
    silence: (wish) => client.silence(wish, stage.signal),
    expire: (id) => client.expire(id, stage.signal),
    acknowledge: async (incident, why) => {
      await client.acknowledge({ incident }, { who: author, why }, stage.signal);
    },
    history: (alert, signal) => historyOf(ask, alert, { nowMs: stage.clock.now(), signal }),
  };
}

/** The expression behind an alert, without its threshold: the curve goes on below it. */
function expressionOf(alert: AlertView): string | undefined {
  let text: string | null = null;
  try {
    text = new URL(alert.generatorUrl, 'http://localhost').searchParams.get('g0.expr');
  } catch {
    return undefined;
  }
  if (text === null || text.trim() === '') return undefined;
  return text
    .replace(/\s*(?:[<>]=?|==|!=)\s*(?:bool\s*)?[-+]?[\d.]+(?:e[-+]?\d+)?\s*$/i, '')
    .trim();
}

async function historyOf(
  ask: PrometheusClient,
  alert: AlertView,
  { nowMs, signal }: { readonly nowMs: number; readonly signal: AbortSignal },
): Promise<readonly number[]> {
  const expr = expressionOf(alert);
  if (expr === undefined) return [];
  const stepMs = HISTORY_MS / HISTORY_STEPS;
  const { result } = await ask.range(expr, nowMs - HISTORY_MS, nowMs, stepMs, { signal });
  if (result.type !== 'matrix') return [];
  const { matrix } = result;
  let best = -1;
  let shared = -1;
  for (let s = 0; s < matrix.labels.length; s++) {
    const labels = matrix.labels[s];
    let count = 0;
    for (let i = 0; i < labels.length; i += 2) {
      if (alert.labels[labels[i]] === labels[i + 1]) count++;
    }
    if (count > shared) [best, shared] = [s, count];
  }
  return best < 0 ? [] : valuesOf(matrix, best);
}

function valuesOf({ steps, values, present }: Matrix, series: number): number[] {
  const out: number[] = [];
  for (let i = series * steps; i < (series + 1) * steps; i++) if (present[i]) out.push(values[i]);
  return out;
}
