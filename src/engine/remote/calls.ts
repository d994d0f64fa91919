// Calls over a channel: numbered, with a deadline, to be cancelled, answered in any order. The
// asking end (Caller) and the answering end (serveCalls); what is called is the business of others.
// Easy to get wrong: an answer may come after nobody waits for it, and a fragment's labels have to
// be read even then, because later ones lean on them.
import { FAILURES, MonError } from '../errors.ts';
import { REMOTE_CALLS_MAX, REMOTE_CALL_MS } from '../limits-links.ts';
import type { FragmentResult } from '../model/fragment.ts';
import type { Clock } from '../runtime/clock.ts';
import { packFragment, unpackFragment } from './fragment-wire.ts';
import type { PackedFragment } from './fragment-wire.ts';
import { LabelsReader, LabelsWriter } from './label-wire.ts';
import { plainError, thrownError } from './shard-protocol.ts';
import type { PlainError } from './shard-protocol.ts';
import type { SocketChannel } from './socket-channel.ts';

export interface CallOptions {
  /** The answer is given up after so long, on both ends. */
  readonly ms?: number;
  readonly signal?: AbortSignal;
  /**
   * The answer is waited for also after the signal: what it holds would be lost otherwise. The far
   * end is told of the signal all the same.
   */
  readonly patient?: boolean;
}

export interface MethodContext {
  /** Fires when the asker has given up, is gone, or its deadline has passed. */
  readonly signal: AbortSignal;
}

export type Method = (args: readonly unknown[], context: MethodContext) => Promise<unknown>;
export type Methods = Readonly<Record<string, Method>>;

/** Methods that answer a FragmentResult: it crosses packed. */
const FRAGMENT = 'fragment';
const CANCEL = 'cancel';
/** The far end ends a call at its deadline and says so; this much later nobody waits for that. */
const LATE_MS = 1000;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A failure as a peer tells it. What is a bug there is a failure of the peer here. */
function failureOf(plain: unknown): Error {
  const { kind, code, message } = (plain ?? {}) as Partial<PlainError>;
  const words = typeof message === 'string' ? message : 'a failure without words';
  if (kind === 'user') return thrownError({ ...(plain as PlainError), message: words });
  if (kind === 'mon' && code !== undefined && Object.hasOwn(FAILURES, code)) {
    return thrownError({ ...(plain as PlainError), message: words });
  }
  return new MonError('MON_SERVER_FAILED', `a peer failed: ${words}`);
}

export class Caller {
  readonly #channel: SocketChannel;
  readonly #clock: Clock;
  readonly #labels = new LabelsReader();
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  /** `gone` says what the end of the connection means to those who wait. */
  constructor(channel: SocketChannel, clock: Clock, gone: (cause?: unknown) => Error) {
    this.#channel = channel;
    this.#clock = clock;
    channel.on('message', (value) => this.#answered(value));
    channel.onClose((cause) => {
      const error = gone(cause);
      for (const one of this.#waiting.values()) one.reject(error);
      this.#waiting.clear();
    });
  }

  /** @throws what the far end threw; MON_TIMEOUT; MON_ABORTED when the signal fired. */
  call(method: string, args: readonly unknown[], options: CallOptions = {}): Promise<unknown> {
    const { ms = REMOTE_CALL_MS, signal, patient } = options;
    if (this.#channel.clogged) {
      return Promise.reject(
        new MonError('MON_SERVER_UNREACHABLE', `a peer does not take what it is sent (${method})`),
      );
    }
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      try {
        this.#channel.postMessage({ id, method, args, ms: Number.isFinite(ms) ? ms : 0 });
      } catch (thrown) {
        this.#waiting.delete(id);
        return reject(thrown);
      }
      this.#watch(id, { ms, signal, patient });
    });
  }

  /** Says something that nobody answers. */
  tell(method: string, args: readonly unknown[]): void {
    this.#channel.postMessage({ id: 0, method, args, ms: 0 });
  }

