// Native histograms as a subject of the differential test: which differences between 2.42 and 3 are
// allowed there, and how each is recognized.
import {
  HistogramGenerator,
  exponentialQuantile,
  histogramData,
} from './differential-histograms.ts';
import { difference, failed } from './differential-outcome.ts';
import { NEAR } from './differential-words.ts';
import type { Outcome } from './differential-outcome.ts';
import type { Subject } from './differential.ts';

/** The rows with each value by a rule. */
function mapped(outcome: Outcome, rule: (value: number) => number): Outcome {
  if (failed(outcome)) return outcome;
  const rows = [...outcome.rows].map(([labels, row]) => {
    return [labels, new Map([...row].map(([t, v]) => [t, rule(v)] as const))] as const;
  });
  return { rows: new Map(rows) };
}

export const HISTOGRAMS: Subject = {
  layout: NEAR,
  data: histogramData,
  queries: (seed, baseMs) => new HistogramGenerator(seed, baseMs),
  args: ['--enable-feature=native-histograms'],
  explained: [
    {
      // 3.0 takes observations as spread exponentially within a bucket, 2.42 as spread evenly.
      why: 'quantiles are interpolated exponentially',
      holds: ({ query }, mon, prometheus) =>
        query.startsWith('histogram_quantile') &&
        difference(mon, mapped(prometheus, exponentialQuantile)) === undefined,
    },
    {
      // 2.42 takes the floats that are not there from one another: 0, and no histogram.
      why: 'the difference of two histograms was none',
      holds: ({ query }, mon, prometheus) =>
        query.includes(' - ') && onlyHistograms(mon) && onlyZeros(prometheus),
    },
    {
      // Since 3.0 a first sample with a reset right behind it counts for nothing, so that its
      // coarser buckets make no others coarse.
      why: 'buckets stay fine when a reset comes with another schema',
      holds: ({ query }, mon, prometheus) =>
        /(?:rate|increase)\(signed/.test(query) &&
        difference(figures(mon), figures(prometheus)) === undefined &&
        finer(mon, prometheus),
    },
  ],
};

const BUCKET = / bucket \d (\S+) (\S+)$/;

/** The rows that are no buckets. */
function figures(outcome: Outcome): Outcome {
  if (failed(outcome)) return outcome;
  return { rows: new Map([...outcome.rows].filter(([key]) => !BUCKET.test(key))) };
}

interface BucketRow {
  readonly of: string;
  readonly lower: number;
  readonly upper: number;
  readonly count: number;
}

function bucketRows(outcome: Outcome): BucketRow[] {
  if (failed(outcome)) return [];
  return [...outcome.rows].flatMap(([key, row]) => {
    const found = BUCKET.exec(key);
    if (found === null) return [];
    const [lower, upper] = [Number(found[1]), Number(found[2])];
    const labels = key.slice(0, found.index);
    return [...row].map(([t, count]) => ({ of: `${t} ${labels}`, lower, upper, count }));
  });
}

/** Whether each bucket of the one side is the sum of the other's buckets in it, and all are in. */
function finer(mon: Outcome, prometheus: Outcome): boolean {
  const own = bucketRows(mon);
  let used = 0;
  for (const { of, lower, upper, count } of bucketRows(prometheus)) {
    const inside = own.filter((b) => b.of === of && b.lower >= lower && b.upper <= upper);
    used += inside.length;
    const sum = inside.reduce((total, one) => total + one.count, 0);
    if (Math.abs(sum - count) > 1e-6 * Math.max(1, Math.abs(count))) return false;
  }
  return used === own.length;
}

function onlyHistograms(outcome: Outcome): boolean {
  return !failed(outcome) && [...outcome.rows.keys()].every((key) => !key.endsWith(']'));
}

function onlyZeros(outcome: Outcome): boolean {
  if (failed(outcome)) return false;
  return [...outcome.rows.values()].every((row) => [...row.values()].every((v) => v === 0));
}
