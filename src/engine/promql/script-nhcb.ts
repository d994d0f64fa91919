// load_with_nhcb: classic histogram series of a script collated, timestamp by timestamp, into
// native histograms with custom buckets. Source: Prometheus' documentation of its test scripts.
import { CUSTOM_SCHEMA, indexesOf, makeHistogram } from '../model/histogram.ts';
import { compacted } from './histogram-math.ts';
import { dropLabels, labelValue, labelsKey } from '../model/labels.ts';
import { parseFloatText } from './literals.ts';
import { withLabel } from './with-label.ts';
import type { FloatHistogram } from '../model/histogram.ts';
import type { Labels } from '../model/labels.ts';
import type { ScriptSample } from './script-series.ts';

interface Collected {
  readonly buckets: Map<number, number>;
  count: number | undefined;
  sum: number;
}

interface Classic {
  readonly labels: Labels;
  readonly times: Map<number, Collected>;
}

/** Takes the series of a load one by one. */
export class Collator {
  readonly #found = new Map<string, Classic>();

  /** A series with its samples; what is no part of a classic histogram is passed over. */
  add(labels: Labels, samples: readonly ScriptSample[]): void {
    const suffix = /^(.*)_(bucket|count|sum)$/s.exec(labelValue(labels, '__name__'));
    if (suffix === null) return;
    const [, base, kind] = suffix;
    const bound = parseFloatText(labelValue(labels, 'le'));
    if (kind === 'bucket' && (bound === undefined || Number.isNaN(bound))) return;
    const bare = withLabel(dropLabels(labels, new Set(['le'])), '__name__', base);
    const key = labelsKey(bare);
    let classic = this.#found.get(key);
    if (classic === undefined) {
      this.#found.set(key, (classic = { labels: bare, times: new Map() }));
    }
    for (const { t, v, histogram, stale } of samples) {
      if (histogram !== undefined || stale === true) continue;
      let one = classic.times.get(t);
      if (one === undefined) {
        classic.times.set(t, (one = { buckets: new Map(), count: undefined, sum: 0 }));
      }
      if (kind === 'sum') one.sum = v;
      else if (kind === 'count') one.count = v;
      else if (!one.buckets.has(bound as number)) one.buckets.set(bound as number, v);
    }
  }

  /** The native histograms of all that was added. */
  series(): { readonly labels: Labels; readonly samples: ScriptSample[] }[] {
    return [...this.#found.values()].map(({ labels, times }) => ({
      labels,
      samples: [...times]
        .toSorted(([a], [b]) => a - b)
        .map(([t, one]) => ({ t, v: 0, histogram: converted(one) })),
    }));
  }
}

/** @throws Error when the buckets are no cumulative histogram. */
function converted({ buckets, count, sum }: Collected): FloatHistogram {
  const sorted = [...buckets].toSorted(([a], [b]) => a - b);
  const all = count ?? sorted.at(-1)?.[1] ?? 0;
  if (sorted.at(-1)?.[0] !== Infinity) sorted.push([Infinity, all]);
  const counts = new Float64Array(sorted.length);
  let before = 0;
  sorted.forEach(([, value], i) => {
    if (value < before) throw new Error(`count is not cumulative: ${value} < ${before}`);
    counts[i] = value - before;
    before = value;
  });
  if (before !== all) throw new Error(`count mismatch: ${all} is not ${before}`);
  return compacted(
    makeHistogram({
      schema: CUSTOM_SCHEMA,
      count: all,
      sum,
      positive: { indexes: indexesOf([0, counts.length]), counts },
      custom: Float64Array.from(sorted.slice(0, -1), ([bound]) => bound),
    }),
  );
}
