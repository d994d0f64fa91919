// The store's files and its start. Disk: data/exposition at its own times, through the door into
// a store of its own, sealed and joined; bytes of blocks told apart from the state. Restart: 10
// million samples of 200,000 series, most of them sealed, from checkpoint to ready. Run: node
// dist/test/bench/store.bench.js [series]
import { mkdtemp, rm } from 'node:fs/promises';
import { statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatchCodec } from '../../src/engine/codec/batch.ts';
import { Kernels } from '../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../src/engine/kernels/series-book.ts';
import { makeLabels } from '../../src/engine/model/labels.ts';
import { seededRandom } from '../../src/engine/runtime/random.ts';
import { systemClock } from '../../src/engine/runtime/clock.ts';
import { systemDisk } from '../../src/engine/runtime/system-disk.ts';
import { Store } from '../../src/engine/store/store.ts';
import { StoreSource } from '../../src/engine/store/store-source.ts';
import { recordedSeries } from '../support/column-sets.ts';

const HOUR = 3_600_000;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Feeds a store record by record, all definitions in the first of each partition. */
class Feeder {
  readonly kernels = new Kernels();
  readonly book: SeriesBook;
  readonly codec = new BatchCodec(this.kernels);
  readonly next: number[];
  readonly store: Store;

  constructor(store: Store, partitions: number) {
    this.store = store;
    this.book = new SeriesBook(this.kernels, partitions);
    this.next = Array.from({ length: partitions }, () => 0);
  }

  async append(refs: Uint32Array, timestamps: Float64Array, values: Float64Array): Promise<void> {
    const lots = this.next.map(() => [] as number[]);
    for (let i = 0; i < refs.length; i++) lots[this.book.partition(refs[i])].push(i);
    for (const [partition, lot] of lots.entries()) {
      for (let at = 0; at < lot.length; at += 20_000) {
        const part = lot.slice(at, at + 20_000);
        const floats = {
          refs: Uint32Array.from(part, (i) => refs[i]),
          timestamps: Float64Array.from(part, (i) => timestamps[i]),
          values: Float64Array.from(part, (i) => values[i]),
        };
        const batch = { partition, receivedMs: 0, lateness: 0, floats } as const;
        const bytes = this.codec.encode(batch, { epoch: 1, sequence: 1, book: this.book });
        const offset = this.next[partition]++;
        const one = { partition, offset, bytes: bytes.slice(), definitionsOnly: false };
        await this.store.apply([one]);
      }
    }
  }
}

async function opened(folder: string, partitions: number): Promise<Store> {
  return await Store.open({
    folder,
    disk: systemDisk,
    kernels: new Kernels(),
    partitions: Array.from({ length: partitions }, (_, i) => i),
    generation: 1,
    clock: systemClock,
  });
}

function stateBytes(folder: string, partitions: number): number {
  let sum = 0;
  for (let p = 0; p < partitions; p++) {
    sum += statSync(join(folder, `partition-${String(p).padStart(4, '0')}.checkpoint`)).size;
  }
  return sum;
}

async function disk(partitions: number): Promise<void> {
  const recorded = recordedSeries();
  if (recorded === undefined) return say('disk: data/exposition is not here');
  const folder = await mkdtemp(join(tmpdir(), 'mon-store-bench-'));
  const store = await opened(folder, partitions);
  const feeder = new Feeder(store, partitions);
  let last = 0;
  for (const { labels, timestamps, words } of recorded) {
    const refs = new Uint32Array(timestamps.length).fill(feeder.book.refOfLabels(labels));
    await feeder.append(refs, timestamps, new Float64Array(words.buffer));
    last = Math.max(last, timestamps[timestamps.length - 1]);
  }
  const { samples, series } = store.stats();
  const began = process.cpuUsage();
  await store.seal(last + 12 * HOUR);
  await store.compact(last + 240 * HOUR, 1000 * 24 * HOUR);
  const { user } = process.cpuUsage(began);
  await store.checkpoint();
  const { bytes, files, samples: sealed } = store.stats().blocks;
  const state = stateBytes(folder, partitions);
  say(
    `disk, ${partitions} partitions: ${sealed} of ${samples} samples of ${series} series in ` +
      `${files} blocks of ${bytes} bytes: ${(bytes / sealed).toFixed(3)} B a sample with index; ` +
      `state ${state} bytes; sealing took ${(user / sealed).toFixed(2)} us of CPU a sample`,
  );
  await store.close();
  await rm(folder, { recursive: true });
}

async function restart(seriesCount: number): Promise<void> {
  const partitions = 4;
  const folder = await mkdtemp(join(tmpdir(), 'mon-store-bench-'));
  let store = await opened(folder, partitions);
  const feeder = new Feeder(store, partitions);
  const random = seededRandom(7);
  const refs = Uint32Array.from({ length: seriesCount }, (_, i) =>
    feeder.book.refOfLabels(
      makeLabels([
        ['__name__', `metric_${i % 100}`],
        ['host', `host-${Math.floor(i / 100)}`],
        ['job', `job-${i % 7}`],
        ['zone', `eu-west-${i % 3}`],
      ]),
    ),
  );
  const steps = Math.round(10_000_000 / seriesCount);
  const start = 1_699_992_000_000;
  const values = Float64Array.from(refs, () => Math.floor(random() * 1000));
  for (let step = 0; step < steps; step++) {
    const time = start + Math.floor((step * 4 * HOUR) / steps);
    for (let i = 0; i < values.length; i++) values[i] += Math.floor(random() * 4);
    await feeder.append(refs, new Float64Array(refs.length).fill(time), values);
  }
  const { memoryBytes } = store.stats();
  const sealBegan = systemClock.monotonic();
  await store.seal(start + 4 * HOUR);
  const sealMs = systemClock.monotonic() - sealBegan;
  await store.checkpoint();
  const { samples, blocks } = store.stats();
  const state = stateBytes(folder, partitions);
  await store.close();
  const began = systemClock.monotonic();
  store = await opened(folder, partitions);
  const openMs = systemClock.monotonic() - began;
  const source = new StoreSource(store, systemClock);
  const ask = systemClock.monotonic();
  const host = { name: 'host', op: '=', value: 'host-17' } as const;
  const found = await source.series([[host]], start, start + 4 * HOUR, 0);
  const askMs = systemClock.monotonic() - ask;
  say(
    `restart: ${seriesCount} series, ${samples} samples in heads and ${blocks.samples} in ` +
      `${blocks.files} blocks of ${blocks.bytes} bytes; state ${state} bytes; sealed in ` +
      `${sealMs.toFixed(0)} ms; open in ${openMs.toFixed(0)} ms; first select of ` +
      `${found.length} series ${askMs.toFixed(1)} ms; heads held ${memoryBytes} bytes before, ` +
      `${store.stats().memoryBytes} after`,
  );
  await store.close();
  await rm(folder, { recursive: true });
}

await disk(1);
await disk(4);
await restart(Number(process.argv[2] ?? 200_000));
