// The HTTP API: one node:http server, one table of routes, one place where failures become answers.
// Every query and every pushed sample comes in here. Easy to get wrong: the way of a push is hot,
// so nothing is made for a request that its handler does not need.
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MonError, UserError, assert } from '../errors.ts';
import {
  CONNECTIONS_MAX,
  CONNECTION_IDLE_MS_MAX,
  REQUEST_HEADERS_MS_MAX,
  REQUEST_MS_MAX,
} from '../limits.ts';
import { Access } from './access.ts';
import { wholeParts } from './api-parts.ts';
import type { ApiParts } from './api-parts.ts';
import { Call } from './call.ts';
import { Refused, refusalOf } from './failure-status.ts';
import type { Refusal } from './failure-status.ts';
import { HostGuard } from './host-guard.ts';
import { BodyPool } from './read-body.ts';
import { JSON_TYPE, errorJson, refusalHeaders, sendWhole } from './respond.ts';
import { RequestCounts } from './request-counts.ts';
import { routeOf } from './routes.ts';
import type { Route } from './routes.ts';

/** How long a sender of a body that is too large is listened to, so that it reads the answer. */
const PATIENCE_MS = 2000;
const READ_AHEAD_BYTES = 256 * 1024;

export interface Listening {
  readonly host: string;
  readonly port: number;
}

export class ApiServer {
  readonly #parts: ApiParts;
  readonly #access: Access;
  readonly #pool: BodyPool;
  readonly #server: Server;
  readonly #requests: RequestCounts | undefined;
  #hosts: HostGuard;
  #draining = false;
  #served = 0;

