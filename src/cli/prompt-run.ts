// What `mon query` does without an expression on a terminal: the client becomes the prompt's Ask
// and its names, the history comes from the state folder. The screen is loaded last, so that a
// query from a shell never pays for it.
import { UserError } from '../engine/errors.ts';
import type { PrometheusClient } from '../engine/remote/prometheus-client.ts';
import { systemDisk } from '../engine/runtime/system-disk.ts';
import type { PromptState } from '../tui/screens/query-prompt-state.ts';
import { historyFile, openHistory } from './query-history.ts';
import type { QueryFlags } from './query-run.ts';
import { serverWords } from './server-words.ts';
import type { ServerChoice } from './server.ts';
import type { Stage } from './stage.ts';
import { windowOf, zoneOf } from './times.ts';

export interface PromptRun {
  readonly client: PrometheusClient;
  readonly server: ServerChoice;
  readonly flags: QueryFlags & { readonly color: 'auto' | 'always' | 'never' };
  readonly stage: Stage;
  readonly process: NodeJS.Process;
}

/** Names of the last hour are offered: those are what there is now. */
const NAMES_SINCE_MS = 3_600_000;

/** Flags that only mean something with an expression. */
const NEEDS_EXPR = ['watch', 'assert', 'explain', 'stats', 'fail-empty', 'max-cost'] as const;

/** Runs the prompt and answers its exit code. @throws UserError for flags that need a query. */
export async function runPrompt(run: PromptRun): Promise<number> {
  const { client, server, flags, stage, process } = run;
  const stray = NEEDS_EXPR.find((name) => flags[name] !== undefined && flags[name] !== false);
  if (stray !== undefined || flags.output !== 'table') {
    const what = stray === undefined ? `-o ${flags.output}` : `--${stray}`;
    throw new UserError(`${what} needs an expression`, { hint: 'mon query EXPR' });
  }
  const { env, clock } = stage;
  const { past, note, remember, settled } = await openHistory(systemDisk, historyFile(env));
  const view = { ...viewOf(flags, clock.now()), past, note };
  const { openQueryPrompt } = await import('../tui/screens/query-prompt.tsx');
  try {
    return await openQueryPrompt({
      ask: client,
      names: namesOf(client, run),
      server: { url: client.url, flags: serverWords(server) },
      clock,
      look: { env, color: flags.color },
      zone: zoneOf(flags.tz, 'utc'),
      view,
      remember,
      stdin: process.stdin,
      stdout: process.stdout,
      process,
      signal: stage.signal,
    });
  } finally {
    client.close();
    await settled();
  }
}

function viewOf(flags: QueryFlags, nowMs: number): Partial<PromptState> {
  const window = windowOf(flags, nowMs);
  const form = flags.graph || flags.since !== undefined ? 'graph' : undefined;
  const shape = form === undefined ? {} : { form: form as 'graph' };
  if (window.kind === 'instant') {
    const rangeMs = flags.graph ? NAMES_SINCE_MS : undefined;
    return { ...shape, rangeMs, atMs: flags.at === undefined ? undefined : window.timeMs };
  }
  const stepMs = flags.step === undefined ? undefined : window.stepMs;
  return { ...shape, rangeMs: window.endMs - window.startMs, stepMs };
}

/** The names that a prompt completes. */
export function namesOf(client: PrometheusClient, { stage }: Pick<PromptRun, 'stage'>) {
  const { clock, signal } = stage;
  const within = (metric: string) => {
    const matches = metric === '' ? {} : { matches: [selectorOf(metric)] };
    return { ...matches, startMs: clock.now() - NAMES_SINCE_MS, endMs: clock.now(), signal };
  };
  return {
    metrics: () => client.labelValues('__name__', within('')),
    labels: (metric: string) => client.labelNames(within(metric)),
    values: (label: string, metric: string) => client.labelValues(label, within(metric)),
    async about() {
      const entries = await client.metadata(signal);
      return new Map(entries.map(({ family, type, help }) => [family, `${type}: ${help}`]));
    },
  };
}

function selectorOf(metric: string): string {
  return `{__name__=${JSON.stringify(metric)}}`;
}
