// Results of range queries, kept in extents: fixed runs of steps on the grid of a query, so that a
// dashboard that moves on finds all but its newest steps. Between the query service and a Cache. An
// extent ends by its age (limits.ts: CACHE_TTL_*), and at once when late samples or backfill
// touched what it was computed from. Easy to get wrong: the time of an extent is when its oldest
// part BEGAN to be computed; a step added later must not lengthen the life of the others.
import { createHash } from 'node:crypto';
import { MonError } from '../errors.ts';
import {
  CACHE_AGE_DAY_MS,
  CACHE_AGE_NEW_MS,
  CACHE_ENTRY_BYTES_MAX,
  CACHE_EXTENT_STEPS,
  CACHE_FRESH_MS,
  CACHE_TTL_DAY_MS,
  CACHE_TTL_NEW_MS,
  CACHE_TTL_OLD_MS,
} from '../limits.ts';
import { decodeExtent, encodeExtent, isKept } from './extent.ts';
import { matrixBytes } from './result-bytes.ts';
import { gapsOf, joinPieces, pieceOf } from './pieces.ts';
import { gridSize } from '../model/fragment.ts';
import type { Cache } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Extent } from './extent.ts';
import type { Grid } from '../model/fragment.ts';
import type { LateSamples } from './late-samples.ts';
import type { Piece } from './pieces.ts';
import type { QueryAnswer } from '../model/query-result.ts';
import type { Reach } from './cacheable.ts';

/** Grows whenever the meaning of a query or the form of an extent changes. */
const VERSION = 1;
/** More holes than this are computed in one go, with what lies between. */
const GAPS_MAX = 2;

/** A range query that may be answered in parts. */
export interface CachedQuery {
  /** As the user wrote it, and in its canonical spelling. */
  readonly source: string;
  readonly canonical: string;
  readonly grid: Grid;
  readonly reach: Reach;
  /** Everything else that changes an answer: lookback, default step and the like. */
  readonly settings: string;
}

export interface ResultCacheOptions {
  readonly cache: Cache;
  readonly clock: Clock;
  /** Without it only the age of an extent ends it. */
  readonly late?: LateSamples;
}

/** Answers the steps of a grid by computing them. */
export type Compute = (grid: Grid) => Promise<QueryAnswer>;

/** What the cache has done since it was made. */
export interface ResultCacheCounts {
  hits: number;
  partials: number;
  misses: number;
  /** Steps asked for, and those of them that were there. */
  steps: number;
  stepsCached: number;
  /** Extents dropped because late samples touched them. */
  touched: number;
}

interface Range {
  readonly query: CachedQuery;
  readonly key: string;
  /** Time of step 0 of the grid. */
  readonly phase: number;
  readonly from: number;
  readonly to: number;
  /** The last step that no live sample can change any more. */
  readonly settled: number;
}

interface Fresh {
  readonly piece: Piece;
  readonly answer: QueryAnswer;
  readonly writtenMs: number;
}

export class ResultCache {
  readonly counts: ResultCacheCounts = {
    hits: 0,
    partials: 0,
    misses: 0,
    steps: 0,
    stepsCached: 0,
    touched: 0,
  };
  readonly #options: ResultCacheOptions;
  readonly #running = new Map<string, Promise<QueryAnswer>>();

  constructor(options: ResultCacheOptions) {
    this.#options = options;
  }

