// A wire between two processes that a test can cut: connections to its port are passed on until it
// is cut, when all of them break and nobody gets in, or until it hangs, when nothing comes through
// and nothing breaks. Easy to get wrong: a cut has to break both ends, or one would wait for ever.
import { connect, createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

export class TcpProxy {
  readonly port: number;
  readonly #target: number;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #server: Server | undefined;
  #hanging = false;

  constructor(port: number, target: number) {
    this.port = port;
    this.#target = target;
  }

  /** Lets everybody in; also after a cut. */
  async open(): Promise<this> {
    this.#hanging = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.resume();
    if (this.#server !== undefined) return this;
    const server = createServer((socket) => this.#connected(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
    this.#server = server;
    return this;
  }

  /** Breaks what is connected; further tries are refused. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => {
      if (server === undefined) resolve();
      else server.close(() => resolve());
    });
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
    await closed;
  }

  /** Nothing comes through any more, and nothing breaks. */
  hang(): void {
    this.#hanging = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }

  #connected(near: Socket): void {
    const far = connect({ host: '127.0.0.1', port: this.#target });
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    const end = (): void => {
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', end);
    }
    near.pipe(far);
    far.pipe(near);
    if (this.#hanging) for (const socket of pair) socket.pause();
  }
}
