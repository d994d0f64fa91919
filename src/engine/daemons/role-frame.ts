// The frame of every role process: a socket for the others, links to the hub, services with their
// order of life, and what it tells its supervisor. What a role does is in its own file; the table
// in roles.ts names them. Easy to get wrong: a role is ready when it can do its work, not when it
// has started.
import { MonError, assert } from '../errors.ts';
import { parseAddress } from '../remote/address.ts';
import type { Address } from '../remote/address.ts';
import { RemoteLink } from '../remote/link.ts';
import { RemoteListener, plainService } from '../remote/listener.ts';
import { RemoteState } from '../remote/state-remote.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Clock } from '../runtime/clock.ts';
import type { ReloadReport } from '../model/reload-report.ts';
import { Counters } from '../runtime/counters.ts';
import type { Logger } from '../runtime/logger.ts';
import { LeasePlacement } from '../runtime/placement-leases.ts';
import type { Deal } from '../runtime/lease-table.ts';
import { Services } from '../runtime/service.ts';
import type { LocalOptions } from './local-options.ts';
import type { Reloader } from './reload.ts';
import { healthMethods } from './role-health.ts';
import type { HealthWords } from './role-health.ts';
import { showProcess } from './self-metrics.ts';

/** Decided by flags, environment and configuration, as for one process. */
export type RoleSettings = Omit<LocalOptions, 'logger' | 'failed'>;

export interface RoleOptions {
  readonly role: string;
  /** Name of this process among those of its role: `store-0`. Ordinals count. */
  readonly member: string;
  readonly zone: string;
  /** Folder of this process alone. */
  readonly dataDir: string;
  /** Where the log and State are lent; undefined for the process that lends them. */
  readonly hub: Address | undefined;
  /** Where this process listens for the others. */
  readonly socket: Address;
  /** How the others reach it, when that is another address. */
  readonly advertise?: string;
  /** What every process of the cluster shows the others. */
  readonly token: string;
  readonly settings: RoleSettings;
  readonly logger: Logger;
  readonly failed: (error: unknown) => void;
  /** Who else is not ready, where somebody tells this process. */
  readonly others?: () => readonly string[];
  /** Reads the configuration file again, where there is one. */
  readonly reloader?: Reloader | undefined;
  /** Zones that there are; readers of others hold nothing in the log any more. */
  readonly zones?: readonly string[];
}

export interface RunningRole {
  readonly address: Address;
  /** Where people may ask it; only the role `api` has one. */
  readonly url?: string;
  /** What it still waits for; empty when it is ready. */
  waitingFor(): readonly string[];
  /** Reads again what this role reads of files. @throws UserError: then all is as it was. */
  reload(): Promise<unknown>;
  stop(): Promise<readonly string[]>;
}

/** Starts what a role does: adds its services and offers what it has to others. */
export type StartRole = (world: RoleWorld) => Promise<void>;

const STOP_MS_MAX = 15_000;

export interface LeaseChoice {
  readonly places: number;
  readonly leaseMs: number;
  readonly beatMs: number;
  readonly deal?: Deal;
  readonly agreed?: (role: string, epoch: number) => void;
}

/** What a role is handed. */
export class RoleWorld {
  readonly options: RoleOptions;
  readonly clock: Clock = systemClock;
  readonly counters = new Counters();
  readonly services: Services;
  readonly listener: RemoteListener;
  readonly startedMs: number;
  /** This process among all that ever were. */
  readonly owner: string;
  /** The address that others use. */
  address: Address;
  url: string | undefined;
  /** What a reload does, for roles that read files. */
  reload: () => Promise<ReloadReport | undefined> = async () => undefined;
  readonly #links: RemoteLink[] = [];

  constructor(options: RoleOptions) {
    this.options = options;
    this.startedMs = this.clock.now();
    this.owner = `${options.member}-${process.pid}-${this.startedMs.toString(36)}`;
    const { logger, token, failed } = options;
    this.services = new Services({ clock: this.clock, logger, stopMsMax: STOP_MS_MAX });
    this.listener = new RemoteListener({ clock: this.clock, token, onBug: failed });
    this.address = options.socket;
    showProcess(this.counters, this.startedMs);
    this.listener.offer('metrics', {
      open: () => ({ methods: { render: async () => this.counters.render() } }),
    });
    this.listener.offer('reload', {
      open: () => ({ methods: { reload: async () => this.reload() } }),
    });
    this.listener.offer('health', plainService(healthMethods(this.health)));
  }

  /** How this process is. */
  readonly health = (): HealthWords => {
    const { role, member } = this.options;
    return { role, member, waitingFor: this.services.waitingFor() };
  };

  /** A link to another process; it ends with this one. */
  link(address: Address, service: string, waitMs?: number): RemoteLink {
    const { token } = this.options;
    const link = new RemoteLink({ address, token, service, clock: this.clock, waitMs });
    this.#links.push(link);
    return link;
  }

  /** A link to a service of the hub. */
  hub(service: string, waitMs?: number): RemoteLink {
    const { hub } = this.options;
    assert(hub !== undefined, 'all but the hub have a hub');
    return this.link(hub, service, waitMs);
  }

  /** Placement by leases in the hub's State. */
  placement(choice: LeaseChoice): LeasePlacement {
    const { logger } = this.options;
    return new LeasePlacement({
      ...choice,
      state: new RemoteState(this.hub('state')),
      clock: this.clock,
      owner: this.owner,
      away: (error) => {
        if (error === undefined) logger.info('the hub answers again');
        else logger.warn('the hub is away', { why: error.message });
      },
    });
  }

  async listen(): Promise<void> {
    const { socket, advertise } = this.options;
    const bound = await this.listener.listen(socket);
    this.address = advertise === undefined ? bound : parseAddress(advertise);
  }

  async stop(): Promise<readonly string[]> {
    const bad = await this.services.stop();
    for (const link of this.#links) link.close();
    await this.listener.close();
    return bad;
  }
}

/** Starts a role. @throws what kept it from starting; what had started is stopped then. */
export async function startRole(start: StartRole, options: RoleOptions): Promise<RunningRole> {
  const world = new RoleWorld(options);
  try {
    await world.listen();
    await start(world);
    await world.services.start();
  } catch (thrown) {
    await world.stop();
    throw thrown;
  }
  return {
    address: world.address,
    ...(world.url === undefined ? {} : { url: world.url }),
    waitingFor: () => world.services.waitingFor(),
    reload: () => world.reload(),
    stop: () => world.stop(),
  };
}

/** True for a failure of another process that passes. */
export function passes(thrown: unknown): boolean {
  return thrown instanceof MonError && thrown.kind === 'retry';
}
