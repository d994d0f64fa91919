// State over a link: the near end is a State, the far end answers for one. Easy to get wrong: a
// write whose answer was lost may have been made. It is not made again: who compares and sets looks
// once more and finds its own value or somebody else's.
import { MonError } from '../errors.ts';
import type { StateChange } from '../model/state-change.ts';
import type { State, StateEntry } from '../ports.ts';
import type { Methods } from './calls.ts';
import type { Calling } from './link.ts';
import { takeList, takeNumber, takeText } from './log-wire.ts';

/** What a process that owns a State offers the others. */
export function stateMethods(state: State): Methods {
  return {
    get: async ([key]) => state.get(takeText(key)),
    list: async ([prefix]) => state.list(takeText(prefix)),
    set: async ([key, value, expected]) =>
      state.compareAndSet(takeText(key), takeText(value), takeNumber(expected)),
    remove: async ([key, expected]) => state.remove(takeText(key), takeNumber(expected)),
    commit: async ([changes]) => state.commit(takeList(changes).map(takeChange)),
  };
}

function takeChange(given: unknown): StateChange {
  const [key, value, expected] = takeList(given);
  const text = value === undefined ? undefined : takeText(value);
  return { key: takeText(key), value: text, expected: takeNumber(expected) };
}

function takeEntry(value: unknown): StateEntry {
  const entry = (value ?? {}) as Partial<StateEntry>;
  return { value: takeText(entry.value), version: takeNumber(entry.version) };
}

export class RemoteState implements State {
  readonly #link: Calling;

  constructor(link: Calling) {
    this.#link = link;
  }

  async get(key: string): Promise<StateEntry | undefined> {
    const found = await this.#link.call('get', [key]);
    return found === undefined ? undefined : takeEntry(found);
  }

  async list(prefix: string): Promise<readonly (readonly [string, StateEntry])[]> {
    return takeList(await this.#link.call('list', [prefix])).map((one) => {
      const [key, entry] = takeList(one);
      return [takeText(key), takeEntry(entry)] as const;
    });
  }

  async compareAndSet(key: string, value: string, expected: number): Promise<number> {
    try {
      return takeNumber(await this.#link.call('set', [key, value, expected]));
    } catch (thrown) {
      if (!(thrown instanceof MonError) || thrown.code !== 'MON_SERVER_UNREACHABLE') throw thrown;
      // Asked, and perhaps done, before the connection broke.
      const now = await this.get(key);
      if (now !== undefined && now.value === value && now.version !== expected) return now.version;
      throw thrown;
    }
  }

  async remove(key: string, expected: number): Promise<void> {
    await this.#link.call('remove', [key, expected]);
  }

  async commit(changes: readonly StateChange[]): Promise<number> {
    const plain = changes.map(({ key, value, expected }) => [key, value, expected]);
    try {
      return takeNumber(await this.#link.call('commit', [plain]));
    } catch (thrown) {
      if (!(thrown instanceof MonError) || thrown.code !== 'MON_SERVER_UNREACHABLE') throw thrown;
      const version = await this.#made(changes);
      if (version === undefined) throw thrown;
      return version;
    }
  }

  /** The version of a commit that was made although its answer was lost: all bear the same. */
  async #made(changes: readonly StateChange[]): Promise<number | undefined> {
    let version: number | undefined;
    for (const { key, value, expected } of changes) {
      const now = await this.get(key);
      if (now?.value !== value) return undefined;
      if (now === undefined) continue;
      if (now.version === expected || (version ?? now.version) !== now.version) return undefined;
      version = now.version;
    }
    return version;
  }

  /** The link is the caller's. */
  async close(): Promise<void> {}
}
