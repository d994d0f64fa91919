// Regions of a global stack: their mirrored topics are looked for, read from where the last life
// came to, and taken in through the door with the label of their region; how far each is behind is
// a metric. Wiring only. Easy to get wrong: a region, or Kafka itself, may be away for days, which
// must hold up nothing else here.
import { baseOf, Mirror } from '../bridge/mirror.ts';
import type { MirroredReader, MirroredTopic } from '../bridge/mirror.ts';
import { AgentBatch } from '../collector/agent-batch.ts';
import { RegionIntake, regionSpell } from '../collector/region-intake.ts';
import type { RegionCounts } from '../collector/region-intake.ts';
import { RegionPlace } from '../collector/region-place.ts';
import { messageOf, MonError, UserError } from '../errors.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { REGION_LOOK_MS } from '../limits-regions.ts';
import type { Intake, State } from '../ports.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Counters } from '../runtime/counters.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Service } from '../runtime/service.ts';
import { systemDisk } from '../runtime/system-disk.ts';
import { kafkaAccess } from './config-kafka.ts';
import type { RegionSettings, RegionsSettings } from './config-regions.ts';

export interface RegionsOptions {
  readonly settings: RegionsSettings;
  readonly intake: Pick<Intake, 'writeRequest'>;
  readonly kernels: Kernels;
  readonly state: State;
  readonly counters: Counters;
  readonly logger: Logger;
  readonly failed: (thrown: unknown) => void;
}

/** A topic of a region that is being read. */
interface Open {
  readonly mirrored: MirroredReader;
  readonly place: RegionPlace;
  readonly ended: Promise<void>;
}

/** One region, with all topics of it that were found so far. */
class Region {
  readonly settings: RegionSettings;
  readonly counts: RegionCounts = { taken: 0, refused: 0, lost: 0, malformed: 0 };
  readonly open = new Map<string, Open>();
  readonly sinceMs = systemClock.now();

  constructor(settings: RegionSettings) {
    this.settings = settings;
  }

  /** Age of the newest samples here, of the partition that is farthest behind. */
  get lagSeconds(): number {
    const newest = Math.max(
      0,
      ...[...this.open.values()].map(({ mirrored, place }) => {
        return place.receivedMs(mirrored.partitions);
      }),
    );
    return Math.max(0, systemClock.now() - (newest === 0 ? this.sinceMs : newest)) / 1000;
  }

  get lagRecords(): number {
    let records = 0;
    for (const { mirrored, place } of this.open.values()) records += mirrored.behind(place.next);
    return records;
  }
}

/** The service that takes regions in; it starts whether or not Kafka answers. */
export class Regions implements Service {
  readonly name = 'regions';
  readonly #options: RegionsOptions;
  readonly #regions: readonly Region[];
  readonly #stopping = new AbortController();
  #mirror: Mirror | undefined;
  #work: Promise<void> = Promise.resolve();
  #told = '';

  constructor(options: RegionsOptions) {
    this.#options = options;
    this.#regions = options.settings.regions.map((one) => new Region(one));
    this.#show(options.counters);
  }

  async start(): Promise<void> {
    this.#work = this.#run(this.#stopping.signal);
  }

  async drain(): Promise<void> {
    this.#stopping.abort();
    await this.#work;
    await Promise.all(this.#all().map(({ ended }) => ended));
    await this.#mirror?.close();
  }

  #all(): Open[] {
    return this.#regions.flatMap(({ open }) => [...open.values()]);
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#look(signal);
        this.#told = '';
      } catch (thrown) {
        if (!(thrown instanceof MonError) && !(thrown instanceof UserError)) {
          return this.#options.failed(thrown);
        }
        this.#complain(`regions cannot be read: ${messageOf(thrown)}`);
      }
      await systemClock.sleep(REGION_LOOK_MS, signal);
    }
  }

  /** Opens what is there and not open, and asks how far each topic reaches. */
  async #look(signal: AbortSignal): Promise<void> {
    const { settings } = this.#options;
    if (this.#mirror === undefined) {
      const access = await kafkaAccess(settings.kafka, systemDisk);
      this.#mirror = await Mirror.open({ access, clock: systemClock });
    }
    const bases = new Map(this.#regions.map((one) => [one.settings.topic, one]));
    for (const found of await this.#mirror.topics(new Set(bases.keys()))) {
      const region = bases.get(baseOf(found.topic));
      if (region === undefined || signal.aborted) continue;
      const open = region.open.get(found.topic);
      if (open === undefined) await this.#open(this.#mirror, region, found);
      else await open.mirrored.look().catch(() => undefined);
    }
  }

  async #open(mirror: Mirror, region: Region, found: MirroredTopic): Promise<void> {
    const { settings, intake, kernels, state, logger } = this.#options;
    const { name } = region.settings;
    const key = `regions/${found.topic}`;
    const place = RegionPlace.parse((await state.get(key))?.value);
    const mirrored = await mirror.read(found, place.from(), (partition, start) => {
      logger.warn(`region ${name}: ${found.topic} was made anew: it is read anew`, { partition });
      place.restart(partition, start);
    });
    const warn = (words: string): void => logger.warn(`region ${name}: ${words}`);
    const work = new RegionIntake({
      ...{ reader: mirrored.reader, place, intake, warn, clock: systemClock },
      batch: new AgentBatch(kernels, regionSpell(settings.label, name)),
      save: (text) => save(state, key, text),
      counts: region.counts,
    });
    logger.info(`region ${name}: reading ${found.topic}`, { partitions: found.partitions });
    const ended = this.#follow(region, work, { mirrored, place, ended: Promise.resolve() });
    region.open.set(found.topic, { mirrored, place, ended });
  }

  /** Takes records until the end; what fails is opened anew at the next look. */
  async #follow(region: Region, work: RegionIntake, open: Open): Promise<void> {
    const { mirrored } = open;
    try {
      await work.run(this.#stopping.signal);
      await work.close();
    } catch (thrown) {
      if (!(thrown instanceof MonError)) return this.#options.failed(thrown);
      this.#complain(`region ${region.settings.name}: ${thrown.message}`);
    } finally {
      region.open.delete(mirrored.topic);
      await mirrored.close();
    }
  }

  #complain(words: string): void {
    if (words === this.#told) return;
    this.#told = words;
    this.#options.logger.warn(words);
  }

  #show(counters: Counters): void {
    for (const region of this.#regions) {
      const labels = { region: region.settings.name };
      const show = (name: string, help: string, read: () => number): void =>
        counters.reading(name, help, { read, labels });
      const { counts } = region;
      const lag = 'Age of the newest samples of a region that are here.';
      show('mon_region_lag_seconds', lag, () => region.lagSeconds);
      const records = 'Records of a region that are mirrored and not taken in.';
      show('mon_region_lag_records', records, () => region.lagRecords);
      const topics = 'Topics of a region that are being read.';
      show('mon_region_topics', topics, () => region.open.size);
      show('mon_region_samples_total', 'Samples taken in.', () => counts.taken);
      show('mon_region_refused_total', 'Samples refused at the door.', () => counts.refused);
      const lost = 'Samples whose series the mirrored topic no longer defines.';
      show('mon_region_lost_total', lost, () => counts.lost);
      const bad = 'Records that cannot be read.';
      show('mon_region_malformed_total', bad, () => counts.malformed);
    }
  }
}

async function save(state: State, key: string, text: string): Promise<void> {
  const found = await state.get(key);
  await state.compareAndSet(key, text, found?.version ?? 0);
}
