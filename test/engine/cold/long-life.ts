// A shard that lives for days or years on a virtual clock, with everything that `mon up` gives it:
// store, rollups, the process of the cold tier. Beside it the samples as a function of series and
// time, so that any of them can be looked at without keeping them. Easy to get wrong: what is asked
// has to lie in several tiers, or nothing is proved.
import { strict as assert } from 'node:assert';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatchCodec } from '../../../src/engine/codec/batch.ts';
import { coldPlan, wholeRetention } from '../../../src/engine/daemons/cold-options.ts';
import type { TierSettings } from '../../../src/engine/daemons/cold-options.ts';
import { coldShard, openCold } from '../../../src/engine/daemons/cold-shard.ts';
import type { RollupShard } from '../../../src/engine/daemons/rollup-wiring.ts';
import { openRollups } from '../../../src/engine/daemons/rollup-wiring.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../../src/engine/kernels/series-book.ts';
import type { ColdWork } from '../../../src/engine/model/cold.ts';
import { makeLabels, type Labels } from '../../../src/engine/model/labels.ts';
import type { Matcher } from '../../../src/engine/model/matcher.ts';
import { RESOLUTIONS, type RollupKeep } from '../../../src/engine/model/rollup.ts';
import type { SampleBuffer, SeriesReader, Source, Upkeep } from '../../../src/engine/ports.ts';
import { QueryService } from '../../../src/engine/query/query-service.ts';
import type { ColdClient } from '../../../src/engine/remote/cold-client.ts';
import { systemDisk } from '../../../src/engine/runtime/system-disk.ts';
import { matchesLabels } from '../../../src/engine/head/match-labels.ts';
import { StoreSource } from '../../../src/engine/store/store-source.ts';
import { Store } from '../../../src/engine/store/store.ts';
import { MemorySource } from '../../support/memory-series.ts';
import { systemClock, type Clock } from '../../../src/engine/runtime/clock.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** A multiple of eight days. */
export const START = Math.floor(1_700_000_000_000 / (8 * DAY)) * 8 * DAY;
const OFF = 1e18;

export interface LifeOptions {
  readonly series: number;
  readonly stepMs: number;
  readonly days: number;
  readonly retentionMs: number;
  readonly keepMs: readonly number[];
  readonly tiers: Omit<TierSettings, 'store'>;
}

/** A number of 32 bits that two others decide. */
function mixed(a: number, b: number): number {
  let x = Math.imul(a + 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x7f4a7c15, 0xc2b2ae35);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  return (x ^ (x >>> 12)) >>> 0;
}

export function labelsOf(series: number): Labels {
  const kinds = ['requests_total', 'temperature', 'queue_length', 'worked_seconds_total'];
  return makeLabels([
    ['__name__', kinds[series % 4]],
    ['instance', `host-${series % 7}`],
    ['path', `/p/${series}`],
  ]);
}

/** The value at a step; undefined where the series has no sample. */
export function valueAt(series: number, i: number): number | undefined {
  switch (series % 4) {
    case 0: {
      const life = 5000 + series * 37;
      return (i % life) * (series + 1);
    }
    case 1:
      return Math.round((100 + 50 * Math.sin(i / 200 + series)) * 8 + (mixed(series, i) % 9)) / 8;
    case 2:
      return mixed(series, i) % 100;
    default:
      return i % 4000 > 3600 ? undefined : Math.floor(i / (series + 3)) / 8;
  }
}

/** All samples by their rule. */
class RuleReader implements SeriesReader {
  readonly #options: LifeOptions;

  constructor(options: LifeOptions) {
    this.#options = options;
  }

