// Asks all sources the same and joins what they answer. A source that cannot be reached leaves the
// answer partial, which is said; every other failure is the query's.
import { MonError } from '../errors.ts';
import { mergeFragments } from '../promql/merge.ts';
import type { BatchAnswer, Fragment, FragmentResult } from '../model/fragment.ts';
import type { Source } from '../ports.ts';

export interface Gathered {
  readonly result: FragmentResult;
  /** False when a source is missing from the result. */
  readonly whole: boolean;
}

/**
 * One fragment from all sources.
 * @throws the failure of a source, unless it is of kind 'retry' and another source did answer.
 */
export async function gather(
  sources: readonly Source[],
  fragment: Fragment,
  signal?: AbortSignal,
): Promise<Gathered> {
  const settled = await Promise.allSettled(
    sources.map((source) => source.fragment(fragment, signal)),
  );
  signal?.throwIfAborted();
  const results: FragmentResult[] = [];
  const missing: string[] = [];
  let failure: unknown;
  settled.forEach((one, i) => {
    if (one.status === 'fulfilled') return void results.push(one.value);
    const reason: unknown = one.reason;
    const passing = reason instanceof MonError && reason.kind === 'retry';
    if (!passing) failure ??= reason;
    else missing.push(`source ${i + 1} of ${sources.length} is missing: ${reason.message}`);
  });
  if (failure !== undefined) throw failure;
  if (missing.length > 0 && results.length === 0) {
    throw (settled[0] as PromiseRejectedResult).reason;
  }
  return joined(fragment, results, missing);
}

/** What sources answered to one fragment as one, with words for those that are missing. */
export function joined(
  fragment: Fragment,
  results: readonly FragmentResult[],
  missing: readonly string[],
): Gathered {
  const merged = mergeFragments(fragment, results);
  const warnings = [...merged.warnings, ...missing];
  const whole = missing.length === 0 && results.every(({ partial }) => partial !== true);
  return { result: { ...merged, warnings }, whole };
}

/** A list of fragments from one source. @throws MonError MON_NOT_FOUND when it takes no lists. */
export async function batchOf(
  source: Source,
  list: readonly Fragment[],
  signal?: AbortSignal,
): Promise<BatchAnswer> {
  if (source.fragments !== undefined) return source.fragments(list, signal);
  throw new MonError('MON_NOT_FOUND', 'this source takes no batches');
}
