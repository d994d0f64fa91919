// Placement among processes: who works for a role renews a lease in State, and whoever sees a lease
// stand still for too long takes the member out, its lease first, so that it finds itself fenced
// before another has what it held. Easy to get wrong: nobody's wall clock counts; a watcher
// measures by its own clock how long it has seen the same version, and not while State was away.
import { MonError, assert } from '../errors.ts';
import type { Assignment, Placement, State } from '../ports.ts';
import type { Clock, Timer } from './clock.ts';
import { assignmentOf, changeTable, dealRound, findTable } from './lease-table.ts';
import type { Deal, LeaseTable } from './lease-table.ts';

export interface LeaseOptions {
  readonly state: State;
  readonly clock: Clock;
  /** What there is to deal out: partitions of the log, or shares of the targets. */
  readonly places: number;
  /** This process among all that ever use the State: unique. */
  readonly owner: string;
  /** A lease that stands still for so long has run out. */
  readonly leaseMs: number;
  /** Between two renewals: several fit into a lease. */
  readonly beatMs: number;
  readonly deal?: Deal;
  /** Told when State could not be asked, once until it can again. */
  readonly away?: (error: MonError | undefined) => void;
}

/** What a lease tells others of its member. */
export interface LeaseText {
  readonly owner: string;
  readonly facts: unknown;
}

interface Joined {
  readonly role: string;
  readonly member: string;
  readonly changed: (now: Assignment) => void;
  version: number;
  facts: unknown;
  /** When the last renewal that succeeded was begun, by our clock. */
  renewed: number;
  epoch: number;
  timer: Timer | undefined;
  left: boolean;
}

interface Seen {
  version: number;
  since: number;
}

export class LeasePlacement implements Placement {
  readonly #options: LeaseOptions;
  readonly #joined = new Map<string, Joined>();
  readonly #seen = new Map<string, Seen>();
  #turn: Promise<unknown> = Promise.resolve();
  #away = false;

  constructor(options: LeaseOptions) {
    assert(options.leaseMs > 2 * options.beatMs, 'a lease outlives a renewal that failed');
    this.#options = options;
  }

