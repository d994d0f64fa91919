// One eval of Prometheus' test scripts: what is asked, when, and what is written below it. The
// body is read when the answer is compared.
import { timeOf } from './script-times.ts';

export interface Eval {
  readonly line: number;
  readonly command: string;
  readonly query: string;
  /** Instant: only `start`. */
  readonly range?: { readonly end: number; readonly step: number };
  readonly start: number;
  readonly legacy: string | undefined;
  readonly body: readonly string[];
}

const INSTANT = /^eval(?:_(fail|warn|ordered|info))?\s+instant\s+(?:at\s+(.+?))?\s+(.+)$/;
const RANGE =
  /^eval(?:_(fail|warn|info))?\s+range\s+from\s+(.+)\s+to\s+(.+)\s+step\s+(.+?)\s+(.+)$/;

/** Reads the command line of an eval. @throws Error when it is none. */
export function readEval(command: string, line: number, body: readonly string[]): Eval {
  const instant = INSTANT.exec(command);
  if (instant !== null) {
    const [, legacy, at = '0', query] = instant;
    return { line, command, query, start: timeOf(at), legacy, body };
  }
  const range = RANGE.exec(command);
  if (range === null) throw new Error(`no command: ${command}`);
  const [, legacy, from, to, step, query] = range;
  const times = { end: timeOf(to), step: timeOf(step) };
  return { line, command, query, start: timeOf(from), range: times, legacy, body };
}
