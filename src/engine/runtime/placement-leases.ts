// Placement among processes: who works for a role renews a lease in State, and whoever sees a lease
// stand still for too long takes the member out, its lease first, so that it finds itself fenced
// before another has what it held. Easy to get wrong: nobody's wall clock counts; a watcher
// measures by its own clock how long it has seen the same version, and not while State was away.
import { MonError, assert } from '../errors.ts';
import type { Assignment, Placement, State, StateEntry } from '../ports.ts';
import type { Clock, Timer } from './clock.ts';
import { assignmentOf, changeTable, dealRound, findTable } from './lease-table.ts';
import type { Deal, LeaseTable, TableMember } from './lease-table.ts';

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
  /** Told once an epoch: all others know of it, so that what it gave is nobody else's any more. */
  readonly agreed?: (role: string, epoch: number) => void;
  /** Told when State could not be asked, once until it can again. */
  readonly away?: (error: MonError | undefined) => void;
}

/** What a lease tells others of its member. */
export interface LeaseText {
  readonly owner: string;
  readonly facts: unknown;
  /** The newest epoch of the role that the member acts upon; 0 while one before it may work. */
  readonly heard: number;
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
  /** The epoch that the lease tells as heard. */
  heard: number;
  /** The newest epoch that all others have heard of. */
  agreed: number;
  /** Until then a process that had the name before may believe that it still has it. */
  alone: number;
  timer: Timer | undefined;
  left: boolean;
}

type Leases = ReadonlyMap<string, StateEntry>;

