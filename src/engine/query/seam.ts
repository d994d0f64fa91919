// Where two sources meet in time: steps of a query's grid whose windows lie behind the seam are
// answered where the samples are, the others from the samples of both. Both are asked the same
// fragment and each answers its own steps alone, so merging never adds a sample twice. Easy to get
// wrong: the seam moves with the clock, and both must see the same one for the same fragment.
import { assert, MonError } from '../errors.ts';
import type { MetadataEntry } from '../model/batch.ts';
import type { Cardinality } from '../model/cardinality.ts';
import { joinCardinality } from '../model/cardinality.ts';
import { gridSize } from '../model/fragment.ts';
import type {
  BatchAnswer,
  Fragment,
  FragmentResult,
  Matrix,
  RawSamples,
} from '../model/fragment.ts';
import type { Labels } from '../model/labels.ts';
import type { Matcher } from '../model/matcher.ts';
import type { Estimate, Source } from '../ports.ts';
import { reachOfFragment, runFragment } from '../promql/leaf.ts';
import { emptyMatrix, mergeFragments } from '../promql/merge.ts';
import { RawReader } from './raw-reader.ts';

type Selections = readonly (readonly Matcher[])[];

/** The steps of a fragment before the seam; all, where its samples are wanted themselves. */
interface Split {
  readonly steps: number;
  readonly before: number;
}

export class Seam {
  readonly #fromMs: () => number;
  readonly #known = new WeakMap<Fragment, Split>();

  /** `fromMs`: since when the near source has every sample. */
  constructor(fromMs: () => number) {
    this.#fromMs = fromMs;
  }

  /** Since when the near source has every sample, now. */
  get fromMs(): number {
    return this.#fromMs();
  }

  /** Where this fragment is cut; the same whenever it is asked. */
  split(fragment: Fragment): Split {
    const found = this.#known.get(fragment);
    if (found !== undefined) return found;
    const { grid } = fragment;
    const steps = Math.max(0, gridSize(grid));
    const short = this.#fromMs() - reachOfFragment(fragment).first;
    // Nothing lies behind a seam at infinity.
    const before = short <= 0 ? 0 : Math.min(steps, Math.ceil(short / grid.step));
    const split = { steps, before };
    this.#known.set(fragment, split);
    return split;
  }
}

/** The near source: the steps whose windows lie behind the seam, and all samples it has. */
export class NearSource implements Source {
  readonly #source: Source;
  readonly #seam: Seam;

  constructor(source: Source, seam: Seam) {
    this.#source = source;
    this.#seam = seam;
  }