  /**
   * The answer of a range query, as much of it as possible from the cache. The same question asked
   * while it is being answered shares the answer. @throws what `compute` throws.
   */
  async range(query: CachedQuery, compute: Compute): Promise<QueryAnswer> {
    const range = this.#rangeOf(query);
    const id = `${range.key} ${range.from} ${range.to} ${query.source}`;
    const running = this.#running.get(id);
    if (running !== undefined) {
      const shared = await running.catch((thrown: unknown) => {
        // The other asker's own end is not this one's.
        if (thrown instanceof MonError && thrown.kind !== 'data') return undefined;
        throw thrown;
      });
      if (shared !== undefined) return this.#told(range, shared, range.to - range.from + 1);
    }
    const answer = this.#answer(range, compute);
    this.#running.set(id, answer);
    try {
      return await answer;
    } finally {
      if (this.#running.get(id) === answer) this.#running.delete(id);
    }
  }

  /**
   * Computes anew what is kept of a range and ends before `untilMs`; answers how many steps that
   * were. @throws what `compute` throws.
   */
  async warm(query: CachedQuery, untilMs: number, compute: Compute): Promise<number> {
    const asked = this.#rangeOf(query);
    const to = Math.min(asked.to, asked.settled);
    if (asked.from > to) return 0;
    const held = await this.#extents({ ...asked, to });
    const good = held.filter(({ endsMs }) => endsMs > untilMs);
    // Who looks further back than this one keeps what he has.
    const back = held.filter((one) => !good.includes(one)).map((one) => one.from);
    const range = { ...asked, from: Math.min(asked.from, ...back), to };
    const fresh = await this.#compute(range, good, compute);
    if (fresh === undefined) return 0;
    await this.#keep(range, good, fresh);
    return stepsOf(fresh);
  }

  #rangeOf(query: CachedQuery): Range {
    const { grid, canonical, settings, reach } = query;
    const phase = ((grid.start % grid.step) + grid.step) % grid.step;
    const from = (grid.start - phase) / grid.step;
    const to = from + gridSize(grid) - 1;
    const settledMs = this.#options.clock.now() - CACHE_FRESH_MS - reach.aheadMs;
    const settled = Math.floor((settledMs - phase) / grid.step);
    const named = JSON.stringify([VERSION, canonical, grid.step, phase, settings]);
    const key = `q${VERSION}:${createHash('sha256').update(named).digest('base64url')}`;
    return { query, key, phase, from, to, settled };
  }

  async #answer(range: Range, compute: Compute): Promise<QueryAnswer> {
    const { from, to } = range;
    const extents = from > range.settled ? [] : await this.#extents(range);
    const fresh = await this.#compute(range, extents, compute);
    // What cannot be kept cannot be joined: the whole is computed.
    if (fresh === undefined) return this.#told(range, await compute(range.query.grid), 0);
    await this.#keep(range, extents, fresh);
    return this.#told(range, joined(range, extents, fresh), to - from + 1 - stepsOf(fresh));
  }

  /** The steps that no extent has; nothing when their columns cannot be kept. */
  async #compute(
    range: Range,
    extents: readonly Extent[],
    compute: Compute,
  ): Promise<Fresh[] | undefined> {
    let gaps = gapsOf(extents, range.from, range.to);
    if (gaps.length > GAPS_MAX) gaps = [[gaps[0][0], (gaps.at(-1) as [number, number])[1]]];
    const fresh: Fresh[] = [];
    for (const [first, last] of gaps) {
      const writtenMs = this.#options.clock.now();
      const answer = await compute(gridOf(range, first, last));
      const { result } = answer;
      if (result.type !== 'matrix' || !isKept(result.matrix)) return undefined;
      fresh.push({ piece: pieceOf(result.matrix, first), answer, writtenMs });
    }
    return fresh;
  }

  #told(range: Range, answer: QueryAnswer, cached: number): QueryAnswer {
    const steps = range.to - range.from + 1;
    const { counts } = this;
    counts.steps += steps;
    counts.stepsCached += cached;
    if (cached === steps) counts.hits++;
    else if (cached > 0) counts.partials++;
    else counts.misses++;
    const cache = cached === steps ? 'hit' : cached > 0 ? 'partial' : 'miss';
    return { ...answer, cache };
  }

  /** The extents of a range that may be used, whole; what late samples touched is not. */
  async #extents(range: Range): Promise<Extent[]> {
    const keys: string[] = [];
    const first = indexOf(range.from);
    const last = indexOf(Math.min(range.to, range.settled));
    for (let i = first; i <= last; i++) keys.push(`${range.key}:${i}`);
    const found = await this.#options.cache.get(keys);
    const extents: Extent[] = [];
    found.forEach((bytes, i) => {
      const extent = bytes === undefined ? undefined : decodeExtent(bytes);
      if (extent === undefined || !this.#holds(range, extent, first + i)) return;
      extents.push(extent);
    });
    return extents;
  }

  #holds(range: Range, extent: Extent, index: number): boolean {
    const { late, clock } = this.#options;
    const low = index * CACHE_EXTENT_STEPS;
    if (extent.from < low || extent.to >= low + CACHE_EXTENT_STEPS) return false;
    if (extent.endsMs <= clock.now()) return false;
    // Annotations name places in the text they were made for.
    const noted = extent.warnings.length + extent.infos.length > 0;
    if (noted && extent.source !== range.query.source) return false;
    const { backMs, aheadMs } = range.query.reach;
    const minMs = timeOf(range, extent.from) - backMs;
    const maxMs = timeOf(range, extent.to) + aheadMs;
    if (late?.touched(extent.writtenMs, minMs, maxMs) !== true) return true;
    this.counts.touched++;
    return false;
  }

  /** Puts what was computed and is settled into its extents, joined with what they hold. */
  async #keep(range: Range, extents: readonly Extent[], fresh: readonly Fresh[]): Promise<void> {
    const held = new Map(extents.map((one) => [indexOf(one.from), one]));
    const changed = new Set<number>();
    for (const { piece, answer, writtenMs } of fresh) {
      if (!answer.whole) continue;
      const last = Math.min(piece.to, range.settled);
      for (let at = piece.from; at <= last;) {
        const index = indexOf(at);
        const end = Math.min(last, (index + 1) * CACHE_EXTENT_STEPS - 1);
        const cut = { ...joinPieces([piece], at, end), writtenMs };
        held.set(index, this.#extentOf(range, cut, answer, held.get(index)));
        changed.add(index);
        at = end + 1;
      }
    }
    await Promise.all(
      [...changed].map((index) => this.#write(range, index, held.get(index) as Extent)),
    );
  }

  #extentOf(
    range: Range,
    cut: Piece & { readonly writtenMs: number },
    answer: QueryAnswer,
    old: Extent | undefined,
  ): Extent {
    const { clock } = this.#options;
    const now = clock.now();
    const endsMs = now + ttlMs(now - timeOf(range, cut.to));
    const { source } = range.query;
    const { warnings, infos } = answer;
    const touching = old !== undefined && old.from <= cut.to + 1 && old.to >= cut.from - 1;
    if (!touching) return { ...cut, endsMs, source, warnings, infos };
    const both = joinPieces([old, cut], Math.min(old.from, cut.from), Math.max(old.to, cut.to));
    return {
      ...both,
      source,
      writtenMs: Math.min(old.writtenMs, cut.writtenMs),
      endsMs: Math.min(old.endsMs, endsMs),
      warnings: [...new Set([...old.warnings, ...warnings])],
      infos: [...new Set([...old.infos, ...infos])],
    };
  }

  async #write(range: Range, index: number, extent: Extent): Promise<void> {
    const { cache, clock } = this.#options;
    const ttl = extent.endsMs - clock.now();
    if (ttl <= 0 || matrixBytes(extent) > CACHE_ENTRY_BYTES_MAX) return;
    await cache.set(`${range.key}:${index}`, encodeExtent(extent), ttl);
  }
}

