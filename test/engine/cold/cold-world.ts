// A store with a cold tier over a disk in memory and objects in a folder of it: the world of
// test/engine/store with one more way for samples to go. What the model knows must be found,
// wherever it lies. A crash at a step is an exception; what had been opened before is not used
// again.
import { strict as assert } from 'node:assert';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FolderObjects } from '../../../src/engine/cold/folder-objects.ts';
import { SampleFeed } from '../../../src/engine/cold/cold-rows.ts';
import { ParquetTier, type ColdStep } from '../../../src/engine/cold/parquet-tier.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { labelsKey } from '../../../src/engine/model/labels.ts';
import type { ObjectStore } from '../../../src/engine/ports.ts';
import { systemDisk } from '../../../src/engine/runtime/system-disk.ts';
import { archiveOldest } from '../../../src/engine/store/archive-blocks.ts';
import { fetchCold } from '../../../src/engine/store/cold-fetch.ts';
import { openBlocks } from '../../../src/engine/store/hand-over.ts';
import { makeBuffer } from '../../../src/engine/store/merge-samples.ts';
import { HOUR, StoreWorld } from '../store/store-world.ts';
import { VirtualClock } from '../../support/virtual-clock.ts';

export type Death = ColdStep | 'archived';

export class ColdWorld extends StoreWorld {
  readonly afterMs: number;
  scratch = '';
  tier!: ParquetTier;
  cold!: ObjectStore;
  /** The step at which the next archive dies. */
  dying: Death | undefined;
  /** Puts something between the tier and its objects. */
  between = (objects: ObjectStore): ObjectStore => objects;
  rowsMax: number | undefined;
  clock = new VirtualClock();

  constructor(seed: number, afterMs = 12 * HOUR) {
    super(seed);
    this.afterMs = afterMs;
  }

  override async open(): Promise<void> {
    this.scratch ||= await mkdtemp(join(tmpdir(), 'mon-cold-'));
    this.cold = new FolderObjects(this.disk, '/cold');
    const kernels = new Kernels();
    this.clock = new VirtualClock(this.nowMs);
    this.tier = await ParquetTier.open({
      ...{ objects: this.between(this.cold), disk: systemDisk, folder: this.scratch },
      ...{ partitions: [0], clock: this.clock, rowsMax: this.rowsMax },
      sources: ({ sources }) => {
        const opened = openBlocks(sources, this.disk, kernels);
        const rows = sources.reduce((sum, one) => sum + one.rows, 0);
        return {
          ...opened,
          rows,
          feed: (series) => new SampleFeed(series as typeof opened.series),
        };
      },
      step: (step) => this.#die(step),
    });
    await super.open();
  }

  protected override storeOptions(): object {
    return { cold: this.tier };
  }

  #die(step: Death): void {
    if (step !== this.dying) return;
    this.dying = undefined;
    throw new Error(`killed at ${step}`);
  }

  /** Archives all that is due; false when it was killed on the way. */
  async archive(): Promise<boolean> {
    const [[number, partition]] = this.store.partitions;
    const { tier: cold, afterMs } = this;
    const step = (at: Death): void => this.#die(at);
    const plan = { cold, afterMs, ready: () => true, step };
    try {
      while ((await archiveOldest(number, partition, this.nowMs, plan)) > 0);
      return true;
    } catch (thrown) {
      if (thrown instanceof Error && thrown.message.startsWith('killed at')) return false;
      throw thrown;
    }
  }

  /** Compares samples of a range, of all tiers, with the model; answers how many there are. */
  async checkAll(minMs = -Infinity, maxMs = Infinity): Promise<number> {
    const asked = { matchers: [], maxSamples: Infinity };
    const range = { minMs: Math.max(minMs, -1e15), maxMs: Math.min(maxMs, 1e15) };
    const fetched = await fetchCold(this.store, asked, range);
    assert.deepEqual(fetched?.warnings ?? [], []);
    const [reader] = this.store.readers(minMs, maxMs, undefined, fetched?.readers);
    const into = makeBuffer();
    const found = new Map<string, [number, bigint][]>();
    for (const id of reader.match([], minMs, maxMs)) {
      const count = reader.read(id, minMs, maxMs, into);
      const rows: [number, bigint][] = [];
      for (let i = 0; i < count; i++) {
        const bits = (BigInt(into.words[i * 2 + 1]) << 32n) | BigInt(into.words[i * 2]);
        rows.push([into.timestamps[i], bits]);
      }
      if (count > 0) found.set(labelsKey(reader.labels(id)), rows);
    }
    let samples = 0;
    for (const [key, times] of this.model) {
      const rows = [...times].filter(([t]) => t >= minMs && t <= maxMs);
      rows.sort((a, b) => a[0] - b[0]);
      samples += rows.length;
      assert.deepEqual(found.get(key) ?? [], rows, `samples of ${key}`);
      found.delete(key);
    }
    assert.deepEqual([...found.keys()], [], 'nothing that was never written');
    return samples;
  }

  /** Rows of all objects that the manifest names. */
  get archivedRows(): number {
    return this.tier.objects(0).reduce((sum, { rows }) => sum + rows, 0);
  }

  /** Samples that lie in blocks and head, doubles of the cold tier among them. */
  localSamples(): number {
    const [reader] = this.store.readers(-Infinity, Infinity);
    const into = makeBuffer();
    let samples = 0;
    for (const id of reader.match([], -Infinity, Infinity)) {
      samples += reader.read(id, -Infinity, Infinity, into);
    }
    return samples;
  }

  async close(): Promise<void> {
    await this.tier.close();
    await rm(this.scratch, { recursive: true, force: true });
  }
}
