// A store over a bad disk, the log that feeds it, and the naive model of what it must show: samples
// by series and time, the first in log order wins, what was deleted is gone. The log of this world
// never loses anything, so after any crash and a replay the store shows what the model shows.
import { strict as assert } from 'node:assert';
import { BatchCodec } from '../../../src/engine/codec/batch.ts';
import { encodeHistogram } from '../../../src/engine/codec/histogram.ts';
import { Kernels } from '../../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../../src/engine/kernels/series-book.ts';
import { makeHistogram } from '../../../src/engine/model/histogram.ts';
import {
  labelsKey,
  labelValue,
  makeLabels,
  type Labels,
} from '../../../src/engine/model/labels.ts';
import type { ObjectStore, SampleBuffer } from '../../../src/engine/ports.ts';
import { seededRandom, type Random } from '../../../src/engine/runtime/random.ts';
import { makeBuffer } from '../../../src/engine/store/merge-samples.ts';
import { Store } from '../../../src/engine/store/store.ts';
import { MemoryDisk } from '../../support/memory-disk.ts';

export const HOUR = 3_600_000;
const FOLDER = '/data/head';
const STALE = 0x7ff0000000000002n;

export interface Sample {
  readonly series: number;
  readonly time: number;
  readonly bits: bigint;
}

/** Some samples are histograms with the value as sum; which ones, their values tell. */
export function isHistogram({ series, bits }: Sample): boolean {
  const odd = (bits & 0x7ff0000000000000n) === 0x7ff0000000000000n;
  return series % 3 === 1 && (bits === STALE || !odd) && (bits >> 49n) % 2n === 0n;
}

export function seriesOf(labels: Labels): number {
  return Number(labelValue(labels, 'path').slice('/p/'.length));
}

function bodyOf({ bits }: Sample): Uint8Array {
  const sum = new Float64Array(BigUint64Array.of(bits).buffer)[0];
  return encodeHistogram(makeHistogram({ count: 3, sum }), { stale: bits === STALE });
}

