// What the cold tier of a process is told: where objects lie, when what goes there, how long it is
// kept. Plain data that crosses threads and processes. Easy to get wrong: secrets travel in a
// message, never in arguments of a process, which anybody may read.
import type { RollupKeep } from '../model/rollup.ts';
import type { ColdKeep } from '../ports-cold.ts';
import type { S3Settings } from '../cold/s3-objects.ts';

/** A folder, or a bucket. */
export type ColdStore = { readonly folder: string } | { readonly s3: S3Settings };

/** `mon.tiers` with its defaults. */
export interface TierSettings {
  /** Where blocks go that are older than `warmAfterMs`; without it they stay. */
  readonly warmDir?: string;
  readonly warmAfterMs: number;
  readonly coldAfterMs: number;
  /** Without it nothing grows colder than warm. */
  readonly store?: ColdStore;
  /** Samples are kept as Parquet past their retention. */
  readonly archiveRaw: boolean;
  /** How long archived samples are kept with that. */
  readonly archiveKeepMs: number;
  readonly cacheBytes?: number;
}

/** What a shard does with what grows old. */
export interface ColdPlan {
  /** Where blocks go that are older than this, ms; a folder of mon's own. */
  readonly warm?: { readonly folder: string; readonly afterMs: number };
  /** Without it nothing grows colder than warm. */
  readonly store?: ColdStore;
  /** Of this process alone. */
  readonly scratch: string;
  /** Age at which samples become objects; undefined: they never do. */
  readonly rawAfterMs?: number;
  /** Age at which rollups do. */
  readonly rollupsAfterMs: number;
  readonly keep: ColdKeep;
  readonly cacheBytes?: number;
  /** Other processes may have written what this one writes now. */
  readonly shared?: boolean;
}

/** What the process of a cold tier is opened with. */
export interface ColdProcessOptions {
  readonly store: ColdStore;
  readonly scratch: string;
  readonly partitions: readonly number[];
  readonly cacheBytes?: number;
  readonly shared?: boolean;
}

/** How long samples are kept, wherever they lie. */
export function wholeRetention(retentionMs: number, tiers: TierSettings | undefined): number {
  if (tiers?.store === undefined || !tiers.archiveRaw) return retentionMs;
  return Math.max(retentionMs, tiers.archiveKeepMs);
}

/** The plan of all shards; undefined when everything stays where it is. */
export function coldPlan(
  tiers: TierSettings | undefined,
  scratch: string,
  { retentionMs, rollups }: { readonly retentionMs: number; readonly rollups?: RollupKeep },
): ColdPlan | undefined {
  if (tiers === undefined) return undefined;
  const { store, coldAfterMs, archiveRaw, cacheBytes, warmDir, warmAfterMs } = tiers;
  const warm = warmDir === undefined ? undefined : { folder: warmDir, afterMs: warmAfterMs };
  if (store === undefined) {
    return warm && { warm, scratch, rollupsAfterMs: Infinity, keep: {} };
  }
  const whole = wholeRetention(retentionMs, tiers);
  const age = archiveRaw ? Math.min(coldAfterMs, retentionMs) : coldAfterMs;
  const [minute, five, hour, day] = rollups?.keepMs ?? [];
  const keep = { raw: whole, '1m': minute, '5m': five, '1h': hour, '1d': day };
  const told = Object.entries(keep).filter(([, ms]) => ms !== undefined);
  return {
    ...{ store, warm, scratch, cacheBytes, rollupsAfterMs: coldAfterMs },
    ...(age < whole ? { rawAfterMs: age } : {}),
    keep: Object.fromEntries(told),
  };
}
