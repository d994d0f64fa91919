// Joins what several sources answered to one batch of fragments, fragment by fragment. Rules ask in
// batches, of shards in the same process and of stores elsewhere, and merge alike. Easy to get
// wrong: a fragment that one source refuses has failed, a source that is away leaves the whole
// batch partial, and one that lacks objects leaves the fragments partial that look there.
import { MonError } from '../errors.ts';
import type { BatchAnswer, Fragment, FragmentResult } from '../model/fragment.ts';
import { mergeFragments } from './merge.ts';

/** Answers that have no series in common, as one. `whole` when none is missing. */
export function mergeBatches(
  fragments: readonly Fragment[],
  answers: readonly BatchAnswer[],
  whole: boolean,
): BatchAnswer {
  const results = fragments.map((fragment, i): FragmentResult | Error => {
    const parts = answers.map((one) => one.results[i]);
    const bad = parts.find((one) => one instanceof Error);
    return bad ?? merged(fragment, parts as FragmentResult[]);
  });
  return {
    results,
    whole: whole && answers.every((one) => one.whole),
    storeReads: answers.reduce((sum, one) => sum + one.storeReads, 0),
  };
}

/** What is past a limit only together is that fragment's failure, not the batch's. */
function merged(fragment: Fragment, parts: readonly FragmentResult[]): FragmentResult | Error {
  try {
    const result = mergeFragments(fragment, parts);
    return parts.some(({ partial }) => partial === true) ? { ...result, partial: true } : result;
  } catch (thrown) {
    if (thrown instanceof MonError) return thrown;
    throw thrown;
  }
}
