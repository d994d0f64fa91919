// Aggregation over a log on a faulty disk, in virtual time, killed at random operations: samples
// come shuffled, late, twice and with values that sums are bad at. What was written is then held to
// a naive computation over all that the log holds (naive-aggregates.ts).
import { BatchCodec } from '../../../../src/engine/codec/batch.ts';
import type { AggregateRule } from '../../../../src/engine/collector/aggregate/aggregate-rule.ts';
import { Door } from '../../../../src/engine/collector/door.ts';
import { ColumnBuffer } from '../../../../src/engine/collector/scrape-door.ts';
import { makeAggregation } from '../../../../src/engine/daemons/aggregate-wiring.ts';
import type { Aggregation } from '../../../../src/engine/daemons/aggregate-wiring.ts';
import { MonError } from '../../../../src/engine/errors.ts';
import { Kernels } from '../../../../src/engine/kernels/kernels.ts';
import { SeriesBook } from '../../../../src/engine/kernels/series-book.ts';
import { EmbeddedLog } from '../../../../src/engine/log/embedded-log.ts';
import { batchEncoder } from '../../../../src/engine/log/record-encoder.ts';
import { makeLabels } from '../../../../src/engine/model/labels.ts';
import type { Labels } from '../../../../src/engine/model/labels.ts';
import { seededRandom } from '../../../../src/engine/runtime/random.ts';
import type { Random } from '../../../../src/engine/runtime/random.ts';
import { MemoryDisk } from '../../../support/memory-disk.ts';
import { settle, VirtualClock } from '../../../support/virtual-clock.ts';

export const PARTITIONS = 3;
const FOLDER = '/data/log';
const DAY_MS = 86_400_000;

/** A sample that the door answered 2xx for. */
export interface Sent {
  readonly labels: Labels;
  readonly timeMs: number;
}

export interface Life {
  readonly log: EmbeddedLog;
  readonly door: Door;
  readonly aggregation: Aggregation;
}

export function sameLabels(name: string, more: Record<string, string>): Labels {
  return makeLabels([['__name__', name], ...Object.entries(more)]);
}

/** One machine through several lives of its process. */
export class AggregateWorld {
  readonly random: Random;
  readonly clock = new VirtualClock(1_700_000_000_000);
  readonly disk: MemoryDisk;
  readonly acknowledged: Sent[] = [];
  readonly failures: unknown[] = [];
  /** Where a life was ended by name of the place, if it was. */
  readonly places: string[] = [];
  readonly #sent: { labels: Labels; timeMs: number; value: number }[] = [];
  readonly #counters = new Map<string, number>();
  #over = false;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.disk = new MemoryDisk({ random: this.random, clock: this.clock });
  }

  openLog(encoder?: Parameters<typeof EmbeddedLog.open>[0]['encoder']): Promise<EmbeddedLog> {
    return EmbeddedLog.open({
      ...{ folder: FOLDER, disk: this.disk, clock: this.clock, partitions: PARTITIONS },
      encoder: encoder ?? { encode: () => new Uint8Array(0) },
      ...{ segmentBytes: 4000, recentBytes: 8000, keepMs: DAY_MS },
    });
  }

  async live(rules: readonly AggregateRule[], dieAt?: string): Promise<Life> {
    const { clock, disk } = this;
    this.#over = false;
    const kernels = new Kernels();
    const book = new SeriesBook(kernels, PARTITIONS);
    const log = await this.openLog(batchEncoder(new BatchCodec(kernels), book));
    const door = new Door({ log, book, kernels, clock });
    const aggregation = makeAggregation({
      ...{ rules, log, epoch: log.epoch, door, dataDir: '/data', clock, disk },
      warn: () => undefined,
      failed: (thrown) => {
        if (!this.#over) this.failures.push(thrown);
      },
      point: (name) => {
        if (name !== dieAt || this.random() < 0.5) return;
        this.places.push(name);
        disk.freeze();
      },
    });
    await aggregation.start?.();
    return { log, door, aggregation };
  }

  /** The process is gone: nothing under way is answered any more. */
  async kill(powerLoss: boolean): Promise<void> {
    this.#over = true;
    if (powerLoss) this.disk.powerLoss();
    else this.disk.processCrash();
    await settle();
  }

  /** Time passes second by second, with a tick each. */
  async seconds(door: Door, count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      await this.clock.advance(1000 - (this.clock.now() % 1000));
      void door.tick().catch((thrown: unknown) => this.#quiet(thrown));
      await settle(4);
    }
  }

  /** Sends some samples: new ones, late ones, and some that were sent before. */
  send({ door }: Life, count: number): void {
    const columns = new ColumnBuffer();
    const refs: number[] = [];
    const here: Sent[] = [];
    for (let i = 0; i < count; i++) {
      const { labels, timeMs, value } = this.#next();
      const ref = door.refOf(labels);
      refs.push(ref);
      columns.put(ref, timeMs, value);
      here.push({ labels, timeMs });
    }
    const asked = door.append(columns, this.clock.now());
    door.release(refs);
    void asked.then(
      () => (this.#over ? 0 : this.acknowledged.push(...here)),
      (thrown: unknown) => this.#quiet(thrown),
    );
  }

  #quiet(thrown: unknown): void {
    if (!(thrown instanceof MonError)) this.failures.push(thrown);
  }

  #next(): { labels: Labels; timeMs: number; value: number } {
    const { random } = this;
    const dice = random();
    const old = this.#sent[Math.floor(random() * this.#sent.length)];
    // The same again, or another value at the same time: only the first counts.
    if (old !== undefined && dice < 0.15) return dice < 0.1 ? old : { ...old, value: -1 };
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)];
    const name = pick(['load', 'requests_total', 'depth', 'other', 'requests:made']);
    const labels = sameLabels(name, {
      service: pick(['a', 'b', '__proto__']),
      pod: String(Math.floor(random() * 4)),
    });
    const behindMs = random() < 0.8 ? random() * 3000 : random() * 40_000;
    const timeMs = Math.floor(this.clock.now() - behindMs);
    const sample = { labels, timeMs, value: this.#valueOf(name, labels.join()) };
    this.#sent.push(sample);
    return sample;
  }

  #valueOf(name: string, key: string): number {
    const { random } = this;
    if (name !== 'load') {
      const before = random() < 0.1 ? 0 : (this.#counters.get(key) ?? 0);
      const value = before + Math.floor(random() * 100) / 8;
      this.#counters.set(key, value);
      return value;
    }
    const dice = random();
    if (dice < 0.02) return NaN;
    if (dice < 0.04) return -0;
    if (dice < 0.05) return 1e308 * (random() < 0.5 ? 1 : -1);
    return (random() - 0.5) * 10 ** Math.floor(random() * 20);
  }
}
