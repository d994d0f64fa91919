// What `mon query` does: ask once or on a beat, and print or draw the answer. Stands between the
// client of a server and the forms of output. Easy to get wrong: a watch that has shown something
// must live through a server that is away for a while; a first failure ends it.
import { MonError, UserError } from '../engine/errors.ts';
import type { QueryAnswer } from '../engine/model/query-result.ts';
import type { Ask } from '../engine/ports.ts';
import { answerChunks, answerRows } from './answer-text.ts';
import { assertionOf, failWhere } from './query-assert.ts';
import type { OutputFormat } from './listing.ts';
import { statsLine, statsObject } from './query-stats.ts';
import { rowsNote } from './stage.ts';
import type { Stage } from './stage.ts';
import { safeLine } from './terminal-text.ts';
import { durationFlag, timeText, windowOf } from './times.ts';
import type { QueryWindow, WindowFlags } from './times.ts';
import type { MetricNames } from './unknown-name.ts';

export interface QueryFlags extends WindowFlags {
  readonly output: OutputFormat;
  readonly tz?: string;
  readonly graph: boolean;
  readonly watch?: string;
  readonly 'fail-empty': boolean;
  readonly explain?: string;
  readonly 'max-cost'?: string;
  readonly assert?: string;
  readonly 'empty-ok'?: boolean;
  readonly stats?: boolean;
}

export interface QueryRun {
  readonly query: string;
  readonly ask: Ask;
  /** Where names come from for the hint beside an empty answer; none without it. */
  readonly names?: MetricNames;
  readonly flags: QueryFlags;
  readonly stage: Stage;
}

/** Runs until the answer is printed, or as long as it is watched. Answers the exit code. */
export async function runQuery(run: QueryRun): Promise<number> {
  const { flags, stage } = run;
  const assertion = assertionOf(flags);
  if (flags.watch !== undefined) return await watchQuery(run);
  const { answer, window, ms } = await askOnce(run);
  await tellNotes(answer, stage);
  const rows = rowCount(answer);
  const stats = flags.stats === true ? statsObject(answer, ms) : undefined;
  const document = flags.output === 'json' || flags.output === 'yaml';
  if (flags.graph) await stage.print(await graphLines(run, answer, window));
  else await stage.print(await textOf(run, answer, { stats }));
  if (stats !== undefined && (flags.graph || !document)) await stage.note(statsLine(stats));
  const forPeople = flags.output === 'table' && stage.surface.isTerminal && !flags.graph;
  if (forPeople) await stage.print([rowsNote(rows)]);
  const hint = rows === 0 ? await emptyHint(run) : undefined;
  if (rows === 0 && flags['fail-empty']) {
    throw new MonError('MON_NOT_FOUND', 'the answer is empty', { hint });
  }
  if (hint !== undefined) await stage.note(`hint: ${hint}`);
  return assertion === undefined ? 0 : await failWhere(answer, assertion, stage);
}

/** Which metric of the query does not exist, where that may be why there is no answer. */
async function emptyHint({ query, names, stage }: QueryRun): Promise<string | undefined> {
  if (names === undefined) return undefined;
  const { unknownMetricHint } = await import('./unknown-name.ts');
  return await unknownMetricHint(query, names, stage);
}

/** The text of a query from the argument or a file; `-` is stdin. @throws UserError. */
export async function queryText(
  expr: string | undefined,
  file: string | undefined,
  stage: Stage,
): Promise<string> {
  const hint = 'mon query EXPR, or mon query -f FILE';
  if (expr !== undefined && file !== undefined) {
    throw new UserError('the query is given twice: as an argument and as a file', { hint });
  }
  if (expr !== undefined) return expr;
  const from = file ?? (stage.stdin.isTTY === true ? undefined : '-');
  if (from === undefined) throw new UserError('no query given', { hint });
  const { readInput } = await import('./input.ts');
  const text = Buffer.from(await readInput(from, stage))
    .toString('utf8')
    .trimEnd();
  if (text.trim() === '') throw new UserError('no query given', { hint });
  return text;
}

interface Asked {
  readonly answer: QueryAnswer;
  readonly window: QueryWindow;
  /** Until the answer was here. */
  readonly ms: number;
}

async function askOnce({ query, ask, flags, stage }: QueryRun): Promise<Asked> {
  const wanted = flags.graph && !isRanged(flags) ? { ...flags, since: '1h' } : flags;
  const window = windowOf(wanted, stage.clock.now());
  const { stats } = flags;
  const options = { signal: stage.signal, stats, ...costOption(flags['max-cost']) };
  const begin = stage.clock.monotonic();
  const asked =
    window.kind === 'instant'
      ? ask.instant(query, window.timeMs, options)
      : ask.range(query, window.startMs, window.endMs, window.stepMs, options);
  return { window, answer: await asked, ms: stage.clock.monotonic() - begin };
}

