// One round of questions to one server: does it answer, is it ready, how are its processes, does a
// sample come through, do its rules run, does its Watchdog fire. Easy to get wrong: when the server
// does not answer at all, that is one finding, not seven; the others say nothing new.
import { messageOf } from '../errors.ts';
import { WATCH_ASK_MS, WATCH_DEAF_MS, WATCH_RULES_LATE_MS } from '../limits-watch.ts';
import type { Clock } from '../runtime/clock.ts';
import { canary, firstLine, seconds } from './canary.ts';
import { fieldsOf, jsonOf, listOf, textOf } from './check.ts';
import type { Finding, WatchAnswer, WatchHttp } from './check.ts';

export interface ServerWatch {
  readonly url: string;
  readonly canary: boolean;
  /** Name of the alert that always fires; checked where the server has a rule of that name. */
  readonly watchdog: string;
  /** The Watchdog has to be there. */
  readonly watchdogNeeded: boolean;
  /** Processes that have to be there, by name. */
  readonly roles: readonly string[];
}

export interface ProbeOptions {
  readonly http: WatchHttp;
  readonly clock: Clock;
  readonly watch: ServerWatch;
  readonly watcher: string;
  readonly lateMs: number;
  readonly signal: AbortSignal;
  readonly standing: boolean;
  /** Processes that were there in earlier rounds. */
  readonly seenRoles: ReadonlySet<string>;
  readonly lastCanaryMs: number | undefined;
}

/** Asks everything that there is to ask. Never rejects. */
export async function probeServer(options: ProbeOptions): Promise<Finding[]> {
  const { clock, watch } = options;
  const server = watch.url;
  const begun = clock.monotonic();
  let answer: WatchAnswer;
  try {
    answer = await get(options, '/-/healthy');
  } catch (thrown) {
    return [{ server, check: 'healthy', state: 'down', words: messageOf(thrown) }];
  }
  const ms = clock.monotonic() - begun;
  if (answer.status !== 200) {
    const words = `it answers ${answer.status}: ${firstLine(answer.text)}`;
    return [{ server, check: 'healthy', state: 'down', words, ms }];
  }
  const healthy: Finding = { server, check: 'healthy', state: 'ok', words: '', ms };
  const rest = await Promise.all([
    ready(options),
    roles(options),
    rules(options),
    watch.canary
      ? canary({
          ...{ http: options.http, clock, server, watcher: options.watcher },
          ...{ lateMs: options.lateMs, signal: options.signal, lastMs: options.lastCanaryMs },
          standing: options.standing,
        })
      : [],
  ]);
  return [healthy, ...rest.flat()];
}

function get({ http, signal }: ProbeOptions, path: string): Promise<WatchAnswer> {
  return http.ask({ method: 'GET', path, timeoutMs: WATCH_ASK_MS, signal });
}

async function ready(options: ProbeOptions): Promise<Finding[]> {
  const place = { server: options.watch.url, check: 'ready' } as const;
  try {
    const { status, text } = await get(options, '/-/ready');
    if (status === 200) return [{ ...place, state: 'ok', words: '' }];
    return [{ ...place, state: 'down', words: firstLine(text) || `it answers ${status}` }];
  } catch (thrown) {
    return [{ ...place, state: 'down', words: messageOf(thrown) }];
  }
}

/** A finding for each process that the server names, and for those that it names no more. */
async function roles(options: ProbeOptions): Promise<Finding[]> {
  const { watch, seenRoles } = options;
  const server = watch.url;
  let answer: WatchAnswer;
  try {
    answer = await get(options, '/api/v1/status');
  } catch (thrown) {
    return [{ server, check: 'status', state: 'down', words: messageOf(thrown) }];
  }
  // Another server of the Prometheus API has no such path.
  if (answer.status === 404) return [];
  if (answer.status !== 200) {
    const words = `it answers ${answer.status}: ${firstLine(answer.text)}`;
    return [{ server, check: 'status', state: 'down', words }];
  }
  const found: Finding[] = [{ server, check: 'status', state: 'ok', words: '' }];
  const named = new Set<string>();
  for (const one of listOf(fieldsOf(fieldsOf(jsonOf(answer.text))['data'])['roles'])) {
    const role = fieldsOf(one);
    const member = textOf(role['member']).slice(0, 100);
    if (member === '' || named.has(member)) continue;
    named.add(member);
    const well = role['state'] === 'ready';
    const why = textOf(role['why']) || textOf(role['state']);
    found.push({
      ...{ server, check: `role ${member}`, state: well ? 'ok' : 'down' },
      words: well ? '' : `${textOf(role['state'])}: ${why}`,
    });
  }
  for (const member of new Set([...watch.roles, ...seenRoles])) {
    if (named.has(member)) continue;
    const words = 'the server does not name it any more';
    found.push({ server, check: `role ${member}`, state: 'down', words });
  }
  return found;
}

