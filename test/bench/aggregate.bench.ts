// What aggregation costs: samples per CPU second through door, log and aggregator for 10,100 series
// sent again and again, without rules, with one rule over all of them that keeps them, and with one
// that does not. Time moves on with the samples, so that windows close. Run: node
// dist/test/bench/aggregate.bench.js
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import snappy from 'snappy';
import { BatchCodec } from '../../src/engine/codec/batch.ts';
import type { AggregateRule } from '../../src/engine/collector/aggregate/aggregate-rule.ts';
import {
  DEFAULT_NAME,
  DEFAULT_OUTPUTS,
} from '../../src/engine/collector/aggregate/aggregate-rule.ts';
import { Door } from '../../src/engine/collector/door.ts';
import { makeAggregation } from '../../src/engine/daemons/aggregate-wiring.ts';
import { Kernels } from '../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../src/engine/kernels/series-book.ts';
import { EmbeddedLog } from '../../src/engine/log/embedded-log.ts';
import { batchEncoder } from '../../src/engine/log/record-encoder.ts';
import type { Clock } from '../../src/engine/runtime/clock.ts';
import { systemClock } from '../../src/engine/runtime/clock.ts';
import { systemDisk } from '../../src/engine/runtime/system-disk.ts';
import { fleetBodies } from '../support/rwload.ts';

const PARTITIONS = 4;
const STEPS = 40;
const STEP_MS = 10_000;
const PER_STEP = 6;
const ENDS_MS = systemClock.now();

const packed = fleetBodies({ hosts: 100, steps: STEPS, per: 2000, endMs: ENDS_MS }).map(
  (body) => snappy.compressSync(body) as Buffer,
);

const BY_SERVICE: AggregateRule = {
  match: [[{ name: '__name__', op: '=~', value: '.+' }]],
  ...{ labels: ['service'], without: false, windowMs: STEP_MS, graceMs: 8000 },
  ...{ outputs: DEFAULT_OUTPUTS, name: DEFAULT_NAME, keep: true, type: 'gauge' },
};

async function run(what: string, rules: readonly AggregateRule[]): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'mon-aggregate-bench-'));
  let nowMs = ENDS_MS - STEPS * STEP_MS;
  const clock: Clock = { ...systemClock, now: () => nowMs };
  const kernels = new Kernels();
  const book = new SeriesBook(kernels, PARTITIONS);
  const log = await EmbeddedLog.open({
    ...{ folder: join(dataDir, 'log'), disk: systemDisk, clock, partitions: PARTITIONS },
    encoder: batchEncoder(new BatchCodec(kernels), book),
  });
  const door = new Door({ log, book, kernels, clock });
  const failed = (thrown: unknown): void => {
    throw thrown;
  };
  const aggregation = makeAggregation({
    ...{ rules, log, epoch: log.epoch, door, dataDir, clock, disk: systemDisk, failed },
    warn: (words) => process.stderr.write(`${words}\n`),
  });
  await aggregation.start?.();
  let [samples, began] = [0, process.cpuUsage()];
  for (let step = 0; step < STEPS; step++) {
    // The first steps make the series known.
    if (step === 4) [samples, began] = [0, process.cpuUsage()];
    nowMs = ENDS_MS - (STEPS - 1 - step) * STEP_MS + 1;
    for (const body of packed.slice(step * PER_STEP, (step + 1) * PER_STEP)) {
      samples += (await door.remoteWrite(body)).accepted;
    }
    await door.tick();
  }
  for (let left = 3; left > 0; left--) {
    nowMs += STEP_MS;
    await door.tick();
    await systemClock.sleep(100);
  }
  const { user, system } = process.cpuUsage(began);
  const seconds = (user + system) / 1e6;
  const { folded, written, windows, givenOn } = aggregation.aggregator.counts;
  const speed = (samples / seconds / 1e6).toFixed(2);
  const made = `${folded} folded, ${givenOn} given on, ${windows} windows, ${written} outputs`;
  process.stdout.write(`${what}: ${speed} M samples per CPU second (${made})\n`);
  await aggregation.drain?.();
  await log.close();
  await rm(dataDir, { recursive: true });
}

for (const [what, rules] of [
  ['without rules', []],
  ['one rule, samples kept', [BY_SERVICE]],
  ['one rule, samples not kept', [{ ...BY_SERVICE, keep: false }]],
  ['three outputs, not kept', [{ ...BY_SERVICE, keep: false, outputs: ['count', 'sum', 'avg'] }]],
] as const) {
  await run(what, rules);
}
