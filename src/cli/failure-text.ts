// Any failure as what a person reads: one line, for a query or a file the line with a caret under
// the place, and a hint. Only a bug brings its stack. Easy to get wrong: positions are UTF-16
// offsets into the raw source, while the caret stands under cells of the escaped one.
import { MonError, UserError, messageOf } from '../engine/errors.ts';
import { paint } from './color.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { safeLine, textToolsFor } from './terminal-text.ts';

/** Columns of a source line shown at most; a longer one is cut around the caret. */
const SOURCE_COLUMNS_MAX = 96;
/** Columns kept before the caret of a line that has to be cut. */
const SOURCE_COLUMNS_BEFORE = 40;

/** The text for stderr, with its last line break. */
export async function failureText(thrown: unknown, color: boolean): Promise<string> {
  if (exitCodeOf(thrown) === EXIT.bug) return await bugText(thrown);
  const lines = [`${paint('error:', 'red', color)} ${await safeLine(messageOf(thrown))}`];
  if (thrown instanceof UserError && thrown.source !== undefined) {
    lines.push(...(await caretLines(thrown, thrown.source, color)));
  }
  const known = thrown instanceof UserError || thrown instanceof MonError;
  if (known && thrown.hint !== undefined) lines.push(`hint: ${await safeLine(thrown.hint)}`);
  return `${lines.join('\n')}\n`;
}

async function bugText(thrown: unknown): Promise<string> {
  const stack = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  const lines = await Promise.all(stack.split('\n').map(async (line) => await safeLine(line)));
  const [first, ...rest] = lines;
  // The stack of a BugError begins with its class: "BugError: BUG: words".
  const words = first.replace(/^BugError: /, '').replace(/^BUG: /, '');
  const frames = rest.map((line) => `    ${line}`);
  const hint = 'hint: please report this with the lines above';
  return `${[`BUG: ${words}`, ...frames, hint].join('\n')}\n`;
}

interface Place {
  readonly source: string;
  readonly start: number;
  readonly end: number;
}

/** The line of the source that holds `start`, and a line that underlines start to end in it. */
async function caretLines(mistake: UserError, source: string, color: boolean): Promise<string[]> {
  const whole = source.slice(0, Math.max(0, mistake.start));
  const begin = whole.lastIndexOf('\n') + 1;
  const after = source.indexOf('\n', mistake.start);
  const line = source.slice(begin, after < 0 ? source.length : after);
  const start = Math.min(mistake.start - begin, line.length);
  const end = Math.min(Math.max(mistake.end - begin, start + 1), Math.max(line.length, start + 1));
  const cut = cutAround({ source: line, start, end });
  const tools = await textToolsFor([cut.source]);
  const before = tools.safe(cut.source.slice(0, cut.start));
  const marked = tools.safe(cut.source.slice(cut.start, cut.end));
  const shown = before + marked + tools.safe(cut.source.slice(cut.end));
  const carets = '^'.repeat(Math.max(1, tools.width(marked)));
  const number = whole.split('\n').length;
  const gutter = source.includes('\n') ? `${number} | ` : '  ';
  const margin = ' '.repeat(gutter.length + tools.width(before));
  return [`${gutter}${shown}`, `${margin}${paint(carets, 'red', color)}`];
}

function cutAround(place: Place): Place {
  const { source, start, end } = place;
  if (source.length <= SOURCE_COLUMNS_MAX) return place;
  const from = Math.max(0, Math.min(start - SOURCE_COLUMNS_BEFORE, source.length - 1));
  const to = Math.min(source.length, from + SOURCE_COLUMNS_MAX);
  const lead = from > 0 ? '…' : '';
  const shift = from - lead.length;
  return {
    source: lead + source.slice(from, to) + (to < source.length ? '…' : ''),
    start: start - shift,
    end: Math.min(end, to) - shift,
  };
}
