// The prompt's own commands: a dot and a word. From a line to what it asks for. Pure. Easy to get
// wrong: `.5` is a number, so a command is a dot and a letter.
import { parseNumber } from '../../engine/promql/literals.ts';
import { durationOf } from '../../engine/model/duration.ts';

export interface DotCommand {
  readonly name: string;
  readonly takes: string;
  readonly about: string;
}

export const DOT_COMMANDS: readonly DotCommand[] = [
  { name: '.help', takes: '', about: 'keys and commands' },
  { name: '.explain', takes: 'EXPR', about: 'how it would be answered, and at what cost' },
  { name: '.analyze', takes: 'EXPR', about: 'the same, and what each step did' },
  { name: '.instant', takes: '[TIME]', about: 'ask for one instant: now, or TIME' },
  { name: '.range', takes: 'DURATION', about: 'ask for a range that ends now' },
  { name: '.step', takes: 'DURATION', about: 'step of a range; alone: by its length' },
  { name: '.table', takes: '', about: 'show answers as tables' },
  { name: '.graph', takes: '', about: 'show answers as charts' },
  { name: '.history', takes: '', about: 'queries of before' },
  { name: '.command', takes: '', about: 'this query as a command for a shell' },
  { name: '.exit', takes: '', about: 'leave, as Ctrl-D does' },
];

export type DotAsk =
  | { readonly do: 'help' | 'table' | 'graph' | 'history' | 'command' | 'exit' }
  | { readonly do: 'explain'; readonly query: string; readonly analyze: boolean }
  | { readonly do: 'instant'; readonly atMs: number | undefined }
  | { readonly do: 'range'; readonly rangeMs: number }
  | { readonly do: 'step'; readonly stepMs: number | undefined }
  | { readonly do: 'wrong'; readonly why: string };

/** What a line asks for; undefined when it is no command of the prompt. */
export function dotCommand(text: string): DotAsk | undefined {
  const match = /^\s*\.([a-zA-Z?]+)(?:\s+([\s\S]*?))?\s*$/.exec(text);
  if (match === null) return undefined;
  const [, name, rest = ''] = match;
  switch (name.toLowerCase()) {
    case 'help':
    case '?':
      return { do: 'help' };
    case 'table':
    case 'graph':
    case 'history':
    case 'command':
      return { do: name.toLowerCase() as 'table' };
    case 'exit':
    case 'quit':
      return { do: 'exit' };
    case 'explain':
    case 'analyze':
      return { do: 'explain', query: rest, analyze: name.toLowerCase() === 'analyze' };
    case 'instant':
      return instant(rest);
    case 'range':
      return range(rest);
    case 'step': {
      const stepMs = rest === '' ? undefined : lengthMs(rest);
      if (rest === '' || stepMs !== undefined) return { do: 'step', stepMs };
      return { do: 'wrong', why: `${rest}: write a step as 15s or 1m` };
    }
    default:
      return { do: 'wrong', why: `there is no .${name}; .help lists what there is` };
  }
}

function range(rest: string): DotAsk {
  const rangeMs = lengthMs(rest);
  if (rangeMs !== undefined) return { do: 'range', rangeMs };
  return { do: 'wrong', why: 'write .range and a length: 15m, 1h, 7d' };
}

function instant(rest: string): DotAsk {
  if (rest === '' || rest === 'now') return { do: 'instant', atMs: undefined };
  const seconds = /^\d+(?:\.\d+)?$/.test(rest) ? Number(rest) * 1000 : undefined;
  const atMs = seconds ?? (/^\d{4}-\d\d-\d\d[Tt ]/.test(rest) ? Date.parse(rest) : Number.NaN);
  if (Number.isFinite(atMs) && Math.abs(atMs) < 8.64e15) return { do: 'instant', atMs };
  const why = `${rest}: write a time as 2026-01-31T08:00:00Z or in seconds since 1970`;
  return { do: 'wrong', why };
}

function lengthMs(text: string): number | undefined {
  const ms = durationOf(text) ?? (parseNumber(text)?.value ?? Number.NaN) * 1000;
  return Number.isFinite(ms) && ms >= 1 && ms <= 8.64e15 ? ms : undefined;
}
