// The Log on a folder: the log of one machine. Appends of all partitions go into one stream of
// segment files, so that one sync makes them all durable. This file lays records down in order and
// gives them offsets; commit.ts makes them durable; embedded-reader.ts hands them on. Easy to get
// wrong: offset, place and definitions of a record are decided when append is called, on the
// belief that all before it will succeed, so that one failed commit takes everything behind it
// along.
import { MonError, assert } from '../errors.ts';
import {
  COMMIT_DELAY_MS_MAX,
  LOG_KEEP_MS_MIN,
  LOG_PENDING_BYTES_MAX,
  LOG_READERS_SAVE_MS,
  LOG_RECENT_BYTES,
  LOG_SEGMENT_BYTES,
  RECORD_BYTES_MAX,
} from '../limits.ts';
import type { Batch } from '../model/batch.ts';
import type { Appended, Log, LogReader, Offset } from '../ports.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { Disk } from '../runtime/disk.ts';
import { Committer } from './commit.ts';
import type { AppendCall, CommitCounts } from './commit.ts';
import { DiskSpace } from './disk-space.ts';
import { Bell, EmbeddedReader } from './embedded-reader.ts';
import { noteEnd } from './log-end.ts';
import { notDrained, readMeta, writeMeta } from './log-meta.ts';
import type { LogMeta } from './log-meta.ts';
import { ReaderRegistry } from './reader-registry.ts';
import { RecentFrames } from './recent-frames.ts';
import type { RecordEncoder } from './record-encoder.ts';
import { recover } from './recovery.ts';
import type { Recovered } from './recovery.ts';
import { drained, retain } from './retention.ts';
import type { SegmentChain } from './segment-chain.ts';
import { FRAME_HEADER_BYTES, corrupt, headerBytes, putFrame, segmentOf } from './segment.ts';

/** The optional ones are for tests and tuning; limits.ts has their usual values. */
export interface EmbeddedLogOptions {
  readonly folder: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly encoder: RecordEncoder;
  readonly partitions: number;
  readonly segmentBytes?: number;
  readonly pendingBytesMax?: number;
  readonly recentBytes?: number;
  readonly keepMs?: number;
  readonly keepBytes?: number;
  /**
   * How long a commit waits for those who were just answered, 0 to COMMIT_DELAY_MS_MAX; 0 by
   * default.
   */
  readonly gatherMs?: number;
}

/** Plain figures since the log was opened; the last two are as of now. */
export interface LogCounts extends CommitCounts {
  readonly segments: number;
  readonly bytesOnDisk: number;
}

interface Opened {
  readonly meta: LogMeta;
  readonly recovered: Recovered;
  readonly registry: ReaderRegistry;
}

export class EmbeddedLog implements Log {
  readonly partitions: number;
  readonly generation: number;
  /** Grows by one each time the log is opened. */
  readonly epoch: number;
  /** Bytes of an unfinished commit of the last run that were cut when the log was opened. */
  readonly cutBytes: number;

  readonly #options: EmbeddedLogOptions;
  readonly #chain: SegmentChain;
  readonly #registry: ReaderRegistry;
  readonly #recent: RecentFrames;
  readonly #committer: Committer;
  readonly #space: DiskSpace;
  readonly #bell = new Bell();
  readonly #counts: CommitCounts;
  /** Where the next record will stand, if all before it succeed. */
  readonly #nextOffset: Float64Array;
  #segment: number;
  #position: number;
  #closing: Promise<void> | undefined;
  #saveTimer: Timer | undefined;
  #retaining: Promise<number> = Promise.resolve(0);

