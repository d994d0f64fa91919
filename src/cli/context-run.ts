// What the `mon context` commands do to the file of contexts. Easy to get wrong: paths of token
// files are kept absolute, because the next command may be called from another folder.
import { resolve } from 'node:path';
import { contextsFile } from '../engine/daemons/folders.ts';
import { UserError } from '../engine/errors.ts';
import { systemDisk } from '../engine/runtime/system-disk.ts';
import { contextNamed, readContexts, serverUrl, writeContexts } from './contexts.ts';
import type { Context, Contexts } from './contexts.ts';
import type { Listing } from './listing.ts';
import type { Stage } from './stage.ts';

/** Adds or replaces a context; the first one becomes the current one. */
export async function addContext(context: Context, use: boolean, stage: Stage): Promise<void> {
  const { name, tokenFile, caFile } = context;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name)) {
    const hint = 'letters, digits, dots, hyphens and underscores, 64 at most';
    throw new UserError(`not a name for a context: ${name}`, { hint });
  }
  const added = {
    name,
    url: serverUrl(context.url),
    tokenFile: tokenFile === undefined ? undefined : resolve(tokenFile),
    caFile: caFile === undefined ? undefined : resolve(caFile),
  };
  await change(stage, ({ list, current }) => {
    const known = list.some((one) => one.name === name);
    const all = known ? list.map((one) => (one.name === name ? added : one)) : [...list, added];
    return { list: all, current: use || list.length === 0 ? name : current };
  });
}

/** Makes a context the current one. @throws UserError for an unknown name. */
export async function useContext(name: string, stage: Stage): Promise<void> {
  await change(stage, (contexts) => ({ ...contexts, current: contextNamed(contexts, name).name }));
}

/** Removes a context; no other one becomes current in its place. @throws UserError. */
export async function removeContext(name: string, stage: Stage): Promise<void> {
  await change(stage, (contexts) => {
    contextNamed(contexts, name);
    const list = contexts.list.filter((one) => one.name !== name);
    return { list, current: contexts.current === name ? undefined : contexts.current };
  });
}

/** All contexts in the order of the file. */
export async function contextListing(stage: Stage): Promise<Listing> {
  const { list, current } = await readContexts(systemDisk, contextsFile(stage.env));
  return {
    kind: 'Contexts',
    columns: [
      { name: 'current' },
      { name: 'name' },
      { name: 'url' },
      { name: 'tokenFile', title: 'TOKEN FILE' },
      { name: 'caFile', title: 'CA FILE' },
    ],
    rows: list.map(({ name, url, tokenFile = '', caFile = '' }) => [
      name === current,
      name,
      url,
      tokenFile,
      caFile,
    ]),
    valueColumn: 1,
  };
}

async function change(stage: Stage, edit: (contexts: Contexts) => Contexts): Promise<void> {
  const path = contextsFile(stage.env);
  await writeContexts(systemDisk, path, edit(await readContexts(systemDisk, path)));
}
