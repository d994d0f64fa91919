// One question to an HTTP server: status, headers and a bounded body, or the lines of an answer
// that goes on. It stands under discovery and under what an agent sends. Easy to get wrong: a
// deadline holds for the whole body, a redirect to another host carries no credentials, and what
// the other side sends has a bound.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { messageOf, MonError } from '../errors.ts';
import {
  DISCOVERY_BYTES_MAX,
  DISCOVERY_LINE_BYTES_MAX,
  DISCOVERY_TIMEOUT_MS,
  SCRAPE_REDIRECTS_MAX,
} from '../limits.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Disk } from '../runtime/disk.ts';
import { parseJson } from '../wire/json-text.ts';
import type { ServerAccess } from './access-config.ts';
import { HttpAccess } from './http-access.ts';

export interface Question {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal: AbortSignal;
  /** Until the whole body is here. */
  readonly timeoutMs?: number;
  /** Of the answer; a discovery's bound where nothing is said. */
  readonly bytesMax?: number;
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

function failure(url: URL, thrown: unknown): MonError {
  if (thrown instanceof MonError) return thrown;
  const words = `${url.host} does not answer: ${messageOf(thrown)}`;
  return new MonError('MON_SERVER_UNREACHABLE', words, { cause: thrown });
}

/** The failure that a status other than 200 is, with the beginning of what was said. */
export function refusedBy(url: string, reply: Pick<Reply, 'status' | 'body'>): MonError {
  const said = Buffer.from(reply.body.subarray(0, 300)).toString('utf8').split('\n', 1)[0];
  const words = `${new URL(url).host} answered HTTP status ${reply.status}`;
  const quoted = said === '' ? '' : `: ${JSON.stringify(said.slice(0, 200))}`;
  return new MonError('MON_SERVER_FAILED', words + quoted);
}

/** The JSON of a body. @throws MonError MON_SERVER_FAILED. */
export function jsonOf(url: string, body: Uint8Array): unknown {
  try {
    return parseJson(Buffer.from(body.buffer, body.byteOffset, body.length).toString('utf8'));
  } catch (thrown) {
    const words = `${new URL(url).host} answered no JSON: ${messageOf(thrown)}`;
    throw new MonError('MON_SERVER_FAILED', words, { cause: thrown });
  }
}

export class HttpClient {
  readonly #access: HttpAccess;
  readonly #clock: Clock;
  readonly #followRedirects: boolean;

  constructor({ disk, clock }: { disk: Disk; clock: Clock }, config: ServerAccess) {
    this.#clock = clock;
    this.#followRedirects = config.followRedirects;
    const { auth, tls } = config;
    this.#access = new HttpAccess({ auth, tls, disk, clock });
  }

  close(): void {
    this.#access.close();
  }

  /** The whole answer. @throws MonError kind 'retry'; an answer of any status is one. */
  async ask(address: string, question: Question): Promise<Reply> {
    const url = new URL(address);
    return await this.#within(url, question, async (signal) => {
      const reply = await this.#send(url, question, signal);
      const chunks: Uint8Array[] = [];
      const { bytesMax = DISCOVERY_BYTES_MAX } = question;
      let bytes = 0;
      for await (const chunk of reply as AsyncIterable<Uint8Array>) {
        bytes += chunk.length;
        if (bytes > bytesMax) {
          reply.destroy();
          const words = `${url.host} answered more than ${bytesMax} bytes`;
          throw new MonError('MON_BODY_TOO_LARGE', words);
        }
        chunks.push(chunk);
      }
      if (!reply.complete) throw new Error('the connection was closed within the answer');
      return { status: reply.statusCode ?? 0, headers: reply.headers, body: Buffer.concat(chunks) };
    });
  }

  /**
   * Calls `take` with each line of an answer of status 200 while it goes on; any other answer is
   * returned. Undefined when the other side has ended it.
   */
  async follow(
    address: string,
    question: Question,
    take: (line: string) => void,
  ): Promise<Reply | undefined> {
    const url = new URL(address);
    return await this.#within(url, question, async (signal) => {
      const reply = await this.#send(url, question, signal);
      const status = reply.statusCode ?? 0;
      const decoder = new TextDecoder();
      let rest = '';
      for await (const chunk of reply as AsyncIterable<Uint8Array>) {
        const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
        rest = lines.pop() ?? '';
        if (rest.length > DISCOVERY_LINE_BYTES_MAX) {
          reply.destroy();
          throw new MonError('MON_BODY_TOO_LARGE', `${url.host} sent a line without an end`);
        }
        if (status !== 200) break;
        for (const line of lines) if (line !== '') take(line);
      }
      if (status === 200) return undefined;
      return { status, headers: reply.headers, body: Buffer.from(rest) };
    });
  }

  async #within<T>(
    url: URL,
    question: Question,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const late = new AbortController();
    const timeoutMs = question.timeoutMs ?? DISCOVERY_TIMEOUT_MS;
    const words = `no answer within ${timeoutMs} ms`;
    const timer = this.#clock.after(timeoutMs, () => late.abort(new Error(words)), true);
    try {
      return await work(AbortSignal.any([question.signal, late.signal]));
    } catch (thrown) {
      throw failure(url, late.signal.aborted ? late.signal.reason : thrown);
    } finally {
      timer.cancel();
    }
  }

  async #send(first: URL, question: Question, signal: AbortSignal): Promise<IncomingMessage> {
    const { method, body } = question;
    let url = first;
    for (let hop = 0; hop <= SCRAPE_REDIRECTS_MAX; hop++) {
      const headers: Record<string, string> = { 'User-Agent': 'mon' };
      if (url.origin === first.origin) {
        Object.assign(headers, question.headers);
        const authorization = await this.#access.authorization();
        if (authorization !== undefined) headers.Authorization = authorization;
      }
      const reply = await this.#access.send(url, { method, headers, body, signal });
      const { location } = reply.headers;
      const status = reply.statusCode ?? 0;
      const moved = status > 300 && status < 309 && location !== undefined;
      if (!moved || !this.#followRedirects || method === 'POST') return reply;
      reply.destroy();
      const next = URL.parse(location, url.href);
      if (next === null || !/^https?:$/.test(next.protocol)) {
        throw new Error('the redirect leads to no http or https address');
      }
      url = next;
    }
    throw new Error(`more than ${SCRAPE_REDIRECTS_MAX} redirects`);
  }
}
