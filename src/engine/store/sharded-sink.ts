// Several shards as one sink, so that the log has one reader for the store however many threads
// there are: deliveries go to the shard that owns their partition, each shard keeping their order.
import { assert } from '../errors.ts';
import type { ApplyCounts, Delivery, Offset, Sink } from '../ports.ts';
import { addCounts, noCounts } from './store.ts';

export interface ShardSink {
  readonly sink: Sink;
  readonly partitions: readonly number[];
}

export class ShardedSink implements Sink {
  readonly #shards: readonly ShardSink[];
  readonly #shardOf = new Map<number, number>();

  constructor(shards: readonly ShardSink[]) {
    this.#shards = shards;
    shards.forEach((shard, i) => {
      for (const partition of shard.partitions) {
        assert(!this.#shardOf.has(partition), 'a partition belongs to one shard');
        this.#shardOf.set(partition, i);
      }
    });
  }

  resumeAt(): Promise<ReadonlyMap<number, Offset>> {
    return this.#joined((sink) => sink.resumeAt());
  }

  checkpoint(): Promise<ReadonlyMap<number, Offset>> {
    return this.#joined((sink) => sink.checkpoint());
  }

  async apply(deliveries: readonly Delivery[]): Promise<ApplyCounts> {
    const lots: Delivery[][] = this.#shards.map(() => []);
    for (const one of deliveries) {
      const shard = this.#shardOf.get(one.partition);
      assert(shard !== undefined, `partition ${one.partition} belongs to a shard`);
      lots[shard].push(one);
    }
    const all = noCounts();
    const applied = this.#shards.map(({ sink }, i) =>
      lots[i].length > 0 ? sink.apply(lots[i]) : undefined,
    );
    for (const counts of await Promise.all(applied)) if (counts) addCounts(all, counts);
    return all;
  }

  async close(): Promise<void> {
    await Promise.all(this.#shards.map(({ sink }) => sink.close()));
  }

  async #joined(
    ask: (sink: Sink) => Promise<ReadonlyMap<number, Offset>>,
  ): Promise<ReadonlyMap<number, Offset>> {
    const maps = await Promise.all(this.#shards.map(({ sink }) => ask(sink)));
    return new Map(maps.flatMap((map) => [...map]));
  }
}
