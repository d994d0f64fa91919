// Counts the series of heads by metric, label and pair, and adds up what they cost: the figures
// behind `mon explore`. Rows of all heads of a thread are joined here, by hashes instead of texts,
// so that a quarter of a million values become strings only where they are shown. Easy to get
// wrong: one value lies in several heads under several numbers and is still one value.
import type { Kernels } from '../kernels/kernels.ts';
import type { MetricFigures, PairRow, SeriesFigures } from '../model/cardinality.ts';
import { NAME, compareText } from '../model/labels.ts';
import { HEAD_PAIR_NEXT, HEAD_SERIES_LIVE } from './head-fields.ts';
import type { PairText } from './pair-text.ts';
import { scratchOf } from './scratch.ts';

/** kernels/assembly/head-figures.ts: FIGURE_BYTES. */
const FIGURE_BYTES = 40;
const FIGURE_WORDS = FIGURE_BYTES / 4;
const FIGURE_DOUBLES = FIGURE_BYTES / 8;
/** Series whose rows lie in scratch memory at once. */
const PORTION = 65_536;
/** Behind now by more than this a series has ended: the lookback of a query. */
const SILENT_MS = 5 * 60_000;
const CHURN_MS = 3_600_000;

/** A head and the ids of its series that are counted. */
export interface Counted {
  readonly kernels: Kernels;
  readonly head: number;
  readonly pairs: PairText;
  readonly floorMs: number;
  readonly bytes: number;
}

interface Sum {
  series: number;
  live: number;
  begun: number;
  ended: number;
  samples: number;
  perSecond: number;
  bytes: number;
}

function noSum(): Sum {
  return { series: 0, live: 0, begun: 0, ended: 0, samples: 0, perSecond: 0, bytes: 0 };
}

/** What all of a head takes for each byte of its series, as it was when all were counted last. */
const shares = new WeakMap<PairText, number>();

function plus(into: Sum, one: Sum): Sum {
  for (const key of Object.keys(into) as (keyof Sum)[]) into[key] += one[key];
  return into;
}

export class SeriesCount {
  readonly #nowMs: number;
  readonly #label: string | undefined;
  readonly #metrics = new Map<string, Sum>();
  readonly #values = new Map<string, number>();
  /** Index of a pair by the hash of its bytes; two pairs of one hash of 53 bits count as one. */
  readonly #indexes = new Map<number, number>();
  readonly #counts: number[] = [];
  /** Where the text of each pair can be read: its head, and its number there. */
  readonly #heads: Counted[] = [];
  readonly #headOf: number[] = [];
  readonly #pairOf: number[] = [];
  #series = 0;

  /** `label`: only pairs of this name are told. */
  constructor(nowMs: number, label?: string) {
    this.#nowMs = nowMs;
    this.#label = label;
  }

  /** Adds living series of a head. */
  take(from: Counted, ids: Uint32Array): void {
    this.#series += ids.length;
    const sums = new Map<number, Sum>();
    const name = from.pairs.find(NAME, '');
    for (let first = 0; first < ids.length; first += PORTION) {
      this.#figures(from, ids.subarray(first, first + PORTION), name, sums);
    }
    const told = [...sums.values()].reduce((all, one) => all + one.bytes, 0);
    // Postings, texts and tables belong to all series alike.
    const whole = ids.length === seriesOf(from) && told > 0;
    if (whole) shares.set(from.pairs, Math.max(1, from.bytes / told));
    const share = shares.get(from.pairs) ?? 1;
    for (const [pair, sum] of sums) {
      const metric = pair === 0 ? '' : from.pairs.value(pair - 1);
      this.#add(metric, { ...sum, bytes: sum.bytes * share });
    }
    this.#pairs(from, ids);
  }

