// The metrics of every process of the cluster as targets: whoever is in the directory, and the hub,
// is scraped by one of the collectors over its socket, as job `mon` under its own name. Easy to get
// wrong: a process that died has to be seen as a target that is down, not as one that never was; so
// a target stays once it was there.
import type { ScrapeManager } from '../collector/scrape-manager.ts';
import { SCRAPE_TIMEOUT_MS } from '../limits.ts';
import type { Calling } from '../remote/link.ts';
import { Beats } from './beats.ts';
import type { ClusterDirectory } from './cluster-directory.ts';
import type { RoleWorld } from './role-frame.ts';
import { directoryOf } from './role-query.ts';

const LOOK_MS = 2000;
/** One that does not answer at once is scraped again at the next interval. */
const HUB_WAIT_MS = 200;
const JOB = 'mon';

export class MemberTargets {
  readonly #world: RoleWorld;
  readonly #manager: ScrapeManager;
  readonly #directory: ClusterDirectory;
  readonly #beats: Beats;
  readonly #known = new Map<string, string>();
  readonly #hub: Calling;

  constructor(world: RoleWorld, manager: ScrapeManager) {
    this.#world = world;
    this.#manager = manager;
    this.#directory = directoryOf(world);
    this.#beats = new Beats(world.clock, world.options.logger);
    this.#hub = world.hub('metrics', HUB_WAIT_MS);
  }

  /** Begins to look who is there; nothing where mon is told not to watch itself. */
  async start(): Promise<void> {
    if (!this.#world.options.settings.selfScrape) return;
    this.#add('log', () => this.#hub);
    await this.#look();
    this.#beats.every(LOOK_MS, () => this.#look());
  }

  stop(): void {
    void this.#beats.stop();
  }

  async #look(): Promise<void> {
    const before = this.#known.size;
    for (const { name, facts } of this.#directory.all()) {
      const address = (facts as { address?: string } | null)?.address;
      if (address === undefined) continue;
      const known = this.#known.has(name);
      this.#known.set(name, address);
      if (known) continue;
      // Its address changes when it is started again.
      this.#add(name, () => this.#directory.link(this.#known.get(name) as string, 'metrics'));
    }
    if (this.#known.size > before || before === 0) await this.#manager.reshare();
  }

  #add(instance: string, link: () => Calling): void {
    const { intervalMs } = this.#world.options.settings;
    const timeoutMs = Math.min(SCRAPE_TIMEOUT_MS, intervalMs);
    const render = async (): Promise<Uint8Array> =>
      Buffer.from((await link().call('render', [], { ms: timeoutMs })) as string);
    this.#manager.addShared({ job: JOB, instance, intervalMs, timeoutMs, render });
  }
}