/** The price a query may have; `5M` and `1e9` are numbers too. @throws UserError. */
export function costOption(text: string | undefined): { maxCost?: number } {
  if (text === undefined) return {};
  const match = /^(\d+(?:\.\d+)?(?:e\d+)?)\s?([kMG]?)$/.exec(text.trim());
  const unit = { '': 1, k: 1e3, M: 1e6, G: 1e9 }[match?.[2] ?? ''] ?? 1;
  const maxCost = match === null ? 0 : Number(match[1]) * unit;
  if (Number.isFinite(maxCost) && maxCost > 0) return { maxCost };
  const hint = 'write a number above 0, such as 500M';
  throw new UserError(`--max-cost ${JSON.stringify(text)} is no cost`, { hint });
}

function isRanged(flags: WindowFlags): boolean {
  return flags.since !== undefined || flags.from !== undefined || flags.to !== undefined;
}

async function tellNotes(answer: QueryAnswer, stage: Stage): Promise<void> {
  for (const warning of answer.warnings) await stage.note(`warning: ${warning}`);
  for (const info of answer.infos) await stage.note(`info: ${info}`);
}

function rowCount(answer: QueryAnswer): number {
  let count = 0;
  for (const _row of answerRows(answer)) count++;
  return count;
}

async function textOf(
  { flags, stage, query }: QueryRun,
  answer: QueryAnswer,
  more: { changed?: (row: number, column: number) => boolean; stats?: object } = {},
): Promise<Iterable<string>> {
  const surface = { ...stage.surface, changed: more.changed };
  const time = timeText(flags.tz);
  return await answerChunks(answer, {
    format: flags.output,
    time,
    utc: timeText(),
    surface,
    query,
    stats: more.stats,
  });
}

async function graphLines(
  { query, flags, stage }: QueryRun,
  answer: QueryAnswer,
  window: QueryWindow,
): Promise<Iterable<string>> {
  const { graphChunks } = await import('./graph-text.ts');
  const heightMax = stage.surface.isTerminal ? Math.max(8, stage.rows - 2) : 24;
  return await graphChunks(answer, {
    title: query,
    width: stage.columns,
    height: Math.min(24, heightMax),
    color: stage.surface.color,
    env: stage.env,
    tz: flags.tz,
    startMs: window.kind === 'range' ? window.startMs : undefined,
    endMs: window.kind === 'range' ? window.endMs : undefined,
  });
}

async function watchQuery(run: QueryRun): Promise<number> {
  const { flags, stage } = run;
  const beatMs = durationFlag('--watch', flags.watch as string);
  const repaints = stage.surface.isTerminal && (flags.output === 'table' || flags.graph);
  let shown: string[] | undefined;
  let values = new Map<string, number | string>();
  for (let beat = 0; !stage.signal.aborted; beat++) {
    try {
      const { answer, window } = await askOnce(run);
      const { changed, next } = changesSince(values, answer, beat > 0);
      values = next;
      const chunks = flags.graph
        ? await graphLines(run, answer, window)
        : await textOf(run, answer, { changed });
      shown = [...chunks];
    } catch (thrown) {
      if (beat === 0 || !(thrown instanceof MonError) || stage.signal.aborted) throw thrown;
      await stage.note(`error: ${thrown.message}`);
    }
    if (repaints) await stage.print(frame(run, await watchTitle(run), shown ?? []));
    else if (beat > 0 && flags.output === 'table') await stage.print(['\n', ...(shown ?? [])]);
    else await stage.print(shown ?? []);
    await stage.clock.sleep(beatMs, stage.signal);
  }
  return 0;
}

// Which cells of the table differ from the last beat; the last column holds the values.
function changesSince(
  before: ReadonlyMap<string, number | string>,
  answer: QueryAnswer,
  compare: boolean,
): { changed: (row: number, column: number) => boolean; next: Map<string, number | string> } {
  const next = new Map<string, number | string>();
  const differs: boolean[] = [];
  for (const row of answerRows(answer)) {
    const key = `${row.labels.join('\u0000')}\u0000\u0000${row.timeMs}`;
    const instant = answer.result.type === 'vector' || answer.result.type === 'scalar';
    const name = instant ? row.labels.join('\u0000') : key;
    next.set(name, row.value);
    differs.push(compare && !Object.is(before.get(name), row.value));
  }
  const changed = (row: number, column: number): boolean => differs[row] && column > 0;
  return { changed, next };
}

async function watchTitle({ flags, stage, query }: QueryRun): Promise<string> {
  const time = timeText(flags.tz)(stage.clock.now());
  return await safeLine(`every ${flags.watch}  ${time}  ${query.replaceAll(/\s+/g, ' ')}`);
}

// The picture at the top of a cleared screen. Long lines are cut by the terminal (no wrap), so that
// nothing scrolls.
function* frame({ stage }: QueryRun, title: string, lines: readonly string[]): Iterable<string> {
  const all = [title, ...lines.flatMap((chunk) => chunk.replace(/\n$/, '').split('\n'))];
  yield '\u001b[?7l\u001b[H';
  for (const line of all.slice(0, stage.rows - 1)) yield `${line}\u001b[K\n`;
  yield '\u001b[J\u001b[?7h';
}
