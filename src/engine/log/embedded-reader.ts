// A reader of the embedded log: walks the segments in order and delivers the records of its
// partitions, from memory while it keeps up with the tail and from disk when it does not. Easy to
// get wrong: only what is durable may be delivered, and records before the reader's start still
// come, marked, when a later record of the same segment may refer to series that they define.
import { MonError, assert } from '../errors.ts';
import type { Delivery, LogReader, Offset } from '../ports.ts';
import type { Disk } from '../runtime/disk.ts';
import type { Block, RecentFrames } from './recent-frames.ts';
import type { ReaderRegistry } from './reader-registry.ts';
import type { Segment, SegmentChain } from './segment-chain.ts';
import { SegmentFile } from './segment-file.ts';
import { FRAME_HEADER_BYTES, corrupt, getFields, headerBytes } from './segment.ts';
import type { FrameFields } from './segment.ts';

/** One call of next stops gathering past this; a reader that lags gets large runs. */
const DELIVER_BYTES = 1024 * 1024;

/** What wakes readers: each commit rings once. */
export class Bell {
  readonly #waiting = new Set<() => void>();

  ring(): void {
    const all = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of all) wake();
  }

  /** Resolves at the next ring, or when the signal fires. */
  wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }
}

export interface ReaderWorld {
  readonly disk: Disk;
  readonly chain: SegmentChain;
  readonly recent: RecentFrames;
  readonly registry: ReaderRegistry;
  readonly bell: Bell;
  /** Called after a release that changed something. */
  readonly released: () => void;
  /** True once the log is closed. */
  readonly closed: () => boolean;
}

export class EmbeddedReader implements LogReader {
  readonly #name: string;
  readonly #world: ReaderWorld;
  /** Next offset of each partition; -1 for partitions that are not read. */
  readonly #next: Float64Array;
  /** For each partition the segment in which it starts: earlier records there define series. */
  readonly #startsIn: Float64Array;
  /** 0 before the log has its first segment. */
  #segment = 0;
  #position = 0;
  #file: SegmentFile | undefined;
  #busy = false;
  #closed = false;

  /** The offsets have been checked against the log. */
  constructor(name: string, from: ReadonlyMap<number, Offset>, world: ReaderWorld) {
    const { chain } = world;
    this.#name = name;
    this.#world = world;
    this.#next = new Float64Array(chain.partitions).fill(-1);
    this.#startsIn = new Float64Array(chain.partitions);
    let first = chain.newest;
    for (const [partition, offset] of from) {
      const segment = chain.holding(partition, offset);
      this.#next[partition] = offset;
      this.#startsIn[partition] = segment?.header.segment ?? 0;
      if (segment && first && segment.header.segment < first.header.segment) first = segment;
    }
    if (first) this.#enter(first);
  }

