// What looking at metrics costs: the door with policies beside the door without, the figures of
// 200,000 series in a thread of its own, and a bomb of new series in front of a guard that refuses
// them. Figures are for ARCHITECTURE.md; nothing here passes or fails.
import { CardinalityGuard } from '../../src/engine/collector/cardinality-guard.ts';
import { Door } from '../../src/engine/collector/door.ts';
import { DoorPolicies } from '../../src/engine/collector/door-policies.ts';
import type { Policy } from '../../src/engine/collector/policy.ts';
import { BatchCodec } from '../../src/engine/codec/batch.ts';
import { Head } from '../../src/engine/head/head.ts';
import { SeriesCount } from '../../src/engine/head/series-count.ts';
import { Kernels } from '../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../src/engine/kernels/series-book.ts';
import type { Batch } from '../../src/engine/model/batch.ts';
import type { Log } from '../../src/engine/ports.ts';
import { systemClock } from '../../src/engine/runtime/clock.ts';
import { fleetBodies } from '../support/rwload.ts';
import { writeRequestBody } from '../support/write-request.ts';

const PARTITIONS = 4;
const LIMITS = {
  ...({ mode: 'reject', labels: 20, seriesOfMetric: 10_000, valuesOfLabel: 100_000 } as const),
  ...{ allowLabels: [], denyLabels: [] },
};
const THIN: Policy = {
  ...{ kind: 'keep_every', name: 'thin', dryRun: false, everyMs: 60_000, match: '' },
  matchers: [{ name: '__name__', op: '=~', value: 'redis_.*' }],
};

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function makeDoor(policies: readonly Policy[] | undefined, append?: Log['append']) {
  const kernels = new Kernels();
  const book = new SeriesBook(kernels, PARTITIONS);
  const nothing = (batches: readonly Batch[]) =>
    Promise.resolve(batches.map(() => ({ offset: 0 })));
  const log = { partitions: PARTITIONS, generation: 0, append: append ?? nothing };
  const door = new Door({ log: log as unknown as Log, book, kernels, clock: systemClock });
  const guard = new CardinalityGuard(LIMITS);
  book.guard = guard;
  const rule = new DoorPolicies(book, (ref) => guard.metricOf(ref));
  if (policies !== undefined) {
    guard.follower = rule;
    door.apart = rule;
    rule.replace(policies);
  }
  return { door, book, kernels, guard, rule };
}

async function warm(what: string, policies: readonly Policy[] | undefined): Promise<void> {
  const { door } = makeDoor(policies);
  const now = systemClock.now();
  const bodies = fleetBodies({ hosts: 100, steps: 20, per: 2000, endMs: now });
  for (const body of bodies) await door.writeRequest(body);
  let best = Infinity;
  for (let round = 0; round < 5; round++) {
    const began = cpuSeconds();
    for (const body of bodies) await door.writeRequest(body);
    best = Math.min(best, cpuSeconds() - began);
  }
  const samples = 20 * 10_100;
  say(`${what}: ${(samples / best / 1e6).toFixed(2)} M samples per CPU second`);
}

async function figures(): Promise<void> {
  const { door, kernels, book } = makeDoor(undefined);
  const shard = new Kernels();
  const heads = Array.from(
    { length: PARTITIONS },
    (_, partition) => new Head(shard, { partition }),
  );
  const codec = new BatchCodec(kernels);
  const log = {
    append: (batches: readonly Batch[]) => {
      for (const batch of batches) {
        heads[batch.partition].apply(codec.encode(batch, { epoch: 1, sequence: 0, book }));
      }
      return Promise.resolve(batches.map(() => ({ offset: 0 })));
    },
  };
  const filling = new Door({
    ...{ log: { partitions: PARTITIONS, generation: 0, ...log } as unknown as Log },
    ...{ book, kernels, clock: systemClock },
  });
  void door;
  book.guard = undefined;
  for (const body of fleetBodies({ hosts: 2000, steps: 3, per: 2000, endMs: systemClock.now() })) {
    await filling.writeRequest(body);
  }
  for (let round = 0; round < 3; round++) {
    const began = systemClock.monotonic();
    const count = new SeriesCount(systemClock.now());
    for (const head of heads) head.count([], count);
    const answer = count.answer(10_000);
    const ms = systemClock.monotonic() - began;
    say(
      `figures of ${answer.seriesCounted} series, ${answer.pairCount} pairs: ${ms.toFixed(0)} ms`,
    );
  }
}

async function bomb(): Promise<void> {
  const { door, guard, book } = makeDoor([]);
  const series = 200_000;
  const bodies: Buffer[] = [];
  const timestamp = systemClock.now();
  for (let from = 0; from < series; from += 2000) {
    bodies.push(
      writeRequestBody(
        Array.from({ length: 2000 }, (_, i) => ({
          labels: { __name__: 'bomb', job: 'evil', id: `id-${from + i}` },
          samples: [{ timestamp, value: 1 }],
        })),
      ) as Buffer,
    );
  }
  const began = cpuSeconds();
  for (const body of bodies) await door.remoteWrite(body);
  const seconds = cpuSeconds() - began;
  const us = ((seconds / series) * 1e6).toFixed(2);
  const over = guard.over('cardinalityMetric');
  say(`a bomb of ${series} series: ${us} us of CPU each, ${book.series} let in, ${over} refused`);
}

await warm('warm, guard alone', undefined);
await warm('warm, no policy', []);
await warm('warm, a policy that matches nothing', [
  { ...THIN, matchers: [{ name: '__name__', op: '=', value: 'none' }] } as Policy,
]);
await warm('warm, a third of the series thinned to one a minute', [THIN]);
await figures();
await bomb();
