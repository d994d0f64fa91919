// The servers that this command line knows by name: one small YAML file in the XDG config folder. A
// context is an address and, if need be, the files with its token and its certificates. Easy to get
// wrong: comments and unknown keys in the file belong to the user and stay when a context is added.
import { dirname } from 'node:path';
import { MonError, UserError } from '../engine/errors.ts';
import type { Disk } from '../engine/runtime/disk.ts';
import { nearest } from './nearest.ts';

export interface Context {
  readonly name: string;
  readonly url: string;
  readonly tokenFile?: string;
  readonly caFile?: string;
}

export interface Contexts {
  readonly list: readonly Context[];
  /** Name of the context that counts when nothing else names a server. */
  readonly current?: string;
}

/** Reads the file; a missing one holds no contexts. @throws MonError MON_CONFIG_INVALID. */
export async function readContexts(disk: Disk, path: string): Promise<Contexts> {
  const text = await textOf(disk, path);
  if (text.trim() === '') return { list: [] };
  const { parse } = await import('yaml');
  let content: unknown;
  try {
    content = parse(text);
  } catch (thrown) {
    const [first] = String((thrown as Error).message).split('\n');
    throw invalid(path, first.replace(/:$/, ''));
  }
  return contextsOf(path, content);
}

/** The context of that name. @throws UserError with the nearest name. */
export function contextNamed(contexts: Contexts, name: string): Context {
  const found = contexts.list.find((context) => context.name === name);
  if (found !== undefined) return found;
  const names = contexts.list.map((context) => context.name);
  const close = nearest(name, names);
  const known = names.length === 0 ? 'there are none; mon context add NAME URL makes one' : '';
  const hint = close === undefined ? known || 'mon context list' : `did you mean ${close}?`;
  throw new UserError(`no context ${name}`, { hint });
}

/** Replaces the contexts in the file and leaves the rest of it as it was. */
export async function writeContexts(disk: Disk, path: string, contexts: Contexts): Promise<void> {
  const { parseDocument } = await import('yaml');
  const document = parseDocument(await textOf(disk, path));
  const list = contexts.list.map(({ name, url, tokenFile, caFile }) => ({
    name,
    url,
    ...(tokenFile === undefined ? {} : { token_file: tokenFile }),
    ...(caFile === undefined ? {} : { ca_file: caFile }),
  }));
  document.set('contexts', list);
  if (contexts.current === undefined) document.delete('current-context');
  else document.set('current-context', contexts.current);
  await disk.makeFolder(dirname(path));
  await disk.replaceFile(path, [Buffer.from(document.toString())]);
}

/** An address as it is used: with its scheme, without a slash at the end. @throws UserError. */
export function serverUrl(text: string): string {
  const whole = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.canParse(whole) ? new URL(whole) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    const hint = 'an address looks like http://127.0.0.1:9590';
    throw new UserError(`not an address of a server: ${text}`, { hint });
  }
  if (url.username !== '' || url.password !== '') {
    const hint = 'put a bearer token into a file and name it with --token-file';
    throw new UserError('a password in an address is seen by everyone on this machine', { hint });
  }
  return (url.origin + url.pathname).replace(/\/+$/, '');
}

async function textOf(disk: Disk, path: string): Promise<string> {
  try {
    return Buffer.from(await disk.readFile(path)).toString('utf8');
  } catch (thrown) {
    if (thrown instanceof MonError && thrown.code === 'MON_NOT_FOUND') return '';
    throw thrown;
  }
}

type Fields = Readonly<Record<string, unknown>>;

function contextsOf(path: string, content: unknown): Contexts {
  if (!isMap(content)) throw invalid(path, 'it has to be a map with the key contexts');
  const entries = content['contexts'] ?? [];
  if (!Array.isArray(entries)) throw invalid(path, 'contexts has to be a list');
  const list = entries.map((entry: unknown, i) => {
    if (!isMap(entry)) throw invalid(path, `contexts[${i}] has to be a map`);
    const name = textField(entry, 'name');
    const url = textField(entry, 'url');
    if (name === undefined) throw invalid(path, `contexts[${i}].name has to be a text`);
    if (url === undefined) throw invalid(path, `contexts[${i}].url has to be a text`);
    const tokenFile = textField(entry, 'token_file');
    return { name, url: serverUrl(url), tokenFile, caFile: textField(entry, 'ca_file') };
  });
  return { list, current: textField(content, 'current-context') };
}

function textField(map: Fields, key: string): string | undefined {
  const value = map[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isMap(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(path: string, why: string): MonError {
  return new MonError('MON_CONFIG_INVALID', `${path}: ${why}`, {
    hint: 'mend the file, or remove it and use mon context add NAME URL',
  });
}
