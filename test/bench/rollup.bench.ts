// What rollups cost: samples a CPU second through all four windows from a head, into files and
// joined by day, with and without sketches; bytes of the files. Then 30 days by the hour over 100
// series of one scrape a second: from rollups, and from samples, with the limits of a query out of
// the way. All 100 series are 259 million samples: `[raw series]` 100 takes minutes and 300 MB of
// disk. Run: node dist/test/bench/rollup.bench.js [raw series]
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BatchCodec } from '../../src/engine/codec/batch.ts';
import { rawPartition } from '../../src/engine/daemons/rollup-wiring.ts';
import { Kernels } from '../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../src/engine/kernels/series-book.ts';
import { makeLabels, type Labels } from '../../src/engine/model/labels.ts';
import type { SampleBuffer, SeriesReader } from '../../src/engine/ports.ts';
import { QueryService } from '../../src/engine/query/query-service.ts';
import { RollupSource } from '../../src/engine/rollup/rollup-source.ts';
import { Rollups, type RawPartition } from '../../src/engine/rollup/rollups.ts';
import { systemClock } from '../../src/engine/runtime/clock.ts';
import { seededRandom } from '../../src/engine/runtime/random.ts';
import { systemDisk } from '../../src/engine/runtime/system-disk.ts';
import { runSliced } from '../../src/engine/store/sliced-run.ts';
import { StoreSource } from '../../src/engine/store/store-source.ts';
import { Store } from '../../src/engine/store/store.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = 1_700_006_400_000;
const KEEP = [1e13, 1e13, 1e13, 1e13];
const say = (text: string): void => void process.stdout.write(`${text}\n`);

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function labelsOf(series: number): Labels {
  return makeLabels([
    ['__name__', series % 3 === 0 ? 'queue_length' : 'requests_total'],
    ['instance', `host-${Math.floor(series / 20)}`],
    ['path', `/p/${series % 20}`],
  ]);
}

/** A store with these series, fed record by record. */
class Feeder {
  readonly kernels = new Kernels();
  readonly store: Store;
  readonly #book = new SeriesBook(this.kernels, 1);
  readonly #codec = new BatchCodec(this.kernels);
  readonly #random = seededRandom(5);
  readonly #values: Float64Array;
  readonly #refs: Uint32Array;
  #offset = 0;

  constructor(store: Store, series: number) {
    this.store = store;
    this.#values = new Float64Array(series);
    this.#refs = Uint32Array.from(this.#values, (_, i) => this.#book.refOfLabels(labelsOf(i)));
  }

