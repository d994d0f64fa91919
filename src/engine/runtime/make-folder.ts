// Makes a folder and its parents at once, for code that runs before anything else may. Easy to get
// wrong: Node's own recursive mkdir never returns where the system refuses with ENOENT, as in
// /proc.
import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { diskFailure } from './disk-failure.ts';

/** One step; that another process made it first is as good. @throws what mkdir throws. */
function makeOne(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
  }
}

/** Parents first. @throws MonError when a folder cannot be made. */
export function makeFolderNow(folder: string): void {
  const missing: string[] = [];
  for (let at = folder; !existsSync(at); at = dirname(at)) missing.push(at);
  try {
    for (const one of missing.reverse()) makeOne(one);
  } catch (thrown) {
    throw diskFailure(thrown, 'make the folder', folder);
  }
}