  private constructor(options: EmbeddedLogOptions, opened: Opened) {
    const { folder, disk, clock, gatherMs = 0 } = options;
    const { meta, recovered, registry } = opened;
    const { chain } = recovered;
    assert(gatherMs >= 0 && gatherMs <= COMMIT_DELAY_MS_MAX, 'commits wait at most so long');
    this.#options = options;
    this.partitions = meta.partitions;
    this.generation = meta.generation;
    this.epoch = meta.epoch;
    this.cutBytes = recovered.cutBytes;
    this.#chain = chain;
    this.#registry = registry;
    this.#recent = new RecentFrames(options.recentBytes ?? LOG_RECENT_BYTES);
    this.#space = new DiskSpace(disk, clock, folder);
    this.#counts = { records: 0, bytes: 0, commits: 0, commitSeconds: 0, failures: 0 };
    this.#nextOffset = Float64Array.from(chain.ends);
    this.#segment = recovered.lastNumber + 1;
    this.#position = headerBytes(meta.partitions);
    this.#committer = new Committer({
      folder,
      disk,
      clock,
      chain,
      gatherMs,
      recent: this.#recent,
      counts: this.#counts,
      generation: meta.generation,
      epoch: meta.epoch,
      committed: (bytes, begun) => this.#committed(bytes, begun),
      failed: () => this.#failed(),
    });
  }

  /**
   * Opens the folder, making it if need be. The caller owns the folder (runtime/folder-lock.ts).
   * 1. Finds segments and durable end. 2. Another number of partitions begins a new generation, if
   * nothing of the old one is needed. 3. The new epoch is durable.
   * @throws MonError MON_LOG_CORRUPT; MON_CONFIG_INVALID when partitions changed and readers still
   *   need records; what the disk throws.
   */
  static async open(options: EmbeddedLogOptions): Promise<EmbeddedLog> {
    const { folder, disk } = options;
    assert(options.partitions > 0, 'a log has partitions');
    await disk.makeFolder(folder);
    const opened = await openFolder(options);
    const log = new EmbeddedLog(options, opened);
    log.#space.look();
    await log.#space.settled();
    return log;
  }

  get counts(): LogCounts {
    const { segments, bytes } = this.#chain;
    return { ...this.#counts, segments: segments.length, bytesOnDisk: bytes };
  }

  append(batches: readonly Batch[]): Promise<readonly Appended[]> {
    return new Promise((resolve) => {
      const call: AppendCall = { answers: [], waiting: 0, resolve };
      for (const batch of batches) {
        const refusal = this.#refusal();
        call.answers.push(refusal ? { error: refusal } : this.#add(batch, call));
      }
      if (call.waiting === 0) resolve(call.answers);
      else this.#committer.kick();
    });
  }

  async start(partition: number): Promise<Offset> {
    return this.#chain.start(partition);
  }

  async end(partition: number): Promise<Offset> {
    return this.#chain.ends[partition];
  }

  /** `held` is what retention may not pass: less than `from` for a reader that comes back. */
  async read(
    reader: string,
    from: ReadonlyMap<number, Offset>,
    held: ReadonlyMap<number, Offset> = from,
  ): Promise<LogReader> {
    if (this.#closing) throw closed();
    for (const [partition, offset] of from) this.#checkStart(reader, partition, offset);
    // Claimed in memory at once: retention may run while the claim is made durable.
    await this.#registry.register(reader, held);
    return new EmbeddedReader(reader, from, {
      disk: this.#options.disk,
      chain: this.#chain,
      recent: this.#recent,
      registry: this.#registry,
      bell: this.#bell,
      released: () => this.#saveSoon(),
      closed: () => this.#closing !== undefined,
    });
  }

  /** Names of the readers that hold retention, also those that are not open now. */
  readers(): readonly string[] {
    return this.#registry.names;
  }

  /** The reader will not come back: it holds nothing any more. */
  async forget(reader: string): Promise<void> {
    await this.#registry.forget(reader);
    await this.retain();
  }

  /** Removes segments that nobody needs; happens by itself after releases and new segments. */
  retain(): Promise<number> {
    const { folder, disk, clock, keepMs = LOG_KEEP_MS_MIN, keepBytes = 0 } = this.#options;
    const keep = { keepMs, keepBytes };
    const world = { folder, disk, clock, chain: this.#chain, registry: this.#registry };
    const mine = this.#retaining.then(() => retain({ ...world, ...keep }));
    this.#retaining = mine.catch(() => 0);
    return mine;
  }

  /** Commits what is queued, wakes readers with nothing, writes down what was released. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#saveTimer?.cancel();
    await this.#committer.close();
    this.#bell.ring();
    await this.#registry.save();
    await this.#retaining;
    const { folder, disk } = this.#options;
    await noteEnd(disk, folder, this, this.#chain);
    await this.#space.settled();
  }

  /** Why nothing can be taken now. Asked before a batch is encoded: see #abandon. */
  #refusal(): MonError | undefined {
    if (this.#closing) return closed();
    const { pendingBytesMax = LOG_PENDING_BYTES_MAX } = this.#options;
    if (this.#committer.pendingBytes >= pendingBytesMax) {
      return new MonError('MON_LOG_BUSY', 'the disk does not keep up with what is appended', {
        hint: 'send again a little later',
        fields: { pendingBytes: this.#committer.pendingBytes },
      });
    }
    return this.#space.refusal();
  }

  #add(batch: Batch, call: AppendCall): Appended {
    const { encoder, segmentBytes = LOG_SEGMENT_BYTES } = this.#options;
    const { partition } = batch;
    assert(
      partition >= 0 && partition < this.partitions,
      'the batch is for a partition of the log',
    );
    if (this.#position >= segmentBytes) this.#abandon();
    let record: Uint8Array;
    try {
      record = encoder.encode(batch, { epoch: this.epoch, sequence: this.#segment });
    } catch (thrown) {
      if (!(thrown instanceof MonError)) throw thrown;
      this.#abandon();
      return { error: thrown };
    }
    if (record.length > RECORD_BYTES_MAX) {
      this.#abandon();
      return { error: tooLarge(record.length) };
    }
    return this.#layDown(partition, record, call);
  }

  /** Goes on in a new segment: the last record is whole, or what it defined will not be on disk. */
  #abandon(): void {
    this.#segment++;
    this.#position = headerBytes(this.partitions);
  }

  #layDown(partition: number, record: Uint8Array, call: AppendCall): Appended {
    const size = FRAME_HEADER_BYTES + record.length;
    const unit = this.#committer.unit(this.#segment, this.#position);
    const block = this.#recent.room(this.#segment, this.#position, size);
    const offset = this.#nextOffset[partition]++;
    putFrame(block.view, block.used, {
      place: { epoch: this.epoch, segment: this.#segment, position: this.#position },
      fields: { length: record.length, commit: unit.start, partition, offset },
      record,
    });
    block.used += size;
    unit.bytes += size;
    unit.records++;
    unit.ends[partition] = offset + 1;
    this.#position += size;
    this.#committer.pendingBytes += size;
    const index = call.answers.length;
    const last = unit.calls.at(-1);
    if (last?.call === call) last.to = index + 1;
    else {
      call.waiting++;
      unit.calls.push({ call, from: index, to: index + 1 });
    }
    return { offset };
  }

  #committed(bytes: number, begun: boolean): void {
    this.#bell.ring();
    this.#space.spent(bytes);
    // A new segment may have made the oldest old enough.
    if (begun) this.#saveSoon();
  }

  #failed(): void {
    this.#abandon();
    this.#nextOffset.set(this.#chain.ends);
    this.#space.look();
  }

  #checkStart(reader: string, partition: number, offset: Offset): void {
    const end = this.#chain.ends[partition] ?? 0;
    const start = partition < this.partitions ? this.#chain.start(partition) : 0;
    const fields = { reader, partition, offset, start, end };
    if (!(partition < this.partitions) || offset > end) {
      const words = `${reader} asks for record ${offset} of partition ${partition}, the log ends`;
      throw new MonError('MON_LOG_OFFSET_PAST_END', `${words} at ${end}`, {
        hint: 'this state belongs to another log, or the log has lost its end: restore one of them',
        fields,
      });
    }
    if (offset >= start) return;
    const words = `${reader} asks for record ${offset} of partition ${partition}, the log begins`;
    throw new MonError('MON_LOG_OFFSET_GONE', `${words} at ${start}`, {
      hint: 'the state is older than what the log keeps: restore a newer one, or begin anew',
      fields,
    });
  }

  #saveSoon(): void {
    if (this.#saveTimer || this.#closing) return;
    const { clock } = this.#options;
    this.#saveTimer = clock.after(LOG_READERS_SAVE_MS, () => this.#saveNow(), true);
  }

  #saveNow(): void {
    this.#saveTimer = undefined;
    const work = this.#registry.save().then(() => this.retain());
    // A full disk comes again at the next release; the figures on disk are only older, which is
    // safe.
    work.catch((thrown: unknown) => {
      if (!(thrown instanceof MonError)) throw thrown;
    });
  }
}

async function openFolder(options: EmbeddedLogOptions): Promise<Opened> {
  const { folder, disk, partitions } = options;
  const found = await readMeta(disk, folder);
  if (!found) {
    const orphan = (await disk.list(folder)).find((name) => segmentOf(name) !== undefined);
    if (orphan) throw corrupt(`${folder}/${orphan}`, 0, 'the folder has segments but no meta.json');
  }
  const old = found ?? { generation: 1, partitions, epoch: 0 };
  const registry = await ReaderRegistry.load(disk, folder, old.generation);
  const recovered = await recover(disk, folder, old);
  if (old.partitions === partitions) {
    const meta = { ...old, epoch: old.epoch + 1 };
    await writeMeta(disk, folder, meta);
    return { meta, registry, recovered };
  }
  if (!drained(recovered.chain, registry)) throw notDrained(folder, old.partitions, partitions);
  const generation = old.generation + 1;
  const meta = { generation, partitions, epoch: old.epoch + 1 };
  // From here on the old segments are leftovers: should the removal be cut short, the next open
  // ends it.
  await writeMeta(disk, folder, meta);
  const fresh = new ReaderRegistry(disk, folder, generation);
  return { meta, registry: fresh, recovered: await recover(disk, folder, meta) };
}

function closed(): MonError {
  return new MonError('MON_LOG_CLOSED', 'the log is closed');
}

function tooLarge(bytes: number): MonError {
  const words = `a record of ${bytes} bytes is larger than ${RECORD_BYTES_MAX}`;
  return new MonError('MON_LIMIT_EXCEEDED', words, { hint: 'send smaller batches' });
}
