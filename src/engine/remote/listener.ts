// Where other processes of the cluster connect: one socket, several services by name. A connection
// greets, is served by one service, and ends. Easy to get wrong: a unix socket's file outlives its
// process, and closing has to end what is still connected.
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { MonError, UserError } from '../errors.ts';
import {
  REMOTE_CONNECTIONS_MAX,
  REMOTE_GREETING_BYTES_MAX,
  REMOTE_GREETING_MS_MAX,
  REMOTE_MESSAGE_BYTES_MAX,
} from '../limits-links.ts';
import { removeSocketFile } from '../runtime/socket-file.ts';
import type { Clock } from '../runtime/clock.ts';
import { addressText } from './address.ts';
import type { Address } from './address.ts';
import { serveCalls } from './calls.ts';
import type { Methods } from './calls.ts';
import { checkGreeting } from './greeting.ts';
import { plainError } from './shard-protocol.ts';
import { SocketChannel } from './socket-channel.ts';

/** What one connection gets. */
export interface Served {
  readonly methods: Methods;
  /** The connection has ended. */
  closed?(): void;
}

export interface Service {
  /** Plain data that a client gets with the greeting. */
  facts?(): unknown;
  open(): Served;
}

export interface ListenerOptions {
  readonly clock: Clock;
  readonly token: string;
  readonly onBug: (thrown: unknown) => void;
}

/** A service whose connections share their methods and keep nothing. */
export function plainService(methods: Methods): Service {
  return { open: () => ({ methods }) };
}

export class RemoteListener {
  readonly #options: ListenerOptions;
  readonly #services = new Map<string, Service>();
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#connected(socket));
    this.#server.maxConnections = REMOTE_CONNECTIONS_MAX;
  }

  /** Offers a service from now on; a later one of the name takes its place. */
  offer(name: string, service: Service): void {
    this.#services.set(name, service);
  }

  /**
   * Begins to listen; answers the address with the port that it got.
   * @throws MonError MON_PORT_IN_USE; UserError for an address that cannot be listened on.
   */
  async listen(address: Address): Promise<Address> {
    if ('path' in address) removeSocketFile(address.path);
    await new Promise<void>((resolve, reject) => {
      const failed = (cause: NodeJS.ErrnoException): void => reject(listenFailure(cause, address));
      this.#server.once('error', failed);
      this.#server.listen(address, () => {
        this.#server.removeListener('error', failed);
        resolve();
      });
    });
    if ('path' in address) return address;
    return { host: address.host, port: (this.#server.address() as AddressInfo).port };
  }

  /** Connections that stand now. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Takes nobody in any more and cuts off who is there. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #connected(socket: Socket): void {
    this.#sockets.add(socket);
    const channel = new SocketChannel(socket, REMOTE_GREETING_BYTES_MAX);
    const { clock } = this.#options;
    const timer = clock.after(REMOTE_GREETING_MS_MAX, () => channel.destroy(), true);
    channel.onClose(() => {
      timer.cancel();
      this.#sockets.delete(socket);
    });
    channel.on('message', (value) => {
      timer.cancel();
      try {
        this.#greeted(channel, value);
      } catch (thrown) {
        if (!(thrown instanceof MonError)) throw thrown;
        channel.postMessage({ error: { ...plainError(thrown), stack: undefined } });
        channel.end();
        channel.on('message', () => undefined);
      }
    });
  }

  #greeted(channel: SocketChannel, value: unknown): void {
    const { clock, token, onBug } = this.#options;
    const name = checkGreeting(value, token);
    const service = this.#services.get(name);
    if (service === undefined) {
      throw new MonError('MON_SERVER_FAILED', `no service ${name} here, or not yet`);
    }
    const facts = service.facts?.();
    const served = service.open();
    channel.bytesMax = REMOTE_MESSAGE_BYTES_MAX;
    channel.postMessage({ facts });
    channel.onClose(() => served.closed?.());
    serveCalls(channel, { ping: async () => undefined, ...served.methods }, { clock, onBug });
  }
}

function listenFailure(cause: NodeJS.ErrnoException, address: Address): Error {
  const where = addressText(address);
  if (cause.code === 'EADDRINUSE') {
    return new MonError('MON_PORT_IN_USE', `${where} is in use by another process`, {
      cause,
      hint: 'stop that process, or choose another address',
    });
  }
  return new UserError(`listening on ${where} failed: ${cause.message}`, { cause });
}