  /** One sample of each series at each step of (from, to]. */
  async feed(from: number, to: number, stepMs: number): Promise<void> {
    const refs: number[] = [];
    const times: number[] = [];
    const values: number[] = [];
    for (let time = from + stepMs; time <= to; time += stepMs) {
      for (let s = 0; s < this.#refs.length; s++) {
        refs.push(this.#refs[s]);
        times.push(time);
        values.push(nextValue(s, this.#values, this.#random));
      }
      const full = refs.length >= 20_000 || this.#offset === 0;
      if (!full && time < to) continue;
      const floats = {
        refs: Uint32Array.from(refs),
        timestamps: Float64Array.from(times),
        values: Float64Array.from(values),
      };
      const batch = { partition: 0, receivedMs: 0, lateness: 0, floats } as const;
      const bytes = this.#codec.encode(batch, { epoch: 1, sequence: 1, book: this.#book }).slice();
      const offset = this.#offset++;
      await this.store.apply([{ partition: 0, offset, bytes, definitionsOnly: false }]);
      refs.length = times.length = values.length = 0;
    }
  }
}

/** Two thirds counters, one third gauges. */
function nextValue(series: number, values: Float64Array, random: () => number): number {
  if (series % 3 !== 0) return (values[series] += Math.floor(random() * 50));
  values[series] = Math.abs((values[series] % 100) + Math.floor(random() * 5) - 2);
  return values[series];
}

async function openStore(folder: string): Promise<Store> {
  const options = { folder, disk: systemDisk, kernels: new Kernels(), partitions: [0] };
  return Store.open({ ...options, generation: 1, clock: systemClock });
}

async function openRollups(
  folder: string,
  raw: RawPartition,
  more: { readonly kernels: Kernels; readonly sketched: boolean },
): Promise<Rollups> {
  return Rollups.open({
    ...{ folder, disk: systemDisk, kernels: more.kernels, generation: 1 },
    partitions: new Map([[0, raw]]),
    keep: { keepMs: KEEP, runMs: DAY, sketches: more.sketched ? [[]] : [] },
    breathe: () => Promise.resolve(),
  });
}

const each = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB a series`;

async function workAll(rollups: Rollups, nowMs: number): Promise<void> {
  while (await rollups.work(nowMs));
}

async function foldRate(folder: string, series: number, stepMs: number): Promise<void> {
  const store = await openStore(join(folder, `head-${series}-${stepMs}`));
  await new Feeder(store, series).feed(START, START + DAY, stepMs);
  await store.seal(START + DAY + HOUR);
  const [partition] = store.partitions.values();
  const kernels = new Kernels();
  for (const sketched of [false, true]) {
    const raw = { ...rawPartition(store, partition), floorMs: () => START };
    const place = join(folder, `rollups-${series}-${stepMs}-${sketched}`);
    const rollups = await openRollups(place, raw, { kernels, sketched });
    const samples = (DAY * series) / stepMs;
    const before = cpuMs();
    const heap = process.memoryUsage().rss;
    await workAll(rollups, START + DAY + 2 * HOUR);
    const ms = cpuMs() - before;
    const more = process.memoryUsage().rss - heap;
    const grown = `${(more / 2 ** 20).toFixed(0)} MiB more resident, ${each(more / series)}`;
    const { rows, bytes } = rollups.status();
    const rate = `${(samples / ms / 1000).toFixed(1)} M samples a CPU second`;
    const perSample = (bytes / samples).toFixed(3);
    const size = `${(bytes / rows).toFixed(1)} bytes a row, ${perSample} a sample`;
    const what = `${series} series each ${stepMs / 1000} s${sketched ? ', sketches' : ''}`;
    say(`${what}: ${rate}, ${size}, ${grown}`);
    await rollups.close();
  }
  await store.close();
}

/** Series that are made when they are read: 259 million samples would take minutes to store. */
function madeUp(series: number, endMs: number): RawPartition {
  const ids = Uint32Array.from({ length: series }, (_, i) => i);
  const random = seededRandom(9);
  const values = new Float64Array(series);
  const read = (id: number, minMs: number, maxMs: number, into: SampleBuffer): number => {
    const first = Math.ceil(Math.max(minMs, START + 1) / 1000) * 1000;
    const count = Math.max(0, Math.floor((Math.min(maxMs, endMs) - first) / 1000) + 1);
    if (into.timestamps.length < count) {
      into.timestamps = new Float64Array(count);
      into.values = new Float64Array(count);
      into.words = new Uint32Array(into.values.buffer);
    }
    for (let i = 0; i < count; i++) {
      into.timestamps[i] = first + i * 1000;
      into.values[i] = nextValue(id, values, random);
    }
    return count;
  };
  const reader: SeriesReader = {
    ...{ match: () => ids, labels: labelsOf, read },
    ...{ labelNames: () => [], labelValues: () => [] },
  };
  const fixed = { next: () => 0, generation: () => 0, watch: () => undefined };
  return {
    ...fixed,
    floorMs: () => endMs,
    goneMs: () => endMs,
    oldestMs: () => START,
    reader: () => reader,
  };
}

const QUERIES = [
  'rate(requests_total[1h])',
  'max_over_time(queue_length[1h])',
  'sum by (instance) (rate(requests_total[1h]))',
];

async function timed(service: QueryService, name: string): Promise<void> {
  for (const query of QUERIES) {
    for (const turn of ['first', 'again']) {
      const before = cpuMs();
      const begun = performance.now();
      const end = START + 30 * DAY;
      const { samplesRead } = await service.range(query, START + HOUR, end, HOUR);
      const ms = (cpuMs() - before).toFixed(0);
      const wall = (performance.now() - begun).toFixed(0);
      const read = `${samplesRead} samples or rows`;
      say(`30 days, ${name}, ${query}, ${turn}: ${ms} ms CPU (${wall} ms), ${read}`);
    }
  }
}

async function thirtyDaysOfRows(folder: string): Promise<void> {
  const endMs = START + 30 * DAY;
  const raw = { ...madeUp(100, endMs), floorMs: () => START, goneMs: () => START };
  const rollups = await openRollups(folder, raw, { kernels: new Kernels(), sketched: false });
  const before = cpuMs();
  await workAll(rollups, endMs + 2 * HOUR);
  const seconds = ((cpuMs() - before) / 1000).toFixed(1);
  const { bytes, files } = rollups.status();
  say(`30 days of 100 series rolled up in ${seconds} s CPU: ${files} files, ${bytes} bytes`);
  const none = new StoreSource(await openStore(join(folder, 'none')));
  const run = { rollups, source: none };
  const source = new RollupSource({
    ...run,
    run: (fragment, readers) => runSliced({ fragment, readers, generation: () => 0 }),
  });
  const horizons = { retentionMs: 15 * DAY, keepMs: KEEP };
  const clock = { ...systemClock, now: () => endMs };
  const cost = { maxCost: 1e12, warnCost: 1e12 };
  await timed(
    new QueryService({ sources: [source], clock, rollups: horizons, cost: cost as never }),
    '100 series from rollups',
  );
  await rollups.close();
}

async function thirtyDaysOfSamples(folder: string, series: number): Promise<void> {
  const store = await openStore(folder);
  const feeder = new Feeder(store, series);
  for (let day = 0; day < 30; day++) {
    const from = START + day * DAY;
    await feeder.feed(from, from + DAY, 1000);
    await store.seal(from + DAY + 4 * HOUR);
  }
  const cost = { maxCost: 1e15, warnCost: 1e15 } as never;
  const limits = { samplesMax: 1e12, timeoutMs: HOUR, cost };
  const sources = [new StoreSource(store)];
  const service = new QueryService({ sources, clock: systemClock, ...limits });
  await timed(service, `${series} series from samples`);
  await store.close();
}

// Timers of the query service do not keep a process alive.
const awake = systemClock.after(600_000, () => undefined);
const folder = await mkdtemp(join(tmpdir(), 'mon-rollup-'));
try {
  await foldRate(folder, 100, 1000);
  await foldRate(folder, 1000, 10_000);
  await thirtyDaysOfRows(join(folder, 'rows'));
  await thirtyDaysOfSamples(join(folder, 'samples'), Number(process.argv[2] ?? 4));
} finally {
  await rm(folder, { recursive: true, force: true });
  awake.cancel();
}
