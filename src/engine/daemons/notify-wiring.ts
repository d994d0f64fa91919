// The notifier within `mon up`: its routing file, its state, and what it sends with. Without a
// routing file there is none, and the alert API says so. Easy to get wrong: a receiver that cannot
// be sent to yet, or a template that nobody can render, is told when the file is loaded.
import { UserError, messageOf } from '../errors.ts';
import { makeLabels } from '../model/labels.ts';
import { RouteTree } from '../notify/matching.ts';
import { Notifier } from '../notify/notifier.ts';
import { canSend } from '../notify/receivers/make-sender.ts';
import { httpPost } from '../notify/receivers/http-post.ts';
import type { Routing } from '../notify/routing.ts';
import type { State } from '../ports.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { systemRandom } from '../runtime/random.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { readTemplates } from './notify-templates.ts';
import type { MessageTemplates } from './notify-templates.ts';
import { parseRoutes } from './routes-file.ts';
import type { ParsedRoutes } from './routes-file.ts';

export interface NotifyOptions {
  /** The routing file, absolute; without one there is no notifier. */
  readonly routesPath?: string;
  /** Where its state is kept, unless a PostgreSQL is named. */
  readonly state: State;
  readonly statePostgres?: string;
  readonly logger: Logger;
  readonly externalUrl: () => string;
  readonly onBug: (thrown: unknown) => void;
}

/** Reads a routing file. @throws UserError with its place. */
export async function readRoutes(path: string): Promise<ParsedRoutes> {
  let text: string;
  try {
    text = Buffer.from(await systemDisk.readFile(path)).toString('utf8');
  } catch (thrown) {
    throw new UserError(`the routing file: ${messageOf(thrown)}`, {
      hint: 'an alertmanager.yml, as Alertmanager takes it',
    });
  }
  return parseRoutes(text, path);
}

/** What a file asks for that this mon does not do: sentences for its operator. */
export function unsupported(routing: Routing, path: string): string[] {
  const out: string[] = [];
  for (const { name, integrations } of routing.receivers.values()) {
    for (const { kind, settings } of integrations) {
      const where = `${path}: receiver ${JSON.stringify(name)}: ${kind}_configs`;
      if (!canSend(kind)) out.push(`${where} is read, but mon cannot send to it yet`);
      const http = (settings['http_config'] ?? {}) as Record<string, unknown>;
      for (const field of ['proxy_url', 'proxy_from_environment', 'oauth2']) {
        if (http[field] !== undefined) out.push(`${where}: ${field} is not used yet`);
      }
    }
  }
  return out;
}

/** Checks every text of the receivers. @throws UserError with the receiver and the field. */
export function checkTemplates(routing: Routing, path: string, templates: MessageTemplates): void {
  for (const { name, integrations } of routing.receivers.values()) {
    for (const { kind, settings } of integrations) {
      const where = `${path}: receiver ${JSON.stringify(name)}: ${kind}_configs`;
      checkTexts(settings, where, templates);
    }
  }
}

function checkTexts(value: unknown, where: string, templates: MessageTemplates): void {
  if (typeof value === 'string') {
    try {
      templates.check(value);
    } catch (thrown) {
      throw new UserError(`${where}: ${messageOf(thrown)}`);
    }
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, one] of Object.entries(value)) {
    if (key !== 'http_config') checkTexts(one, `${where}: ${key}`, templates);
  }
}

// Few need its driver, and those who do not should not carry it.
async function openPostgres(url: string): Promise<State> {
  const { PostgresState } = await import('../runtime/state-postgres.ts');
  return await PostgresState.open(url);
}

/** A notifier and the state that it alone uses. */
export interface RunningNotifier {
  readonly notifier: Notifier;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Reads the file again; what ran goes on when it has a mistake. @throws UserError. */
  reload(): Promise<void>;
}

/** Reads the file and makes the notifier; it runs when it is started. */
export async function makeNotifier(options: NotifyOptions): Promise<RunningNotifier | undefined> {
  const { routesPath, statePostgres, logger, externalUrl, onBug } = options;
  if (routesPath === undefined) return undefined;
  const { routing, warnings } = await readRoutes(routesPath);
  let templates = await readTemplates(systemDisk, routing.templates);
  checkTemplates(routing, routesPath, templates);
  for (const words of [...warnings, ...unsupported(routing, routesPath)]) logger.warn(words);
  const readText = async (path: string): Promise<string> =>
    Buffer.from(await systemDisk.readFile(path))
      .toString('utf8')
      .trim();
  const own = statePostgres === undefined ? undefined : await openPostgres(statePostgres);
  const notifier = new Notifier({
    routing,
    state: own ?? options.state,
    clock: systemClock,
    random: systemRandom,
    logger,
    readText,
    post: httpPost(readText),
    render: (text, message) => templates.render(text, message),
    externalUrl,
    onBug,
  });
  return {
    notifier,
    start: () => notifier.start(),
    reload: async () => {
      const again = await readRoutes(routesPath);
      const next = await readTemplates(systemDisk, again.routing.templates);
      checkTemplates(again.routing, routesPath, next);
      templates = next;
      await notifier.reload(again.routing);
    },
    stop: async () => {
      await notifier.stop();
      await own?.close();
    },
  };
}

/** The receivers of an alert with these labels, in the file's order. */
export function routeReceivers(
  routing: Routing,
  labels: readonly (readonly [string, string])[],
): string[] {
  return new RouteTree(routing.root).handlersOf(makeLabels(labels)).map((node) => node.receiver);
}
