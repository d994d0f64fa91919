// The time that the prompt asks for, and the same question as a command for a shell. Pure: now is
// handed in. Easy to get wrong: a range wants about as many steps as the screen has dots, and a
// step that is round, so that the server finds kept results again.
import type { QueryTimes } from '../../engine/ports.ts';
import { agreeableDuration, formatRange } from '../draw/units.ts';
import type { PromptState } from './query-prompt-state.ts';
import { shellQuote } from '../draw/shell-word.ts';

/** Steps of a range at most, whatever `.step` says: fewer than a server refuses. */
const STEPS_MAX = 10_000;
const STEP_MS_MIN = 1000;

/** What is asked for now. */
export function queryTimes(state: PromptState, nowMs: number, columns: number): QueryTimes {
  const { rangeMs, atMs, stepMs } = state;
  if (rangeMs === undefined) return { timeMs: atMs ?? nowMs };
  const points = Math.max(60, Math.min(500, (columns - 12) * 2));
  const wanted = stepMs ?? agreeableDuration(Math.max(STEP_MS_MIN, rangeMs / points));
  const step = Math.max(wanted, Math.ceil(rangeMs / STEPS_MAX));
  return { startMs: nowMs - rangeMs, endMs: nowMs, stepMs: step };
}

/** The command that asks the same; `flags` lead to the server. */
export function shellCommand(query: string, state: PromptState, flags: string): string {
  const { rangeMs, atMs, stepMs, form } = state;
  const words = ['mon query', shellQuote(query)];
  if (rangeMs !== undefined) {
    words.push(`--since ${formatRange(rangeMs)}`);
    if (stepMs !== undefined) words.push(`--step ${formatRange(stepMs)}`);
    if (form === 'graph') words.push('--graph');
  } else if (atMs !== undefined) {
    words.push(`--at ${new Date(atMs).toISOString()}`);
  }
  return [...words, flags].filter((word) => word !== '').join(' ');
}
