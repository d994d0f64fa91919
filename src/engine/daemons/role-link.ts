// Whichever process of a role lives now, as a link: calls go from one to the next, and on to
// another one when that is away. Easy to get wrong: of a role that one process does at a time only
// that one can answer, and one that died stays in the directory until its lease has run out.
import { MonError } from '../errors.ts';
import type { Calling } from '../remote/link.ts';
import type { Clock } from '../runtime/clock.ts';
import type { ClusterDirectory } from './cluster-directory.ts';

const LOOK_MS = 100;

export interface RoleLinkOptions {
  readonly directory: ClusterDirectory;
  readonly role: string;
  readonly clock: Clock;
  /** So long a call waits for a process that is being started again; 0 by default. */
  readonly patienceMs?: number;
}

interface Told {
  readonly address?: string;
  readonly active?: boolean;
}

export class RoleLink {
  readonly #options: RoleLinkOptions;
  #turn = 0;

  constructor(options: RoleLinkOptions) {
    this.#options = options;
  }

  get there(): boolean {
    return this.addresses().length > 0;
  }

  /** Addresses of the members that can be asked. */
  addresses(): string[] {
    const { directory, role } = this.#options;
    return directory.members(role).flatMap(({ facts }) => {
      const { address, active } = (facts ?? {}) as Told;
      return address === undefined || active === false ? [] : [address];
    });
  }

  /**
   * Each call goes to the next process, and to another when one is away. `once`: a call whose fate
   * is not known is not made again.
   */
  to(service: string, once = false): Calling {
    const { patienceMs = 0, clock, role } = this.#options;
    const call: Calling['call'] = async (method, args, more) => {
      const deadline = clock.monotonic() + patienceMs;
      let failure = new MonError('MON_SERVER_UNREACHABLE', `no process of the role ${role} lives`, {
        hint: 'mon status says why',
      });
      for (;;) {
        const addresses = this.addresses();
        const first = this.#turn;
        for (let i = 0; i < addresses.length; i++) {
          const address = addresses[(first + i) % addresses.length];
          try {
            return await this.#ask(address, { service, once }, [method, args, more]);
          } catch (thrown) {
            if (!(thrown instanceof Away)) throw thrown;
            failure = thrown.failure;
            this.#turn++;
          }
        }
        if (clock.monotonic() >= deadline) throw failure;
        await clock.sleep(LOOK_MS);
      }
    };
    return { call };
  }

  async #ask(
    address: string,
    { service, once }: { readonly service: string; readonly once: boolean },
    args: Parameters<Calling['call']>,
  ): Promise<unknown> {
    const link = this.#options.directory.link(address, service);
    let connected = !once;
    try {
      // Who must not ask twice connects first: what fails then was not asked.
      if (once) await link.facts();
      connected = true;
      return await link.call(...args);
    } catch (thrown) {
      const away = thrown instanceof MonError && thrown.code === 'MON_SERVER_UNREACHABLE';
      const asked = once && connected;
      if (away && !asked) throw new Away(thrown);
      if (thrown instanceof MonError && thrown.code === 'MON_PLACEMENT_LOST')
        throw new Away(thrown);
      throw thrown;
    }
  }
}

/** The process was not there, or does not do this now: another one may. */
class Away extends Error {
  readonly failure: MonError;

  constructor(failure: MonError) {
    super(failure.message);
    this.failure = failure;
  }
}