  async next(signal?: AbortSignal): Promise<readonly Delivery[]> {
    assert(!this.#busy, 'one call of next at a time');
    this.#busy = true;
    try {
      for (;;) {
        if (this.#stopped(signal)) return [];
        const out = await this.#gather();
        if (this.#closed) return [];
        if (out.length > 0) return out;
        // Looked once more without an await in between: a commit, a close or the signal may have
        // come during the read, and would not ring again.
        if (!this.#stopped(signal) && this.#atEnd()) await this.#world.bell.wait(signal);
      }
    } finally {
      this.#busy = false;
      if (this.#closed) await this.#leave();
    }
  }

  release(partition: number, offset: Offset): void {
    const { chain, registry, released } = this.#world;
    assert(offset <= chain.ends[partition], 'only what the log holds can be released');
    if (registry.release(this.#name, partition, offset)) released();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#world.bell.ring();
    if (!this.#busy) await this.#leave();
  }

  #stopped(signal: AbortSignal | undefined): boolean {
    return this.#closed || this.#world.closed() || signal?.aborted === true;
  }

  #enter(segment: Segment): void {
    this.#segment = segment.header.segment;
    this.#position = headerBytes(this.#world.chain.partitions);
  }

  async #leave(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  #current(): Segment | undefined {
    const { chain } = this.#world;
    if (this.#segment === 0) {
      if (chain.newest) this.#enter(chain.segments[0]);
      else return undefined;
    }
    const index = chain.indexOf(this.#segment);
    if (index >= 0) return chain.segments[index];
    // It had read and released the whole of its segment, which is gone now: go on in the next one.
    if (this.#next.every((next, p) => next < 0 || next >= chain.start(p))) {
      this.#enter(chain.segments[0]);
      return chain.segments[0];
    }
    throw new MonError('MON_LOG_OFFSET_GONE', `retention has passed the reader ${this.#name}`, {
      hint: 'the reader was forgotten or had released these records: open it anew',
      fields: { reader: this.#name, segment: this.#segment },
    });
  }

  #atEnd(): boolean {
    const { chain } = this.#world;
    if (this.#segment === 0) return chain.newest === undefined;
    const { newest } = chain;
    return this.#segment === newest?.header.segment && this.#position >= newest.bytes;
  }

  /** Deliveries from where the reader stands; none when it stands at the durable end. */
  async #gather(): Promise<Delivery[]> {
    const out: Delivery[] = [];
    let bytes = 0;
    while (bytes < DELIVER_BYTES && !this.#closed) {
      const segment = this.#current();
      if (!segment) break;
      if (this.#position >= segment.bytes) {
        if (!(await this.#moveOn())) break;
        continue;
      }
      const from = this.#position;
      const block = this.#world.recent.at(this.#segment, from);
      if (block) this.#fromMemory(block, segment, out);
      else if (!(await this.#fromDisk(segment, out))) break;
      bytes += this.#position - from;
    }
    return out;
  }

  async #moveOn(): Promise<boolean> {
    const { chain } = this.#world;
    const index = chain.indexOf(this.#segment);
    const next = index >= 0 ? chain.segments[index + 1] : undefined;
    if (!next) return false;
    await this.#leave();
    this.#enter(next);
    return true;
  }

  #fromMemory(block: Block, segment: Segment, out: Delivery[]): void {
    const from = this.#position - block.start;
    const end = Math.min(block.used, segment.bytes - block.start);
    // One copy of all: the memory is used again, and the reader may keep its bytes for a while.
    const copy = block.bytes.slice(from, end);
    for (let at = from; at < end;) {
      const fields = getFields(block.view, at);
      assert(fields, 'memory holds whole frames');
      const begin = at + FRAME_HEADER_BYTES;
      at = begin + fields.length;
      this.#take(fields, copy.subarray(begin - from, at - from), out);
    }
    this.#position = block.start + end;
  }

  /** False when what was read before a damaged place has to be delivered first. */
  async #fromDisk(segment: Segment, out: Delivery[]): Promise<boolean> {
    const { disk } = this.#world;
    if (this.#file && this.#file.header.segment !== this.#segment) await this.#leave();
    this.#file ??= await SegmentFile.open(disk, segment.path, segment.header);
    const run = await this.#file.frames(this.#position, segment.bytes);
    // Copies: the file's buffer is used again.
    for (const { fields, record } of run.frames) this.#take(fields, record.slice(), out);
    this.#position = run.next;
    if (!run.broken) return true;
    if (out.length > 0) return false;
    throw corrupt(segment.path, run.next, 'a durable record is damaged');
  }

  #take(fields: FrameFields, record: Uint8Array, out: Delivery[]): void {
    const { partition, offset } = fields;
    const next = this.#next[partition];
    if (next < 0 || (offset < next && this.#startsIn[partition] !== this.#segment)) return;
    assert(offset <= next, 'offsets of a partition have no gaps');
    out.push({ partition, offset, bytes: record, definitionsOnly: offset < next });
    if (offset === next) this.#next[partition] = next + 1;
  }
}
