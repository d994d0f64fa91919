// An object store as readers see it: once a read has failed for good because the store was out of
// reach, reads fail at once for a while. Between the store and the cache of its parts. Easy to get
// wrong: a question reads many objects, and each of them would be tried for seconds before the rest
// may answer; what is damaged or not there says nothing about the others.
import { MonError } from '../errors.ts';
import { COLD_AWAY_MS } from '../limits-cold.ts';
import type { ObjectInfo, ObjectStore } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';

export class AwayObjects implements ObjectStore {
  readonly #objects: ObjectStore;
  readonly #clock: Clock;
  #away: { readonly failure: MonError; readonly untilMs: number } | undefined;

  constructor(objects: ObjectStore, clock: Clock) {
    this.#objects = objects;
    this.#clock = clock;
  }

  async getRange(key: string, position: number, length: number): Promise<Uint8Array> {
    const away = this.#away;
    if (away !== undefined && this.#clock.monotonic() < away.untilMs)
      throw again(key, away.failure);
    try {
      const bytes = await this.#objects.getRange(key, position, length);
      this.#away = undefined;
      return bytes;
    } catch (thrown) {
      if (thrown instanceof MonError && thrown.kind === 'retry') {
        this.#away = { failure: thrown, untilMs: this.#clock.monotonic() + COLD_AWAY_MS };
      }
      throw thrown;
    }
  }

  putIfAbsent(key: string, parts: AsyncIterable<Uint8Array>): Promise<boolean> {
    return this.#objects.putIfAbsent(key, parts);
  }

  list(prefix: string): Promise<readonly ObjectInfo[]> {
    return this.#objects.list(prefix);
  }

  remove(key: string): Promise<void> {
    return this.#objects.remove(key);
  }
}

function again(key: string, { code, message }: MonError): MonError {
  const words = `object ${key}: not tried, the store was away a moment ago: ${message}`;
  return new MonError(code, words, { fields: { object: key } });
}