  #watch(id: number, { ms = 0, signal, patient }: CallOptions): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    const give = (error: MonError): void => {
      this.tell(CANCEL, [id]);
      if (patient === true && error.code === 'MON_ABORTED') return;
      settled();
      this.#waiting.delete(id);
      waiting.reject(error);
    };
    const abort = (): void => give(new MonError('MON_ABORTED', 'the question was given up'));
    const late = (): void => give(new MonError('MON_TIMEOUT', 'a peer did not answer in time'));
    const timer = Number.isFinite(ms) ? this.#clock.after(ms + LATE_MS, late, true) : undefined;
    const settled = (): void => {
      timer?.cancel();
      signal?.removeEventListener('abort', abort);
    };
    const { resolve, reject } = waiting;
    this.#waiting.set(id, {
      resolve: (value) => (settled(), resolve(value)),
      reject: (error) => (settled(), reject(error)),
    });
    if (signal?.aborted === true) return abort();
    signal?.addEventListener('abort', abort, { once: true });
  }

  #answered(value: unknown): void {
    const answer = (value ?? {}) as { id?: unknown; error?: unknown; value?: unknown };
    let fragment: FragmentResult | undefined;
    try {
      if ('fragment' in answer) {
        fragment = unpackFragment(answer.fragment as PackedFragment, this.#labels);
      }
    } catch (thrown) {
      return this.#channel.destroy(thrown as Error);
    }
    const waiting = this.#waiting.get(answer.id as number);
    if (waiting === undefined) return;
    this.#waiting.delete(answer.id as number);
    if ('error' in answer) waiting.reject(failureOf(answer.error));
    else waiting.resolve(fragment ?? answer.value);
  }
}

export interface ServeOptions {
  readonly clock: Clock;
  /** Told of what is a bug of this process; the asker gets an answer all the same. */
  readonly onBug: (thrown: unknown) => void;
}

interface Incoming {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
  readonly ms: number;
}

/** The call that a message is. @throws MonError MON_RECORD_MALFORMED. */
export function takeCall(value: unknown): Incoming {
  const { id, method, args, ms } = (value ?? {}) as Partial<Incoming>;
  const good =
    Number.isSafeInteger(id) &&
    typeof method === 'string' &&
    Array.isArray(args) &&
    typeof ms === 'number';
  if (!good) throw new MonError('MON_RECORD_MALFORMED', 'a message that is no call');
  return { id: id as number, method, args, ms };
}

/** Answers the calls of one connection by these methods until it ends. */
export function serveCalls(channel: SocketChannel, methods: Methods, options: ServeOptions): void {
  const { clock, onBug } = options;
  const labels = new LabelsWriter();
  const running = new Map<number, AbortController>();
  let underWay = 0;
  let draining = false;
  const throttle = (): void => {
    if (underWay < REMOTE_CALLS_MAX && !channel.clogged) return channel.resume();
    channel.pause();
    if (!channel.clogged || draining) return;
    draining = true;
    channel.onDrain(() => {
      draining = false;
      throttle();
    });
  };
  const reply = (id: number, method: string, result: unknown): void => {
    if (id === 0) return;
    if (method !== FRAGMENT) return channel.postMessage({ id, value: result });
    const { value } = packFragment(result as FragmentResult, labels);
    channel.postMessage({ id, fragment: value });
  };
  const refuse = (id: number, thrown: unknown): void => {
    const plain = plainError(thrown);
    if (id > 0) channel.postMessage({ id, error: { ...plain, stack: undefined } });
    if (plain.kind === 'bug') onBug(thrown);
  };
  const run = async ({ id, method, args, ms }: Incoming): Promise<void> => {
    const ended = new AbortController();
    const late = (): void => ended.abort(new MonError('MON_TIMEOUT', `${method} took too long`));
    const timer = ms > 0 ? clock.after(ms, late, true) : undefined;
    if (id > 0) running.set(id, ended);
    underWay++;
    try {
      const known = Object.hasOwn(methods, method) ? methods[method] : undefined;
      if (known === undefined) throw new MonError('MON_NOT_FOUND', `no method ${method} here`);
      const result = await untilEnded(known(args, { signal: ended.signal }), ended.signal);
      reply(id, method, result);
    } catch (thrown) {
      refuse(id, thrown);
    } finally {
      timer?.cancel();
      running.delete(id);
      underWay--;
      throttle();
    }
  };
  channel.on('message', (value) => {
    const call = takeCall(value);
    if (call.method === CANCEL) return running.get(call.args[0] as number)?.abort();
    void run(call);
    throttle();
  });
  channel.onClose(() => {
    for (const one of running.values()) one.abort();
  });
}

/** The answer, or the deadline's word; one that was cancelled ends by itself. */
function untilEnded<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const ended = (): void => {
      if (signal.reason instanceof MonError) reject(signal.reason);
    };
    signal.addEventListener('abort', ended, { once: true });
    if (signal.aborted) ended();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', ended));
  });
}
