// Where the reader of one mirrored topic is, partition by partition, and from where on it has to
// read again to know what series mean. Part of the region intake; written down as text. Easy to
// get wrong: records lean on dictionaries that began before them, so after a restart it begins at
// the oldest dictionary that is in use, and takes definitions only up to where it was.
import { REGION_DICTIONARIES_MAX, REGION_DICTIONARY_MS } from '../limits-regions.ts';
import type { Offset } from '../ports.ts';

/** The newest dictionary of a producer, where it began, and when it was used last. */
interface InUse {
  readonly sequence: number;
  readonly first: Offset;
  usedMs: number;
}

/** What a record says of itself. */
export interface RecordFacts {
  readonly partition: number;
  readonly epoch: number;
  readonly sequence: number;
  /** Wall ms of its region's collector. */
  readonly receivedMs: number;
}

interface Lane {
  /** All below is in the log of this stack. */
  next: Offset;
  /** The newest time a record was received at in its region; 0 before the first. */
  receivedMs: number;
  readonly inUse: Map<number, InUse>;
}

type Saved = readonly [
  partition: number,
  next: Offset,
  receivedMs: number,
  inUse: readonly (readonly [number, number, Offset, number])[],
];

export class RegionPlace {
  readonly #lanes = new Map<number, Lane>();

  /** The place that a text tells; a text that tells none is the beginning. */
  static parse(text: string | undefined): RegionPlace {
    const place = new RegionPlace();
    for (const [partition, next, receivedMs, inUse] of savedOf(text)) {
      const lane: Lane = { next, receivedMs, inUse: new Map() };
      for (const [epoch, sequence, first, usedMs] of inUse) {
        lane.inUse.set(epoch, { sequence, first, usedMs });
      }
      place.#lanes.set(partition, lane);
    }
    return place;
  }

  /** As text, for parse(). */
  text(): string {
    const saved = [...this.#lanes].map(([partition, { next, receivedMs, inUse }]): Saved => {
      const lists = [...inUse].map(([epoch, one]) => {
        return [epoch, one.sequence, one.first, one.usedMs] as const;
      });
      return [partition, next, receivedMs, lists];
    });
    return JSON.stringify(saved);
  }

  /** The next offset of each partition that has been read. */
  get next(): ReadonlyMap<number, Offset> {
    return new Map([...this.#lanes].map(([partition, { next }]) => [partition, next]));
  }

  /** True for an offset that was taken in before. */
  taken(partition: number, offset: Offset): boolean {
    return offset < (this.#lanes.get(partition)?.next ?? 0);
  }

  /** Where reading has to begin, so that every record that comes can be understood. */
  from(): ReadonlyMap<number, Offset> {
    return new Map(
      [...this.#lanes].map(([partition, { next, inUse }]) => {
        const firsts = [...inUse.values()].map(({ first }) => first);
        return [partition, Math.min(next, ...firsts)];
      }),
    );
  }

  /** The topic begins anew: nothing of it has been read. */
  restart(partition: number, start: Offset): void {
    const lane = this.#lane(partition);
    lane.next = start;
    lane.inUse.clear();
  }

  /** A record at an offset was taken. */
  took({ partition, epoch, sequence, receivedMs }: RecordFacts, offset: Offset): void {
    const lane = this.#lane(partition);
    lane.next = Math.max(lane.next, offset + 1);
    lane.receivedMs = Math.max(lane.receivedMs, receivedMs);
    const known = lane.inUse.get(epoch);
    if (known?.sequence === sequence) known.usedMs = Math.max(known.usedMs, receivedMs);
    else lane.inUse.set(epoch, { sequence, first: offset, usedMs: receivedMs });
    if (known?.sequence === sequence) return;
    for (const [other, { usedMs }] of lane.inUse) {
      const idle = lane.receivedMs - usedMs > REGION_DICTIONARY_MS;
      if (idle || lane.inUse.size > REGION_DICTIONARIES_MAX) lane.inUse.delete(other);
    }
  }

  /** Something that is no record stood at an offset. */
  skipped(partition: number, offset: Offset): void {
    const lane = this.#lane(partition);
    lane.next = Math.max(lane.next, offset + 1);
  }

  /** The time of the partition that is farthest behind; 0 before any record. */
  receivedMs(partitions: number): number {
    if (this.#lanes.size < partitions) return 0;
    return Math.min(...[...this.#lanes.values()].map((lane) => lane.receivedMs));
  }

  #lane(partition: number): Lane {
    let lane = this.#lanes.get(partition);
    if (lane === undefined) {
      lane = { next: 0, receivedMs: 0, inUse: new Map() };
      this.#lanes.set(partition, lane);
    }
    return lane;
  }
}

function savedOf(text: string | undefined): readonly Saved[] {
  if (text === undefined) return [];
  try {
    const saved = JSON.parse(text) as unknown;
    return Array.isArray(saved) ? (saved as readonly Saved[]) : [];
  } catch {
    return [];
  }
}
