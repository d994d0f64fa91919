// From the identity hash of a series to its virtual shard and partition. The arithmetic is frozen:
// changing it would move series between partitions under data that is already written.

/** Virtual shards; the top 12 bits of the identity hash. */
export const VIRTUAL_SHARDS = 4096;

/** The virtual shard of a series from the high word of its 64-bit identity hash. */
export function shardOf(hashHigh: number): number {
  return hashHigh >>> 20;
}

/** The partition that a virtual shard belongs to. */
export function partitionOf(shard: number, partitions: number): number {
  return shard % partitions;
}
