// One HTTP request of a notification, with what http_config says of credentials and TLS. Easy to
// get wrong: a redirect must not carry the credentials to another host; an answer may be endless;
// and a failure that leaves open whether it was delivered is tried again.
import { request as plainRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { RequestOptions } from 'node:https';
import { messageOf } from '../../errors.ts';
import { NOTIFY_ANSWER_BYTES_MAX, NOTIFY_RETRY_AFTER_MS_MAX } from '../../limits.ts';
import { withoutSecrets } from '../../runtime/logger.ts';
import type { Clock } from '../../runtime/clock.ts';
import { textSetting } from '../routing.ts';
import type { Settings } from '../routing.ts';
import type { Outcome } from './outcome.ts';

export interface PostAsk {
  readonly url: string;
  readonly body: string;
  readonly contentType?: string;
  readonly method?: 'GET' | 'POST' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  /** http_config of the integration. */
  readonly http?: Settings;
  readonly signal: AbortSignal;
}

export interface PostAnswer {
  readonly status: number;
  readonly body: string;
  readonly retryAfter: string;
  readonly location: string;
}

/** Sends a request; rejects when there was no whole answer. */
export type HttpPost = (ask: PostAsk) => Promise<PostAnswer>;

const REDIRECTS_MAX = 5;
const VERSIONS: Readonly<Record<string, string>> = {
  ...{ TLS10: 'TLSv1', TLS11: 'TLSv1.1', TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' },
};

type ReadText = (path: string) => Promise<string>;

/** The real thing. Redirects of GET kind are not followed: a notification is a POST. */
export function httpPost(readText: ReadText): HttpPost {
  return async (ask) => {
    const { http = {} } = ask;
    const tls = await tlsOptions((http['tls_config'] ?? {}) as Settings, readText);
    const signIn = await authorization(http, readText);
    const origin = new URL(ask.url).origin;
    let { url } = ask;
    for (let hops = 0; ; hops++) {
      const same = new URL(url).origin === origin;
      const headers = {
        'User-Agent': 'mon',
        ...(ask.contentType === undefined ? {} : { 'Content-Type': ask.contentType }),
        'Content-Length': String(Buffer.byteLength(ask.body)),
        ...(same ? { ...signIn, ...extraHeaders(http), ...ask.headers } : {}),
      };
      const answer = await once({ ...ask, url, headers }, tls);
      const moved = [307, 308].includes(answer.status) && http['follow_redirects'] !== false;
      if (!moved || answer.location === '' || hops >= REDIRECTS_MAX) return answer;
      url = new URL(answer.location, url).href;
    }
  };
}

function once(ask: PostAsk, tls: RequestOptions): Promise<PostAnswer> {
  const secure = ask.url.startsWith('https:');
  return new Promise((resolve, reject) => {
    const options = { method: ask.method ?? 'POST', headers: ask.headers, signal: ask.signal };
    const make = secure ? secureRequest : plainRequest;
    const request = make(ask.url, { ...options, ...(secure ? tls : {}) }, (response) =>
      collect(response, resolve, reject),
    );
    request.on('error', reject);
    request.end(ask.body);
  });
}

function collect(
  response: IncomingMessage,
  resolve: (answer: PostAnswer) => void,
  reject: (thrown: unknown) => void,
): void {
  const parts: Buffer[] = [];
  let size = 0;
  const end = (): void =>
    resolve({
      status: response.statusCode ?? 0,
      body: Buffer.concat(parts).toString('utf8'),
      retryAfter: response.headers['retry-after'] ?? '',
      location: response.headers.location ?? '',
    });
  response.on('data', (part: Buffer) => {
    size += part.length;
    if (size <= NOTIFY_ANSWER_BYTES_MAX) parts.push(part);
    else {
      end();
      response.destroy();
    }
  });
  response.on('end', end);
  response.on('error', reject);
  response.on('close', () => reject(new Error('the connection closed before the answer ended')));
}

async function authorization(http: Settings, readText: ReadText): Promise<Record<string, string>> {
  const secret = async (section: Settings, name: string): Promise<string> => {
    const file = textSetting(section, `${name}_file`);
    return file === '' ? textSetting(section, name) : await readText(file);
  };
  const basic = http['basic_auth'] as Settings | undefined;
  if (basic !== undefined) {
    const words = `${await secret(basic, 'username')}:${await secret(basic, 'password')}`;
    return { Authorization: `Basic ${Buffer.from(words).toString('base64')}` };
  }
  const section = http['authorization'] as Settings | undefined;
  if (section !== undefined) {
    const type = textSetting(section, 'type') || 'Bearer';
    return { Authorization: `${type} ${await secret(section, 'credentials')}`.trim() };
  }
  const bearer = await secret(http, 'bearer_token');
  return bearer === '' ? {} : { Authorization: `Bearer ${bearer}` };
}

function extraHeaders(http: Settings): Record<string, string> {
  const out: Record<string, string> = {};
  const all = (http['http_headers'] ?? {}) as Record<
    string,
    { values?: unknown; secrets?: unknown }
  >;
  for (const [name, { values, secrets }] of Object.entries(all)) {
    const list = [values, secrets].flat().filter((one) => typeof one === 'string');
    if (list.length > 0) out[name] = list.join(', ');
  }
  return out;
}

async function tlsOptions(tls: Settings, readText: ReadText): Promise<RequestOptions> {
  const text = async (name: string): Promise<string | undefined> => {
    const file = textSetting(tls, `${name}_file`);
    return (file === '' ? textSetting(tls, name) : await readText(file)) || undefined;
  };
  const [ca, cert, key] = [await text('ca'), await text('cert'), await text('key')];
  const servername = textSetting(tls, 'server_name') || undefined;
  const version = (name: string): string | undefined => VERSIONS[textSetting(tls, name)];
  return {
    ...{ ca, cert, key, servername },
    rejectUnauthorized: tls['insecure_skip_verify'] !== true,
    minVersion: version('min_version') as RequestOptions['minVersion'],
    maxVersion: version('max_version') as RequestOptions['maxVersion'],
  };
}

/** What a failure to send means: all of them may pass. */
export function failedOutcome(thrown: unknown): Outcome {
  return { kind: 'again', why: withoutSecrets(messageOf(thrown)).slice(0, 300) };
}

/** Statuses beside 5xx that are worth another try. */
const TRY_AGAIN = new Set([408, 421, 423, 425, 429]);

/** What an answer means. */
export function outcomeOf(answer: PostAnswer, clock: Clock): Outcome {
  const { status } = answer;
  if (status >= 200 && status < 300) return { kind: 'delivered' };
  const words = answer.body.trim().replaceAll(/\s+/g, ' ').slice(0, 300);
  const why = `answered ${status}${words === '' ? '' : `: ${withoutSecrets(words)}`}`;
  if (status < 500 && !TRY_AGAIN.has(status)) return { kind: 'refused', why };
  const afterMs = retryAfterMs(answer.retryAfter, clock);
  return { kind: 'again', why, ...(afterMs === undefined ? {} : { afterMs }) };
}

/** Retry-After: seconds or a date. */
function retryAfterMs(text: string, clock: Clock): number | undefined {
  if (text === '') return undefined;
  const ms = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - clock.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), NOTIFY_RETRY_AFTER_MS_MAX) : undefined;
}
