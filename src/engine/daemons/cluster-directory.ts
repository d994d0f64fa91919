// Who lives in the cluster, by the leases in State: looked at on a beat, kept as it was while State
// is away. Easy to get wrong: a lease that does not move any more is that of a dead process, and
// only our own clock says for how long we have seen it so.
import { MonError } from '../errors.ts';
import type { State } from '../ports.ts';
import type { RemoteLink } from '../remote/link.ts';
import type { LeaseText } from '../runtime/placement-leases.ts';
import type { Clock } from '../runtime/clock.ts';

export interface Member {
  /** `store/a/store-0`: role and name. */
  readonly key: string;
  readonly name: string;
  readonly facts: unknown;
}

export interface DirectoryOptions {
  readonly state: State;
  readonly clock: Clock;
  /** A lease that was not renewed for so long is none. */
  readonly leaseMs: number;
  /** Makes a link to a service of a process. */
  readonly link: (address: string, service: string) => RemoteLink;
}

const PREFIX = 'lease/';

interface Seen {
  version: number;
  since: number;
  member: Member;
}

export class ClusterDirectory {
  readonly #options: DirectoryOptions;
  #seen = new Map<string, Seen>();
  readonly #links = new Map<string, RemoteLink>();

  constructor(options: DirectoryOptions) {
    this.#options = options;
  }

  /** Looks once. Throws nothing that passes: what was seen before counts on. */
  async look(): Promise<void> {
    const { state, clock } = this.#options;
    let found: Awaited<ReturnType<State['list']>>;
    try {
      found = await state.list(PREFIX);
    } catch (thrown) {
      if (!(thrown instanceof MonError)) throw thrown;
      // Time in which nobody could renew a lease does not count against anybody.
      const now = clock.monotonic();
      for (const one of this.#seen.values()) one.since = now;
      return;
    }
    const now = clock.monotonic();
    const seen = new Map<string, Seen>();
    for (const [key, { value, version }] of found) {
      const before = this.#seen.get(key);
      const since = before?.version === version ? before.since : now;
      const { facts } = JSON.parse(value) as LeaseText;
      const name = key.slice(key.lastIndexOf('/') + 1);
      seen.set(key, { version, since, member: { key: key.slice(PREFIX.length), name, facts } });
    }
    // A hub that was started again has no leases yet: who was there is given time to come back.
    for (const [key, one] of this.#seen) {
      if (!seen.has(key) && now - one.since < this.#options.leaseMs) seen.set(key, one);
    }
    this.#seen = seen;
  }

  /** Members of a role, or of all roles that begin so, whose leases stand. */
  members(role: string): Member[] {
    const { clock, leaseMs } = this.#options;
    const now = clock.monotonic();
    return [...this.#seen.values()]
      .filter(({ member, since }) => member.key.startsWith(`${role}/`) && now - since < leaseMs)
      .map(({ member }) => member);
  }

  /** Members of all roles whose leases stand. */
  all(): Member[] {
    const { clock, leaseMs } = this.#options;
    const now = clock.monotonic();
    return [...this.#seen.values()]
      .filter(({ since }) => now - since < leaseMs)
      .map(({ member }) => member);
  }

  /** The link to a service at an address; the same one each time. */
  link(address: string, service: string): RemoteLink {
    const key = `${service} ${address}`;
    let link = this.#links.get(key);
    if (link === undefined) {
      link = this.#options.link(address, service);
      this.#links.set(key, link);
    }
    return link;
  }
}
