// The asking end of a connection that comes back: a link to one service of one process, connected
// when it is needed, connected again when it broke. Easy to get wrong: what was under way when it
// broke has failed, and only who asked knows whether it may be asked again; and a peer that is
// stopped but not dead keeps its socket open, so it is pinged.
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { MonError } from '../errors.ts';
import { REMOTE_CONNECT_MS_MAX, REMOTE_SILENT_MS_MAX } from '../limits-links.ts';
import type { Clock } from '../runtime/clock.ts';
import { unreachable } from './address.ts';
import type { Address } from './address.ts';
import { Caller } from './calls.ts';
import type { CallOptions } from './calls.ts';
import { greetingOf } from './greeting.ts';
import { thrownError } from './shard-protocol.ts';
import type { PlainError } from './shard-protocol.ts';
import { SocketChannel } from './socket-channel.ts';

/** What a near end asks through: a link, or a choice among several. */
export interface Calling {
  call(method: string, args: readonly unknown[], options?: CallOptions): Promise<unknown>;
}

export interface LinkOptions {
  readonly address: Address;
  readonly token: string;
  readonly service: string;
  readonly clock: Clock;
  /** How long a call waits for a peer that is away; REMOTE_CONNECT_MS_MAX by default. */
  readonly waitMs?: number;
}

/** Between two tries to connect, ms: doubled until the most. */
const AGAIN_MS = 25;
const AGAIN_MS_MAX = 500;
const PING_MS = 1000;

interface Connected {
  readonly caller: Caller;
  readonly channel: SocketChannel;
  readonly facts: unknown;
}

export class RemoteLink implements Calling {
  readonly address: Address;
  readonly service: string;
  readonly #options: LinkOptions;
  readonly #closing = new AbortController();
  #now: Connected | undefined;
  #connecting: Promise<Connected> | undefined;
  #up: ((facts: unknown) => void)[] = [];
  #down: (() => void)[] = [];

  constructor(options: LinkOptions) {
    this.#options = options;
    this.address = options.address;
    this.service = options.service;
  }

  /** True once it was ended for good. */
  get closed(): boolean {
    return this.#closing.signal.aborted;
  }

  get connected(): boolean {
    return this.#now !== undefined;
  }

  /** Calls with the peer's facts each time the link has come up, before anything is sent on it. */
  onUp(call: (facts: unknown) => void): void {
    this.#up.push(call);
    if (this.#now !== undefined) call(this.#now.facts);
  }

  /** Calls each time the link has broken. */
  onDown(call: () => void): void {
    this.#down.push(call);
  }

  /** The facts of the peer once it answers. @throws MonError when it does not come in time. */
  async facts(signal?: AbortSignal): Promise<unknown> {
    return (await this.#connection(signal)).facts;
  }

  /** @throws what the peer threw; MON_SERVER_UNREACHABLE when it is away or went away. */
  async call(method: string, args: readonly unknown[], options?: CallOptions): Promise<unknown> {
    const now = this.#now ?? (await this.#connection(options?.signal));
    return now.caller.call(method, args, options);
  }

  /** Says something that nobody answers; false when nobody is there to hear it. */
  tell(method: string, args: readonly unknown[]): boolean {
    this.#now?.caller.tell(method, args);
    return this.#now !== undefined;
  }

  /** Ends the link for good; what waits fails. */
  close(): void {
    this.#closing.abort();
    this.#now?.channel.destroy();
    this.#up = [];
    this.#down = [];
  }

  #gone(cause?: unknown): MonError {
    return unreachable(this.service, this.address, cause);
  }

  #connection(signal: AbortSignal | undefined): Promise<Connected> {
    if (this.#now !== undefined) return Promise.resolve(this.#now);
    this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined));
    if (signal === undefined) return this.#connecting;
    const waiting = this.#connecting;
    return new Promise((resolve, reject) => {
      const abort = (): void => reject(new MonError('MON_ABORTED', 'the question was given up'));
      if (signal.aborted) abort();
      signal.addEventListener('abort', abort, { once: true });
      waiting.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
    });
  }

  /** Tries until it is connected or the time is up. */
  async #connect(): Promise<Connected> {
    const { clock, waitMs = REMOTE_CONNECT_MS_MAX } = this.#options;
    const deadline = clock.monotonic() + waitMs;
    let failure: MonError = this.#gone();
    for (let pause = AGAIN_MS; !this.#closing.signal.aborted; pause *= 2) {
      try {
        return await this.#once();
      } catch (thrown) {
        if (!(thrown instanceof MonError) || thrown.kind !== 'retry') throw thrown;
        failure = thrown;
      }
      if (clock.monotonic() + pause > deadline) throw failure;
      await clock.sleep(Math.min(pause, AGAIN_MS_MAX), this.#closing.signal);
    }
    throw failure;
  }

  #once(): Promise<Connected> {
    const { token, service, clock } = this.#options;
    return new Promise((resolve, reject) => {
      const socket: Socket = connect(this.address);
      const channel = new SocketChannel(socket);
      const timer = clock.after(REMOTE_SILENT_MS_MAX, () => channel.destroy(), true);
      channel.onClose((cause) => {
        timer.cancel();
        reject(this.#gone(cause));
      });
      channel.on('message', (value) => {
        timer.cancel();
        const { error, facts } = (value ?? {}) as { error?: PlainError; facts?: unknown };
        if (error !== undefined) {
          reject(thrownError({ ...error, kind: 'mon', code: error.code ?? 'MON_SERVER_FAILED' }));
          return channel.destroy();
        }
        resolve(this.#welcomed(channel, facts));
      });
      channel.postMessage(greetingOf({ service, token }));
    });
  }

  #welcomed(channel: SocketChannel, facts: unknown): Connected {
    const { clock } = this.#options;
    const caller = new Caller(channel, clock, (cause) => this.#gone(cause));
    const now = { caller, channel, facts };
    if (this.#closing.signal.aborted) channel.destroy();
    this.#now = now;
    channel.onClose(() => {
      if (this.#now !== now) return;
      this.#now = undefined;
      for (const call of this.#down) call();
    });
    void this.#ping(now);
    for (const call of this.#up) call(facts);
    return now;
  }

  async #ping({ caller, channel }: Connected): Promise<void> {
    const { clock } = this.#options;
    while (!channel.ended) {
      await clock.sleep(PING_MS, this.#closing.signal);
      if (this.#closing.signal.aborted || channel.ended) return;
      const before = channel.received;
      try {
        await caller.call('ping', [], { ms: REMOTE_SILENT_MS_MAX });
      } catch {
        // A large answer may stand before ours; a peer of which nothing comes at all is away.
        if (channel.received === before) channel.destroy();
      }
    }
  }
}
