// The cold tier plugged into a process: the work of all shards on one beat, its figures, and what
// the store's own upkeep still forgets by itself. Wiring only. Easy to get wrong: with an archive
// nothing is dropped for want of room before it has been archived.
import { addColdWork, noColdWork } from '../model/cold.ts';
import type { ColdCounts, ColdReport, ColdWork } from '../model/cold.ts';
import type { PatternRetention } from '../model/upkeep.ts';
import { systemClock } from '../runtime/clock.ts';
import type { Counters } from '../runtime/counters.ts';
import type { Logger } from '../runtime/logger.ts';
import { wholeRetention, type TierSettings } from './cold-options.ts';

/** The cold work of all shards as one. */
export class AllCold implements ColdWork {
  readonly #all: readonly ColdWork[];

  constructor(all: readonly ColdWork[]) {
    this.#all = all;
  }

  async workCold(nowMs: number): Promise<ColdReport> {
    const sum = noColdWork();
    for (const one of await Promise.all(this.#all.map((shard) => shard.workCold(nowMs)))) {
      addColdWork(sum, one);
    }
    return sum;
  }

  async coldCounts(): Promise<ColdCounts> {
    const sum: Record<string, number> = {};
    for (const counts of await Promise.all(this.#all.map((shard) => shard.coldCounts()))) {
      for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count;
    }
    return sum;
  }
}

interface KeptOptions {
  readonly retentionMs: number;
  readonly retentionBytes?: number;
  readonly retentionFor?: readonly PatternRetention[];
  readonly tiers?: TierSettings;
  /** How often what came late is sealed: blocks come no faster. */
  readonly sealMs?: number;
  readonly logger: Logger;
}

/** The options of a store's upkeep where samples live on in the cold tier. */
export function keptLocally<O extends KeptOptions>(options: O): O {
  const { retentionMs, tiers } = options;
  const whole = wholeRetention(retentionMs, tiers);
  if (whole === retentionMs) return options;
  return { ...options, retentionMs: whole, retentionBytes: undefined };
}

const COLD_MS = 30_000;

type Figure = readonly [name: string, count: string, help: string];

const FIGURES: readonly Figure[] = [
  ['mon_cold_objects_written_total', 'archived', 'Objects written into the cold tier.'],
  ['mon_cold_rows_written_total', 'archivedRows', 'Rows written into the cold tier.'],
  ['mon_cold_uploaded_bytes_total', 'uploadedBytes', 'Bytes uploaded to the object store.'],
  ['mon_cold_reads_total', 'reads', 'Questions of queries to the cold tier.'],
  ['mon_cold_objects_read_total', 'objectsRead', 'Objects that questions read from.'],
  ['mon_cold_requests_total', 'requests', 'Requests for parts of objects.'],
  ['mon_cold_fetched_bytes_total', 'fetchedBytes', 'Bytes of objects that were fetched.'],
  ['mon_cold_cache_hits_total', 'hits', 'Parts of objects found in the local cache.'],
  ['mon_cold_cache_bytes', 'bytes', 'Bytes of the local cache of objects.'],
  ['mon_cold_damaged_total', 'damaged', 'Objects that were missing from an answer.'],
  ['mon_cold_swept_files_total', 'removed', 'Files of the object store that were removed.'],
  ['mon_cold_process_starts_total', 'starts', 'Starts of processes of the cold tier.'],
  ['mon_cold_memory_bytes', 'memoryBytes', 'Memory of the processes of the cold tier.'],
];

/** The beats of a process that has a cold tier; none without. */
export function coldBeats(
  { tiers, logger, sealMs = COLD_MS }: Pick<KeptOptions, 'tiers' | 'logger' | 'sealMs'>,
  cold: ColdWork,
  counters: Counters,
): { everyMs: number; work: () => Promise<void> }[] {
  if (tiers === undefined || (tiers.store === undefined && tiers.warmDir === undefined)) return [];
  let counts: ColdCounts = {};
  let postponed = 0;
  for (const [name, count, help] of FIGURES) {
    counters.reading(name, help, { read: () => counts[count] ?? 0 });
  }
  const help = 'Pieces of work of the tiers that could not be done and were put off.';
  counters.reading('mon_tier_postponed_total', help, { read: () => postponed });
  let told = '';
  const work = async (): Promise<void> => {
    const report = await cold.workCold(systemClock.now());
    counts = await cold.coldCounts();
    const { warmed, archived, removed } = report;
    if (warmed + archived + removed > 0) logger.info('tiers', { warmed, archived, removed });
    postponed += report.postponed.length;
    const words = report.postponed.join('; ');
    // A trouble that lasts is told once.
    if (words !== '' && words !== told) logger.warn(`tiers put off: ${words}`);
    told = words;
  };
  return [{ everyMs: Math.min(COLD_MS, sealMs), work }];
}
