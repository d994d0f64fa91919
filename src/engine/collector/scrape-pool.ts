// The targets of one job: discovery finds them, relabelling makes or drops them, a loop runs for
// each. The manager owns the pools. Easy to get wrong: a loop whose target did not change must not
// be touched when others come and go, and a loop that ends says which series are to be marked
// stale.
import { SCRAPE_MANY_TARGETS } from '../limits-sources.ts';
import { SCRAPE_ALIGN_MS_MAX } from '../limits.ts';
import type { Labels } from '../model/labels.ts';
import { labelsKey } from '../model/labels.ts';
import type { Disk } from '../runtime/disk.ts';
import { keepYoungSpaceSmall } from '../runtime/young-space.ts';
import type { Discovery } from './discovery.ts';
import { makeDiscoveries } from './discovery-make.ts';
import { Relabeller } from './relabel.ts';
import type { ScrapeConfig, TargetGroup } from './scrape-config.ts';
import type { LeftBehind } from './scrape-door.ts';
import { HttpScraper } from './scrape-http.ts';
import type { ReadBody, ScrapeRoom } from './scrape-loop.ts';
import { appendStale, ScrapeLoop } from './scrape-loop.ts';
import type { ScrapeTarget } from './scrape-target.ts';
import { makeTargets } from './scrape-target.ts';
import type { SeriesRules } from './target-series.ts';

/** What ended loops left, by the labels of their targets; who starts anew takes it over. */
export type Handover = Map<string, LeftBehind>;

/**
 * Brings the body of a target of this job; the default is HTTP. Tests and simulations hand in
 * theirs.
 */
export type MakeReader = (config: ScrapeConfig, target: ScrapeTarget) => ReadBody;

export interface PoolOptions {
  readonly room: ScrapeRoom;
  readonly disk: Disk;
  readonly config: ScrapeConfig;
  readonly makeReader?: MakeReader;
  /** Variables of the process, for discovery; none by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

function rulesOf(config: ScrapeConfig, target: ScrapeTarget, relabel: Relabeller): SeriesRules {
  return {
    labels: target.labels,
    honorLabels: config.honorLabels,
    honorTimestamps: config.honorTimestamps,
    metricRelabel: relabel,
    classicHistograms: config.classicHistograms ?? false,
    sampleLimit: config.sampleLimit,
    labelLimit: config.labelLimit,
    labelNameBytesMax: config.labelNameBytesMax,
    labelValueBytesMax: config.labelValueBytesMax,
  };
}

/** Puts what a loop left where a new loop of the same target finds it. */
export function handOver(to: Handover, labels: Labels, left: LeftBehind): void {
  const key = labelsKey(labels);
  const before = to.get(key);
  const live = [...(before?.live ?? []), ...left.live];
  to.set(key, { live, held: [...(before?.held ?? []), ...left.held] });
}

/** Takes out what an earlier loop of the same target left. */
function takeOver(from: Handover, labels: Labels): LeftBehind | undefined {
  const key = labelsKey(labels);
  const left = from.get(key);
  from.delete(key);
  return left;
}

/** Marks stale and releases what nobody took over. */
export async function settle(room: ScrapeRoom, handover: Handover): Promise<void> {
  const left = [...handover.values()];
  // Past the planned time of the last scrape, which may lie a little ahead of the clock.
  const timeMs = room.clock.now() + SCRAPE_ALIGN_MS_MAX + 1;
  await appendStale(room, [...new Set(left.flatMap((one) => one.live))], timeMs);
  for (const one of left) room.door.release(one.held);
}

export class ScrapePool {
  readonly config: ScrapeConfig;
  dropped: readonly Labels[] = [];
  readonly #options: PoolOptions;
  readonly #http: HttpScraper;
  readonly #discoveries: readonly Discovery[];
  readonly #relabel: Relabeller;
  readonly #metricRelabel: Relabeller;
  readonly #loops = new Map<string, ScrapeLoop>();
  #problems = '';
  #begun = false;
  #stopped = false;
  /** Changes of the target list run one after the other. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: PoolOptions) {
    const { config, disk, room } = options;
    this.config = config;
    this.#options = options;
    this.#http = new HttpScraper({ ...config, disk, clock: room.clock });
    this.#relabel = new Relabeller(config.relabel);
    this.#metricRelabel = new Relabeller(config.metricRelabel);
    const { clock, warn } = room;
    const changed = (): void => this.#resync();
    const { env = {} } = options;
    this.#discoveries = makeDiscoveries(config, { disk, clock, changed, warn, env });
  }

  get loops(): ScrapeLoop[] {
    return [...this.#loops.values()];
  }

  /** Questions and readings of discovery that failed. */
  get discoveryFailures(): number {
    return this.#discoveries.reduce((sum, one) => sum + one.failures, 0);
  }

