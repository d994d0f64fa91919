// Bytes and CPU a sample of the log record, for the decision in ARCHITECTURE.md: a dictionary a
// segment against labels in every record, in the sizes of the embedded log (a request of 2,000
// samples) and of Kafka (64 and 256 KB), plain and with zstd.
import { constants, zstdCompressSync } from 'node:zlib';
import snappy from 'snappy';
import { BatchCodec } from '../../src/engine/codec/batch.ts';
import { Door } from '../../src/engine/collector/door.ts';
import { Kernels } from '../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../src/engine/kernels/series-book.ts';
import type { Batch, FloatColumns } from '../../src/engine/model/batch.ts';
import type { Log } from '../../src/engine/ports.ts';
import { systemClock } from '../../src/engine/runtime/clock.ts';
import { fleetBodies } from '../support/rwload.ts';

type FloatBatch = Batch & { readonly floats: FloatColumns };

interface Load {
  readonly kernels: Kernels;
  readonly book: SeriesBook;
  readonly batches: readonly FloatBatch[];
}

const nowNs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
};
let sequence = 1;

/** The batches that the door makes of a fleet's requests, their columns copied. */
async function load(partitions: number, steps: number): Promise<Load> {
  const kernels = new Kernels();
  const book = new SeriesBook(kernels, partitions);
  const batches: FloatBatch[] = [];
  const append = (some: readonly Batch[]) => {
    for (const batch of some) {
      if (!batch.floats) continue;
      const { refs, timestamps, values } = batch.floats;
      const floats = { refs: refs.slice(), timestamps: timestamps.slice(), values: values.slice() };
      batches.push({ ...batch, floats });
    }
    return Promise.resolve(some.map(() => ({ offset: 0 })));
  };
  const log = { partitions, generation: 0, append } as unknown as Log;
  const door = new Door({ log, book, kernels, clock: systemClock });
  for (const body of fleetBodies({ hosts: 100, steps, per: 2000, endMs: systemClock.now() })) {
    await door.remoteWrite(snappy.compressSync(body) as Buffer);
  }
  return { kernels, book, batches };
}

/** Consecutive batches of a partition put together until they hold `samples`. */
function gathered(batches: readonly FloatBatch[], samples: number): FloatBatch[] {
  const waiting = new Map<number, FloatBatch[]>();
  const out: FloatBatch[] = [];
  for (const batch of batches) {
    const lot = [...(waiting.get(batch.partition) ?? []), batch];
    const count = lot.reduce((n, b) => n + b.floats.refs.length, 0);
    waiting.set(batch.partition, count >= samples ? [] : lot);
    if (count < samples) continue;
    const floats = {
      refs: new Uint32Array(count),
      timestamps: new Float64Array(count),
      values: new Float64Array(count),
    };
    let at = 0;
    for (const one of lot) {
      floats.refs.set(one.floats.refs, at);
      floats.timestamps.set(one.floats.timestamps, at);
      floats.values.set(one.floats.values, at);
      at += one.floats.refs.length;
    }
    out.push({ ...batch, floats });
  }
  return out;
}

function best(work: () => void): number {
  let least = Infinity;
  for (let round = 0; round < 4; round++) {
    const began = nowNs();
    work();
    least = Math.min(least, nowNs() - began);
  }
  return least;
}

/** Prints one row; `alone` begins a dictionary with each record. */
function row(what: string, { kernels, book }: Load, batches: FloatBatch[], alone: boolean): void {
  const writer = new BatchCodec(kernels);
  const reader = new BatchCodec(new Kernels(), 'reader');
  const samples = batches.reduce((n, b) => n + b.floats.refs.length, 0);
  let records: Uint8Array[] = [];
  const common = ++sequence;
  const encodeNs = best(() => {
    records = batches.map((batch) =>
      writer.encode(batch, { epoch: 1, sequence: alone ? ++sequence : common, book }),
    );
  });
  const openNs = best(() => {
    for (const record of records) reader.open(record);
  });
  const bytes = records.reduce((n, r) => n + r.length, 0);
  const params = { [constants.ZSTD_c_compressionLevel]: 1 };
  const packed = records.reduce((n, r) => n + zstdCompressSync(r, { params }).length, 0);
  const figures = [
    `${Math.round(samples / batches.length)} samples`,
    `${(bytes / batches.length / 1024).toFixed(1)} KiB`,
    `${(bytes / samples).toFixed(2)} B`,
    `${(packed / samples).toFixed(2)} B with zstd-1`,
    `encode ${(encodeNs / samples).toFixed(1)} ns`,
    `open ${(openNs / samples).toFixed(1)} ns`,
  ];
  const kind = alone ? 'self-contained' : 'dictionary';
  process.stdout.write(`${what}, ${kind}: ${figures.join(', ')}\n`);
}

for (const partitions of [1, 4]) {
  const made = await load(partitions, 20);
  for (const alone of [false, true]) {
    row(`requests, ${partitions} partitions`, made, [...made.batches], alone);
  }
}
for (const partitions of [4, 24]) {
  const made = await load(partitions, 60);
  for (const [kb, samples] of [
    [64, 18_500],
    [256, partitions === 24 ? 25_000 : 74_000],
  ]) {
    row(`${kb} KB, ${partitions} partitions`, made, gathered(made.batches, samples), false);
  }
  const few = partitions === 24 ? 9_500 : 1_900;
  row(`64 KB, ${partitions} partitions`, made, gathered(made.batches, few), true);
}