export class StoreWorld {
  readonly random: Random;
  disk: MemoryDisk;
  objects: ObjectStore | undefined;
  readonly log: Uint8Array[] = [];
  /** Times and bits by the key of the series. */
  readonly model = new Map<string, Map<number, bigint>>();
  store!: Store;
  nowMs = 1_700_000_000_000;
  floorMs = -Infinity;
  readonly #kernels = new Kernels();
  readonly #book = new SeriesBook(this.#kernels, 1);
  readonly #codec = new BatchCodec(this.#kernels);
  readonly #cacheBytes: number;
  readonly #sent: Sample[] = [];

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.disk = new MemoryDisk({ random: this.random });
    this.#cacheBytes = this.below(2) === 0 ? 20_000 : 4_000_000;
  }

  below(n: number): number {
    return Math.floor(this.random() * n);
  }

  labels(series: number) {
    return makeLabels([
      ['__name__', series % 3 === 0 ? 'debug_info' : 'requests_total'],
      ['instance', `host-${series % 4}`],
      ['path', `/p/${series}`],
    ]);
  }

  /** Opens the store on what the disk holds and gives it what it lacks of the log. */
  async open(): Promise<void> {
    const options = { folder: FOLDER, disk: this.disk, partitions: [0], generation: 1 };
    const cacheBytes = this.#cacheBytes;
    const { objects } = this;
    const all = { ...options, kernels: new Kernels(), cacheBytes, objects };
    this.store = await Store.open({ ...all, ...this.storeOptions() });
    const next = (await this.store.resumeAt()).get(0) as number;
    assert.ok(next <= this.log.length, 'a store never knows more than the log');
    await this.replay(next);
    if (this.floorMs > -Infinity) await this.store.truncateBefore(this.floorMs);
  }

  /** What the store of a larger world has beside. */
  protected storeOptions(): object {
    return {};
  }

  async replay(from: number): Promise<void> {
    for (let offset = from; offset < this.log.length; offset++) {
      const one = { partition: 0, offset, bytes: this.log[offset], definitionsOnly: false };
      await this.store.apply([one]);
    }
  }

  /** Puts a record into the log and the model. */
  note(all: readonly Sample[]): void {
    const samples = all.filter((one) => !isHistogram(one));
    const values = new Float64Array(samples.length);
    const bits = new BigUint64Array(values.buffer);
    samples.forEach((one, i) => (bits[i] = one.bits));
    const rows = all.filter(isHistogram);
    const histograms = {
      refs: Uint32Array.from(rows, ({ series }) => this.#book.refOfLabels(this.labels(series))),
      timestamps: Float64Array.from(rows, ({ time }) => time),
      bodies: rows.map(bodyOf),
    };
    const floats = {
      refs: Uint32Array.from(samples, ({ series }) => this.#book.refOfLabels(this.labels(series))),
      timestamps: Float64Array.from(samples, ({ time }) => time),
      values,
    };
    const batch = { partition: 0, receivedMs: 0, lateness: 0, floats, histograms } as const;
    const place = { epoch: 1, sequence: this.log.length, book: this.#book };
    this.log.push(this.#codec.encode(batch, place).slice());
    for (const { series, time, bits: value } of [...samples, ...rows]) {
      if (time < this.floorMs) continue;
      const key = labelsKey(this.labels(series));
      const known = this.model.get(key) ?? new Map<number, bigint>();
      this.model.set(key, known);
      if (!known.has(time)) known.set(time, value);
    }
  }

  async append(samples: readonly Sample[]): Promise<void> {
    this.note(samples);
    await this.replay(this.log.length - 1);
  }

  /** A batch of scrapes at once, some samples late, some doubled, some with strange bits. */
  randomSamples(): Sample[] {
    const out: Sample[] = [];
    const steps = 1 + this.below(40);
    const series = 1 + this.below(9);
    const late = this.below(3) === 0;
    for (let step = 0; step < steps; step++) {
      this.nowMs += this.below(8) === 0 ? this.below(HOUR) : 15_000;
      for (let s = 0; s < series; s++) {
        const behind = late && this.below(2) === 0 ? this.below(10) * 1_111_000 : 0;
        const bits = this.below(20) === 0 ? STALE + BigInt(this.below(3)) : this.#bits(step);
        out.push({ series: s, time: this.nowMs - behind, bits });
      }
    }
    if (this.below(4) === 0) {
      for (let i = 0; i < 10; i++) {
        const back = this.below(72) * HOUR + this.below(HOUR);
        out.push({ series: this.below(9), time: this.nowMs - back, bits: this.#bits(i) });
      }
    }
    // The same series and times again, with other values.
    for (let i = 0; i < 12 && this.#sent.length > 0; i++) {
      const again = this.#sent[this.below(this.#sent.length)];
      out.push({ ...again, bits: this.#bits(1000 + i) });
    }
    for (let i = 0; i < out.length; i += 7) this.#sent.push(out[i]);
    return out;
  }

  #bits(value: number): bigint {
    const view = new DataView(new ArrayBuffer(8));
    view.setFloat64(0, value + this.below(100) / 4);
    return view.getBigUint64(0);
  }

  forget(pass: (key: string, time: number) => boolean): void {
    for (const [key, times] of this.model) {
      for (const time of times.keys()) if (pass(key, time)) times.delete(time);
    }
  }

  truncateModel(floorMs: number): void {
    this.floorMs = Math.max(this.floorMs, floorMs);
    this.forget((_, time) => time < this.floorMs);
  }

  /** Compares everything in a range; answers how many samples there are. */
  check(minMs = -Infinity, maxMs = Infinity): number {
    const [reader] = this.store.readers(minMs, maxMs);
    assert.equal(this.store.stats().malformedRecords, 0, 'every record is understood');
    const into: SampleBuffer = makeBuffer();
    const found = new Map<string, [number, bigint][]>();
    for (const id of reader.match([], minMs, maxMs)) {
      const count = reader.read(id, minMs, maxMs, into);
      const key = labelsKey(reader.labels(id));
      assert.ok(!found.has(key), `${key} is one series`);
      const rows: [number, bigint][] = [];
      for (let i = 0; i < count; i++) {
        const bits = (BigInt(into.words[i * 2 + 1]) << 32n) | BigInt(into.words[i * 2]);
        rows.push([into.timestamps[i], bits]);
        const one = { series: seriesOf(reader.labels(id)), time: 0, bits };
        const histogram = into.histograms?.[i];
        assert.equal(histogram !== undefined, isHistogram(one), `kind of ${key}`);
        if (histogram !== undefined) assert.equal(histogram.count, 3);
      }
      if (count > 0) found.set(key, rows);
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

  checkSome(): void {
    this.check();
    const min = this.nowMs - this.below(100) * HOUR;
    this.check(min, min + this.below(30) * HOUR);
    this.check(this.nowMs - HOUR, this.nowMs);
  }

  /** True when the labels have this path. */
  hasPath(key: string, path: string): boolean {
    return labelValue(key.split('\u0000'), 'path') === path;
  }
}
