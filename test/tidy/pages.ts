// The standing documents: every path that they name exists, every link leads somewhere. Easy to get
// wrong: a page that names what was renamed is worse than no page, and nobody sees it go stale.
import { existsSync, globSync } from 'node:fs';
import { posix } from 'node:path';
import { projectRoot } from '../support/project.ts';
import { lineAt, readText } from './house.ts';
import type { HouseFile, Violation } from './house.ts';

/** Beginnings of what is a path of this project when it stands in back quotes. */
const ROOTS = /^(?:src|test|docs|fixtures|bin|scripts|deploy|\.ci)\//;
const INDEX = 'docs/README.md';
const NEEDED = ['README.md', 'ARCHITECTURE.md', 'STYLE.md', 'CHANGELOG.md', INDEX];

/** All pages: those at the root and everything under docs. */
export function pages(): string[] {
  return globSync(['*.md', 'docs/**/*.md'], { cwd: projectRoot }).toSorted();
}

/** Pages that have to be there. */
export function missingPages(): Violation[] {
  return NEEDED.filter((path) => !existsSync(posix.join(projectRoot, path))).map((path) => ({
    path,
    line: 1,
    why: 'this page is missing',
  }));
}

/** Paths in back quotes and links that lead nowhere. */
export function deadReferences(): Violation[] {
  return pages().flatMap((page) => {
    const text = readText(page);
    const named = [...text.matchAll(/`([^`\n]+)`/g)]
      .map((m) => ({ path: m[1].split(/[\s#:]/)[0], at: m.index }))
      .filter(({ path }) => ROOTS.test(path));
    const linked = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map((m) => ({ path: m[1].split('#')[0], at: m.index }))
      .filter(({ path }) => path !== '' && !/^[a-z]+:/.test(path))
      .map(({ path, at }) => ({ path: posix.join(posix.dirname(page), path), at }));
    return [...named, ...linked]
      .filter(({ path }) => !leadsSomewhere(path))
      .map(({ path, at }) => ({ path: page, line: lineAt(text, at), why: `there is no ${path}` }));
  });
}

/** Pages that a comment in the source sends its reader to, and that are not there. */
export function lostPages(files: readonly HouseFile[]): Violation[] {
  return files.flatMap((file) =>
    [...file.text.matchAll(/\bdocs\/[\w/-]+\.md\b/g)]
      .filter((m) => !existsSync(posix.join(projectRoot, m[0])))
      .map((m) => ({
        path: file.path,
        line: lineAt(file.text, m.index),
        why: `there is no ${m[0]}`,
      })),
  );
}

/** Pages on formats that the index does not name. */
export function unlistedPages(): Violation[] {
  const index = existsSync(posix.join(projectRoot, INDEX)) ? readText(INDEX) : '';
  return globSync('docs/**/*.md', { cwd: projectRoot })
    .filter((path) => path !== INDEX && !index.includes(`(${path.slice('docs/'.length)})`))
    .map((path) => ({ path, line: 1, why: `${INDEX} does not link to this page` }));
}

function leadsSomewhere(path: string): boolean {
  if (/[<>]|\.\.\./.test(path)) return true;
  if (/[*{]/.test(path)) return globSync(path, { cwd: projectRoot }).length > 0;
  return existsSync(posix.join(projectRoot, path));
}
