// The role `collector`: scrapes its share of the targets and appends what it finds. Wiring, and the
// rule of the share: what goes to another collector ends at once, what comes begins when everybody
// has heard that it is ours. Easy to get wrong: a process that was stopped for a while must not
// scrape before it knows whether its targets are still its own.
import { createHash } from 'node:crypto';
import { DemoFleet } from '../collector/demo-fleet.ts';
import { makeHostTarget } from '../collector/host-agent.ts';
import type { TargetShare } from '../collector/scrape-loop.ts';
import { ScrapeManager } from '../collector/scrape-manager.ts';
import { SCRAPE_TIMEOUT_MS } from '../limits.ts';
import type { Assignment } from '../ports.ts';
import { addressText } from '../remote/address.ts';
import { plainService } from '../remote/listener.ts';
import { dealSticky } from '../runtime/lease-table.ts';
import type { LeasePlacement } from '../runtime/placement-leases.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { systemHost } from '../runtime/host-reader.ts';
import { showGroups } from './cluster-sources.ts';
import { farProducer } from './far-producer.ts';
import { MemberTargets } from './member-targets.ts';
import { showTargets } from './self-metrics.ts';
import type { RoleWorld } from './role-frame.ts';

/** Short, so that targets of a collector that died are taken over soon. */
const COLLECTOR_LEASE = { leaseMs: 3000, beatMs: 500 };
/** Shares of the targets: enough that they spread evenly over some dozens of collectors. */
const SHARES = 512;
const ROLE = 'collector';

/** Which share a target belongs to: the same in every process. */
function shareOf(key: string): number {
  return createHash('md5').update(key).digest().readUInt32BE(0) % SHARES;
}

export async function startCollector(world: RoleWorld): Promise<void> {
  const { clock, options, services } = world;
  const { logger, member } = options;
  const { door, beside } = await farProducer(world);
  const agreed = (): void => {
    if (shares.gain() && begun) void manager.reshare().catch(options.failed);
  };
  const choice = { ...COLLECTOR_LEASE, places: SHARES, deal: dealSticky, agreed };
  const placement = world.placement(choice);
  const shares = new Shares(placement, member);
  const manager = new ScrapeManager({
    ...{ door, clock, disk: systemDisk, share: shares, env: world.options.settings.env },
    warn: (words) => logger.warn(words),
  });
  const told = async (): Promise<unknown> => ({
    active: manager.active(),
    dropped: manager.dropped(),
  });
  world.listener.offer('targets', plainService({ told }));
  const { reloader } = options;
  if (reloader !== undefined) {
    const reload = reloader.over(logger);
    reloader.serve(manager, beside.take);
    world.reload = () => reload();
  }
  const others = new MemberTargets(world, manager);
  showGroups(world, manager);
  showTargets(world.counters, manager);
  let begun = false;
  const changed = (now: Assignment): void => {
    if (shares.lose(now) && begun) void manager.reshare().catch(options.failed);
  };
  services.add({
    name: 'targets',
    ready: () => shares.settled,
    start: async () => {
      shares.lose(await placement.join(ROLE, member, changed));
      // Who is alone has nobody to wait for.
      shares.gain();
      await placement.announce(ROLE, member, { address: addressText(world.address) });
      addTargets(world, manager);
      await manager.apply(options.settings.scrapes);
      begun = true;
      await manager.reshare();
      await others.start();
    },
    drain: async () => {
      others.stop();
      await manager.stop();
      await placement.leave(ROLE, member);
    },
  });
}

/** Targets that lie in the processes themselves: every collector has them, one scrapes each. */
function addTargets({ options, clock }: RoleWorld, manager: ScrapeManager): void {
  const { intervalMs, hostAgent, demo } = options.settings;
  const timeoutMs = Math.min(SCRAPE_TIMEOUT_MS, intervalMs);
  if (hostAgent) {
    const reader = systemHost;
    manager.addShared(makeHostTarget({ reader, clock, intervalMs, timeoutMs }));
  }
  if (!demo) return;
  for (const target of new DemoFleet({ clock, seed: 1, intervalMs, timeoutMs }).targets()) {
    manager.addShared(target);
  }
}

/** What this collector scrapes: its places, as far as they have been handed over. */
class Shares implements TargetShare {
  readonly #placement: LeasePlacement;
  readonly #member: string;
  #mine: ReadonlySet<number> = new Set();
  #wanted: ReadonlySet<number> = new Set();

  constructor(placement: LeasePlacement, member: string) {
    this.#placement = placement;
    this.#member = member;
  }

  mine(key: string): boolean {
    return this.#mine.has(shareOf(key));
  }

  allowed(key: string): boolean {
    return this.mine(key) && this.#placement.alive(ROLE, this.#member);
  }

  /** True when all that is ours has been handed over. */
  get settled(): boolean {
    return this.#mine.size === this.#wanted.size;
  }

  /** Lets go of what is another's now; true when that was something. */
  lose({ partitions }: Assignment): boolean {
    this.#wanted = new Set(partitions);
    const before = this.#mine.size;
    this.#mine = new Set([...this.#mine].filter((share) => this.#wanted.has(share)));
    return this.#mine.size !== before;
  }

  /** Takes what has been ours long enough; true when that was something. */
  gain(): boolean {
    if (!this.#placement.agreed(ROLE, this.#member)) return false;
    const before = this.#mine.size;
    this.#mine = this.#wanted;
    return this.#mine.size !== before;
  }
}
