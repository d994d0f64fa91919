// Groups of the Pushgateway and StatsD in a cluster. Groups lie in State: the role `api` changes
// them, and one of the collectors, whichever has their share, shows them. StatsD is taken by the
// role `api`, whose address senders know. Easy to get wrong: several of either may run, so groups
// are changed by compare-and-set, and what each takes by UDP bears its own name.
import { PushGroups } from '../collector/push-groups.ts';
import type { ScrapeDoor } from '../collector/scrape-door.ts';
import { ScrapeManager } from '../collector/scrape-manager.ts';
import { Statsd } from '../collector/statsd.ts';
import { SCRAPE_TIMEOUT_MS } from '../limits.ts';
import type { Groups, TargetStatus } from '../ports.ts';
import { RemoteState } from '../remote/state-remote.ts';
import { systemRandom } from '../runtime/random.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { Beats } from './beats.ts';
import type { RoleWorld } from './role-frame.ts';
import { listenStatsd } from './sources.ts';

const LOOK_MS = 1000;

/** Long enough for the hub to be started again: a push then waits instead of failing. */
const HUB_WAIT_MS = 5000;

function groupsOf(world: RoleWorld): PushGroups {
  return new PushGroups(new RemoteState(world.hub('state', HUB_WAIT_MS)), world.clock);
}

function pace({ options }: RoleWorld): { intervalMs: number; timeoutMs: number } {
  const { intervalMs } = options.settings;
  return { intervalMs, timeoutMs: Math.min(SCRAPE_TIMEOUT_MS, intervalMs) };
}

/** Shows the groups, once there are any, among the targets that the collectors share. */
export function showGroups(world: RoleWorld, manager: ScrapeManager): void {
  const { clock, options, services } = world;
  const { logger, failed } = options;
  const { intervalMs, timeoutMs } = pace(world);
  const groups = groupsOf(world);
  const beats = new Beats(clock, logger);
  let shown = false;
  groups.whenAny(() => {
    shown = true;
    manager.addShared(groups.target(intervalMs, timeoutMs));
    manager.reshare().catch(failed);
  });
  services.add({
    name: 'pushed groups',
    start: async () =>
      beats.every(Math.min(LOOK_MS, intervalMs), async () => {
        // From then on whoever has the target looks when it is scraped.
        if (!shown) await groups.refresh();
      }),
    drain: () => beats.stop(),
  });
}

/** What the role `api` takes beside pushed samples. */
export interface PushedSources {
  readonly groups: Groups;
  /** Targets within this process. */
  active(): readonly TargetStatus[];
}

export function takeSources(world: RoleWorld, door: ScrapeDoor): PushedSources {
  const { clock, counters, options, services } = world;
  const { logger, member, settings } = options;
  const { statsd } = settings;
  const groups = groupsOf(world);
  if (statsd === undefined) return { groups, active: () => [] };
  const { intervalMs, timeoutMs } = pace(world);
  const taken = new Statsd(clock, systemRandom);
  const warn = (words: string): void => logger.warn(words);
  const manager = new ScrapeManager({ door, clock, disk: systemDisk, warn });
  let close = async (): Promise<void> => undefined;
  services.add({
    name: 'statsd',
    start: async () => {
      close = await listenStatsd(taken, statsd, counters);
      manager.addInternal({ ...taken.target(intervalMs, timeoutMs), instance: member });
    },
    drain: async () => {
      await close();
      await manager.stop();
    },
  });
  return { groups, active: () => manager.active() };
}
