// A State in memory, for simulations: it survives what a process does not, counts its commits, and
// can fail at any of them, before or after the write, as a crash does.
import { MonError } from '../../src/engine/errors.ts';
import type { StateChange } from '../../src/engine/model/state-change.ts';
import type { State, StateEntry } from '../../src/engine/ports.ts';

/** Thrown in place of the answer when a test kills the process at a commit. */
export class Killed extends Error {}

export class MemoryState implements State {
  readonly rows = new Map<string, StateEntry>();
  commits = 0;
  /** The commit at which the process dies, and whether what it wrote is there. */
  killAt: { readonly commit: number; readonly written: boolean } | undefined;
  /** True: every commit fails for now, as on a full disk. */
  full = false;
  /** True after the kill: nothing a dead process does counts. */
  dead = false;
  #version = 0;

  async get(key: string): Promise<StateEntry | undefined> {
    return this.rows.get(key);
  }

  async list(prefix: string): Promise<readonly (readonly [string, StateEntry])[]> {
    return [...this.rows].filter(([key]) => key.startsWith(prefix)).sort();
  }

  async compareAndSet(key: string, value: string, expected: number): Promise<number> {
    return await this.commit([{ key, value, expected }]);
  }

  async remove(key: string, expected: number): Promise<void> {
    await this.commit([{ key, value: undefined, expected }]);
  }

  async commit(changes: readonly StateChange[]): Promise<number> {
    if (this.dead) throw new Killed('dead');
    if (this.full) throw new MonError('MON_DISK_FULL', 'no room');
    this.commits++;
    const { killAt } = this;
    const kills = killAt !== undefined && this.commits === killAt.commit;
    if (kills && !killAt.written) {
      this.dead = true;
      throw new Killed('killed before the write');
    }
    for (const { key, expected } of changes) {
      const stored = this.rows.get(key)?.version ?? 0;
      if (stored !== expected) throw new MonError('MON_STATE_CONFLICT', key);
    }
    const version = ++this.#version;
    for (const { key, value } of changes) {
      if (value === undefined) this.rows.delete(key);
      else this.rows.set(key, { value, version });
    }
    if (kills) {
      this.dead = true;
      throw new Killed('killed after the write');
    }
    return version;
  }

  async close(): Promise<void> {}
}
