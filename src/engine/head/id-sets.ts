// Sets of series ids as rising Uint32Arrays: what matchers leave of posting lists. Pure. Small
// unions are sorted, large ones pass through a set of bits. Inputs are never changed.

/** Ids in both. */
export function intersectIds(a: Uint32Array, b: Uint32Array): Uint32Array {
  const [few, many] = a.length <= b.length ? [a, b] : [b, a];
  const out = new Uint32Array(few.length);
  let count = 0;
  if (few.length * 16 < many.length) {
    let from = 0;
    for (const id of few) {
      from = lowerBound(many, id, from);
      if (from === many.length) break;
      if (many[from] === id) out[count++] = id;
    }
    return out.subarray(0, count);
  }
  let i = 0;
  let j = 0;
  while (i < few.length && j < many.length) {
    const left = few[i];
    const right = many[j];
    if (left === right) out[count++] = left;
    if (left <= right) i++;
    if (right <= left) j++;
  }
  return out.subarray(0, count);
}

/** Index of the first id not below `id`, at or after `from`. */
function lowerBound(ids: Uint32Array, id: number, from: number): number {
  let step = 1;
  let low = from;
  while (low + step < ids.length && ids[low + step] < id) {
    low += step;
    step *= 2;
  }
  let high = Math.min(ids.length, low + step + 1);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ids[middle] < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Ids of `a` that are not in `b`. */
export function subtractIds(a: Uint32Array, b: Uint32Array): Uint32Array {
  const out = new Uint32Array(a.length);
  let count = 0;
  let j = 0;
  for (const id of a) {
    while (j < b.length && b[j] < id) j++;
    if (b[j] !== id) out[count++] = id;
  }
  return out.subarray(0, count);
}

/** Ids in any of the lists, all below `idEnd`. */
export function unionIds(lists: readonly Uint32Array[], idEnd: number): Uint32Array {
  if (lists.length === 0) return new Uint32Array(0);
  if (lists.length === 1) return lists[0];
  const total = lists.reduce((sum, list) => sum + list.length, 0);
  if (total < idEnd / 64) return sortedUnion(lists, total);
  const bits = new Uint32Array((idEnd >>> 5) + 1);
  for (const list of lists) for (const id of list) bits[id >>> 5] |= 1 << (id & 31);
  const out = new Uint32Array(total);
  let count = 0;
  for (let word = 0; word < bits.length; word++) {
    for (let rest = bits[word]; rest !== 0; rest &= rest - 1) {
      out[count++] = word * 32 + (31 - Math.clz32(rest & -rest));
    }
  }
  return out.subarray(0, count);
}

function sortedUnion(lists: readonly Uint32Array[], total: number): Uint32Array {
  const all = new Uint32Array(total);
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  all.sort();
  let count = 0;
  for (let i = 0; i < total; i++) if (i === 0 || all[i] !== all[i - 1]) all[count++] = all[i];
  return all.subarray(0, count);
}
