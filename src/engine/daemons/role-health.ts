// How all processes of a cluster are, asked by the one that answers people: those that the
// directory names, the hub, and those that were there a while ago. Easy to get wrong: a process
// whose lease has run out is gone from the directory, and that is the one people want to hear of.
import { MonError, messageOf } from '../errors.ts';
import type { RoleHealth } from '../model/role-health.ts';
import type { Methods } from '../remote/calls.ts';
import type { Calling } from '../remote/link.ts';
import type { Clock } from '../runtime/clock.ts';
import type { ClusterDirectory } from './cluster-directory.ts';

/** A process that has not told how it is for so long is away, ms. */
const ANSWER_MS = 2000;
/** Who was not seen for so long was taken away by somebody: no longer told. */
const FORGET_MS = 3600_000;

export interface HealthWords {
  readonly role: string;
  readonly member: string;
  readonly waitingFor: readonly string[];
}

/** What every process offers as `health`. */
export function healthMethods(look: () => HealthWords): Methods {
  return { look: async () => look() };
}

export interface RoleHealthsOptions {
  readonly directory: ClusterDirectory;
  readonly hub: Calling;
  readonly clock: Clock;
  /** This process itself. */
  readonly own: () => HealthWords;
}

interface Known {
  readonly role: string;
  readonly member: string;
  address: string;
  seenMs: number;
}

export class RoleHealths {
  readonly #options: RoleHealthsOptions;
  readonly #known = new Map<string, Known>();

  constructor(options: RoleHealthsOptions) {
    this.#options = options;
  }

  /** Asks all; never rejects for one that does not answer. */
  readonly look = async (): Promise<readonly RoleHealth[]> => {
    const { directory, hub, clock, own } = this.#options;
    const now = clock.monotonic();
    const here = new Set<string>();
    for (const { key, name, facts } of directory.all()) {
      const address = (facts as { address?: string } | null)?.address;
      if (address === undefined) continue;
      const [role] = key.split('/');
      if (name === own().member) continue;
      here.add(key);
      this.#known.set(key, { role, member: name, address, seenMs: now });
    }
    const asked = [...this.#known].map(async ([key, known]): Promise<RoleHealth[]> => {
      if (now - known.seenMs > FORGET_MS) {
        this.#known.delete(key);
        return [];
      }
      const found = await this.#ask(directory.link(known.address, 'health'), known);
      if (found.state !== 'away' || here.has(key)) return [found];
      return [{ ...found, why: 'its lease has run out' }];
    });
    const all = [this.#ask(hub, { role: 'log', member: 'log' }), ...asked];
    return [...(await Promise.all(all)).flat(), healthOf(own())];
  };

  async #ask(link: Calling, named: { role: string; member: string }): Promise<RoleHealth> {
    const { role, member } = named;
    try {
      return healthOf((await link.call('look', [], { ms: ANSWER_MS })) as HealthWords);
    } catch (thrown) {
      if (!(thrown instanceof MonError)) throw thrown;
      return { role, member, state: 'away', why: messageOf(thrown) };
    }
  }
}

function healthOf({ role, member, waitingFor }: HealthWords): RoleHealth {
  const why = waitingFor.length === 0 ? '' : `waits for ${waitingFor.join(', ')}`;
  return { role, member, state: why === '' ? 'ready' : 'not ready', why };
}