  match(matchers: readonly Matcher[]): Uint32Array {
    const ids = Array.from({ length: this.#options.series }, (_, id) => id);
    return Uint32Array.from(ids.filter((id) => matchesLabels(matchers, labelsOf(id))));
  }

  labels(id: number): Labels {
    return labelsOf(id);
  }

  read(id: number, minMs: number, maxMs: number, into: SampleBuffer): number {
    const { stepMs, days } = this.#options;
    const first = Math.max(1, Math.ceil((minMs - START) / stepMs));
    const last = Math.min((days * DAY) / stepMs, Math.floor((maxMs - START) / stepMs));
    const room = Math.max(0, last - first + 1);
    if (into.timestamps.length < room) {
      into.timestamps = new Float64Array(room);
      into.values = new Float64Array(room);
      into.words = new Uint32Array(into.values.buffer);
    }
    into.histograms = undefined;
    let count = 0;
    for (let i = first; i <= last; i++) {
      const value = valueAt(id, i);
      if (value === undefined) continue;
      into.timestamps[count] = START + i * stepMs;
      into.values[count++] = value;
    }
    return count;
  }

  labelNames(): string[] {
    return ['__name__', 'instance', 'path'];
  }

  labelValues(): string[] {
    return [];
  }
}

/** The shard, and what queries of it and of the rule look like. */
export class LongLife {
  readonly options: LifeOptions;
  /** Its day is that of the samples; it waits for nothing. */
  readonly clock: Clock = { ...systemClock, now: () => this.nowMs };
  folder = '';
  store!: Store;
  client!: ColdClient;
  #shard!: { source: Source; upkeep: Upkeep; cold: ColdWork; sink: { close(): Promise<void> } };
  #rollups!: { workRollups(nowMs: number): Promise<boolean> };
  #archive!: RollupShard['archive'];
  readonly #book: SeriesBook;
  readonly #codec: BatchCodec;
  #offset = 0;
  #step = 0;

  constructor(options: LifeOptions) {
    const kernels = new Kernels();
    this.options = options;
    this.#book = new SeriesBook(kernels, 1);
    this.#codec = new BatchCodec(kernels);
  }

  get keep(): RollupKeep {
    const sketches = [[{ name: '__name__', op: '=', value: 'queue_length' } as const]];
    return { keepMs: this.options.keepMs, runMs: DAY, sketches };
  }

  async open(): Promise<void> {
    this.folder ||= await mkdtemp(join(tmpdir(), 'mon-life-'));
    const { folder, clock, keep: rollups } = this;
    const { retentionMs } = this.options;
    const objects = { folder: join(folder, 'objects') };
    const tiers = { ...this.options.tiers, store: objects, warmDir: join(folder, 'warm') };
    const plan = coldPlan(tiers, join(folder, 'scratch'), { retentionMs, rollups });
    assert.ok(plan);
    const partitions = [0];
    const client = await openCold({ plan, partitions, clock });
    assert.ok(client);
    this.client = client;
    const [disk, kernels, generation] = [systemDisk, new Kernels(), 1];
    const cold = this.client;
    const head = join(folder, 'head');
    const all = { folder: head, disk, partitions, generation, kernels, cold };
    this.store = await Store.open(all);
    const { store } = this;
    const source = new StoreSource(store);
    const place = { folder: join(folder, 'rollups'), disk, kernels, clock, generation };
    const shard = await openRollups({ ...place, store, source, keep: rollups });
    this.#rollups = shard.rollups;
    this.#archive = shard.archive;
    this.#shard = coldShard(shard, { plan, cold, store, folder: head });
  }

  /** Lives to the end of its days, or for so many; upkeep comes at the end of each. */
  async live(days = this.options.days): Promise<void> {
    for (let day = 0; day < days; day++) {
      await this.#day();
      await this.upkeep();
    }
  }

  async #day(): Promise<void> {
    const { series, stepMs } = this.options;
    const refs = Array.from({ length: series }, (_, s) => this.#book.refOfLabels(labelsOf(s)));
    const end = this.#step + DAY / stepMs;
    const lot = Math.max(1, Math.floor(20_000 / series));
    while (this.#step < end) {
      const last = Math.min(end, this.#step + lot);
      const columns = { refs: [] as number[], times: [] as number[], values: [] as number[] };
      for (let s = 0; s < series; s++) {
        for (let i = this.#step + 1; i <= last; i++) {
          const value = valueAt(s, i);
          if (value === undefined) continue;
          columns.refs.push(refs[s]);
          columns.times.push(START + i * stepMs);
          columns.values.push(value);
        }
      }
      const floats = {
        refs: Uint32Array.from(columns.refs),
        timestamps: Float64Array.from(columns.times),
        values: Float64Array.from(columns.values),
      };
      const batch = { partition: 0, receivedMs: 0, lateness: 0, floats } as const;
      const place = { epoch: 1, sequence: this.#offset, book: this.#book };
      const bytes = this.#codec.encode(batch, place).slice();
      const one = { partition: 0, offset: this.#offset++, bytes, definitionsOnly: false };
      await this.store.apply([one]);
      this.#step = last;
    }
  }

  get nowMs(): number {
    return START + this.#step * this.options.stepMs;
  }

  async upkeep(): Promise<void> {
    const { nowMs } = this;
    const { retentionMs, tiers } = this.options;
    const { upkeep, cold } = this.#shard;
    const whole = wholeRetention(retentionMs, { ...tiers, store: { folder: '' } });
    await upkeep.keepOnly(nowMs, { retentionMs: whole });
    await upkeep.seal(nowMs);
    await upkeep.compact(nowMs, retentionMs);
    while (await this.#rollups.workRollups(nowMs));
    const { postponed } = await cold.workCold(nowMs);
    assert.deepEqual(postponed, []);
  }

  /** Queries of the shard, and the same over every sample there ever was. */
  services(): { tiers: QueryService; rule: QueryService } {
    const { clock } = this;
    const { retentionMs, tiers, keepMs } = this.options;
    const whole = wholeRetention(retentionMs, { ...tiers, store: { folder: '' } });
    const rollups = { retentionMs: whole, keepMs };
    const free = { samplesMax: OFF, timeoutMs: 600_000, cost: { warn: OFF, max: OFF } };
    const rule = new MemorySource(new RuleReader(this.options));
    const make = (source: Source, more: object): QueryService =>
      new QueryService({ ...free, ...more, sources: [source], clock });
    return { tiers: make(this.#shard.source, { rollups }), rule: make(rule, {}) };
  }

  get source(): Source {
    return this.#shard.source;
  }

  /** Archives rows that end here and dies before they are dropped; answers how many files. */
  async dieAfterRows(beforeMs: number): Promise<number> {
    let files = 0;
    const keep: Parameters<RollupShard['archive']>[1]['keep'] = async ({ index, ...given }) => {
      files = given.sources.length;
      const kind = (['1m', '5m', '1h', '1d'] as const)[index];
      await this.client.archive({ partition: 0, kind, ...given });
      throw new Error('killed');
    };
    await assert.rejects(this.#archive(0, { beforeMs, keep }), /killed/);
    return files;
  }

  /** Blocks that lie in the warm folder. */
  async warmFiles(): Promise<number> {
    return (await readdir(join(this.folder, 'warm', 'partition-0000'))).length;
  }

  async close(): Promise<void> {
    await this.#shard.sink.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

export const WINDOWS = RESOLUTIONS.map(({ ms }) => ms);
