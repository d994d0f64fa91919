// The cache that several processes share: Redis, 6 or later. Stands behind the query service where
// the memory cache stands otherwise. Easy to get wrong: a Redis that is away or slow must look like
// an empty one, at once, and never leave a rejected promise or an unheard error event behind.
import { RESP_TYPES, createClient } from 'redis';
import { UserError, messageOf } from '../errors.ts';
import { CACHE_ENTRY_BYTES_MAX, CACHE_WAIT_MS_MAX } from '../limits.ts';
import type { Cache } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';

export interface RedisCacheOptions {
  /** `redis://[user:password@]host:port/database` or `rediss://…`. */
  readonly url: string;
  /** Set before every key, so that several systems may share a Redis. */
  readonly prefix?: string;
  readonly clock: Clock;
  readonly waitMs?: number;
  readonly entryBytesMax?: number;
  /** Told once each time the connection is lost and found again. */
  readonly changed?: (there: boolean, why: string) => void;
}

/** Waits before it connects again: at first at once, never longer than this. */
const RECONNECT_MS_MAX = 2000;
/** Calls that wait for an answer; more would only wait for a Redis that does not answer. */
const WAITING_MAX = 10_000;

type Client = ReturnType<typeof makeClient>;

function makeClient(url: string, connectTimeout: number) {
  return createClient({
    url,
    disableOfflineQueue: true,
    commandsQueueMaxLength: WAITING_MAX,
    socket: {
      connectTimeout,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** Math.min(retries, 10), RECONNECT_MS_MAX),
    },
  }).withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
}

export class RedisCache implements Cache {
  readonly #client: Client;
  readonly #options: RedisCacheOptions;
  readonly #prefix: string;
  #there = false;
  #closed = false;

  /** Begins to connect in the background. @throws UserError when the address is none. */
  constructor(options: RedisCacheOptions) {
    this.#options = options;
    this.#prefix = options.prefix ?? 'mon:';
    try {
      this.#client = makeClient(options.url, RECONNECT_MS_MAX);
    } catch (cause) {
      const hint = 'write redis://HOST:PORT/DATABASE';
      throw new UserError(`no address of a Redis: ${messageOf(cause)}`, { hint, cause });
    }
    this.#client.on('ready', () => this.#turned(true, ''));
    this.#client.on('error', (error: unknown) => this.#turned(false, messageOf(error)));
    this.#client.connect().catch((error: unknown) => this.#turned(false, messageOf(error)));
  }

  /** True while the connection stands. */
  get there(): boolean {
    return this.#there && this.#client.isReady;
  }

  async get(keys: readonly string[]): Promise<readonly (Uint8Array | undefined)[]> {
    const nothing = keys.map(() => undefined);
    if (keys.length === 0 || !this.there) return nothing;
    const asked = this.#client.mGet(keys.map((key) => this.#prefix + key));
    const found = await this.#inTime(asked);
    return found?.map((bytes) => (bytes === null ? undefined : (bytes as Buffer))) ?? nothing;
  }

  async set(key: string, bytes: Uint8Array, ttlMs: number): Promise<void> {
    const { entryBytesMax = CACHE_ENTRY_BYTES_MAX } = this.#options;
    if (!this.there || bytes.length > entryBytesMax || ttlMs < 1) return;
    const value = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const expiration = { type: 'PX', value: Math.floor(ttlMs) } as const;
    await this.#inTime(this.#client.set(this.#prefix + key, value, { expiration }));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#client.destroy();
  }

  /** The answer, or undefined when it does not come in time or not at all. */
  #inTime<T>(asked: Promise<T>): Promise<T | undefined> {
    const { clock, waitMs = CACHE_WAIT_MS_MAX } = this.#options;
    return new Promise((resolve) => {
      const timer = clock.after(waitMs, () => resolve(undefined), true);
      const ended = (value?: T): void => {
        timer.cancel();
        resolve(value);
      };
      asked.then(ended, () => ended());
    });
  }

  #turned(there: boolean, why: string): void {
    if (this.#there === there || this.#closed) return;
    this.#there = there;
    this.#options.changed?.(there, why);
  }
}