function stepsOf(fresh: readonly Fresh[]): number {
  return fresh.reduce((sum, { piece }) => sum + piece.to - piece.from + 1, 0);
}

function indexOf(step: number): number {
  return Math.floor(step / CACHE_EXTENT_STEPS);
}

function timeOf(range: Range, step: number): number {
  return range.phase + step * range.query.grid.step;
}

function gridOf(range: Range, first: number, last: number): Grid {
  const { step } = range.query.grid;
  return { start: timeOf(range, first), end: timeOf(range, last), step };
}

/** How long a result lives whose newest data are so old. */
function ttlMs(ageMs: number): number {
  if (ageMs < CACHE_AGE_NEW_MS) return CACHE_TTL_NEW_MS;
  return ageMs < CACHE_AGE_DAY_MS ? CACHE_TTL_DAY_MS : CACHE_TTL_OLD_MS;
}

function joined(range: Range, extents: readonly Extent[], fresh: readonly Fresh[]): QueryAnswer {
  const { from, to, query } = range;
  // What was computed anew stands over what was cached.
  const pieces = [...extents, ...fresh.map(({ piece }) => piece)];
  const { labels, values, present, histograms } = joinPieces(pieces, from, to);
  const answers = fresh.map(({ answer }) => answer);
  const columns = { labels, steps: to - from + 1, values, present };
  const matrix = histograms === undefined ? columns : { ...columns, histograms };
  return {
    result: { type: 'matrix', grid: query.grid, matrix },
    warnings: [...new Set([...extents, ...answers].flatMap((one) => one.warnings))],
    infos: [...new Set([...extents, ...answers].flatMap((one) => one.infos))],
    whole: answers.every(({ whole }) => whole),
    seriesRead: answers.reduce((sum, one) => sum + one.seriesRead, 0),
    samplesRead: answers.reduce((sum, one) => sum + one.samplesRead, 0),
    bytesRead: answers.reduce((sum, one) => sum + (one.bytesRead ?? 0), 0),
    cost: answers.reduce((sum, one) => sum + (one.cost ?? 0), 0),
  };
}
