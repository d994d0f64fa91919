// The parser's refusals in mon's own words: one line, the nearest name, where to read more.
// Everything oclif throws passes here. Easy to get wrong: its errors carry the whole configuration
// as fields, and their messages several lines; neither may reach a screen.
import { stripVTControlCharacters } from 'node:util';
import { UserError } from '../engine/errors.ts';
import { nearest } from './nearest.ts';

/** The fields of oclif's errors that are read here. */
interface ParserError extends Error {
  readonly oclif?: { readonly exit?: number };
  readonly code?: string;
  readonly flags?: readonly string[];
  readonly args?: readonly { readonly name: string }[];
  readonly parse?: {
    readonly input?: {
      readonly flags?: Readonly<Record<string, { readonly char?: string }>>;
    };
  };
}

/** The code of oclif's own `exit(n)`, or undefined for every other error. */
export function plannedExit(thrown: unknown): number | undefined {
  const error = thrown as ParserError;
  return error?.code === 'EEXIT' ? (error.oclif?.exit ?? 0) : undefined;
}

/** Turns what oclif throws into a UserError; passes everything else on as it is. */
export async function asUsageError(
  thrown: unknown,
  commandId: string | undefined,
  commandIds: () => Promise<readonly string[]>,
): Promise<unknown> {
  if (!(thrown instanceof Error) || !('oclif' in thrown) || thrown instanceof UserError) {
    return thrown;
  }
  const error = thrown as ParserError;
  const unknown = /^command (.+) not found\.?$/is.exec(error.message);
  if (unknown !== null) return unknownCommand(unknown[1], await commandIds());
  const id = commandId?.replaceAll(':', ' ');
  const more = id === undefined ? 'mon help' : `mon help ${id}`;
  const close = nearestFlag(error);
  const hint = close === undefined ? more : `did you mean ${close}? See ${more}`;
  return new UserError(sentence(error), { hint, cause: thrown });
}

function unknownCommand(id: string, ids: readonly string[]): UserError {
  const words = id.split(':');
  // A command without arguments swallows the words behind it as if they were a command's name.
  for (let n = words.length - 1; n > 0; n--) {
    const parent = words.slice(0, n).join(':');
    if (!ids.includes(parent)) continue;
    const hint = `mon help ${parent.replaceAll(':', ' ')}`;
    return new UserError(`unexpected argument: ${words[n]}`, { hint });
  }
  const close = nearest(id, ids) ?? nearest(words[0], ids);
  const hint = close === undefined ? 'mon help' : `did you mean mon ${close.replaceAll(':', ' ')}?`;
  return new UserError(`unknown command: ${words.join(' ')}`, { hint });
}

function nearestFlag(error: ParserError): string | undefined {
  const known = Object.keys(error.parse?.input?.flags ?? {}).map((name) => `--${name}`);
  return error.flags === undefined ? undefined : nearest(error.flags[0], known);
}

/** What was refused as one line in lower case, without the parser's pointers to its own help. */
function sentence(error: ParserError): string {
  const lines = stripVTControlCharacters(error.message)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('See more help'));
  if (error.flags !== undefined) return `unknown flag: ${error.flags.join(', ')}`;
  if (Array.isArray(error.args) && lines[0].startsWith('Missing')) {
    return `missing: ${error.args.map(({ name }) => name.toUpperCase()).join(' ')}`;
  }
  const missing = lines.map((line) => /missing required flag (\S+)$/i.exec(line)?.[1]);
  const named = missing.flatMap((name) => (name === undefined ? [] : `--${name}`));
  if (named.length > 0) return `missing: ${named.join(' ')}`;
  const flag = /^Parsing (--\S+)$/.exec(lines[0]);
  if (flag !== null && lines.length > 1) {
    return `${flag[1]}: ${lines[1].charAt(0).toLowerCase()}${lines[1].slice(1)}`;
  }
  // "The following error occurred:" goes on in the next line.
  const wrapped = lines[0].endsWith(':') && lines.length > 1;
  const first = lines[0].startsWith('The following') ? '' : `${lines[0]} `;
  const text = wrapped ? `${first}${lines[1].split(/\s{2,}/)[0]}` : lines[0];
  return text.charAt(0).toLowerCase() + text.slice(1);
}
