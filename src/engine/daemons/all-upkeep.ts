// The upkeep of several shards as one: each call goes to all of them at once, reports are added up.
// Easy to get wrong: what a whole server may keep in bytes is shared out among the shards.
import type { Matcher } from '../model/matcher.ts';
import { addUpkeep, noUpkeep } from '../model/upkeep.ts';
import type { BlockStatus, StoreKeep, UpkeepReport } from '../model/upkeep.ts';
import type { Upkeep } from '../ports.ts';

export class AllUpkeep implements Upkeep {
  readonly #all: readonly Upkeep[];

  constructor(all: readonly Upkeep[]) {
    this.#all = all;
  }

  seal(nowMs: number): Promise<UpkeepReport> {
    return this.#sum((one) => one.seal(nowMs));
  }

  compact(nowMs: number, retentionMs: number): Promise<UpkeepReport> {
    return this.#sum((one) => one.compact(nowMs, retentionMs));
  }

  upload(): Promise<UpkeepReport> {
    return this.#sum((one) => one.upload());
  }

  keepOnly(nowMs: number, keep: StoreKeep): Promise<UpkeepReport> {
    const { bytesMax } = keep;
    const share = bytesMax === undefined ? undefined : bytesMax / this.#all.length;
    return this.#sum((one) => one.keepOnly(nowMs, { ...keep, bytesMax: share }));
  }

  async delete(
    selections: readonly (readonly Matcher[])[],
    minMs: number,
    maxMs: number,
  ): Promise<void> {
    await Promise.all(this.#all.map((one) => one.delete(selections, minMs, maxMs)));
  }

  async cleanTombstones(): Promise<number> {
    const counts = await Promise.all(this.#all.map((one) => one.cleanTombstones()));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async snapshot(folder: string): Promise<void> {
    await Promise.all(this.#all.map((one) => one.snapshot(folder)));
  }

  async blocks(): Promise<readonly BlockStatus[]> {
    return (await Promise.all(this.#all.map((one) => one.blocks()))).flat();
  }

  async #sum(ask: (one: Upkeep) => Promise<UpkeepReport>): Promise<UpkeepReport> {
    const sum = noUpkeep();
    for (const report of await Promise.all(this.#all.map(ask))) addUpkeep(sum, report);
    return sum;
  }
}
