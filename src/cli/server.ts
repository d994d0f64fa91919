// Which server a command asks: flags beat the environment, the environment beats the current
// context, and without any of them it is the server that `mon up` starts here. Easy to get wrong:
// the token of a context must never go to another address than that context's.
import { MonError, UserError } from '../engine/errors.ts';
import type { HttpTarget } from '../engine/remote/http-request.ts';
import type { Context } from './contexts.ts';
import type { Environment } from './color.ts';

/** Where `mon up` listens when nothing else is said. */
const DEFAULT_URL = 'http://127.0.0.1:9590';

export interface ServerFlags {
  readonly url?: string;
  readonly context?: string;
  readonly 'token-file'?: string;
  readonly 'ca-file'?: string;
}

export interface ServerChoice extends HttpTarget {
  /** What named the server; 'default' when nothing did. */
  readonly from: 'flag' | 'environment' | 'context' | 'default';
  readonly contextName?: string;
}

/** Chooses the server and reads its token and certificates. @throws UserError, MonError. */
export async function chooseServer(flags: object, env: Environment): Promise<ServerChoice> {
  const given = flags as ServerFlags;
  if (given.url !== undefined && given.context !== undefined) {
    throw new UserError('--url and --context both name a server', { hint: 'give one of them' });
  }
  const { url, from, context, namedBy } = await placeOf(given, env);
  const tokenFile = given['token-file'] ?? set(env['MON_TOKEN_FILE']) ?? context?.tokenFile;
  const caFile = given['ca-file'] ?? context?.caFile;
  const token = tokenFile === undefined ? undefined : await readToken(tokenFile);
  const ca = caFile === undefined ? undefined : await readText(caFile, 'certificates');
  return { url, from, namedBy, token, ca, contextName: context?.name };
}

type Place = Pick<ServerChoice, 'url' | 'from' | 'namedBy'> & { readonly context?: Context };

async function placeOf(flags: ServerFlags, env: Environment): Promise<Place> {
  const { url, context } = flags;
  if (url !== undefined) {
    return { url: await checkedUrl(url), from: 'flag', namedBy: '--url' };
  }
  if (context !== undefined) return await named(context, 'flag', env);
  const envUrl = set(env['MON_URL']);
  if (envUrl !== undefined) {
    return { url: await checkedUrl(envUrl), from: 'environment', namedBy: 'MON_URL' };
  }
  const envContext = set(env['MON_CONTEXT']);
  if (envContext !== undefined) return await named(envContext, 'environment', env);
  const contexts = await knownContexts(env);
  if (contexts.current === undefined) return { url: DEFAULT_URL, from: 'default' };
  return await named(contexts.current, 'context', env);
}

async function named(name: string, from: Place['from'], env: Environment): Promise<Place> {
  const { contextNamed } = await import('./contexts.ts');
  const context = contextNamed(await knownContexts(env), name);
  return { url: context.url, from, context, namedBy: `the context ${JSON.stringify(name)}` };
}

// Most people have no such file; then neither the YAML reader nor this room's reader is loaded.
async function knownContexts(env: Environment) {
  const { contextsFile } = await import('../engine/daemons/folders.ts');
  const { systemDisk } = await import('../engine/runtime/system-disk.ts');
  const path = contextsFile(env);
  if (!(await systemDisk.exists(path))) return { list: [] };
  const { readContexts } = await import('./contexts.ts');
  return await readContexts(systemDisk, path);
}

async function checkedUrl(text: string): Promise<string> {
  const { serverUrl } = await import('./contexts.ts');
  return serverUrl(text);
}

async function readToken(path: string): Promise<string> {
  const token = (await readText(path, 'token')).trim();
  if (/^[\u0021-\u007e]+$/.test(token)) return token;
  const why = token === '' ? 'is empty' : 'holds more than one word';
  throw new UserError(`the token file ${path} ${why}`, { hint: 'it holds the bearer token alone' });
}

async function readText(path: string, what: string): Promise<string> {
  const { systemDisk } = await import('../engine/runtime/system-disk.ts');
  try {
    return Buffer.from(await systemDisk.readFile(path)).toString('utf8');
  } catch (thrown) {
    if (!(thrown instanceof MonError)) throw thrown;
    throw new UserError(`cannot read the ${what}: ${thrown.message}`, { cause: thrown });
  }
}

function set(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
