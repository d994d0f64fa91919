// The series of several files as one list, in the order of their canonical bytes: what archives are
// sorted by. Between files of blocks or rollups and whoever writes their archive. Easy to get
// wrong: files sort by labels, which is another order.
import type { Kernels } from '../kernels/kernels.ts';
import { labelsKey, type Labels } from '../model/labels.ts';
import type { BlockReader } from './block-reader.ts';
import { canonicalOf } from './canonical.ts';

/** A series and where it stands. */
export interface Member {
  readonly labels: Labels;
  /** The identity hash (docs/format/identity.md). */
  readonly hash: bigint;
  /** Its id in each file; -1 where it is not. */
  readonly ids: Int32Array;
}

export function membersOf(
  readers: readonly Pick<BlockReader, 'series' | 'labels'>[],
  kernels: Kernels,
): Member[] {
  const known = new Map<string, Member & { readonly bytes: Uint8Array }>();
  for (const [r, reader] of readers.entries()) {
    for (let id = 0; id < reader.series; id++) {
      const labels = reader.labels(id);
      const key = labelsKey(labels);
      let member = known.get(key);
      if (member === undefined) {
        const bytes = canonicalOf(labels);
        const ids = new Int32Array(readers.length).fill(-1);
        member = { labels, bytes, hash: hashOf(bytes, kernels), ids };
        known.set(key, member);
      }
      member.ids[r] = id;
    }
  }
  return [...known.values()].sort((a, b) => Buffer.compare(a.bytes, b.bytes));
}

function hashOf(bytes: Uint8Array, kernels: Kernels): bigint {
  const at = kernels.put(bytes);
  const low = kernels.exports.hashLow(at, bytes.length) >>> 0;
  const high = kernels.exports.hashHigh(at, bytes.length) >>> 0;
  kernels.exports.free(at, bytes.length);
  return (BigInt(high) << 32n) | BigInt(low);
}
