// What `mon routes` does: check a routing file, or say where an alert would go. Needs no server.
// Easy to get wrong: the file is read by the same reader as `mon up` reads it with, so that the two
// can never disagree.
import { resolve } from 'node:path';
import { readTemplates } from '../engine/daemons/notify-templates.ts';
import { parseRoutes } from '../engine/daemons/routes-file.ts';
import { checkTemplates, routeReceivers, unsupported } from '../engine/daemons/notify-wiring.ts';
import { UserError } from '../engine/errors.ts';
import { systemDisk } from '../engine/runtime/system-disk.ts';
import { readInput } from './input.ts';
import { safeChunks } from './listing.ts';
import type { Stage } from './stage.ts';

async function read(file: string, stage: Stage) {
  const text = Buffer.from(await readInput(file, stage)).toString('utf8');
  return parseRoutes(text, file === '-' ? '<stdin>' : resolve(file));
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** Checks files and says what they hold. @throws UserError with the place of a mistake. */
export async function checkRoutes(files: readonly string[], stage: Stage): Promise<void> {
  for (const file of files) {
    const { routing, warnings } = await read(file, stage);
    const { receivers, inhibitRules, templates } = routing;
    const counts = [
      counted(receivers.size, 'receiver'),
      counted(inhibitRules.length, 'inhibition rule'),
      counted(templates.length, 'template pattern'),
    ];
    for (const words of [...warnings, ...unsupported(routing, file)]) await stage.note(words);
    checkTemplates(routing, file, await readTemplates(systemDisk, templates));
    const lines = [`${file}: all well, ${counts.join(', ')}\n`];
    await stage.print(await safeChunks(() => lines, stage.surface));
  }
}

/** Prints the receivers of an alert with these labels. Answers the exit code. */
export async function testRoutes(
  file: string,
  words: readonly string[],
  expected: string | undefined,
  stage: Stage,
): Promise<number> {
  const { routing } = await read(file, stage);
  const labels = words.map((word): readonly [string, string] => {
    const cut = word.indexOf('=');
    if (cut > 0) return [word.slice(0, cut), word.slice(cut + 1).replace(/^"(.*)"$/, '$1')];
    throw new UserError(`${word} is no label`, { hint: 'write NAME=VALUE' });
  });
  const found = routeReceivers(routing, labels);
  await stage.print(await safeChunks(() => [`${found.join(',')}\n`], stage.surface));
  if (expected === undefined || expected === found.join(',')) return 0;
  await stage.note(`expected ${expected}`);
  return 3;
}
