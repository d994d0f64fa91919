// The small address of a watcher: peers ask whether it watches, the notifier brings the heartbeat
// of the alerts, a person looks at the checks. Easy to get wrong: health is open to everybody who
// reaches the address, all else only to this machine or to who knows the token.
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MonError } from '../errors.ts';
import { WATCH_BODY_BYTES_MAX, WATCH_CONNECTIONS_MAX } from '../limits-watch.ts';
import { isLoopback } from './listen-address.ts';
import type { ListenAddress } from './listen-address.ts';

export interface EndpointParts {
  readonly name: string;
  readonly everyMs: number;
  readonly token: string | undefined;
  /** How long ago the last round ended. */
  readonly sinceRoundMs: () => number;
  readonly beat: () => void;
  readonly metrics: () => string;
  /** The checks as plain data. */
  readonly status: () => unknown;
}

const JSON_TYPE = 'application/json';
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const REQUEST_MS = 10_000;

/** Begins to listen. @throws MonError MON_PORT_IN_USE. */
export async function openEndpoint(
  address: ListenAddress,
  parts: EndpointParts,
): Promise<{ readonly address: ListenAddress; close(): Promise<void> }> {
  const { createServer } = process.getBuiltinModule('node:http');
  const open = isLoopback(address.host) && parts.token === undefined;
  const server: Server = createServer(
    { headersTimeout: REQUEST_MS, requestTimeout: REQUEST_MS },
    (request, response) => answer({ request, response, parts, open }),
  );
  server.maxConnections = WATCH_CONNECTIONS_MAX;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const where = `${address.host}:${address.port}`;
      const code = cause.code === 'EADDRINUSE' ? 'MON_PORT_IN_USE' : 'MON_SERVER_FAILED';
      const why = code === 'MON_PORT_IN_USE' ? 'in use by another process' : cause.message;
      const hint = 'another watcher? choose another address with --listen HOST:PORT';
      reject(new MonError(code, `${where} is ${why}`, { cause, hint }));
    });
    server.listen(address, () => resolve());
  });
  const { port } = server.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return { address: { host: address.host, port }, close };
}

interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly parts: EndpointParts;
  /** Nobody but this machine reaches the address. */
  readonly open: boolean;
}

function answer(asked: Asked): void {
  const { request, response, parts, open } = asked;
  const path = (request.url ?? '').split('?', 1)[0];
  const reads = request.method === 'GET' || request.method === 'HEAD';
  if (reads && (path === '/-/healthy' || path === '/-/ready')) return health(asked);
  if (!open && !knows(request, parts.token)) {
    response.setHeader('WWW-Authenticate', 'Bearer');
    return send(response, parts.token === undefined ? 403 : 401, JSON_TYPE, '"not allowed"\n');
  }
  if (reads && path === '/metrics') return send(response, 200, METRICS_TYPE, parts.metrics());
  if (reads && path === '/api/v1/status') {
    const text = JSON.stringify({ status: 'success', data: parts.status() });
    return send(response, 200, JSON_TYPE, `${text}\n`);
  }
  if (request.method === 'POST' && path === '/heartbeat') return heartbeat(asked);
  send(response, 404, JSON_TYPE, '"there is no such path"\n');
}

function health({ response, parts }: Asked): void {
  const { name, everyMs } = parts;
  const sinceRoundMs = Math.round(parts.sinceRoundMs());
  send(response, 200, JSON_TYPE, `${JSON.stringify({ watcher: name, sinceRoundMs, everyMs })}\n`);
}

/** Any body counts, but for a notification that says that the Watchdog is over. */
function heartbeat({ request, response, parts }: Asked): void {
  const pieces: Buffer[] = [];
  let size = 0;
  request.on('data', (piece: Buffer) => {
    size += piece.length;
    if (size <= WATCH_BODY_BYTES_MAX) pieces.push(piece);
  });
  request.on('error', () => response.destroy());
  request.on('end', () => {
    if (size > WATCH_BODY_BYTES_MAX) return send(response, 413, JSON_TYPE, '"too long"\n');
    let said: unknown;
    try {
      said = JSON.parse(Buffer.concat(pieces).toString('utf8'));
    } catch {
      said = undefined;
    }
    if ((said as { status?: unknown } | undefined)?.status !== 'resolved') parts.beat();
    send(response, 200, JSON_TYPE, '{}\n');
  });
}

function knows(request: IncomingMessage, token: string | undefined): boolean {
  if (token === undefined) return false;
  const said = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return said.length === wanted.length && timingSafeEqual(said, wanted);
}

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}
