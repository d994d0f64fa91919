// Writes the two files of an object into a scratch folder and says what they are: sizes, sums of
// every byte, row groups. Between the feeds and the object store. Easy to get wrong: the row groups
// cover the data file from its fourth byte to its footer without a gap, so that any byte is in
// exactly one checksum.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { assert } from '../errors.ts';
import { COLD_PART_BYTES } from '../limits-cold.ts';
import type { Disk } from '../runtime/disk.ts';
import { SampleFeed, SeriesFeed, type RawSeries, type SeriesCount } from './cold-rows.ts';
import type { Duck, Feed } from './duck.ts';
import type { ColdFile, ColdGroup, ColdObject } from './manifest.ts';

export interface ObjectPlace {
  readonly duck: Duck;
  readonly disk: Disk;
  /** A folder of this process alone; the two files are made anew in it. */
  readonly folder: string;
}

/** What was written, as the manifest tells it. */
export type WrittenObject = Pick<
  ColdObject,
  | 'minMs'
  | 'maxMs'
  | 'series'
  | 'rows'
  | 'hashFrom'
  | 'hashTo'
  | 'data'
  | 'index'
  | 'groups'
  | 'footer'
  | 'bodies'
  | 'stale'
> & {
  readonly dataPath: string;
  readonly indexPath: string;
};

/** A feed of rows that counts what passes, series by series. */
export interface CountingFeed extends Feed {
  readonly counts: readonly SeriesCount[];
  /** True when any row had a histogram or a sketch. */
  readonly bodies: boolean;
  /** Whether any row was a stale marker; windows have none. */
  readonly stale?: boolean;
}

function hashText(hash: bigint): string {
  return hash.toString(16).padStart(16, '0');
}

/** Samples as an object; undefined when there are none. */
export function writeSamples(
  place: ObjectPlace,
  series: Iterable<RawSeries>,
): Promise<WrittenObject | undefined> {
  return writeObject(place, new SampleFeed(series));
}

/** Writes both files; undefined when the feed has no rows. @throws what the feed throws. */
export async function writeObject(
  place: ObjectPlace,
  feed: CountingFeed,
): Promise<WrittenObject | undefined> {
  const { duck, disk, folder } = place;
  const dataPath = join(folder, 'data.parquet');
  await disk.makeFolder(folder);
  await duck.copy(feed, dataPath);
  if (feed.counts.length === 0) return undefined;
  const object = await describeObject(place, feed.counts, dataPath);
  const stale = feed.stale === undefined ? {} : { stale: feed.stale };
  return { ...object, ...(feed.bodies ? { bodies: true } : {}), ...stale };
}

/** The table of series beside a data file that was just written, and what the manifest tells. */
export async function describeObject(
  place: ObjectPlace,
  counts: readonly SeriesCount[],
  dataPath: string,
): Promise<WrittenObject> {
  const { duck, disk, folder } = place;
  const indexPath = join(folder, 'series.parquet');
  await duck.copy(new SeriesFeed(counts), indexPath);
  const hashes = counts.map(({ series }) => series.hash);
  const smallest = hashes.reduce((a, b) => (b < a ? b : a));
  const largest = hashes.reduce((a, b) => (b > a ? b : a));
  const sums = await groupsOf(place, dataPath);
  return {
    ...{ dataPath, indexPath, series: counts.length },
    rows: counts.reduce((sum, { rows }) => sum + rows, 0),
    minMs: counts.reduce((ms, one) => Math.min(ms, one.minMs), Infinity),
    maxMs: counts.reduce((ms, one) => Math.max(ms, one.maxMs), -Infinity),
    ...{ hashFrom: hashText(smallest), hashTo: hashText(largest) },
    ...{ data: sums.file, groups: sums.groups, footer: sums.footer },
    index: (await sumsOf(disk, indexPath, [])).file,
  };
}

interface Sums {
  readonly file: ColdFile;
  /** CRC-32 of the bytes from each cut to the next, the last to the end. */
  readonly crcs: readonly number[];
}

/** The sums of a file. Cuts are positions, rising. */
async function sumsOf(disk: Disk, path: string, cuts: readonly number[]): Promise<Sums> {
  const file = await disk.open(path, 'r');
  const hash = createHash('sha256');
  const crcs = cuts.map(() => 0);
  try {
    const bytes = await file.size();
    const buffer = new Uint8Array(Math.min(bytes, COLD_PART_BYTES));
    for (let at = 0; at < bytes;) {
      const got = await file.read(buffer, at);
      const part = buffer.subarray(0, got);
      hash.update(part);
      cuts.forEach((cut, i) => {
        const from = Math.max(cut, at) - at;
        const to = Math.min(cuts[i + 1] ?? Infinity, at + got) - at;
        if (from < to) crcs[i] = crc32(part.subarray(from, to), crcs[i]);
      });
      at += got;
    }
    return { file: { bytes, sha256: hash.digest('hex') }, crcs };
  } finally {
    await file.close();
  }
}

const META = `
  SELECT row_group_id::INTEGER,
    min(least(data_page_offset, coalesce(dictionary_page_offset, data_page_offset)))::DOUBLE,
    sum(total_compressed_size)::DOUBLE,
    any_value(CASE path_in_schema WHEN 'series' THEN stats_min_value END)::DOUBLE,
    any_value(CASE path_in_schema WHEN 'series' THEN stats_max_value END)::DOUBLE,
    any_value(CASE path_in_schema WHEN 'timestamp' THEN stats_min_value END)::DOUBLE,
    any_value(CASE path_in_schema WHEN 'timestamp' THEN stats_max_value END)::DOUBLE
  FROM parquet_metadata(?) GROUP BY row_group_id ORDER BY row_group_id`;

/** Row groups and footer of a data file that was just written. */
async function groupsOf(
  { duck, disk }: ObjectPlace,
  path: string,
): Promise<{ file: ColdFile; groups: ColdGroup[]; footer: readonly [number, number, number] }> {
  const rows = (await duck.rows(META, [path], path)) as (readonly number[])[];
  const starts = rows.map(([, at]) => at);
  const last = rows[rows.length - 1];
  const footerAt = last[1] + last[2];
  assert(starts[0] === 4, 'the first row group follows the magic');
  const { file, crcs } = await sumsOf(disk, path, [...starts, footerAt]);
  const ends = [...starts.slice(1), footerAt];
  const groups = rows.map(([, at, , first, lastSeries, minMs, maxMs], i): ColdGroup => {
    assert(ends[i] > at, 'row groups follow one another');
    return [at, ends[i] - at, crcs[i], first, lastSeries, minMs, maxMs];
  });
  const footer = [footerAt, file.bytes - footerAt, crcs[crcs.length - 1]] as const;
  return { file, groups, footer };
}
