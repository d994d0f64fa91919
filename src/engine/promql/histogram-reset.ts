// Whether a counter histogram was reset between two samples: any count that fell, a bucket that
// is gone, a finer resolution or a smaller zero bucket. Hints of the storage answer at once.
// Gauges are treated as counters here; who asks warns.
import { HINT, boundOf, isCustom } from '../model/histogram.ts';
import { coarser, mapToBounds, sameNumbers, sharedBounds, tracked } from './histogram-lists.ts';
import { work, zeroFor } from './histogram-zero.ts';
import type { BucketList, FloatHistogram } from '../model/histogram.ts';

/** True when `now` cannot be `before` with more observations. */
export function wasReset(now: FloatHistogram, before: FloatHistogram): boolean {
  if (now.hint === HINT.reset) return true;
  if (now.hint === HINT.notReset) return false;
  if (now.count < before.count) return true;
  if (isCustom(now)) {
    if (!isCustom(before)) return true;
    if (!sameNumbers(now.custom, before.custom)) return anyFellInShared(now, before);
  }
  if (now.schema > before.schema || now.zeroThreshold < before.zeroThreshold) return true;
  const zero = zeroFor(work(before, undefined), now.zeroThreshold);
  if (zero.threshold !== now.zeroThreshold || now.zeroCount < zero.count) return true;
  const by = before.schema - now.schema;
  const covered = (index: number): boolean =>
    !isCustom(now) && boundOf(index, now.schema, now.custom) <= now.zeroThreshold;
  const fell = (a: BucketList, b: BucketList): boolean =>
    anyFell(a, coarser(tracked(b), by), covered);
  return fell(now.positive, before.positive) || fell(now.negative, before.negative);
}

/** True when a bucket of `before` has more than the same bucket of `now`. */
function anyFell(
  now: BucketList,
  before: BucketList,
  covered: (index: number) => boolean,
): boolean {
  let at = 0;
  let leading = true;
  for (let i = 0; i < before.indexes.length; i++) {
    const index = before.indexes[i];
    if (leading && covered(index)) continue;
    leading = false;
    while (at < now.indexes.length && now.indexes[at] < index) at++;
    const found = at < now.indexes.length && now.indexes[at] === index;
    if (found ? now.counts[at] < before.counts[i] : before.counts[i] !== 0) return true;
  }
  return false;
}

function anyFellInShared(now: FloatHistogram, before: FloatHistogram): boolean {
  const shared = sharedBounds(now.custom, before.custom);
  const a = mapToBounds(tracked(now.positive), now.custom, shared);
  const b = mapToBounds(tracked(before.positive), before.custom, shared);
  const counts = (list: BucketList): Float64Array => {
    const out = new Float64Array(shared.length + 1);
    list.indexes.forEach((index, i) => (out[index] = list.counts[i]));
    return out;
  };
  const left = counts(a);
  return counts(b).some((count, i) => left[i] < count);
}