  join(role: string, member: string, changed: (now: Assignment) => void): Promise<Assignment> {
    const key = leaseKey(role, member);
    return this.#inTurn(async () => {
      assert(!this.#joined.has(key), `${member} joins ${role} once`);
      const { clock } = this.#options;
      const renewed = clock.monotonic();
      const one: Joined = {
        ...{ role, member, changed, version: 0, facts: null, renewed, epoch: 0 },
        ...{ timer: undefined, left: false },
      };
      const now = await this.#enter(one);
      this.#joined.set(key, one);
      this.#later(one);
      return now;
    });
  }

  /** True while the epoch is the newest, and the lease that we know of cannot have run out. */
  async holds(role: string, member: string, epoch: number): Promise<boolean> {
    if (!this.alive(role, member)) return false;
    const { table } = await findTable(this.#options.state, role);
    const mine = assignmentOf(table, { name: member, owner: this.#options.owner });
    const there = table.members.some(
      ({ name, owner }) => name === member && owner === this.#options.owner,
    );
    return there && mine.epoch === epoch;
  }

  leave(role: string, member: string): Promise<void> {
    return this.#inTurn(async () => {
      const key = leaseKey(role, member);
      const one = this.#joined.get(key);
      if (one === undefined) return;
      one.left = true;
      one.timer?.cancel();
      this.#joined.delete(key);
      const { state, owner } = this.#options;
      await this.#unlessConflict(() => state.remove(key, one.version));
      const table = await changeTable(state, role, this.#deal(), ({ members }) => {
        const rest = members.filter((m) => m.name !== member || m.owner !== owner);
        return rest.length === members.length ? undefined : rest;
      });
      this.#tell(role, table);
    });
  }

  /** Ends the renewals of all that joined here, without leaving: their leases run out. */
  async pause(): Promise<void> {
    for (const one of this.#joined.values()) {
      one.left = true;
      one.timer?.cancel();
    }
    await this.#turn;
    this.#joined.clear();
  }

  /** True while nobody can have taken this member out; asked without waiting for State. */
  alive(role: string, member: string): boolean {
    const one = this.#joined.get(leaseKey(role, member));
    if (one === undefined || one.version === 0) return false;
    return this.#options.clock.monotonic() - one.renewed < this.#options.leaseMs;
  }

  /** Tells others something of the member, with its lease; plain data. Durable when it resolves. */
  announce(role: string, member: string, facts: unknown): Promise<void> {
    return this.#inTurn(async () => {
      const one = this.#joined.get(leaseKey(role, member));
      if (one === undefined) return;
      one.facts = facts;
      await this.#renew(one);
    });
  }

  #deal(): { places: number; deal: Deal } {
    const { places, deal = dealRound } = this.#options;
    return { places, deal };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  #later(one: Joined): void {
    const { clock, beatMs } = this.#options;
    if (one.left) return;
    one.timer = clock.after(beatMs, () => {
      void this.#inTurn(() => this.#beat(one)).then(() => this.#later(one));
    });
  }

  /** Takes the lease, from whoever had the name before, and a place in the table. */
  async #enter(one: Joined): Promise<Assignment> {
    const { state, owner, clock } = this.#options;
    const key = leaseKey(one.role, one.member);
    for (;;) {
      const begun = clock.monotonic();
      const before = await state.get(key);
      const won = await this.#unlessConflict(async () => {
        one.version = await state.compareAndSet(key, this.#text(one), before?.version ?? 0);
      });
      if (!won) continue;
      one.renewed = begun;
      break;
    }
    const me = { name: one.member, owner };
    const table = await changeTable(state, one.role, this.#deal(), ({ members }) => {
      if (members.some((m) => m.name === me.name && m.owner === owner)) return undefined;
      return [...members.filter(({ name }) => name !== me.name), me];
    });
    one.epoch = table.epoch;
    this.#tell(one.role, table);
    return assignmentOf(table, me);
  }

  async #beat(one: Joined): Promise<void> {
    if (one.left) return;
    try {
      if (!(await this.#renew(one))) {
        // Somebody took us out, or the hub was started anew and knows no leases.
        one.version = 0;
        const before = one.epoch;
        const now = await this.#enter(one);
        if (now.epoch !== before) {
          // Others have had what we held: it is told as lost, also where some of it comes back.
          one.changed({ partitions: [], epoch: before });
          one.changed(now);
        }
      }
      await this.#sweep(one.role);
      const { table } = await findTable(this.#options.state, one.role);
      this.#tell(one.role, table);
      this.#noteAway(undefined);
    } catch (thrown) {
      if (!(thrown instanceof MonError)) throw thrown;
      // What was not seen does not count as standing still.
      this.#seen.clear();
      this.#noteAway(thrown);
    }
  }

  #noteAway(error: MonError | undefined): void {
    const away = error !== undefined;
    if (away !== this.#away) this.#options.away?.(error);
    this.#away = away;
  }

  #text(one: Joined): string {
    const text: LeaseText = { owner: this.#options.owner, facts: one.facts };
    return JSON.stringify(text);
  }

  async #renew(one: Joined): Promise<boolean> {
    const { state, clock } = this.#options;
    const begun = clock.monotonic();
    const key = leaseKey(one.role, one.member);
    const won = await this.#unlessConflict(async () => {
      one.version = await state.compareAndSet(key, this.#text(one), one.version);
    });
    if (won) one.renewed = begun;
    return won;
  }

  /** Takes out of the table whose lease has run out, or is not there. */
  async #sweep(role: string): Promise<void> {
    const { state, clock, leaseMs } = this.#options;
    const now = clock.monotonic();
    const leases = new Map(await state.list(`lease/${role}/`));
    const { table } = await findTable(state, role);
    const gone = new Set<string>();
    for (const { name, owner } of table.members) {
      const key = leaseKey(role, name);
      const lease = leases.get(key);
      const seen = this.#seen.get(key);
      const version = lease?.version ?? 0;
      if (seen?.version !== version) {
        this.#seen.set(key, { version, since: now });
        continue;
      }
      if (now - seen.since < leaseMs) continue;
      // Fenced first: its next renewal fails, whatever it believes.
      const fenced =
        lease === undefined || (await this.#unlessConflict(() => state.remove(key, version)));
      if (fenced) gone.add(`${name}/${owner}`);
    }
    if (gone.size === 0) return;
    await changeTable(state, role, this.#deal(), ({ members }) => {
      const rest = members.filter(({ name, owner }) => !gone.has(`${name}/${owner}`));
      return rest.length === members.length ? undefined : rest;
    });
  }

  #tell(role: string, table: LeaseTable): void {
    for (const one of this.#joined.values()) {
      if (one.role !== role || one.epoch >= table.epoch) continue;
      one.epoch = table.epoch;
      one.changed(assignmentOf(table, { name: one.member, owner: this.#options.owner }));
    }
  }

  /** False when another writer came first. */
  async #unlessConflict(write: () => Promise<unknown>): Promise<boolean> {
    try {
      await write();
      return true;
    } catch (thrown) {
      if (thrown instanceof MonError && thrown.code === 'MON_STATE_CONFLICT') return false;
      throw thrown;
    }
  }
}

function leaseKey(role: string, member: string): string {
  return `lease/${role}/${member}`;
}
