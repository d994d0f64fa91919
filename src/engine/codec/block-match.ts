// From matchers to the series of a block: posting lists joined and subtracted, the shortest first.
// As in the head, a matcher that the empty value passes also takes series without the label, so it
// is answered by taking away those whose value does not pass. Easy to get wrong: lists are
// unpacked only when their turn comes, because an empty intersection spares the rest.
import { intersectIds, subtractIds, unionIds } from '../head/id-sets.ts';
import { valueTest } from '../head/value-test.ts';
import type { Matcher } from '../model/matcher.ts';
import type { BlockIndex } from './block-index.ts';

/** Pairs of one matcher and how many series they name together, at most. */
interface Lists {
  readonly pairs: readonly number[];
  readonly weight: number;
}

/** Ids of the series that pass all matchers, rising. @throws UserError for a bad expression. */
export function selectSeries(index: BlockIndex, matchers: readonly Matcher[]): Uint32Array {
  const within: Lists[] = [];
  const without: Lists[] = [];
  for (const matcher of matchers) {
    const pass = !valueTest(matcher).test('');
    const lists = weighed(index, passing(index, matcher, pass));
    if (pass && lists.pairs.length === 0) return new Uint32Array(0);
    if (lists.pairs.length > 0) (pass ? within : without).push(lists);
  }
  within.sort((a, b) => a.weight - b.weight);
  let ids: Uint32Array | undefined;
  for (const lists of within) {
    const some = joined(index, lists);
    ids = ids === undefined ? some : intersectIds(ids, some);
    if (ids.length === 0) return ids;
  }
  ids ??= Uint32Array.from({ length: index.series }, (_, id) => id);
  for (const lists of without) ids = subtractIds(ids, joined(index, lists));
  return ids;
}

function weighed(index: BlockIndex, pairs: readonly number[]): Lists {
  return { pairs, weight: pairs.reduce((sum, pair) => sum + index.count(pair), 0) };
}

function joined(index: BlockIndex, lists: Lists): Uint32Array {
  return unionIds(
    lists.pairs.map((pair) => index.postings(pair)),
    index.series,
  );
}

/** Pairs of the matcher's name whose value passes, or those whose value does not. */
function passing(index: BlockIndex, matcher: Matcher, pass: boolean): number[] {
  const { values, test } = valueTest(matcher);
  const { name } = matcher;
  if (values !== undefined && pass) {
    return values.map((value) => index.find(name, value)).filter((pair) => pair >= 0);
  }
  // `x != "v"` refuses one value only: no need to look at the others.
  if (matcher.op === '!=' && !pass && matcher.value !== '') {
    const pair = index.find(name, matcher.value);
    return pair < 0 ? [] : [pair];
  }
  const [from, end] = index.pairsOf(name);
  const out: number[] = [];
  for (let pair = from; pair < end; pair++) if (test(index.value(pair)) === pass) out.push(pair);
  return out;
}
