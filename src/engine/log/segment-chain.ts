// What an open log knows of its segments and of its durable end, shared by commits, readers and
// retention. Easy to get wrong: only `bytes` of a segment are log; a file may be longer, by frames
// of a commit that is under way or has failed.
import { assert } from '../errors.ts';
import type { SegmentHeader } from './segment.ts';

/** One segment file. `bytes` is its durable length; it grows with commits until the next begins. */
export interface Segment {
  readonly header: SegmentHeader;
  readonly path: string;
  bytes: number;
}

export class SegmentChain {
  readonly partitions: number;
  /** One past the last durable record of each partition. */
  readonly ends: Float64Array;
  readonly #segments: Segment[];

  constructor(segments: readonly Segment[], ends: Float64Array) {
    this.partitions = ends.length;
    this.ends = ends;
    this.#segments = [...segments];
  }

  get segments(): readonly Segment[] {
    return this.#segments;
  }

  get oldest(): Segment | undefined {
    return this.#segments[0];
  }

  get newest(): Segment | undefined {
    return this.#segments.at(-1);
  }

  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  add(segment: Segment): void {
    const before = this.newest?.header.segment ?? 0;
    assert(segment.header.previous === before, 'a segment follows the newest one');
    this.#segments.push(segment);
  }

  dropOldest(): Segment {
    assert(this.#segments.length > 1, 'the segment that is written to is never dropped');
    return this.#segments.shift() as Segment;
  }

  /** First offset of a partition that is still held. */
  start(partition: number): number {
    return this.oldest?.header.first[partition] ?? this.ends[partition];
  }

  /** Index of the segment with this number, or -1 when it is gone. */
  indexOf(number: number): number {
    let low = 0;
    let high = this.#segments.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.#segments[middle].header.segment;
      if (found === number) return middle;
      if (found < number) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  /**
   * The segment in which the record (partition, offset) stands, or in which it will stand when it
   * is the next to come: the last one that begins at or before the offset. Undefined for an empty
   * log.
   */
  holding(partition: number, offset: number): Segment | undefined {
    for (let i = this.#segments.length - 1; i >= 0; i--) {
      if (this.#segments[i].header.first[partition] <= offset) return this.#segments[i];
    }
    return undefined;
  }

  /** One past the last record of a partition in the segment at `index`. */
  endIn(index: number, partition: number): number {
    const next = this.#segments[index + 1];
    return next ? next.header.first[partition] : this.ends[partition];
  }
}
