// One HTTP request with a deadline and a bound on the answer: the socket side of the Prometheus
// client. Easy to get wrong: `import 'node:http'` makes Node evaluate every getter of that module,
// fetch and WebSocket among them, which costs 25 ms of CPU; getBuiltinModule does not. And a
// kept-alive connection may have been closed by the server just now: then the request goes out once
// more.
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import { MonError } from '../errors.ts';
import { ANSWER_BYTES_MAX } from '../limits.ts';
import type { Clock } from '../runtime/clock.ts';
import { noAnswer } from './prometheus-failure.ts';

export interface HttpTarget {
  /** Without a slash at the end; may have a path. */
  readonly url: string;
  readonly token?: string;
  /** PEM certificates to trust instead of the system's. */
  readonly ca?: string;
  /** What named the server, for hints: `--url`, `MON_URL`; nothing where nobody did. */
  readonly namedBy?: string;
}

export interface HttpAsk {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Begins with a slash; appended to the target's URL. */
  readonly path: string;
  readonly body?: string | Uint8Array;
  readonly contentType?: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

export class HttpConnection {
  readonly target: HttpTarget;
  readonly #clock: Clock;
  readonly #http: typeof import('node:http') | typeof import('node:https');
  readonly #agent: Agent;

  constructor(target: HttpTarget, clock: Clock) {
    this.target = target;
    this.#clock = clock;
    const secure = target.url.startsWith('https:');
    this.#http = process.getBuiltinModule(secure ? 'node:https' : 'node:http');
    const options = { keepAlive: true, maxSockets: 8, ...(secure ? { ca: target.ca } : {}) };
    this.#agent = new this.#http.Agent(options);
  }

  /**
   * The answer, whatever its status.
   * @throws MonError MON_SERVER_UNREACHABLE, MON_TIMEOUT, MON_ABORTED, or MON_SERVER_FAILED when
   *   the answer is too long.
   */
  async ask(ask: HttpAsk): Promise<HttpAnswer> {
    const stop = new AbortController();
    const late = new MonError('MON_TIMEOUT', `no answer within ${ask.timeoutMs / 1000} s`, {
      hint: 'allow more time with --timeout, or ask for less',
    });
    const timer = this.#clock.after(ask.timeoutMs, () => stop.abort(late));
    const passOn = (): void => stop.abort(ask.signal?.reason);
    ask.signal?.addEventListener('abort', passOn, { once: true });
    try {
      if (ask.signal?.aborted === true) throw abortReason(ask.signal);
      return await this.#askOnce(ask, stop.signal, true);
    } catch (thrown) {
      if (stop.signal.aborted) throw abortReason(stop.signal);
      throw thrown instanceof MonError ? thrown : noAnswer(this.target, thrown);
    } finally {
      timer.cancel();
      ask.signal?.removeEventListener('abort', passOn);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #askOnce(ask: HttpAsk, signal: AbortSignal, again: boolean): Promise<HttpAnswer> {
    let request: ClientRequest | undefined;
    try {
      return await new Promise((resolve, reject) => {
        request = this.#http.request(this.target.url + ask.path, {
          agent: this.#agent,
          method: ask.method,
          headers: headersOf(this.target, ask),
          signal,
        });
        request.on('error', reject);
        request.on('response', (response) => this.#collect(response, resolve, reject));
        request.end(ask.body);
      });
    } catch (thrown) {
      const code = (thrown as NodeJS.ErrnoException).code;
      const gone = request?.reusedSocket === true && (code === 'ECONNRESET' || code === 'EPIPE');
      if (!gone || !again || signal.aborted) throw thrown;
      return await this.#askOnce(ask, signal, false);
    }
  }

  #collect(
    response: IncomingMessage,
    resolve: (answer: HttpAnswer) => void,
    reject: (thrown: unknown) => void,
  ): void {
    const parts: Buffer[] = [];
    let size = 0;
    response.on('data', (part: Buffer) => {
      parts.push(part);
      size += part.length;
      if (size <= ANSWER_BYTES_MAX) return;
      const most = `${ANSWER_BYTES_MAX / 1024 / 1024} MiB`;
      reject(
        new MonError('MON_SERVER_FAILED', `the answer is longer than ${most}`, {
          hint: 'ask for fewer series, a shorter time or a larger --step',
        }),
      );
      response.destroy();
    });
    response.on('error', reject);
    response.on('end', () => {
      const text = Buffer.concat(parts, size).toString('utf8');
      resolve({ status: response.statusCode ?? 0, text });
    });
  }
}

function abortReason(signal: AbortSignal): MonError {
  if (signal.reason instanceof MonError) return signal.reason;
  return new MonError('MON_ABORTED', 'interrupted');
}

function headersOf(target: HttpTarget, ask: HttpAsk): Record<string, string | number> {
  const headers: Record<string, string | number> = { Accept: 'application/json' };
  if (target.token !== undefined) headers['Authorization'] = `Bearer ${target.token}`;
  if (ask.body !== undefined) {
    headers['Content-Type'] = ask.contentType ?? 'application/x-www-form-urlencoded';
    headers['Content-Length'] = Buffer.byteLength(ask.body);
  }
  return headers;
}
