// Group commit: what was appended while the disk was busy is written durably at once, then
// answered. One commit at a time, into the newest segment. Easy to get wrong: a sync that failed
// may have thrown data away, so nothing is written again: the segment ends at its last durable
// byte, all that was queued fails with it (it leans on what the lost records defined and on their
// offsets), and the next append begins a new segment.
import { MonError, assert } from '../errors.ts';
import type { Appended } from '../ports.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Disk, DiskFile } from '../runtime/disk.ts';
import type { RecentFrames } from './recent-frames.ts';
import type { SegmentChain } from './segment-chain.ts';
import { encodeHeader, headerBytes, segmentName } from './segment.ts';
import type { SegmentHeader } from './segment.ts';
import { ShortRest } from './short-rest.ts';

/** One call of append: its answers fill up as its records become durable or fail. */
export interface AppendCall {
  readonly answers: Appended[];
  /** Units that have still to be committed before the call can be answered. */
  waiting: number;
  readonly resolve: (answers: readonly Appended[]) => void;
}

/** The records of one commit: a run of frames of one segment. */
export interface Unit {
  readonly segment: number;
  readonly start: number;
  bytes: number;
  records: number;
  /** Offsets that follow the unit's last record of each partition. */
  readonly ends: Float64Array;
  readonly calls: { readonly call: AppendCall; readonly from: number; to: number }[];
}

/** Plain figures since the log was opened. */
export interface CommitCounts {
  records: number;
  bytes: number;
  commits: number;
  /** Seconds spent in commits, waiting for the disk included. */
  commitSeconds: number;
  /** Commits that failed. */
  failures: number;
}

export interface CommitterOptions {
  readonly folder: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly chain: SegmentChain;
  readonly recent: RecentFrames;
  readonly counts: CommitCounts;
  readonly generation: number;
  readonly epoch: number;
  /**
   * How long a commit waits, after the last one, for as many calls as that one answered, ms; 0:
   * it begins at once.
   */
  readonly gatherMs: number;
  /** Called after each commit that succeeded, with its bytes and whether it began a segment. */
  readonly committed: (bytes: number, begun: boolean) => void;
  /** Called at once when a commit failed, before anything else is appended. */
  readonly failed: (failure: MonError) => void;
}

export class Committer {
  readonly #options: CommitterOptions;
  #queue: Unit[] = [];
  #file: DiskFile | undefined;
  #running: Promise<void> | undefined;
  /** Calls that are likely to be there soon, and since when they are waited for. */
  #expected = 0;
  #answeredAt = -Infinity;
  /** Ends the waiting for them. */
  readonly #rest: ShortRest;
  #hurried = false;
  /** Bytes that wait or are being written. */
  pendingBytes = 0;

  constructor(options: CommitterOptions) {
    this.#options = options;
    this.#rest = new ShortRest(options.clock);
  }

  /** The unit that a record at this place joins: the last one queued, else a new one. */
  unit(segment: number, position: number): Unit {
    const last = this.#queue.at(-1);
    if (last?.segment === segment) {
      assert(last.start + last.bytes === position, 'a unit is one run of bytes');
      return last;
    }
    const ends = new Float64Array(last?.ends ?? this.#under?.ends ?? this.#options.chain.ends);
    const fresh: Unit = { segment, start: position, bytes: 0, records: 0, ends, calls: [] };
    this.#queue.push(fresh);
    return fresh;
  }

  /** The unit being written. */
  #under: Unit | undefined;

  /** Begins to commit unless a commit is under way, which will go on with what is queued. */
  kick(): void {
    this.#running ??= this.#run();
    if (this.#rest.resting && this.#calls() >= this.#expected) this.#rest.end();
  }

  /** Resolves when nothing is queued any more. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async close(): Promise<void> {
    this.#hurried = true;
    this.#rest.end();
    await this.idle();
    await this.#file?.close();
    this.#file = undefined;
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    // Appends of this same turn of the event loop join the commit.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      await this.#gather();
      const began = clock.monotonic();
      const unit = this.#queue.shift() as Unit;
      this.#under = unit;
      try {
        await this.#commit(unit);
        this.#options.counts.commitSeconds += (clock.monotonic() - began) / 1000;
        this.#succeed(unit);
      } catch (thrown) {
        if (!(thrown instanceof MonError)) throw thrown;
        await this.#fail(unit, thrown);
      }
    }
    this.#running = undefined;
  }

  /**
   * Senders that wait for their answer send again when they have it: without this each of them
   * would have commits of its own, one behind the other.
   */
  async #gather(): Promise<void> {
    const { clock, gatherMs } = this.#options;
    if (gatherMs === 0 || this.#hurried || this.#calls() >= this.#expected) return;
    const leftMs = this.#answeredAt + gatherMs - clock.monotonic();
    if (leftMs <= 0) return;
    await this.#rest.rest(leftMs);
  }

  #calls(): number {
    return this.#queue.reduce((sum, { calls }) => sum + calls.length, 0);
  }

  async #commit(unit: Unit): Promise<void> {
    const { chain, recent } = this.#options;
    if (!this.#file || chain.newest?.header.segment !== unit.segment) {
      await this.begin(unit.segment);
    }
    const segment = chain.newest;
    const file = this.#file;
    assert(file && segment?.bytes === unit.start, 'a commit begins where the last one ended');
    for (const run of recent.runs(unit.segment, unit.start, unit.start + unit.bytes)) {
      await file.write(run.bytes, run.position);
    }
  }

