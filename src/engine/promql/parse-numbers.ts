// Numbers that run into what follows: the editors' grammar takes `5or x` and `5moffset 1m` apart,
// Prometheus refuses them. Before the tree of a query; what is no number in itself is for
// parse-duration.ts.
import { tokensOf } from './tokens.ts';
import type { Span } from './ast.ts';

/** A digit before a letter that is not the unit at the end of a duration, or a point before one. */
const PERHAPS = /\d(?!(?:ms|[smhdwy])(?!\w))[A-Za-z_]|\.\d*[.A-Za-z_]/;
const NUMBER = /0x[0-9a-f_]*|[\d_]*\.?[\d_]*(?:e[-+]?[\d_]*)?/iy;
const DURATION = /\d+[smhdwy]s?(?:\d+[smhdw]s?)*(?:\d+|(\w?))/y;

/** The first number that is not at its end where it should be, as far as it was read. */
export function findRunOn(text: string): Span | undefined {
  if (!PERHAPS.test(text)) return undefined;
  let braces = 0;
  for (const { kind, text: token, start } of tokensOf(text)) {
    if (token === '{') braces++;
    if (token === '}') braces--;
    if (kind !== 'number' || braces > 0) continue;
    const end = runOnEnd(text, start);
    if (end !== undefined) return { start, end };
  }
  return undefined;
}

function runOnEnd(text: string, start: number): number | undefined {
  NUMBER.lastIndex = start;
  NUMBER.exec(text);
  const end = NUMBER.lastIndex;
  if (text[end] === '.') return end + 1;
  if (!/\w/.test(text[end] ?? '')) return undefined;
  DURATION.lastIndex = start;
  const duration = DURATION.exec(text);
  if (duration === null) return end;
  return duration[1] === '' ? undefined : DURATION.lastIndex;
}