  #figures(from: Counted, ids: Uint32Array, name: number, sums: Map<number, Sum>): void {
    const { kernels, head, floorMs } = from;
    const idBytes = (ids.length * 4 + 15) & ~15;
    const at = scratchOf(kernels).room(idBytes + ids.length * FIGURE_BYTES);
    kernels.u32.set(ids, at / 4);
    const rows = at + idBytes;
    kernels.exports.headFigures(head, name, at, ids.length, rows);
    const { u32, f64 } = kernels;
    const now = this.#nowMs;
    for (let i = 0; i < ids.length; i++) {
      const word = rows / 4 + i * FIGURE_WORDS;
      const double = rows / 8 + i * FIGURE_DOUBLES;
      const pair = u32[word];
      let sum = sums.get(pair);
      if (sum === undefined) sums.set(pair, (sum = noSum()));
      sum.series++;
      sum.samples += u32[word + 1];
      sum.bytes += u32[word + 2];
      const oldest = f64[double + 2];
      const newest = f64[double + 3];
      // What reaches back to the floor may be as old as it likes.
      if (oldest > floorMs && oldest >= now - CHURN_MS) sum.begun++;
      if (newest >= now - SILENT_MS) {
        sum.live++;
        sum.perSecond += f64[double + 4];
      } else if (newest >= now - CHURN_MS) sum.ended++;
    }
  }

  #add(metric: string, sum: Sum): void {
    const known = this.#metrics.get(metric);
    if (known === undefined) {
      this.#metrics.set(metric, sum);
      return;
    }
    plus(known, sum);
  }

  #pairs(from: Counted, ids: Uint32Array): void {
    const { kernels, head, pairs } = from;
    const own = this.#heads.push(from) - 1;
    const next = kernels.u32[(head + HEAD_PAIR_NEXT) / 4];
    const idBytes = (ids.length * 4 + 15) & ~15;
    const at = scratchOf(kernels).room(idBytes + next * 4);
    kernels.u32.set(ids, at / 4);
    kernels.u32.fill(0, (at + idBytes) / 4, (at + idBytes) / 4 + next);
    kernels.exports.headCountPairs(head, at, ids.length, at + idBytes);
    const counts = kernels.u32.slice((at + idBytes) / 4, (at + idBytes) / 4 + next);
    for (let pair = 0; pair < next; pair++) {
      if (counts[pair] === 0) continue;
      const name = pairs.name(pair);
      const hash = hashOf(from, pair);
      const known = this.#indexes.get(hash);
      const told = this.#label === undefined || this.#label === name;
      if (known !== undefined) {
        if (told) this.#counts[known] += counts[pair];
        continue;
      }
      this.#indexes.set(hash, this.#counts.length);
      this.#values.set(name, (this.#values.get(name) ?? 0) + 1);
      this.#counts.push(told ? counts[pair] : 0);
      this.#headOf.push(own);
      this.#pairOf.push(pair);
    }
  }

  /** The largest rows first; `rows` of each list at most. */
  answer(rows: number): Omit<SeriesFigures, 'blockBytes' | 'blockSamples'> {
    const sums = [...this.#metrics].map(([name, sum]): MetricFigures => ({ name, ...sum }));
    sums.sort((a, b) => b.series - a.series || compareText(a.name, b.name));
    const values = [...this.#values].sort((a, b) => b[1] - a[1] || compareText(a[0], b[0]));
    return {
      seriesCounted: this.#series,
      total: { name: '', ...sums.reduce((all, one) => plus(all, one), noSum()) },
      metricCount: sums.length,
      pairCount: this.#indexes.size,
      metrics: sums.slice(0, rows),
      labels: values.slice(0, rows),
      pairs: this.#largest(rows),
    };
  }

  #largest(rows: number): readonly PairRow[] {
    const counts = this.#counts;
    const some: number[] = [];
    const single: number[] = [];
    for (let i = 0; i < counts.length; i++) {
      if (counts[i] > 1) some.push(i);
      else if (counts[i] === 1 && single.length < rows) single.push(i);
    }
    some.sort((a, b) => counts[b] - counts[a]);
    return [...some, ...single]
      .slice(0, rows)
      .flatMap((i) => this.#row(i))
      .sort((a, b) => b[2] - a[2] || compareText(a[0], b[0]) || compareText(a[1], b[1]));
  }

  /** None when the head has cut series meanwhile and the number means another pair. */
  #row(index: number): readonly PairRow[] {
    const from = this.#heads[this.#headOf[index]];
    const pair = this.#pairOf[index];
    const end = from.kernels.u32[(from.head + HEAD_PAIR_NEXT) / 4];
    if (pair >= end || this.#indexes.get(hashOf(from, pair)) !== index) return [];
    return [[from.pairs.name(pair), from.pairs.value(pair), this.#counts[index]]];
  }
}

/** 53 bits of the hash of a pair's bytes. */
function hashOf({ kernels, head }: Counted, pair: number): number {
  const { exports } = kernels;
  const at = exports.pairBytes(head, pair);
  const length = exports.pairLength(head, pair);
  const high = exports.hashHigh(at, length) & 0x1fffff;
  return high * 2 ** 32 + (exports.hashLow(at, length) >>> 0);
}

function seriesOf({ kernels, head }: Counted): number {
  return kernels.u32[(head + HEAD_SERIES_LIVE) / 4];
}
