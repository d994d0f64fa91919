// A role that one process does at a time: whoever holds its only place works, all others wait, and
// the next one begins with what is durable when the lease has run out. Easy to get wrong: a process
// that slept through its lease still believes that it works, so everything durable that it writes
// has to be refused, which is no failure of the process but the end of its turn.
import { MonError } from '../errors.ts';
import type { StateChange } from '../model/state-change.ts';
import type { Assignment, State } from '../ports.ts';
import { addressText } from '../remote/address.ts';
import { dealSticky } from '../runtime/lease-table.ts';
import type { LeasePlacement } from '../runtime/placement-leases.ts';
import type { RoleWorld } from './role-frame.ts';

/** Short, so that who died is replaced soon. */
const LEASE = { leaseMs: 3000, beatMs: 500 };
const AGAIN_MS = 500;

/** What others see of a member with its lease. */
export interface ActiveFacts {
  readonly address: string;
  /** It is the one that works. */
  readonly active: boolean;
}

/** The work of a turn. */
export interface ActiveWork {
  /** Ends it; what may still be written is. */
  stop(): Promise<void>;
}

/** Begins a turn; `failed` ends it, for good or because the place is lost. */
export type BeginWork = (failed: (thrown: unknown) => void) => Promise<ActiveWork>;

export class ActiveRole {
  readonly #world: RoleWorld;
  readonly #begin: BeginWork;
  readonly #placement: LeasePlacement;
  #held = false;
  #work: ActiveWork | undefined;
  #turn: Promise<void> = Promise.resolve();
  #stopped = false;

  /** Takes part in the role of this process; its services begin with the others. */
  static join(world: RoleWorld, begin: BeginWork): ActiveRole {
    return new ActiveRole(world, begin);
  }

  private constructor(world: RoleWorld, begin: BeginWork) {
    this.#world = world;
    this.#begin = begin;
    this.#placement = world.placement({ ...LEASE, places: 1, deal: dealSticky });
    const { member, role } = world.options;
    world.services.add({
      name: role,
      start: async () => {
        this.#assigned(await this.#placement.join(role, member, this.#assigned));
        await this.#turn;
        await this.#tell();
      },
      drain: () => this.#end(),
    });
  }

  /** True while this process is the one that works. */
  get active(): boolean {
    return this.#work !== undefined;
  }

  readonly #assigned = ({ partitions }: Assignment): void => {
    this.#held = partitions.length > 0;
    this.#next();
  };

  #next(): void {
    const { failed } = this.#world.options;
    this.#turn = this.#turn.then(() => this.#follow()).catch(failed);
  }

  async #follow(): Promise<void> {
    const wanted = this.#held && !this.#stopped;
    if (wanted === (this.#work !== undefined)) return;
    const { clock, options } = this.#world;
    const { logger } = options;
    if (!wanted) {
      const work = this.#work;
      this.#work = undefined;
      logger.info('another process works now, or none');
      await work?.stop();
      return this.#tell();
    }
    try {
      this.#work = await this.#begin(this.#failed);
      logger.info('this process works now');
    } catch (thrown) {
      if (!(thrown instanceof MonError) || thrown.kind !== 'retry') throw thrown;
      logger.warn('cannot begin yet', { why: thrown.message });
      clock.after(AGAIN_MS, () => this.#next());
      return;
    }
    await this.#tell();
  }

  /** A place that is lost ends the turn alone; the lease says what is next. */
  readonly #failed = (thrown: unknown): void => {
    const { options, clock } = this.#world;
    const lost = thrown instanceof MonError && thrown.code === 'MON_PLACEMENT_LOST';
    if (!lost) return options.failed(thrown);
    options.logger.warn('this turn is over', { why: thrown.message });
    this.#turn = this.#turn
      .then(async () => {
        const work = this.#work;
        this.#work = undefined;
        await work?.stop();
        clock.after(AGAIN_MS, () => this.#next());
      })
      .catch(options.failed);
  };

  async #tell(): Promise<void> {
    const { options, address } = this.#world;
    const facts: ActiveFacts = { address: addressText(address), active: this.active };
    try {
      await this.#placement.announce(options.role, options.member, facts);
    } catch (thrown) {
      // The next renewal tells it.
      if (!(thrown instanceof MonError)) throw thrown;
    }
  }

  async #end(): Promise<void> {
    this.#stopped = true;
    this.#next();
    await this.#turn;
    const { options } = this.#world;
    await this.#placement.leave(options.role, options.member);
  }
}

/** A State in which somebody else's write means that our turn is over. */
export function turnState(state: State): State {
  const lost = async <T>(write: () => Promise<T>): Promise<T> => {
    try {
      return await write();
    } catch (thrown) {
      if (!(thrown instanceof MonError) || thrown.code !== 'MON_STATE_CONFLICT') throw thrown;
      throw new MonError('MON_PLACEMENT_LOST', 'another process has taken over', { cause: thrown });
    }
  };
  return {
    get: (key) => state.get(key),
    list: (prefix) => state.list(prefix),
    compareAndSet: (key, value, expected) => lost(() => state.compareAndSet(key, value, expected)),
    remove: (key, expected) => lost(() => state.remove(key, expected)),
    commit: (changes: readonly StateChange[]) => lost(() => state.commit(changes)),
    close: () => state.close(),
  };
}