interface Group {
  readonly name: string;
  readonly ageMs: number;
  readonly lateMs: number;
}

async function rules(options: ProbeOptions): Promise<Finding[]> {
  const { watch, clock } = options;
  const place = { server: watch.url, check: 'rules' } as const;
  let answer: WatchAnswer;
  try {
    answer = await get(options, '/api/v1/rules');
  } catch (thrown) {
    return [{ ...place, state: 'down', words: messageOf(thrown) }];
  }
  if (answer.status === 404) return [];
  if (answer.status !== 200) {
    const words = `it answers ${answer.status}: ${firstLine(answer.text)}`;
    return [{ ...place, state: 'down', words }];
  }
  const groups = listOf(fieldsOf(fieldsOf(jsonOf(answer.text))['data'])['groups']).map(fieldsOf);
  const now = clock.now();
  const late = groups.map((one) => groupOf(one, now)).filter((one) => one.ageMs > one.lateMs);
  const [first] = late.toSorted((a, b) => b.ageMs - a.ageMs);
  const words =
    first === undefined
      ? ''
      : `${late.length} of ${groups.length} groups were not evaluated in time, ` +
        `${first.name} for ${seconds(first.ageMs)}`;
  const evaluated: Finding = { ...place, state: late.length > 0 ? 'late' : 'ok', words };
  return [evaluated, ...(await watchdog(options, groups))];
}

function groupOf(group: Readonly<Record<string, unknown>>, now: number): Group {
  const at = Date.parse(textOf(group['lastEvaluation']));
  // One that was never evaluated has been loaded just now, or the server has no ticks yet.
  const ageMs = Number.isNaN(at) || at <= 0 ? 0 : now - at;
  const intervalMs = Number(group['interval'] ?? 0) * 1000;
  const lateMs = Math.max(WATCH_RULES_LATE_MS, 3 * intervalMs);
  return { name: textOf(group['name']), ageMs, lateMs };
}

/** The alert that always fires: does it, and does the notifier hear of it. */
async function watchdog(
  options: ProbeOptions,
  groups: readonly Readonly<Record<string, unknown>>[],
): Promise<Finding[]> {
  const { watch, clock } = options;
  const place = { server: watch.url, check: 'watchdog' } as const;
  const rule = groups
    .flatMap((group) => listOf(group['rules']))
    .map(fieldsOf)
    .find((one) => one['name'] === watch.watchdog && one['type'] === 'alerting');
  if (rule === undefined) {
    if (!watch.watchdogNeeded) return [];
    return [{ ...place, state: 'down', words: `there is no rule ${watch.watchdog}` }];
  }
  if (rule['state'] !== 'firing') {
    return [{ ...place, state: 'down', words: `${watch.watchdog} does not fire` }];
  }
  try {
    const name = encodeURIComponent(`alertname="${watch.watchdog}"`);
    const { status, text } = await get(options, `/api/v2/alerts?filter=${name}`);
    // A server without a notifier, or Prometheus, whose Alertmanager is elsewhere.
    if (status === 404) return [{ ...place, state: 'ok', words: '' }];
    const heard = listOf(jsonOf(text)).map((one) => Date.parse(textOf(fieldsOf(one)['updatedAt'])));
    const newest = heard.reduce((most, at) => (at > most ? at : most), 0);
    if (newest === 0) {
      return [{ ...place, state: 'down', words: 'the notifier does not know the Watchdog' }];
    }
    const ageMs = clock.now() - newest;
    if (ageMs <= WATCH_DEAF_MS) return [{ ...place, state: 'ok', words: '' }];
    const words = `the notifier heard of the Watchdog ${seconds(ageMs)} ago`;
    return [{ ...place, state: 'late', words }];
  } catch (thrown) {
    return [{ ...place, state: 'down', words: messageOf(thrown) }];
  }
}
