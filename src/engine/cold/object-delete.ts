// Writes an object anew without samples that somebody deleted. Under the tier. Easy to get wrong:
// the numbers of series stay, so the table of series may have gaps afterwards; and windows go when
// they touch a deleted range, since what is left of them cannot be told from them.
import { join } from 'node:path';
import { assert } from '../errors.ts';
import type { Matcher } from '../model/matcher.ts';
import { RESOLUTIONS } from '../model/rollup.ts';
import type { Disk } from '../runtime/disk.ts';
import { COPY_OPTIONS, quoted, type Duck } from './duck.ts';
import { objectKeys, type ColdObject } from './manifest.ts';
import { seriesOf, type ObjectReading } from './object-read.ts';
import { describeObject, type WrittenObject } from './object-write.ts';
import type { CheckedRange } from './range-cache.ts';

export interface Cut {
  readonly selections: readonly (readonly Matcher[])[];
  readonly minMs: number;
  readonly maxMs: number;
}

export interface Rewriting extends ObjectReading {
  readonly disk: Disk;
  /** Of this process alone. */
  readonly folder: string;
}

/** What is left of an object: the same, nothing, or two new files. */
export async function withoutSamples(
  rewriting: Rewriting,
  object: ColdObject,
  { selections, minMs, maxMs }: Cut,
): Promise<'same' | 'nothing' | WrittenObject> {
  const { partition, cache, alone, folder, disk } = rewriting;
  const width = RESOLUTIONS.find(({ name }) => name === object.kind)?.ms ?? 0;
  // A window that ends behind the range may begin within it.
  const lastMs = width === 0 ? maxMs : maxMs + width - 1;
  if (object.minMs > lastMs || object.maxMs < minMs) return 'same';
  const numbers = new Set<number>();
  for (const matchers of selections) {
    const found = await seriesOf(rewriting, object, { matchers, minMs, maxMs: lastMs });
    for (const { number } of found) numbers.add(number);
  }
  if (numbers.size === 0) return 'same';
  const all = await seriesOf(rewriting, object, {
    ...{ matchers: [], minMs: -Infinity, maxMs: Infinity },
  });
  const { data: key } = objectKeys(partition, object);
  const dataPath = join(folder, 'data.parquet');
  await disk.makeFolder(folder);
  const hidden = `series IN (${[...numbers].join(',')}) AND timestamp BETWEEN ? AND ?`;
  const range = [
    BigInt(Math.floor(Math.max(minMs, -(2 ** 53)))),
    BigInt(Math.min(lastMs, 2 ** 53)),
  ];
  const ranges: CheckedRange[] = object.groups.map(([at, bytes, crc]) => [at, bytes, crc]);
  return cache.withRanges(key, object.data.bytes, [...ranges, object.footer], (path) =>
    alone(async (duck: Duck) => {
      const from = `FROM read_parquet(${quoted(path)}) WHERE NOT (${hidden})`;
      const copy = `COPY (SELECT * ${from}) TO ${quoted(dataPath)} (${COPY_OPTIONS})`;
      await duck.rows(copy, range, `object ${key}`);
      const sums = (await duck.rows(
        `SELECT series::DOUBLE, min(timestamp)::DOUBLE, max(timestamp)::DOUBLE, ` +
          `count(*)::DOUBLE FROM read_parquet(?) GROUP BY series ORDER BY series`,
        [dataPath],
        `object ${key}`,
      )) as (readonly number[])[];
      if (sums.length === 0) return 'nothing' as const;
      const known = new Map(all.map((one) => [one.number, one]));
      const counts = sums.map(([number, first, last, rows]) => {
        const one = known.get(number);
        assert(one, 'a series with rows is in the table of series');
        const series = { labels: one.labels, hash: one.hash };
        return { series, number, minMs: first, maxMs: last, rows };
      });
      const made = await describeObject({ duck, disk, folder }, counts, dataPath);
      const stale = object.stale === undefined ? {} : { stale: object.stale };
      return { ...made, ...(object.bodies === true ? { bodies: true } : {}), ...stale };
    }),
  );
}
