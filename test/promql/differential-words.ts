// What the generators of queries share: chance, how the samples lie in time, and when a query is
// asked. Easy to get wrong: Prometheus 2.42 counts what stands at the very beginning of a range,
// later ones do not, so no sample and no instant of a subquery may ever stand there.
import { seededRandom } from '../../src/engine/runtime/random.ts';
import type { Random } from '../../src/engine/runtime/random.ts';

/** A query and when it is asked; `other` is its text for 2.42 where a name has changed since. */
export interface Asked {
  readonly query: string;
  readonly other: string;
  readonly startMs: number;
  /** Equal to the start for an instant query. */
  readonly endMs: number;
  readonly stepMs: number;
}

/** How the samples lie, and which times fit them. */
export interface Layout {
  readonly steps: number;
  readonly stepMs: number;
  /** How long before the present the last sample is, at least. */
  readonly agoMs: number;
  /** The first time that is asked for, after the first sample; ms. */
  readonly warmMs: number;
  /** Instants are a multiple of `unitMs` and `phaseMs` behind it. */
  readonly unitMs: number;
  readonly phaseMs: number;
  readonly queryStepsMs: readonly number[];
  /** Ranges of selectors. */
  readonly lengths: readonly string[];
  /** Ranges of subqueries, and of subqueries in subqueries. */
  readonly spans: readonly string[];
  readonly innerSpans: readonly string[];
  readonly resolutions: readonly string[];
  readonly offsets: readonly string[];
}

/**
 * A little more than an hour, all of it in the head. Instants end in 7 s and ranges of subqueries
 * are multiples of 10 s; a subquery within another is asked at multiples of 10 s, so its own range
 * is none.
 */
export const NEAR: Layout = {
  ...{ steps: 400, stepMs: 10_000, agoMs: 60_000, warmMs: 15 * 60_000 },
  ...{ unitMs: 60_000, phaseMs: 7000, queryStepsMs: [10, 20, 30, 60, 120, 300].map(ms) },
  lengths: ['1m', '2m', '90s', '5m', '10m'],
  spans: ['1m', '2m', '90s', '5m', '10m'],
  innerSpans: ['65s', '125s', '305s'],
  resolutions: ['10s', '30s', ''],
  offsets: ['10s', '1m', '-1m', '5m'],
};

/**
 * Three days by the minute: in the head, in blocks, in the cold tier and in rollups. Instants are
 * aligned with the windows of rollups half of the time, so no range of a subquery is a multiple of
 * 10 s.
 */
export const FAR: Layout = {
  ...{ steps: 3 * 1440, stepMs: 60_000, agoMs: 60_000, warmMs: 26 * 3_600_000 },
  ...{ unitMs: 300_000, phaseMs: 0, queryStepsMs: [300, 600, 1234, 3600, 7200].map(ms) },
  lengths: ['6m', '10m', '15m', '1h', '6h', '1d'],
  spans: ['605s', '3605s', '21605s'],
  innerSpans: ['605s', '3605s'],
  resolutions: ['1m', '5m', ''],
  offsets: ['10m', '1h', '-5m', '1d', '90s'],
};

function ms(seconds: number): number {
  return 1000 * seconds;
}

export class Dice {
  readonly random: Random;

  constructor(seed: number) {
    this.random = seededRandom(seed);
  }

  below(n: number): number {
    return Math.floor(this.random() * n);
  }

  one<T>(of: readonly T[]): T {
    return of[this.below(of.length)];
  }

  chance(p: number): boolean {
    return this.random() < p;
  }
}

/** When a query is asked: at an instant or over a range, half and half. */
export function whenAsked(
  dice: Dice,
  layout: Layout,
  baseMs: number,
): Pick<Asked, 'startMs' | 'endMs' | 'stepMs'> {
  const { warmMs, unitMs, phaseMs, queryStepsMs } = layout;
  const units = Math.floor((layout.steps * layout.stepMs - warmMs) / unitMs) - 1;
  const startMs = baseMs + warmMs + dice.below(units) * unitMs + phaseMs;
  const stepMs = dice.one(queryStepsMs);
  const range = dice.chance(0.5);
  const endMs = range ? startMs + stepMs * (1 + dice.below(20)) : startMs;
  return { startMs, endMs, stepMs };
}
