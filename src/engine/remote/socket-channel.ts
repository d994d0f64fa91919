// A channel over a socket, TCP or unix: whole messages in, whole messages out, in order. Both ends
// of every connection stand on it. Easy to get wrong: a peer that does not read must not make us
// grow, so who sends asks `pendingBytes` first; and whatever comes in that is no message ends the
// connection, never the process.
import type { Socket } from 'node:net';
import { MonError, assert } from '../errors.ts';
import { REMOTE_MESSAGE_BYTES_MAX, REMOTE_PENDING_BYTES_MAX } from '../limits-links.ts';
import { FrameCutter, encodeFrame } from './frames.ts';
import { decodeValue } from './value-wire.ts';
import type { Channel } from './shard-protocol.ts';

type Listener = (value: unknown) => void;

export class SocketChannel implements Channel {
  readonly #socket: Socket;
  readonly #cutter: FrameCutter;
  #listener: Listener | undefined;
  readonly #closed: ((error: Error | undefined) => void)[] = [];
  #ended = false;
  #failure: Error | undefined;
  #paused = false;
  #cutting = false;
  /** Bytes that have come in: who sends lives, whatever it does not answer. */
  received = 0;

  /** @param bytesMax of a message that comes in. */
  constructor(socket: Socket, bytesMax = REMOTE_MESSAGE_BYTES_MAX) {
    this.#socket = socket;
    this.#cutter = new FrameCutter(bytesMax);
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('error', (error) => (this.#failure ??= error));
    socket.on('close', () => {
      this.#ended = true;
      for (const call of this.#closed.splice(0)) call(this.#failure);
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Bytes that the peer has not taken yet. */
  get pendingBytes(): number {
    return this.#socket.writableLength;
  }

  /** True while the peer does not keep up with what it is sent. */
  get clogged(): boolean {
    return this.pendingBytes > REMOTE_PENDING_BYTES_MAX;
  }

  set bytesMax(bytes: number) {
    this.#cutter.bytesMax = bytes;
  }

  /** One listener at a time; a later one takes over. */
  on(event: 'message', listener: Listener): void {
    assert(event === 'message', 'a channel has messages');
    this.#listener = listener;
    this.#cut();
  }

  /** Calls once when the connection has ended, also when that was long ago. */
  onClose(call: (error: Error | undefined) => void): void {
    if (this.#ended) call(this.#failure);
    else this.#closed.push(call);
  }

  /** Calls when what was sent has gone out. */
  onDrain(call: () => void): void {
    this.#socket.once('drain', call);
  }

  /** Sends a message; into a connection that has ended it goes nowhere. */
  postMessage(value: unknown): void {
    if (!this.#ended) this.#socket.write(encodeFrame(value, REMOTE_MESSAGE_BYTES_MAX));
  }

  /** Takes no more messages for now; the peer finds that its own do not go out. */
  pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#socket.resume();
    this.#cut();
  }

  /** Sends what waits and closes. */
  end(): void {
    this.#socket.end();
  }

  destroy(why?: Error): void {
    this.#failure ??= why;
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.received += chunk.length;
    this.#cutter.push(chunk);
    this.#cut();
  }

  #cut(): void {
    // A listener may pause, resume or take over while it is called.
    if (this.#cutting) return;
    this.#cutting = true;
    try {
      while (this.#listener !== undefined && !this.#paused && !this.#ended) {
        const body = this.#cutter.next();
        if (body === undefined) break;
        this.#listener(decodeValue(body));
      }
    } catch (thrown) {
      if (!(thrown instanceof MonError)) throw thrown;
      this.destroy(thrown);
    } finally {
      this.#cutting = false;
    }
  }
}
