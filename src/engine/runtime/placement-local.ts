// Placement on one machine: the partitions of a role are dealt out among the members of this
// process, and the table of who holds what lies in State, so that a second process takes a role
// over with a higher epoch and the first finds itself fenced. Easy to get wrong: every change
// gives every member a new epoch, also one whose partitions stay; whoever writes state asks
// `holds` with the newest one.
import { MonError, assert } from '../errors.ts';
import type { Assignment, Placement, State } from '../ports.ts';

/** What State keeps for a role under `placement/<role>`. */
interface RoleTable {
  readonly owner: string;
  readonly epoch: number;
  readonly members: readonly string[];
}

interface Found {
  readonly table: RoleTable | undefined;
  readonly version: number;
}

/** Tries of one change before it is given up: other writers are few, so this is never reached. */
const TRIES_MAX = 50;

/** Orders members by the number at the end of their name (their ordinal), then by name. */
export function compareMembers(a: string, b: string): number {
  const ordinal = (name: string): number => Number(/[0-9]{1,9}$/.exec(name)?.[0] ?? Infinity);
  const [x, y] = [ordinal(a), ordinal(b)];
  if (x !== y) return x < y ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Partitions of the member with this index among `members` equal ones, dealt round. */
export function dealt(partitions: number, members: number, index: number): number[] {
  const out: number[] = [];
  for (let p = index; p < partitions; p += members) out.push(p);
  return out;
}

/**
 * `owner` names this process among all that ever use the State: make it unique (pid and random).
 */
export class LocalPlacement implements Placement {
  readonly #state: State;
  readonly #partitions: number;
  readonly #owner: string;
  readonly #calls = new Map<string, Map<string, (now: Assignment) => void>>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(state: State, partitions: number, owner: string) {
    assert(partitions > 0 && owner !== '', 'a placement has partitions and an owner');
    this.#state = state;
    this.#partitions = partitions;
    this.#owner = owner;
  }

  join(role: string, member: string, changed: (now: Assignment) => void): Promise<Assignment> {
    return this.#inTurn(async () => {
      const calls = this.#calls.get(role) ?? new Map<string, (now: Assignment) => void>();
      assert(!calls.has(member), `${member} joins ${role} once`);
      const fresh = calls.size === 0;
      const table = await this.#change(role, ({ table: old }) => {
        // Members that another process left behind are gone with it: it is fenced by the epoch.
        const mine = !fresh && old?.owner === this.#owner;
        if (!fresh && !mine) throw lost(role, old);
        const members = [...(mine ? old.members : []), member].sort(compareMembers);
        return { owner: this.#owner, epoch: (old?.epoch ?? 0) + 1, members };
      });
      this.#tell(table, calls);
      calls.set(member, changed);
      this.#calls.set(role, calls);
      return this.#assignment(table, member);
    });
  }

  async holds(role: string, member: string, epoch: number): Promise<boolean> {
    const { table } = await this.#find(role);
    const mine = table?.owner === this.#owner && table.members.includes(member);
    return mine && table.epoch === epoch;
  }

  leave(role: string, member: string): Promise<void> {
    return this.#inTurn(async () => {
      const calls = this.#calls.get(role);
      if (!calls?.delete(member)) return;
      let fenced = false;
      const table = await this.#change(role, ({ table: old }) => {
        fenced = old?.owner !== this.#owner;
        if (fenced || !old) return undefined;
        const members = old.members.filter((name) => name !== member);
        return { owner: this.#owner, epoch: old.epoch + 1, members };
      });
      if (!fenced) this.#tell(table, calls);
    });
  }

  /**
   * Changes of this process come one after the other, so that `changed` is called in their order.
   */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  #tell(table: RoleTable, calls: ReadonlyMap<string, (now: Assignment) => void>): void {
    for (const [name, changed] of calls) changed(this.#assignment(table, name));
  }

  #assignment(table: RoleTable, member: string): Assignment {
    const index = table.members.indexOf(member);
    assert(index >= 0, 'who is assigned partitions is a member');
    return { partitions: dealt(this.#partitions, table.members.length, index), epoch: table.epoch };
  }

  async #find(role: string): Promise<Found> {
    const entry = await this.#state.get(`placement/${role}`);
    if (!entry) return { table: undefined, version: 0 };
    return { table: JSON.parse(entry.value) as RoleTable, version: entry.version };
  }

  async #change(role: string, make: (old: Found) => RoleTable | undefined): Promise<RoleTable> {
    for (let i = 0; i < TRIES_MAX; i++) {
      const old = await this.#find(role);
      const table = make(old);
      if (!table) return old.table ?? { owner: '', epoch: 0, members: [] };
      try {
        await this.#state.compareAndSet(`placement/${role}`, JSON.stringify(table), old.version);
        return table;
      } catch (thrown) {
        if (!(thrown instanceof MonError && thrown.code === 'MON_STATE_CONFLICT')) throw thrown;
      }
    }
    throw new MonError('MON_STATE_CONFLICT', `the members of ${role} change all the time`);
  }
}

function lost(role: string, table: RoleTable | undefined): MonError {
  return new MonError('MON_PLACEMENT_LOST', `another process has taken over the role ${role}`, {
    hint: 'only one process may work on a data folder: stop one of them',
    fields: { role, owner: table?.owner ?? '' },
  });
}
