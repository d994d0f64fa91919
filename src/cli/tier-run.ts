// What `mon tier` tells: the objects of the cold tier, how much lies in each tier, and what is
// damaged. Easy to get wrong: a server may run on the same folders, so nothing here may write.
import type { MonConfig } from '../engine/daemons/config.ts';
import { inspectFolder } from '../engine/daemons/store-files.ts';
import { inspectTiers, verifyTiers } from '../engine/daemons/tier-files.ts';
import { MonError } from '../engine/errors.ts';
import { readConfigFile } from './config-run.ts';
import type { Listing } from './listing.ts';
import { foldersOf, runningIn, type FolderFlags } from './running.ts';
import type { Stage } from './stage.ts';
import { timeText } from './times.ts';

const right = (name: string) => ({ name, align: 'right' as const });

export interface TierFlags extends FolderFlags {
  readonly config?: string;
  /** Whose objects, where a cluster keeps some for each. */
  readonly zone?: string;
}

/** The named configuration, else that of the server that runs in the folder, else the usual one. */
async function tierConfig(flags: TierFlags, stage: Stage): Promise<MonConfig> {
  const running = flags.config === undefined ? runningIn(foldersOf(flags, stage.env)) : [];
  return await readConfigFile(flags.config ?? running[0]?.owner.config, stage);
}

/** A row for each object. */
export async function objectsListing(flags: TierFlags, stage: Stage): Promise<Listing> {
  const config = await tierConfig(flags, stage);
  const time = timeText();
  const rows: (string | number)[][] = [];
  for (const { partition, manifest, problems } of await inspectTiers(config, flags.zone)) {
    for (const problem of problems) await stage.note(`warning: ${problem}`);
    for (const one of manifest.objects) {
      const bytes = one.data.bytes + one.index.bytes;
      const counts = [one.series, one.rows, bytes];
      rows.push([partition, one.kind, one.name, time(one.minMs), time(one.maxMs), ...counts]);
    }
  }
  const columns = [
    ...[right('partition'), { name: 'kind' }, { name: 'name' }, { name: 'from' }, { name: 'to' }],
    ...[right('series'), right('rows'), right('bytes')],
  ];
  return { kind: 'TierObjects', columns, rows, valueColumn: 2 };
}

interface Sum {
  files: number;
  rows: number;
  bytes: number;
  minMs: number;
  maxMs: number;
}

/** A row for each tier and kind of data. */
export async function statusListing(flags: TierFlags, stage: Stage): Promise<Listing> {
  const config = await tierConfig(flags, stage);
  const sums = new Map<string, Sum>();
  const add = (what: string, one: Omit<Sum, 'files'>): void => {
    const empty = { files: 0, rows: 0, bytes: 0, minMs: Infinity, maxMs: -Infinity };
    const sum = sums.get(what) ?? empty;
    sums.set(what, sum);
    sum.files++;
    sum.rows += one.rows;
    sum.bytes += one.bytes;
    sum.minMs = Math.min(sum.minMs, one.minMs);
    sum.maxMs = Math.max(sum.maxMs, one.maxMs);
  };
  for (const { tier, ...one } of await localBlocks(config, flags, stage)) add(`${tier} raw`, one);
  for (const { manifest, problems } of await inspectTiers(config, flags.zone)) {
    for (const problem of problems) await stage.note(`warning: ${problem}`);
    for (const { kind, rows, data, index, minMs, maxMs } of manifest.objects) {
      add(`cold ${kind}`, { rows, bytes: data.bytes + index.bytes, minMs, maxMs });
    }
  }
  const time = timeText();
  const rows = [...sums].map(([what, { files, rows: count, bytes, minMs, maxMs }]) => {
    const [tier, kind] = what.split(' ');
    const each = count === 0 ? '' : (bytes / count).toFixed(3);
    return [tier, kind, time(minMs), time(maxMs), files, count, bytes, each];
  });
  const columns = [
    ...[{ name: 'tier' }, { name: 'kind' }, { name: 'from' }, { name: 'to' }],
    ...[right('files'), right('rows'), right('bytes'), right('bytesPerRow')],
  ];
  return { kind: 'TierStatus', columns, rows, valueColumn: 6 };
}

interface LocalBlock {
  readonly tier: 'hot' | 'warm';
  readonly rows: number;
  readonly bytes: number;
  readonly minMs: number;
  readonly maxMs: number;
}

/** Blocks of the data folder; none where nothing was ever stored. */
async function localBlocks(
  config: MonConfig,
  flags: TierFlags,
  stage: Stage,
): Promise<LocalBlock[]> {
  const named = flags['data-dir'] === undefined && !flags.demo ? config.dataDir : undefined;
  const [folder] = named === undefined ? foldersOf(flags, stage.env) : [named];
  try {
    const { partitions } = await inspectFolder(folder);
    return partitions.flatMap(({ blocks }) =>
      blocks
        .filter(({ damaged }) => damaged !== true)
        .map(({ samples: rows, bytes, minMs, maxMs, warm }) => {
          return { tier: warm === true ? 'warm' : 'hot', rows, bytes, minMs, maxMs };
        }),
    );
  } catch (thrown) {
    if (thrown instanceof MonError && thrown.code === 'MON_NOT_FOUND') return [];
    throw thrown;
  }
}

/** A row for each object and manifest that was read whole; `bad` counts the damaged ones. */
export async function verifyListing(
  flags: TierFlags,
  stage: Stage,
): Promise<{ listing: Listing; bad: number }> {
  const config = await tierConfig(flags, stage);
  const rows: (string | number)[][] = [];
  let bad = 0;
  for await (const { partition, name, bytes, failures } of verifyTiers(config, flags.zone)) {
    if (failures.length > 0) bad++;
    rows.push([partition, name, bytes, failures.length === 0 ? 'good' : failures.join('; ')]);
  }
  const columns = [right('partition'), { name: 'name' }, right('bytes'), { name: 'state' }];
  return { listing: { kind: 'TierVerify', columns, rows, valueColumn: 3 }, bad };
}
