// The files of the house as the rules see them: path, text, imports with their lines, room. Read
// once for all rules. Easy to get wrong: `import type`, re-exports, import() and a worker's URL are
// all imports; a rule that knows only some of them has holes.
import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { projectRoot } from '../support/project.ts';
import { blank } from './blank.ts';
import type { Blanked } from './blank.ts';

export interface Import {
  /** What is written between the quotes. */
  readonly name: string;
  /** Path of the file in the house, or undefined for a package. */
  readonly path: string | undefined;
  readonly line: number;
  /** `url`: a file that is started, as a worker or a process, and so is used but not imported. */
  readonly kind: 'value' | 'type' | 'dynamic' | 'url';
}

export interface HouseFile {
  /** From the root, with slashes: `src/engine/ports.ts`. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly code: string;
  readonly imports: readonly Import[];
}

/** A broken rule: where, and why it is one. */
export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly why: string;
}

const STATEMENT = /^[ \t]*(import|export)\b(\s+type\b)?[^'"`;]*?\bfrom\s*(['"])([^'"\n]+)\3/gm;
const BARE = /^[ \t]*import\s*(['"])([^'"\n]+)\1/gm;
const CALL = /\bimport\s*\(\s*(['"])([^'"\n]+)\1/g;
const STARTED = /\bnew URL\(\s*(['"])(\.[^'"\n]+\.js)\1\s*,\s*import\.meta\.url/g;

function importsOf(path: string, { uncommented: text, code }: Blanked): Import[] {
  const found: Import[] = [];
  const add = (name: string, at: number, kind: Import['kind'], begin = at): void => {
    // Words in a string, such as the input of a test, are no import.
    if (code.slice(begin).trimStart()[0] !== text.slice(begin).trimStart()[0]) return;
    const line = lineAt(text, at);
    // A URL is resolved when the program runs, and then this file lies in dist/.
    const from = kind === 'url' ? `dist/${path}` : path;
    found.push({ name, path: resolve(from, name), line, kind });
  };
  for (const m of text.matchAll(STATEMENT)) {
    add(m[4], m.index + m[0].length, m[2] === undefined ? 'value' : 'type', m.index);
  }
  for (const m of text.matchAll(BARE)) add(m[2], m.index, 'value');
  for (const m of text.matchAll(CALL)) add(m[2], m.index, isTypeOf(text, m.index));
  for (const m of text.matchAll(STARTED)) add(m[2], m.index, 'url');
  return found;
}

/** `typeof import('x')` and a type's `import('x').Y` load nothing, but they are imports. */
function isTypeOf(text: string, at: number): Import['kind'] {
  return /(?:typeof|:|<|\||&)\s*$/.test(text.slice(Math.max(0, at - 12), at)) ? 'type' : 'dynamic';
}

function resolve(from: string, name: string): string | undefined {
  if (!name.startsWith('.')) return undefined;
  const path = posix.join(posix.dirname(from), name);
  if (known.has(path)) return path;
  // AssemblyScript imports without an extension; what is started is named as it is compiled.
  if (known.has(`${path}.ts`)) return `${path}.ts`;
  if (!path.startsWith('dist/')) return path;
  const plain = path.slice('dist/'.length);
  return known.has(plain) ? plain : plain.replace(/\.js$/, '.ts');
}

export function lineAt(text: string, at: number): number {
  let line = 1;
  for (let i = text.indexOf('\n'); i >= 0 && i < at; i = text.indexOf('\n', i + 1)) line++;
  return line;
}

const PATTERNS = ['src/**/*.{ts,tsx}', 'test/**/*.{ts,tsx}', 'bin/*.js', 'scripts/*.mjs'];

const paths = PATTERNS.flatMap((pattern) => globSync(pattern, { cwd: projectRoot }))
  .map((path) => path.replaceAll('\\', '/'))
  .toSorted();
const known = new Set(paths);

/** A file as the rules see it, from its text. */
export function houseFile(path: string, text: string): HouseFile {
  const blanked = blank(text);
  const imports = importsOf(path, blanked);
  return { path, text, lines: text.split('\n'), code: blanked.code, imports };
}

/** The text of any file of the project. */
export function readText(path: string): string {
  return readFileSync(posix.join(projectRoot, path), 'utf8');
}

/** All source files: src, test, bin, scripts. */
export const house: readonly HouseFile[] = paths.map((path) => houseFile(path, readText(path)));

/** Only what is shipped. */
export const sources: readonly HouseFile[] = house.filter((f) => f.path.startsWith('src/'));

/** The list as a person reads it: `file:line  why`. */
export function report(violations: readonly Violation[]): string {
  const lines = violations.map((v) => `${v.path}:${v.line}  ${v.why}`);
  return `${violations.length} broken:\n${lines.toSorted().join('\n')}`;
}
