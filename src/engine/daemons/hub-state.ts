// State as the hub lends it: leases live in memory, all else is durable. A lease says that a
// process lives now, so that nothing is lost when the hub forgets it: its member takes it anew.
// Easy to get wrong: a version must never come twice, also not across two lives of the hub, or a
// member that was fenced would renew a lease that is not its own.
import { assert, MonError } from '../errors.ts';
import type { StateChange } from '../model/state-change.ts';
import type { State, StateEntry } from '../ports.ts';

const LEASES = 'lease/';

/** Versions of one life of the hub: far more than it renews leases in a millisecond. */
const PER_MS = 1000;

export class HubState implements State {
  readonly #durable: State;
  readonly #leases = new Map<string, StateEntry>();
  #version: number;

  /** @param startedMs when this hub started: later than any other on the same data. */
  constructor(durable: State, startedMs: number) {
    this.#durable = durable;
    this.#version = startedMs * PER_MS;
  }

  async get(key: string): Promise<StateEntry | undefined> {
    return key.startsWith(LEASES) ? this.#leases.get(key) : this.#durable.get(key);
  }

  async list(prefix: string): Promise<readonly (readonly [string, StateEntry])[]> {
    if (!prefix.startsWith(LEASES)) return this.#durable.list(prefix);
    const found = [...this.#leases].filter(([key]) => key.startsWith(prefix));
    return found.toSorted(([a], [b]) => (a < b ? -1 : 1));
  }

  async compareAndSet(key: string, value: string, expected: number): Promise<number> {
    if (!key.startsWith(LEASES)) return this.#durable.compareAndSet(key, value, expected);
    this.#check(key, expected);
    const version = ++this.#version;
    this.#leases.set(key, { value, version });
    return version;
  }

  async remove(key: string, expected: number): Promise<void> {
    if (!key.startsWith(LEASES)) return this.#durable.remove(key, expected);
    this.#check(key, expected);
    this.#leases.delete(key);
  }

  /** Leases are taken one by one; nobody commits them together with what is durable. */
  async commit(changes: readonly StateChange[]): Promise<number> {
    const leases = changes.filter(({ key }) => key.startsWith(LEASES));
    assert(leases.length === 0, 'leases are no part of a commit');
    return this.#durable.commit(changes);
  }

  close(): Promise<void> {
    return this.#durable.close();
  }

  #check(key: string, expected: number): void {
    const stored = this.#leases.get(key)?.version ?? 0;
    if (stored === expected) return;
    throw new MonError('MON_STATE_CONFLICT', `another writer changed ${key} first`);
  }
}
