// What must be true, told without any cleverness: for each partition the records in the order in
// which they were asked for, and for each series the first value of each timestamp in that order.
// Bits are kept as bigint. Easy to get wrong: a record that was never answered may be there or
// not, but only wholly, and only behind everything that was acknowledged before it.
import { strict as assert } from 'node:assert';
import type { MetadataEntry, Tick } from '../../src/engine/model/batch.ts';
import { Deletions } from './deletions.ts';
import type { Deletion } from './deletions.ts';
import { STALE_BITS } from './sent.ts';
import type { Sent } from './sent.ts';

export interface SentRecord {
  readonly partition: number;
  readonly receivedMs: number;
  readonly lateness: number;
  readonly samples: readonly Sent[];
  readonly metadata: readonly MetadataEntry[];
  readonly tick?: Tick;
}

/** A record as text: equal exactly when the records are. */
function recordText(record: SentRecord): string {
  const { partition, receivedMs, lateness, samples, metadata, tick } = record;
  const rows = samples.map((s) => `${s.series} ${s.t} ${s.bits.toString(16)} ${s.body ?? ''}`);
  const ticked = tick && [tick.timeMs, tick.watermarkMs];
  const families = metadata.map((m) => [m.family, m.type, m.help, m.unit]);
  return JSON.stringify([partition, receivedMs, lateness, ticked ?? null, families, rows]);
}

export class Model {
  readonly partitions: number;
  /** For each partition the records that stand, by offset. */
  readonly durable: readonly SentRecord[][];
  /** Asked for, neither acknowledged nor surely refused, in the order asked. */
  readonly open: readonly SentRecord[][];
  /**
   * Of earlier lives, never answered and not found. A disk that failed to sync may still bring them
   * back by a power loss, until a commit has put an end to the segment they were in.
   */
  readonly #left: readonly SentRecord[][];
  /** Series -> timestamp -> bits of all that stands. */
  readonly series = new Map<string, Map<number, bigint>>();
  /** Series -> timestamp -> message, for the histograms among them. */
  readonly bodies = new Map<string, Map<number, string>>();
  /** What somebody wanted deleted and was not told that it was. */
  readonly deletions = new Deletions();
  /** Family -> the newest word on it. */
  readonly metadata = new Map<string, MetadataEntry>();
  /** Older samples may have been forgotten. */
  floorMs = -Infinity;
  /** Records that were never answered, and turned out to stand, or not to. */
  adopted = 0;
  forgotten = 0;
  readonly #partitionOf = new Map<string, number>();
  /** Newest watermark that stands, for each partition. */
  readonly #watermarks: Float64Array;

  constructor(partitions: number) {
    this.partitions = partitions;
    this.durable = Array.from({ length: partitions }, () => []);
    this.open = Array.from({ length: partitions }, () => []);
    this.#left = Array.from({ length: partitions }, () => []);
    this.#watermarks = new Float64Array(partitions).fill(-Infinity);
  }

  /** Samples that stand. */
  get samples(): number {
    let sum = 0;
    for (const times of this.series.values()) sum += times.size;
    return sum;
  }

  ask(record: SentRecord): void {
    for (const { series } of record.samples) {
      const before = this.#partitionOf.get(series) ?? record.partition;
      assert.equal(record.partition, before, `${series} has moved to another partition`);
      this.#partitionOf.set(series, record.partition);
    }
    this.open[record.partition].push(record);
  }

  /** The record was acknowledged; unanswered ones before it can be nowhere any more. */
  stands(record: SentRecord, offset: number): void {
    const { partition } = record;
    const end = this.durable[partition].length;
    assert.equal(offset, end, `partition ${partition}: the next offset is ${end}`);
    const index = this.open[partition].indexOf(record);
    assert.ok(index >= 0, 'a record is answered once, and after those before it');
    this.open[partition].splice(0, index + 1);
    for (const left of this.#left) left.length = 0;
    this.#add(record);
  }

  /** The record was refused for certain. */
  refused(record: SentRecord): void {
    const open = this.open[record.partition];
    const index = open.indexOf(record);
    assert.ok(index >= 0, 'a record is answered once');
    open.splice(index, 1);
  }

  /**
   * What a log holds of a partition after a crash, from offset `start` on: all that stood, perhaps
   * followed by unanswered records in their order. Afterwards nothing is open.
   */
  adopt(partition: number, start: number, found: readonly SentRecord[]): void {
    const durable = this.durable[partition];
    const open = [...this.#left[partition].splice(0), ...this.open[partition].splice(0)];
    const end = start + found.length;
    const words = `partition ${partition}: the log ends at ${end}`;
    assert.ok(end >= durable.length, `${words}, acknowledged is up to ${durable.length}`);
    found.forEach((record, i) => {
      const text = recordText(record);
      const known = durable[start + i];
      if (known) {
        assert.equal(text, recordText(known), `partition ${partition}: record ${start + i}`);
        return;
      }
      const index = open.findIndex((one) => recordText(one) === text);
      assert.ok(index >= 0, `partition ${partition}: nobody sent record ${start + i}: ${text}`);
      const [adopted] = open.splice(0, index + 1).slice(-1);
      this.#add(adopted);
      this.adopted++;
    });
    this.forgotten += open.length;
    this.#left[partition].push(...open);
  }

  #bodiesOf(series: string): Map<number, string> {
    const bodies = this.bodies.get(series) ?? new Map<number, string>();
    this.bodies.set(series, bodies);
    return bodies;
  }

  /** True when the sample that stands there is a stale marker. */
  isStale(series: string, t: number): boolean {
    return this.series.get(series)?.get(t) === STALE_BITS;
  }

  /** Takes out all that stands and matches: somebody was told that it is gone. */
  delete(deletion: Deletion): number {
    let count = 0;
    for (const [series, times] of this.series) {
      if (!deletion.series(series)) continue;
      for (const t of times.keys()) {
        if (t < deletion.minMs || t > deletion.maxMs) continue;
        times.delete(t);
        this.bodies.get(series)?.delete(t);
        count++;
      }
    }
    return count;
  }

  #add(record: SentRecord): void {
    const { partition, samples, lateness, tick } = record;
    this.durable[partition].push(record);
    for (const sample of samples) {
      const { series, t, bits, body } = sample;
      const times = this.series.get(series) ?? new Map<number, bigint>();
      this.series.set(series, times);
      this.deletions.noteSample(sample);
      if (!times.has(t)) {
        times.set(t, bits);
        if (body !== undefined) this.#bodiesOf(series).set(t, body);
      }
      const watermark = this.#watermarks[partition];
      const promised = lateness !== 0 || t >= watermark;
      assert.ok(promised, `${series} at ${t} is live, but behind the watermark ${watermark}`);
    }
    for (const entry of record.metadata) this.metadata.set(entry.family, entry);
    if (tick) {
      assert.ok(tick.watermarkMs >= this.#watermarks[partition], 'watermarks only grow');
      this.#watermarks[partition] = tick.watermarkMs;
    }
  }
}