  constructor(parts: ApiParts) {
    const readiness = (): { ready: boolean; why: string } =>
      this.#draining ? { ready: false, why: 'shutting down' } : parts.ready();
    this.#parts = wholeParts(parts, readiness);
    this.#pool = new BodyPool();
    this.#access = new Access(parts.token);
    this.#hosts = new HostGuard('', true);
    this.#requests = parts.counters && new RequestCounts(parts.counters);
    this.#server = createServer({
      headersTimeout: REQUEST_HEADERS_MS_MAX,
      requestTimeout: REQUEST_MS_MAX,
      keepAliveTimeout: CONNECTION_IDLE_MS_MAX,
      connectionsCheckingInterval: 1000,
      highWaterMark: READ_AHEAD_BYTES,
    });
    this.#server.timeout = CONNECTION_IDLE_MS_MAX;
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#server.on('request', (request, response) => this.#serve(request, response, false));
    this.#server.on('checkContinue', (request, response) => this.#serve(request, response, true));
  }

  /** Requests that came so far. */
  get served(): number {
    return this.#served;
  }

  /** Bytes of pushed bodies held now. */
  get pendingBytes(): number {
    return this.#pool.pendingBytes;
  }

  /**
   * Begins to listen; port 0 takes a free one.
   * @throws MonError MON_PORT_IN_USE; UserError for an address that this machine does not have or
   *   may not use.
   */
  listen(host: string, port: number): Promise<Listening> {
    this.#hosts = new HostGuard(host, (this.#parts.token ?? '') !== '');
    return new Promise((resolve, reject) => {
      const failed = (cause: NodeJS.ErrnoException): void =>
        reject(listenFailure(cause, host, port));
      this.#server.once('error', failed);
      this.#server.listen({ host, port }, () => {
        this.#server.removeListener('error', failed);
        const address = this.#server.address();
        assert(
          address !== null && typeof address === 'object',
          'a listening server has an address',
        );
        resolve({ host: (address as AddressInfo).address, port: (address as AddressInfo).port });
      });
    });
  }

  /**
   * Takes no more connections, lets what is under way finish, and after `deadlineMs` cuts it off.
   */
  async drain(deadlineMs: number): Promise<void> {
    if (!this.#server.listening) return;
    this.#draining = true;
    const stop = new AbortController();
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    await Promise.race([closed, this.#parts.clock.sleep(deadlineMs, stop.signal)]);
    stop.abort();
    this.#server.closeAllConnections();
    await closed;
  }

  #serve(request: IncomingMessage, response: ServerResponse, expects: boolean): void {
    this.#served++;
    if (this.#draining) {
      response.shouldKeepAlive = false;
      response.once('finish', () => this.#server.closeIdleConnections());
    }
    response.on('error', ignore);
    const user = this.#access.user(request);
    const call = new Call(request, response, { pool: this.#pool, user, expects });
    void this.#answer(call);
  }

  async #answer(call: Call): Promise<void> {
    const route = routeOf(call.path);
    try {
      await this.#handle(call, route);
    } catch (thrown) {
      this.#fail(call, thrown);
    } finally {
      this.#requests?.count(route?.name ?? 'unknown', call.response.statusCode);
    }
  }

  async #handle(call: Call, route: Route | undefined): Promise<void> {
    if (!this.#hosts.allows(call.request)) {
      const error = 'the Host header names another machine than this one';
      const hint = 'ask by address or as localhost, or set a token';
      throw new Refused({ status: 403, errorType: 'forbidden', error, hint });
    }
    if (route?.open !== true && !this.#access.allows(call.request)) {
      const hint = 'send the token as "Authorization: Bearer TOKEN"';
      throw new MonError('MON_AUTH_REQUIRED', 'a token is needed here', { hint });
    }
    if (route === undefined) {
      throw new MonError('MON_NOT_FOUND', `404 page not found: ${call.path.slice(0, 200)}`);
    }
    const handler = route.methods.get(call.request.method ?? '');
    if (handler === undefined) return this.#wrongMethod(call, [...route.methods.keys()]);
    await handler(call, this.#parts);
  }

  #wrongMethod(call: Call, methods: readonly string[]): Promise<void> {
    const allow = methods.join(', ');
    const error = `${call.request.method} is not possible here; ${allow} is`;
    const body = errorJson({ status: 405, errorType: 'bad_data', error });
    const head = { ...call.head(405, JSON_TYPE), headers: { Allow: allow } };
    return sendWhole(call.response, head, body);
  }

  /** Turns what a handler threw into an answer, if one can still be given. */
  #fail(call: Call, thrown: unknown): void {
    const refusal = refusalOf(thrown);
    this.#refuse(call, refusal);
    if (refusal.bug !== true) return;
    if (this.#parts.onBug === undefined) throw thrown;
    this.#parts.onBug(thrown);
  }

  #refuse(call: Call, refusal: Refusal): void {
    const { request, response } = call;
    if (response.headersSent || response.destroyed) {
      response.destroy();
      return;
    }
    const { type, bytes: body } = refusal.answer ?? {
      type: JSON_TYPE,
      bytes: Buffer.from(errorJson(refusal)),
    };
    response.writeHead(refusal.status, {
      'Content-Type': type,
      'Content-Length': String(body.length),
      ...refusalHeaders(refusal),
    });
    if (refusal.closes !== true || request.complete) {
      response.end(body);
      return;
    }
    // Ending here would reset a connection that still carries the body, and the answer with it.
    response.write(body);
    request.resume();
    const timer = this.#parts.clock.after(PATIENCE_MS, () => response.end(), true);
    request.once('close', () => timer.cancel());
    request.once('end', () => response.end());
  }
}

/** A broken connection shows as 'close', which is what everybody here waits for. */
function ignore(): void {}

function listenFailure(cause: NodeJS.ErrnoException, host: string, port: number): Error {
  const where = `${host}:${port}`;
  switch (cause.code) {
    case 'EADDRINUSE':
      return new MonError('MON_PORT_IN_USE', `${where} is in use by another process`, {
        cause,
        hint: 'stop that process, or choose another address with --listen HOST:PORT',
        fields: { host, port },
      });
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new UserError(`${host} is no address of this machine`, {
        cause,
        hint: 'listen on 127.0.0.1, or on an address that this machine has',
      });
    case 'EACCES':
      return new UserError(`${where} may not be listened on by this user`, {
        cause,
        hint: 'choose a port from 1024 on',
      });
    default:
      return new UserError(`listening on ${where} failed: ${cause.message}`, { cause });
  }
}