  #succeed(unit: Unit): void {
    const { chain, clock, recent, counts, committed } = this.#options;
    const segment = chain.newest;
    assert(segment?.header.segment === unit.segment, 'the segment is still the newest');
    this.#under = undefined;
    segment.bytes += unit.bytes;
    chain.ends.set(unit.ends);
    recent.trim(unit.segment, segment.bytes);
    this.pendingBytes -= unit.bytes;
    counts.commits++;
    counts.records += unit.records;
    counts.bytes += unit.bytes;
    this.#expected = this.#calls() + unit.calls.length;
    this.#answeredAt = clock.monotonic();
    answer(unit);
    committed(unit.bytes, unit.start === headerBytes(chain.partitions));
  }

  /**
   * 1. Everything queued is doomed, and the append side goes back to the durable end and on to a
   * new segment. 2. The failed bytes are cut off, durably. 3. Only then the doomed are answered,
   * so that what was answered as failed cannot come back after a crash.
   */
  async #fail(unit: Unit, failure: MonError): Promise<void> {
    const { chain, recent, counts, failed } = this.#options;
    const doomed = [unit, ...this.#queue];
    this.#queue = [];
    this.#under = undefined;
    this.#expected = 0;
    counts.failures++;
    recent.cut(chain.newest?.header.segment ?? 0, chain.newest?.bytes ?? 0);
    for (const lost of doomed) this.pendingBytes -= lost.bytes;
    failed(failure);
    const gone = await this.#fence();
    for (const lost of doomed) {
      for (const { call, from, to } of lost.calls) {
        for (let i = from; i < to; i++) {
          if ('offset' in call.answers[i]) call.answers[i] = { error: told(failure, gone) };
        }
      }
      answer(lost);
    }
  }

  /** Makes sure that bytes past the durable end of the newest segment are never taken as log. */
  async #fence(): Promise<boolean> {
    const file = this.#file;
    const segment = this.#options.chain.newest;
    this.#file = undefined;
    if (!file || !segment) return true;
    let gone = true;
    try {
      await file.truncate(segment.bytes);
      await file.datasync();
    } catch {
      // The next segment's header says where this one ends: that fences the bytes just as well.
      gone = await this.begin(this.#nextNumber()).then(
        () => true,
        () => false,
      );
    }
    await file.close().catch(() => undefined);
    return gone;
  }

  /** Numbers that the append side has reached; the fence's own segment comes before them. */
  #nextNumber(): number {
    return (this.#options.chain.newest?.header.segment ?? 0) + 1;
  }

  /**
   * Begins a segment: its header, which also says where the one before ends, is durable after it.
   */
  async begin(number: number): Promise<void> {
    const { folder, disk, clock, chain, generation, epoch } = this.#options;
    const { newest } = chain;
    const header: SegmentHeader = {
      generation,
      epoch,
      segment: number,
      previous: newest?.header.segment ?? 0,
      previousBytes: newest?.bytes ?? 0,
      createdMs: clock.now(),
      first: Float64Array.from(chain.ends),
    };
    const path = `${folder}/${segmentName(number)}`;
    const bytes = encodeHeader(header);
    const before = this.#file;
    this.#file = undefined;
    await before?.close();
    try {
      await disk.replaceFile(path, [bytes]);
      this.#file = await disk.open(path, 'r+d');
    } catch (thrown) {
      // A file without records; should it stay, the next open knows it by that and removes it.
      await disk.remove(path).catch(() => undefined);
      throw thrown;
    }
    chain.add({ header, path, bytes: bytes.length });
  }
}

function answer(unit: Unit): void {
  for (const { call } of unit.calls) {
    call.waiting--;
    if (call.waiting === 0) call.resolve(call.answers);
  }
}

/** The failure as the appender gets it; says so when the bytes could not be cut off. */
function told(failure: MonError, gone: boolean): MonError {
  const sure = gone ? '' : '; whether the record is found after a restart is not known';
  return new MonError(failure.code, `the log could not be written: ${failure.message}${sure}`, {
    cause: failure,
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
    fields: { ...failure.fields, certain: gone ? 1 : 0 },
  });
}