  /** Finds the targets and starts their loops, which take over what earlier ones left. */
  async start(left: Handover): Promise<void> {
    await Promise.all(this.#discoveries.map((one) => one.start()));
    this.#begun = true;
    this.#turn = this.#sync(left);
    await this.#turn;
  }

  /** Ends discovery and all loops; what was live goes into `left`. */
  async stop(left: Handover): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#discoveries.map((one) => one.stop()));
    await this.#turn;
    await Promise.all(
      this.loops.map(async (loop) => handOver(left, loop.target.labels, await loop.stop())),
    );
    this.#loops.clear();
    this.#http.close();
  }

  /** Begins what has become ours and ends what is another collector's now. */
  reshare(): Promise<void> {
    this.#resync(true);
    return this.#turn;
  }

  #resync(onBeat = false): void {
    // Before the first look at all of them nobody may take what earlier loops left.
    if (!this.#begun) return;
    this.#turn = this.#turn.then(() => this.#renew(onBeat));
  }

  async #renew(onBeat: boolean): Promise<void> {
    if (this.#stopped) return;
    const left: Handover = new Map();
    await this.#sync(left, onBeat);
    await settle(this.#options.room, left);
  }

  async #sync(left: Handover, onBeat = false): Promise<void> {
    const { config, room } = this.#options;
    const groups: TargetGroup[] = [...config.staticConfigs];
    for (const one of this.#discoveries) groups.push(...one.groups());
    const list = makeTargets(config, this.#relabel, groups);
    this.dropped = list.dropped;
    const problems = list.problems.join('\n');
    if (problems !== this.#problems) for (const problem of list.problems) room.warn(problem);
    this.#problems = problems;
    const all = new Map(list.targets.map((target) => [target.key, target]));
    const mine = (key: string): boolean => all.has(key) && (room.share?.mine(key) ?? true);
    const ending = [...this.#loops].filter(([key]) => !mine(key));
    for (const [key] of ending) this.#loops.delete(key);
    await Promise.all(
      ending.map(async ([key, loop]) => {
        const behind = await loop.stop();
        // Another collector goes on with it: its series are not stale.
        if (all.has(key)) room.door.release(behind.held);
        else handOver(left, loop.target.labels, behind);
      }),
    );
    if (all.size >= SCRAPE_MANY_TARGETS) keepYoungSpaceSmall();
    for (const [key, target] of all) {
      if (mine(key) && !this.#loops.has(key)) {
        this.#loops.set(key, this.#begin(target, left, onBeat));
      }
    }
  }

  #begin(target: ScrapeTarget, left: Handover, onBeat: boolean): ScrapeLoop {
    const { config, room, makeReader } = this.#options;
    const http = (): ReadBody => this.#http.reader(target.url, target.timeoutMs);
    return new ScrapeLoop(room, {
      pool: config.jobName,
      target,
      rules: rulesOf(config, target, this.#metricRelabel),
      read: makeReader?.(config, target) ?? http(),
      inherited: takeOver(left, target.labels),
      onBeat,
      refusal: () => {
        const limit = config.targetLimit;
        const count = this.#loops.size;
        return limit > 0 && count > limit
          ? `${count} targets in this job, target_limit is ${limit}`
          : undefined;
      },
    });
  }
}