  async fragment(fragment: Fragment, signal?: AbortSignal): Promise<FragmentResult> {
    const near = this.#cut(fragment);
    if (near === undefined) return nothing(fragment);
    return padded(fragment, await this.#source.fragment(near, signal), this.#before(fragment));
  }

  async fragments(list: readonly Fragment[]): Promise<BatchAnswer> {
    const cut = list.map((one) => this.#cut(one));
    const wanted = cut.filter((one) => one !== undefined);
    const answer = await this.#source.fragments?.(wanted);
    assert(answer !== undefined, 'the near source takes batches');
    let next = 0;
    const results = list.map((fragment, i) => {
      if (cut[i] === undefined) return nothing(fragment);
      const result = answer.results[next++];
      if (result instanceof Error) return result;
      return padded(fragment, result, this.#before(fragment));
    });
    return { ...answer, results };
  }

  series(selections: Selections, minMs: number, maxMs: number, limit: number) {
    return this.#source.series(selections, minMs, maxMs, limit);
  }

  labelNames(selections: Selections, minMs: number, maxMs: number) {
    return this.#source.labelNames(selections, minMs, maxMs);
  }

  labelValues(name: string, selections: Selections, minMs: number, maxMs: number) {
    return this.#source.labelValues(name, selections, minMs, maxMs);
  }

  metadata(): Promise<readonly MetadataEntry[]> {
    return this.#source.metadata();
  }

  async estimate(fragment: Fragment): Promise<Estimate> {
    return (await this.#source.estimate?.(fragment)) ?? { series: 0, samples: 0 };
  }

  async cardinality(): Promise<Cardinality> {
    return (await this.#source.cardinality?.()) ?? joinCardinality([]);
  }

  #before(fragment: Fragment): number {
    return fragment.fn === 'raw' ? 0 : this.#seam.split(fragment).before;
  }

  /** The fragment over its own steps; undefined when there are none. */
  #cut(fragment: Fragment): Fragment | undefined {
    const before = this.#before(fragment);
    if (before === 0) return fragment;
    const { grid } = fragment;
    if (before >= gridSize(grid)) return undefined;
    return { ...fragment, grid: { ...grid, start: grid.start + before * grid.step } };
  }
}

/** The steps whose windows reach before the seam, from the samples of both. */
export class FarSource implements Source {
  readonly #far: Source;
  readonly #near: Source;
  readonly #seam: Seam;

  constructor(far: Source, near: Source, seam: Seam) {
    this.#far = far;
    this.#near = near;
    this.#seam = seam;
  }

  async fragment(fragment: Fragment, signal?: AbortSignal): Promise<FragmentResult> {
    const { steps, before } = this.#seam.split(fragment);
    if (before === 0) return nothing(fragment);
    if (fragment.fn === 'raw') return this.#far.fragment(fragment, signal);
    const { grid } = fragment;
    const end = grid.start + (before - 1) * grid.step;
    const own = { ...fragment, grid: { ...grid, end } };
    const asked = samplesOf(own);
    const far = this.#far.fragment(asked, signal).catch((thrown: unknown) => away(thrown));
    const reached = reachOfFragment(own).last >= this.#seam.fromMs;
    const near = reached ? await this.#near.fragment(asked, signal) : undefined;
    const answers = [...(near === undefined ? [] : [near]), await far];
    const all = mergeFragments(asked, answers);
    const result = runFragment(own, new RawReader(all.raw ?? NO_SAMPLES));
    const warnings = [...new Set([...result.warnings, ...all.warnings])];
    const partial = answers.some((one) => one.partial === true);
    const told = { ...result, warnings, ...(partial ? { partial } : {}) };
    return padded(fragment, told, 0, steps - before);
  }

  /** A fragment that the other side cannot answer fails alone: rules over recent time go on. */
  async fragments(list: readonly Fragment[]): Promise<BatchAnswer> {
    const results = await Promise.all(
      list.map(async (one): Promise<FragmentResult | Error> => {
        try {
          const result = await this.fragment(one);
          if (result.partial !== true) return result;
          return new MonError('MON_SERVER_UNREACHABLE', result.warnings.join('; '));
        } catch (thrown) {
          if (!(thrown instanceof MonError) || thrown.kind === 'give up') throw thrown;
          return thrown;
        }
      }),
    );
    return { results, whole: true, storeReads: 0 };
  }

  async series(
    selections: Selections,
    minMs: number,
    maxMs: number,
    limit: number,
  ): Promise<readonly Labels[]> {
    if (!this.#asked(minMs)) return [];
    return await this.#far.series(selections, minMs, maxMs, limit);
  }

  async labelNames(
    selections: Selections,
    minMs: number,
    maxMs: number,
  ): Promise<readonly string[]> {
    return this.#asked(minMs) ? await this.#far.labelNames(selections, minMs, maxMs) : [];
  }

  async labelValues(
    name: string,
    selections: Selections,
    minMs: number,
    maxMs: number,
  ): Promise<readonly string[]> {
    if (!this.#asked(minMs)) return [];
    return await this.#far.labelValues(name, selections, minMs, maxMs);
  }

  metadata(): Promise<readonly MetadataEntry[]> {
    return this.#far.metadata();
  }

  #asked(minMs: number): boolean {
    return minMs < this.#seam.fromMs;
  }
}

const NO_SAMPLES: RawSamples = {
  ...{ labels: [], from: new Uint32Array(1) },
  ...{ timestamps: new Float64Array(0), values: new Float64Array(0) },
};

/** The fragment that asks for the samples that another one looks at. */
function samplesOf(fragment: Fragment): Fragment {
  const { first, last } = reachOfFragment(fragment);
  const { matchers, maxSeries, maxSamples, starts } = fragment;
  return {
    ...{ matchers, maxSeries, maxSamples, ...(starts === undefined ? {} : { starts }) },
    ...{ fn: 'raw', args: [], keepName: true },
    grid: { start: last, end: last, step: 1 },
    windowMs: last - first + 1,
  };
}

/** What the other side answers while it is away. @throws what will not pass. */
function away(thrown: unknown): FragmentResult {
  if (!(thrown instanceof MonError) || thrown.kind !== 'retry') throw thrown;
  const warnings = [`older samples are missing: ${thrown.message}`];
  return { raw: NO_SAMPLES, seriesRead: 0, samplesRead: 0, warnings, infos: [], partial: true };
}

/** An answer without rows. */
function nothing(fragment: Fragment): FragmentResult {
  const said = { seriesRead: 0, samplesRead: 0, warnings: [], infos: [] };
  if (fragment.fn !== 'raw') {
    return { matrix: emptyMatrix(Math.max(0, gridSize(fragment.grid))), ...said };
  }
  return { raw: NO_SAMPLES, ...said };
}

/** The answer with steps around it that hold nothing. */
function padded(
  fragment: Fragment,
  result: FragmentResult,
  before: number,
  after = 0,
): FragmentResult {
  const { matrix } = result;
  if (matrix === undefined || before + after === 0) return result;
  if (matrix.labels.length === 0) return { ...result, ...{ matrix: nothing(fragment).matrix } };
  return { ...result, matrix: wider(matrix, before, before + matrix.steps + after) };
}

function wider(matrix: Matrix, before: number, steps: number): Matrix {
  const rows = matrix.labels.length;
  const floats = (from: Float64Array): Float64Array => {
    const to = new Float64Array(rows * steps);
    for (let row = 0; row < rows; row++) {
      const at = row * matrix.steps;
      to.set(from.subarray(at, at + matrix.steps), row * steps + before);
    }
    return to;
  };
  const bytes = (from: Uint8Array): Uint8Array => {
    const to = new Uint8Array(rows * steps);
    for (let row = 0; row < rows; row++) {
      const at = row * matrix.steps;
      to.set(from.subarray(at, at + matrix.steps), row * steps + before);
    }
    return to;
  };
  const { counts, squares, lost, histograms, mixes } = matrix;
  return {
    ...{ labels: matrix.labels, steps },
    values: floats(matrix.values),
    present: bytes(matrix.present),
    ...(counts === undefined ? {} : { counts: floats(counts) }),
    ...(squares === undefined ? {} : { squares: floats(squares) }),
    ...(lost === undefined ? {} : { lost: floats(lost) }),
    ...(mixes === undefined ? {} : { mixes: bytes(mixes) }),
    ...(histograms === undefined
      ? {}
      : {
          histograms: Array.from({ length: rows * steps }, (_, i) => {
            const step = (i % steps) - before;
            if (step < 0 || step >= matrix.steps) return undefined;
            return histograms[Math.floor(i / steps) * matrix.steps + step];
          }),
        }),
  };
}