const NO_LEASES: Leases = new Map();

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
        ...{ heard: 0, agreed: 0, alone: 0, timer: undefined, left: false },
      };
      const { table, begun } = await this.#enter(one);
      one.renewed = begun;
      this.#joined.set(key, one);
      if (this.#agrees(one, table, NO_LEASES)) one.agreed = table.epoch;
      this.#later(one);
      return assignmentOf(table, this.#whoIs(one));
    });
  }

  /** True while the epoch is the newest, and the lease that we know of cannot have run out. */
  async holds(role: string, member: string, epoch: number): Promise<boolean> {
    if (!this.alive(role, member)) return false;
    const { table } = await findTable(this.#options.state, role);
    const mine = assignmentOf(table, { name: member, owner: this.#options.owner });
    const there = isIn(table, { name: member, owner: this.#options.owner });
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

  /**
   * True when everybody has heard of the newest epoch that this member was told: what it gave the
   * member is nobody else's any more.
   */
  agreed(role: string, member: string): boolean {
    const one = this.#joined.get(leaseKey(role, member));
    return one !== undefined && one.agreed === one.epoch;
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

  #whoIs({ member }: Joined): TableMember {
    return { name: member, owner: this.#options.owner };
  }

  /**
   * Takes the lease, from whoever had the name before, and a place in the table. The lease counts
   * from `begun`, but not before the member has been told what it holds now.
   */
  async #enter(one: Joined): Promise<{ table: LeaseTable; begun: number }> {
    const { state, owner, clock } = this.#options;
    const key = leaseKey(one.role, one.member);
    let begun: number;
    let replaced = false;
    for (;;) {
      begun = clock.monotonic();
      const before = await state.get(key);
      one.alone = before === undefined || ownerOf(before.value) === owner ? 0 : Infinity;
      const won = await this.#unlessConflict(async () => {
        one.version = await state.compareAndSet(key, this.#text(one), before?.version ?? 0);
      });
      if (won) break;
    }
    const me = this.#whoIs(one);
    const table = await changeTable(state, one.role, this.#deal(), ({ members }) => {
      const same = members.find(({ name }) => name === me.name);
      // Whoever is taking us out of it now finds our lease when it looks again.
      if (same?.owner === owner) return members;
      replaced = same !== undefined;
      return [...members.filter(({ name }) => name !== me.name), me];
    });
    // Its lease was taken just now; by its own clock it may last for as long as any other.
    const wait = replaced || one.alone > 0;
    one.alone = wait ? clock.monotonic() + this.#options.leaseMs : 0;
    one.epoch = table.epoch;
    this.#tell(one.role, table);
    return { table, begun };
  }

  async #beat(one: Joined): Promise<void> {
    if (one.left) return;
    try {
      if (!(await this.#renew(one))) {
        // Somebody took us out, or the hub was started anew and knows no leases.
        one.version = 0;
        const before = one.epoch;
        const { table, begun } = await this.#enter(one);
        if (table.epoch !== before) {
          // Others have had what we held: it is told as lost, also where some of it comes back.
          one.changed({ partitions: [], epoch: before });
          one.changed(assignmentOf(table, this.#whoIs(one)));
        }
        one.renewed = begun;
      }
      const leases = await this.#sweep(one.role);
      const { table } = await findTable(this.#options.state, one.role);
      this.#tell(one.role, table);
      // Who has a lease and no place in the table takes both anew.
      if (!isIn(table, this.#whoIs(one))) one.version = 0;
      // At once, because others wait for it.
      if (one.heard !== this.#heardBy(one)) await this.#renew(one);
      if (one.agreed !== table.epoch && this.#agrees(one, table, leases)) {
        one.agreed = table.epoch;
        this.#options.agreed?.(one.role, table.epoch);
      }
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
    const { owner } = this.#options;
    const text: LeaseText = { owner, facts: one.facts, heard: this.#heardBy(one) };
    return JSON.stringify(text);
  }

  #heardBy({ alone, epoch }: Joined): number {
    return this.#options.clock.monotonic() < alone ? 0 : epoch;
  }

  /** True when by their leases all others act upon this table, and nobody else has our name. */
  #agrees(one: Joined, table: LeaseTable, leases: Leases): boolean {
    if (one.epoch !== table.epoch || this.#heardBy(one) !== table.epoch) return false;
    return table.members.every(({ name, owner }) => {
      if (name === one.member) return true;
      const value = leases.get(leaseKey(one.role, name))?.value;
      const text = value === undefined ? undefined : (JSON.parse(value) as LeaseText);
      return text?.owner === owner && text.heard >= table.epoch;
    });
  }

  async #renew(one: Joined): Promise<boolean> {
    const { state, clock } = this.#options;
    const begun = clock.monotonic();
    const key = leaseKey(one.role, one.member);
    const heard = this.#heardBy(one);
    const won = await this.#unlessConflict(async () => {
      one.version = await state.compareAndSet(key, this.#text(one), one.version);
    });
    if (!won) return false;
    one.renewed = begun;
    one.heard = heard;
    return true;
  }

  /** Takes out of the table whose lease has run out, or is not there; answers the leases. */
  async #sweep(role: string): Promise<Leases> {
    const { state, clock, leaseMs } = this.#options;
    const leases = new Map(await state.list(`lease/${role}/`));
    // After the look: what it showed may have been renewed while it was under way.
    const now = clock.monotonic();
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
    if (gone.size > 0) await this.#takeOut(role, gone);
    return leases;
  }

  /** Takes these out of the table, as far as they have not come back. */
  async #takeOut(role: string, gone: ReadonlySet<string>): Promise<void> {
    const { state } = this.#options;
    await changeTable(state, role, this.#deal(), async ({ members }) => {
      const rest: TableMember[] = [];
      for (const one of members) {
        const { name, owner } = one;
        const out = gone.has(`${name}/${owner}`);
        const lease = out ? await state.get(leaseKey(role, name)) : undefined;
        if (!out || (lease !== undefined && ownerOf(lease.value) === owner)) rest.push(one);
      }
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

function isIn({ members }: LeaseTable, who: TableMember): boolean {
  return members.some(({ name, owner }) => name === who.name && owner === who.owner);
}

function ownerOf(lease: string): string {
  return (JSON.parse(lease) as LeaseText).owner;
}
