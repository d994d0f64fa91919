// Samples a second that a head takes from opened records and gives back (10,000 series, batches of
// 2,000, and the same at 200,000 series), how fast series are first defined, and bytes a series at
// 20 samples. Labels are those of a fleet of hosts: 11 a series. The records' own decoding is not
// in the figures.
import { canonicalOf } from '../../src/engine/codec/canonical.ts';
import type { OpenRecord } from '../../src/engine/codec/record.ts';
import { Head } from '../../src/engine/head/head.ts';
import { Kernels } from '../../src/engine/kernels/kernels.ts';
import { seededRandom } from '../../src/engine/runtime/random.ts';

const BATCH = 2000;
const METRICS = 101;

function labelsOf(series: number): string[] {
  const host = Math.floor(series / METRICS);
  const tags: Record<string, string> = {
    __name__: `group_metric_name_${series % METRICS}`,
    arch: ['x64', 'x86'][host % 2],
    datacenter: `us-east-1${'abc'[host % 3]}`,
    hostname: `host_${host}`,
    os: ['Ubuntu16.10', 'Ubuntu16.04LTS', 'Ubuntu15.10'][host % 3],
    rack: String(host % 97),
    region: ['us-east-1', 'eu-west-1', 'ap-southeast-2'][host % 3],
    service: String(host % 19),
    service_environment: ['production', 'staging', 'test'][host % 3],
    service_version: String(host % 2),
    team: ['SF', 'NYC', 'LON', 'CHI'][host % 4],
  };
  return Object.entries(tags).flat();
}

/** One record's columns and definitions, filled anew for each batch. */
class Bench {
  readonly kernels = new Kernels();
  readonly head = new Head(this.kernels, { partition: 0 });
  readonly #columns = this.kernels.exports.alloc(BATCH * 20) >>> 0;
  readonly #definitions = this.kernels.exports.alloc(BATCH * 1024) >>> 0;
  readonly #values: Float64Array;
  readonly #random = seededRandom(3);

  constructor(series: number) {
    this.#values = Float64Array.from({ length: series }, () => Math.floor(this.#random() * 1e6));
  }

  #open(definitions: number, samples: number): OpenRecord {
    return {
      epoch: 1,
      sequence: 0,
      partition: 0,
      receivedMs: 0,
      lateness: 0,
      floatCount: samples,
      timestampsAt: this.#columns,
      valuesAt: this.#columns + BATCH * 8,
      refsAt: this.#columns + BATCH * 16,
      definitionCount: definitions,
      definitionsAt: this.#definitions,
      forEachDefinition: () => undefined,
      metadata: [],
      histogramCount: 0,
      exemplarCount: 0,
    } as unknown as OpenRecord;
  }

  /** Defines all series; answers seconds spent in the head. */
  define(): number {
    let seconds = 0;
    for (let first = 0; first < this.#values.length; first += BATCH) {
      const count = Math.min(BATCH, this.#values.length - first);
      let at = this.#definitions + BATCH * 12;
      for (let i = 0; i < count; i++) {
        const bytes = canonicalOf(labelsOf(first + i));
        this.kernels.u32.set([first + i, at, bytes.length], this.#definitions / 4 + i * 3);
        this.kernels.bytes.set(bytes, at);
        at += bytes.length;
      }
      const started = performance.now();
      this.head.applyOpen(this.#open(count, 0));
      seconds += (performance.now() - started) / 1000;
    }
    return seconds;
  }

  /** One scrape of all series; answers seconds spent in the head. */
  step(step: number): number {
    let seconds = 0;
    for (let first = 0; first < this.#values.length; first += BATCH) {
      const count = Math.min(BATCH, this.#values.length - first);
      const { f64, u32 } = this.kernels;
      for (let i = 0; i < count; i++) {
        // Two thirds counters, one third gauges of small whole numbers, as a fleet has them.
        const old = this.#values[first + i];
        const value = i % 3 === 0 ? Math.abs((old % 100) + Math.floor(this.#random() * 5) - 2) : -1;
        const next = value < 0 ? old + Math.floor(this.#random() * 50) : value;
        this.#values[first + i] = next;
        f64[this.#columns / 8 + i] = 1_700_000_000_000 + step * 10_000;
        f64[this.#columns / 8 + BATCH + i] = next;
        u32[this.#columns / 4 + BATCH * 4 + i] = first + i;
      }
      const started = performance.now();
      this.head.applyOpen(this.#open(0, count));
      seconds += (performance.now() - started) / 1000;
    }
    return seconds;
  }
}

/** Million samples a second that come out of the head, series after series. */
function readRate(bench: Bench): number {
  const values = new Float64Array(0);
  const words = new Uint32Array(values.buffer);
  const into = { timestamps: new Float64Array(0), values, words };
  const ids = bench.head.match([], -Infinity, Infinity);
  let best = 0;
  for (let round = 0; round < 5; round++) {
    const started = performance.now();
    let samples = 0;
    for (const id of ids) samples += bench.head.read(id, -Infinity, Infinity, into);
    best = Math.max(best, samples / (performance.now() - started) / 1000);
  }
  return best;
}

function run(series: number, steps: number): void {
  const bench = new Bench(series);
  const defined = bench.define();
  const definition = `${(series / defined / 1e6).toFixed(2)} M series/s first defined`;
  let seconds = 0;
  for (let step = 0; step < steps; step++) {
    seconds += bench.step(step);
    if (step !== 19) continue;
    const { bytes } = bench.head.stats();
    const memory = bench.kernels.memory.buffer.byteLength;
    const each = `${(bytes / series).toFixed(0)} bytes a series at 20 samples`;
    process.stdout.write(
      `${series} series: ${each}, memory ${(memory / 2 ** 20).toFixed(0)} MiB\n`,
    );
  }
  process.stdout.write(`${series} series: ${readRate(bench).toFixed(0)} M samples/s read\n`);
  const rate = (series * steps) / seconds / 1e6;
  const { bytes, samples } = bench.head.stats();
  const size = `${(bytes / samples).toFixed(2)} bytes a sample in all`;
  process.stdout.write(
    `${series} series: ${rate.toFixed(1)} M samples/s, ${definition}, ${size}\n`,
  );
}

run(10_000, 200);
run(200_000, 30);
