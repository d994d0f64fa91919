// Samples per CPU second of the door: snappy, walk, lookup, split, and with the record's encoding
// on top, over a log that keeps nothing. Warm: 10,100 series again and again; new: 202,000 series
// seen once.
import snappy from 'snappy';
import { BatchCodec } from '../../src/engine/codec/batch.ts';
import type { CardinalityLimits } from '../../src/engine/collector/cardinality-guard.ts';
import { CardinalityGuard } from '../../src/engine/collector/cardinality-guard.ts';
import { Door } from '../../src/engine/collector/door.ts';
import {
  CARDINALITY_LABELS,
  CARDINALITY_SERIES_OF_METRIC,
  CARDINALITY_VALUES_OF_LABEL,
} from '../../src/engine/limits.ts';
import { Kernels } from '../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../src/engine/kernels/series-book.ts';
import type { Batch } from '../../src/engine/model/batch.ts';
import type { Log } from '../../src/engine/ports.ts';
import { systemClock } from '../../src/engine/runtime/clock.ts';
import { fleetBodies } from '../support/rwload.ts';

const PARTITIONS = 4;

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function makeDoor(encode: boolean) {
  const kernels = new Kernels();
  const book = new SeriesBook(kernels, PARTITIONS);
  const codec = new BatchCodec(kernels);
  const written = { bytes: 0 };
  const append = (batches: readonly Batch[]) => {
    for (const batch of encode ? batches : []) {
      written.bytes += codec.encode(batch, { epoch: 1, sequence: 0, book }).length;
    }
    return Promise.resolve(batches.map(() => ({ offset: 0 })));
  };
  const log = { partitions: PARTITIONS, generation: 0, append } as unknown as Log;
  const door = new Door({ log, book, kernels, clock: systemClock });
  return { door, book, kernels, written };
}

type Made = ReturnType<typeof makeDoor>;

async function measure(what: string, { door, book, kernels, written }: Made, bodies: Buffer[]) {
  const began = cpuSeconds();
  written.bytes = 0;
  let samples = 0;
  for (const body of bodies) samples += (await door.remoteWrite(body)).accepted;
  const seconds = cpuSeconds() - began;
  const figures = [
    `${(samples / seconds / 1e6).toFixed(2)} M samples per CPU second`,
    `${((seconds / samples) * 1e9).toFixed(0)} ns`,
    `${(written.bytes / samples).toFixed(2)} B a sample logged`,
    `${(kernels.exports.arenaUsedBytes() / book.series).toFixed(0)} B of memory a series`,
  ];
  process.stdout.write(`${what}: ${figures.join(', ')}\n`);
}

const packed = (bodies: Buffer[]): Buffer[] => bodies.map((b) => snappy.compressSync(b) as Buffer);
const common = { per: 2000, endMs: systemClock.now() };
const warm = packed(fleetBodies({ hosts: 100, steps: 20, ...common }));
const fresh = packed(fleetBodies({ hosts: 2000, steps: 1, ...common }));

for (const encode of [false, true]) {
  const made = makeDoor(encode);
  const name = encode ? 'door and record' : 'door';
  for (let round = 0; round < 3; round++) {
    await measure(`${name}, warm, round ${round}`, made, [...warm, ...warm, ...warm]);
  }
}
const limits: CardinalityLimits = {
  mode: 'warn',
  labels: CARDINALITY_LABELS,
  seriesOfMetric: CARDINALITY_SERIES_OF_METRIC,
  valuesOfLabel: CARDINALITY_VALUES_OF_LABEL,
  allowLabels: [],
  denyLabels: [],
};
for (let round = 0; round < 3; round++) {
  const guarded = makeDoor(true);
  guarded.book.guard = new CardinalityGuard(limits);
  await measure(`the same with a guard, round ${round}`, guarded, fresh);
  const made = makeDoor(true);
  await measure(`door and record, new series, round ${round}`, made, fresh);
  await measure(`door and record, the same again, round ${round}`, made, fresh);
}
