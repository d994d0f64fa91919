// How a file looks: sizes, names, its opening words. The numbers are those of STYLE.md and have no
// exceptions, so that no file can begin to grow. Easy to get wrong: functions are found by their
// braces, and a brace also opens blocks, objects and types.
import { basename } from 'node:path';
import { lineAt } from './house.ts';
import type { HouseFile, Violation } from './house.ts';

const FILE_LINES_MAX = 400;
const COMMAND_LINES_MAX = 80;
const FUNCTION_LINES_MAX = 70;
const COLUMNS_MAX = 100;
const PARAMETERS_MAX = 4;
const HEADER_LINES = { min: 2, max: 8 };
const FORBIDDEN = /^(?:utils?|helpers?|common|misc|types?|base|index)$/;
/** Kernels are called with numbers only and cannot take an object. */
const KERNELS = 'src/engine/kernels/assembly/';

/** Files and lines that are too long. */
export function longFiles(files: readonly HouseFile[]): Violation[] {
  const found: Violation[] = [];
  for (const { path, lines } of files) {
    const max = path.startsWith('src/commands/') ? COMMAND_LINES_MAX : FILE_LINES_MAX;
    const count = lines.at(-1) === '' ? lines.length - 1 : lines.length;
    if (count > max) {
      found.push({ path, line: max + 1, why: `${count} lines; ${max} at most: cut by activity` });
    }
    lines.forEach((line, i) => {
      const columns = [...line].length;
      if (columns > COLUMNS_MAX) {
        found.push({ path, line: i + 1, why: `${columns} columns; ${COLUMNS_MAX} at most` });
      }
    });
  }
  return found;
}

interface Body {
  readonly first: number;
  readonly last: number;
  readonly parameters: number;
}

const CONTROL = /\b(?:if|for|while|switch|catch|with|await)\s*$/;
/** The object behind the parameters by position: taken apart, or called by its name. */
const OPTIONS = /^(?:\{|options\b|more\b)/;
/** `describe` holds a list of tests, which is no function that anybody reads as one. */
const LIST = /\b(?:describe|suite)(?:\.\w+)?\s*\(\s*(?:['"`][^'"`]*['"`]|[\w.]+)\s*,[^()]*$/;

/** Functions that are too long or take too much by position. */
export function largeFunctions(files: readonly HouseFile[]): Violation[] {
  return files.flatMap((file) => {
    const found: Violation[] = [];
    for (const { first, last, parameters } of bodiesOf(file.code)) {
      const size = last - first + 1;
      if (size > FUNCTION_LINES_MAX) {
        const why = `a function of ${size} lines; ${FUNCTION_LINES_MAX} at most`;
        found.push({ path: file.path, line: first, why });
      }
      if (parameters > PARAMETERS_MAX && !file.path.startsWith(KERNELS)) {
        const why = `${parameters} parameters; ${PARAMETERS_MAX} at most, then an options object`;
        found.push({ path: file.path, line: first, why });
      }
    }
    return found;
  });
}

/** Every function with a body in braces, by the brace that opens it. */
export function bodiesOf(code: string): Body[] {
  const found: Body[] = [];
  const closers = closersOf(code);
  for (const [open, close] of closers) {
    if (code[open] !== '{') continue;
    const params = parametersBefore(code, open, closers);
    if (params === undefined) continue;
    const [from, to] = params;
    const parameters = countParameters(code.slice(from + 1, to));
    found.push({ first: lineAt(code, from), last: lineAt(code, close), parameters });
  }
  return found;
}

/** Where each bracket closes. */
function closersOf(code: string): Map<number, number> {
  const closers = new Map<number, number>();
  const open: number[] = [];
  for (let i = 0; i < code.length; i++) {
    if ('({['.includes(code[i])) open.push(i);
    if (')}]'.includes(code[i])) {
      const from = open.pop();
      if (from !== undefined) closers.set(from, i);
    }
  }
  return closers;
}

/** The parentheses of the parameters of the function whose body opens at `brace`, if it is one. */
function parametersBefore(
  code: string,
  brace: number,
  closers: ReadonlyMap<number, number>,
): [number, number] | undefined {
  const head = code.slice(Math.max(0, brace - 400), brace);
  const shape = /\)\s*(?::[^;={}()]*(?:\{[^{}\n]*\}[^;={}()]*)?)?(?:=>)?\s*$/.exec(head);
  if (shape === null) return undefined;
  const close = Math.max(0, brace - 400) + shape.index;
  const open = [...closers].find(([, to]) => to === close)?.[0];
  if (open === undefined) return undefined;
  const before = code.slice(Math.max(0, open - 200), open);
  if (CONTROL.test(before) || LIST.test(before)) return undefined;
  return [open, close];
}

/** Parameters by position; an options object behind them does not count. */
function countParameters(text: string): number {
  const parameters: string[] = [''];
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    if ('({[<'.includes(text[i])) depth++;
    if (')}]'.includes(text[i]) || (text[i] === '>' && text[i - 1] !== '=')) depth--;
    if (text[i] === ',' && depth === 0) parameters.push('');
    else parameters[parameters.length - 1] += text[i];
  }
  const given = parameters.map((p) => p.trim()).filter((p) => p !== '');
  const last = given.at(-1) ?? '';
  return OPTIONS.test(last) ? given.length - 1 : given.length;
}

/** What may stand between a name and its ending: the kind of file it is. */
const KIND = /(?:\.(?:test|bench|long|contract|fuzz|d))*\.(?:tsx?|m?js)$/;

/** Names that say nothing, barrels, and names that are not kebab-case. */
export function oddNames(files: readonly HouseFile[]): Violation[] {
  return files.flatMap(({ path }) => {
    const why = nameFault(path, basename(path).replace(KIND, ''));
    return why === undefined ? [] : [{ path, line: 1, why }];
  });
}

function nameFault(path: string, stem: string): string | undefined {
  if (path === `${KERNELS}index.ts`) return undefined;
  if (stem === 'index') return 'no barrels: import the file where the thing is defined';
  if (FORBIDDEN.test(stem)) return `${stem} says nothing: name the one noun or verb it defines`;
  if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(stem)) return 'file names are kebab-case';
  return undefined;
}

/** Files that do not open with a few lines on what they are. */
export function bareFiles(files: readonly HouseFile[]): Violation[] {
  const { min, max } = HEADER_LINES;
  return files.flatMap((file) => {
    const count = headerLines(file);
    if (count >= min && count <= max) return [];
    const why = `opens with ${count} lines of comment; ${min} to ${max} say what it is`;
    return [{ path: file.path, line: 1, why }];
  });
}

function headerLines({ lines }: HouseFile): number {
  const begin = lines[0].startsWith('#!') ? 1 : 0;
  const block = /^\s*\/\*/.test(lines[begin] ?? '');
  let count = 0;
  for (let i = begin; i < lines.length; i++) {
    const inside = block ? count === 0 || !lines[i - 1].includes('*/') : lines[i].startsWith('//');
    if (!inside) break;
    count++;
  }
  return count;
}

// Written with a class in the middle, so that this file does not break its own rule.
const PROMISES = /\b(?:TO[D]O|FIX[M]E|X[X]X)\b/g;

/** Notes that put work off. */
export function putOff(files: readonly HouseFile[]): Violation[] {
  return files.flatMap((file) =>
    [...file.text.matchAll(PROMISES)].map((m) => ({
      path: file.path,
      line: lineAt(file.text, m.index),
      why: `${m[0]}: do it, or put it among the known debts of ARCHITECTURE.md`,
    })),
  );
}
