// Placement over a link: members join from afar, and who deals the partitions out stays where it
// is. A change is asked for, not sent: the far end answers a question once there is a newer
// assignment. Easy to get wrong: a member whose process is gone has to leave, or nobody else gets
// what it held.
import { MonError } from '../errors.ts';
import type { Assignment, Placement } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Served, Service } from './listener.ts';
import type { RemoteLink } from './link.ts';
import { takeList, takeNumber, takeText } from './log-wire.ts';

interface Joined {
  newest: Assignment;
  wake: (() => void)[];
}

const AGAIN_MS = 200;

function takeAssignment(value: unknown): Assignment {
  const { partitions, epoch } = (value ?? {}) as Partial<Assignment>;
  return { partitions: takeList(partitions).map(takeNumber), epoch: takeNumber(epoch) };
}

/** Lends a Placement to other processes; those who disconnect leave. */
export class PlacementService implements Service {
  readonly #placement: Placement;

  constructor(placement: Placement) {
    this.#placement = placement;
  }

  open(): Served {
    const placement = this.#placement;
    const joined = new Map<string, Joined>();
    const keyOf = (role: unknown, member: unknown): string =>
      JSON.stringify([takeText(role), takeText(member)]);
    const join = async (role: string, member: string): Promise<Assignment> => {
      const one: Joined = { newest: { partitions: [], epoch: 0 }, wake: [] };
      const changed = (now: Assignment): void => {
        if (now.epoch <= one.newest.epoch) return;
        one.newest = now;
        for (const wake of one.wake.splice(0)) wake();
      };
      changed(await placement.join(role, member, changed));
      joined.set(keyOf(role, member), one);
      return one.newest;
    };
    const after = async (key: string, epoch: number, signal: AbortSignal): Promise<Assignment> => {
      const one = joined.get(key);
      if (one === undefined) throw new MonError('MON_PLACEMENT_LOST', 'nobody of that name joined');
      while (one.newest.epoch <= epoch && !signal.aborted) {
        await new Promise<void>((resolve) => {
          one.wake.push(resolve);
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      }
      return one.newest;
    };
    const leave = async (role: string, member: string): Promise<void> => {
      joined.delete(keyOf(role, member));
      await placement.leave(role, member);
    };
    return {
      methods: {
        join: async ([role, member]) => join(takeText(role), takeText(member)),
        after: async ([role, member, epoch], { signal }) =>
          after(keyOf(role, member), takeNumber(epoch), signal),
        holds: async ([role, member, epoch]) =>
          placement.holds(takeText(role), takeText(member), takeNumber(epoch)),
        leave: async ([role, member]) => leave(takeText(role), takeText(member)),
      },
      closed: () => {
        for (const key of joined.keys()) {
          const [role, member] = JSON.parse(key) as [string, string];
          void placement.leave(role, member);
        }
      },
    };
  }
}

export class RemotePlacement implements Placement {
  readonly #link: RemoteLink;
  readonly #clock: Clock;
  readonly #watching = new Map<string, AbortController>();

  constructor(link: RemoteLink, clock: Clock) {
    this.#link = link;
    this.#clock = clock;
  }

  async join(
    role: string,
    member: string,
    changed: (now: Assignment) => void,
  ): Promise<Assignment> {
    const now = takeAssignment(await this.#link.call('join', [role, member]));
    const ended = new AbortController();
    this.#watching.set(JSON.stringify([role, member]), ended);
    void this.#watch([role, member], now.epoch, { changed, signal: ended.signal });
    return now;
  }

  async holds(role: string, member: string, epoch: number): Promise<boolean> {
    return (await this.#link.call('holds', [role, member, epoch])) === true;
  }

  async leave(role: string, member: string): Promise<void> {
    const key = JSON.stringify([role, member]);
    this.#watching.get(key)?.abort();
    this.#watching.delete(key);
    await this.#link.call('leave', [role, member]);
  }

  /** Asks for each assignment after the last; joins again after the link broke. */
  async #watch(
    who: readonly [role: string, member: string],
    first: number,
    { changed, signal }: { changed: (now: Assignment) => void; signal: AbortSignal },
  ): Promise<void> {
    let epoch = first;
    while (!signal.aborted && !this.#link.closed) {
      try {
        const options = { ms: Infinity, signal };
        const now = takeAssignment(await this.#link.call('after', [...who, epoch], options));
        if (signal.aborted || now.epoch <= epoch) continue;
        epoch = now.epoch;
        changed(now);
      } catch (thrown) {
        if (!(thrown instanceof MonError)) throw thrown;
        if (signal.aborted) return;
        await this.#clock.sleep(AGAIN_MS, signal);
        if (thrown.code === 'MON_PLACEMENT_LOST' && !signal.aborted) await this.#again(who);
      }
    }
  }

  async #again(who: readonly [string, string]): Promise<void> {
    try {
      await this.#link.call('join', who);
    } catch (thrown) {
      // Tried again with the next question.
      if (!(thrown instanceof MonError)) throw thrown;
    }
  }
}
