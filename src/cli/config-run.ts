// What the `mon config` commands do: write a starter, check a file, show what is in force. Easy to
// get wrong: a file that is there is somebody's work and is never replaced unasked.
import { dirname, resolve } from 'node:path';
import { defaultConfig, parseConfig } from '../engine/daemons/config.ts';
import type { MonConfig } from '../engine/daemons/config.ts';
import { renderConfig } from '../engine/daemons/config-render.ts';
import { CONFIG_TEMPLATE } from '../engine/daemons/config-template.ts';
import { defaultConfigFile } from '../engine/daemons/folders.ts';
import { UserError } from '../engine/errors.ts';
import { systemDisk } from '../engine/runtime/system-disk.ts';
import { readInput } from './input.ts';
import { safeChunks } from './listing.ts';
import type { Stage } from './stage.ts';

/** Writes the starter. @throws UserError when a file is there and may not be replaced. */
export async function initConfig(
  file: string | undefined,
  force: boolean,
  stage: Stage,
): Promise<void> {
  if (file === '-') return await stage.print([CONFIG_TEMPLATE]);
  const path = pathOf(file, stage);
  if (!force && (await systemDisk.exists(path))) {
    throw new UserError(`${path} is there already`, { hint: 'replace it with --force' });
  }
  await systemDisk.makeFolder(dirname(path));
  await systemDisk.replaceFile(path, [Buffer.from(CONFIG_TEMPLATE)]);
  await stage.note(`wrote ${path}`);
}

/** Checks a file and says what it holds. @throws UserError with the place of a mistake. */
export async function checkConfig(file: string | undefined, stage: Stage): Promise<void> {
  const { scrapes } = await readConfigFile(file, stage);
  const count = `${scrapes.length} scrape ${scrapes.length === 1 ? 'job' : 'jobs'}`;
  const lines = [`${pathOf(file, stage)}: all well, ${count}\n`];
  await stage.print(await safeChunks(() => lines, stage.surface));
}

/** Prints what is in force: of the file, or of no file at all. */
export async function showConfig(file: string | undefined, stage: Stage): Promise<void> {
  const text = renderConfig(await readConfigFile(file, stage));
  await stage.print(await safeChunks(() => [text], stage.surface));
}

function pathOf(file: string | undefined, stage: Stage): string {
  return file === undefined ? defaultConfigFile(stage.env) : resolve(file);
}

/**
 * A configuration as mon up takes it: without a name and without a file at the usual place, the
 * defaults. Warnings are noted. @throws UserError with the place of a mistake.
 */
export async function readConfigFile(file: string | undefined, stage: Stage): Promise<MonConfig> {
  const path = pathOf(file, stage);
  if (file === undefined && !(await systemDisk.exists(path))) {
    return defaultConfig();
  }
  const text = Buffer.from(await readInput(path, stage)).toString('utf8');
  const { config, warnings } = parseConfig(text, path);
  for (const warning of warnings) await stage.note(`warning: ${warning}`);
  return config;
}
