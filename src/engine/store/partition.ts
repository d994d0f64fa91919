// One partition of a store: its head, its sealed blocks, and the one file that says what of both
// counts. Records come in, checkpoints, seals, compactions, retention and deletion change what is
// durable, readers see blocks and head as one. Easy to get wrong: a block and the head that gave it
// its samples overlap until the head is cut; and only one piece of upkeep runs at a time.
import { join } from 'node:path';
import { MonError } from '../errors.ts';
import { BlockCache } from '../codec/block-cache.ts';
import type { Head } from '../head/head.ts';
import { COMPACTION_CACHE_BYTES, SEAL_ASIDE_MAX } from '../limits.ts';
import type { Matcher } from '../model/matcher.ts';
import type { Offset, SeriesReader } from '../ports.ts';
import { BlockFiles, closeBlock, liveOf, type LiveBlock } from './block-files.ts';
import { checkpointName, encodeCheckpoint } from './checkpoint-file.ts';
import type { BlockEntry, PartitionList, Tombstone } from './checkpoint-file.ts';
import { joinedSeries, joinPlan, oldestBeyond, planCompaction } from './compaction.ts';
import type { CompactionLimits } from './compaction.ts';
import { HeadCuts } from './head-cuts.ts';
import { buries, hiddenBefore, type Hidden } from './hidden.ts';
import { OffsetMarks } from './offset-marks.ts';
import { givenBlock, type HandOver } from './hand-over.ts';
import { readerOf } from './partition-reader.ts';
import type { PartitionOptions, PartitionState } from './partition-state.ts';
import { Uploads } from './upload.ts';
import { headSeries, sortedSeries, windowAt } from './seal.ts';

/** Ids that are cut out of the head before somebody else has a turn. */
const CUT_STEP = 1024;

export class Partition {
  readonly head: Head;
  /** The next offset that the head needs. */
  next: Offset;
  /** How often blocks went to somebody else. */
  handedOver = 0;
  /** Samples of these series before these times are not shown: retention by pattern. */
  past: readonly Hidden[] = [];
  readonly #options: PartitionOptions;
  readonly #files: BlockFiles;
  #blocks: readonly LiveBlock[];
  #damaged: readonly BlockEntry[];
  #tombstones: readonly Tombstone[];
  #nextSequence: number;
  #sealedTo: Offset;
  #stored: boolean;
  readonly #cuts: HeadCuts;
  readonly #uploads: Uploads | undefined;
  readonly #marks = new OffsetMarks();
  /** Files that no list on disk will name after the next checkpoint. */
  #leaving: string[] = [];
  #publishing: Promise<unknown> = Promise.resolve();
  #upkeep: Promise<unknown> = Promise.resolve();

  constructor(options: PartitionOptions, files: BlockFiles, state: PartitionState) {
    this.#options = options;
    this.#files = files;
    this.head = state.head;
    this.next = state.next;
    this.#blocks = state.blocks;
    this.#damaged = state.list.blocks.filter(({ damaged }) => damaged === true);
    this.#tombstones = state.list.tombstones;
    this.#nextSequence = state.list.nextSequence;
    this.#sealedTo = state.list.sealedTo;
    this.#stored = state.stored;
    this.#cuts = new HeadCuts(state.list.cuts ?? [], state.next);
    this.#mark();
    const { objects, disk, partition, generation } = options;
    if (objects === undefined) return;
    const { folder } = files;
    this.#uploads = new Uploads({ objects, disk, partition, generation, folder });
  }

  get blocks(): readonly BlockEntry[] {
    return this.#blocks.map(({ entry }) => entry);
  }

  /** Blocks that were set aside: what they held is not served. */
  get damaged(): readonly BlockEntry[] {
    return this.#damaged;
  }

  get tombstones(): readonly Tombstone[] {
    return this.#tombstones;
  }

  /** Tells that all records before `next` have been applied: what was deleted goes again. */
  applied(): void {
    if (!this.#cuts.pending) return;
    if (this.#cuts.repeat(this.head, this.next)) this.#options.changed();
  }

  /** A reader for one query in this range: the head itself when nothing else has to be asked. */
  reader(minMs: number, maxMs: number, cold: readonly SeriesReader[] = []): SeriesReader {
    const { head, past } = this;
    const held = { head, past, blocks: this.#blocks, tombstones: this.#tombstones };
    return readerOf({ ...held, cold }, minMs, maxMs);
  }

  /** Makes the state durable as it is now; answers the offset that it holds. */
  checkpoint(): Promise<Offset> {
    return this.#publish(() => undefined);
  }

  /** Runs `change` and writes what it left, with nothing of the kind in between. */
  #publish(change: () => void | Promise<void>): Promise<Offset> {
    const turn = this.#publishing.then(async () => {
      await change();
      this.#mark();
      return await this.#write();
    });
    this.#publishing = turn.catch(() => undefined);
    return turn;
  }

  async #write(): Promise<Offset> {
    const { partition, folder, disk } = this.#options;
    const offset = this.next;
    const leaving = this.#leaving;
    await disk.replaceFile(join(folder, checkpointName(partition)), this.#stateBytes());
    this.#leaving = [];
    this.#stored = true;
    // What cannot be removed now is removed when the store opens again.
    for (const name of leaving) await this.#files.remove(name).catch(() => undefined);
    return offset;
  }

  /** Brings the object store to what is sealed now; answers how many blocks went up. */
  upload(): Promise<number> {
    return this.#alone(async () => (await this.#uploads?.bring(this.#list())) ?? 0);
  }

  /** The state of this moment, all of it taken at once. */
  #stateBytes(): Uint8Array[] {
    const { partition, generation } = this.#options;
    const header = { partition, generation, offset: this.next };
    return [...encodeCheckpoint(header, this.#list()), ...this.head.writeCheckpoint()];
  }

  #list(): PartitionList {
    return {
      blocks: [...this.blocks, ...this.#damaged],
      tombstones: this.#tombstones,
      nextSequence: this.#nextSequence,
      sealedTo: this.#sealedTo,
      cuts: this.#cuts.all,
    };
  }

  #mark(): void {
    this.#marks.note(this.next, this.head.newestMs);
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#upkeep.then(work);
    this.#upkeep = turn.catch(() => undefined);
    return turn;
  }

  /**
   * Moves samples before the boundary from the head into blocks; answers how many blocks. Durable
   * when it resolves. @throws MonError of the disk: the head keeps what it had.
   */
  seal(boundaryMs: number): Promise<number> {
    return this.#alone(async () => {
      if (this.#cuts.pending) return 0;
      // Without a checkpoint a crash would leave blocks that are taken for all that is left.
      if (!this.#stored) await this.checkpoint();
      const oldest = this.head.oldestMs(-Infinity);
      if (oldest >= boundaryMs) return 0;
      this.#mark();
      const sealedTo = Math.max(this.#sealedTo, this.#marks.heldBefore(boundaryMs));
      const late = this.head.watch(boundaryMs);
      const made: LiveBlock[] = [];
      try {
        for (let at = oldest; at < boundaryMs;) {
          const { from, end } = windowAt(at, boundaryMs);
          at = this.head.oldestMs(end);
          const to = at < boundaryMs ? this.#sealedTo : sealedTo;
          const block = await this.#sealWindow(from, end - 1, to);
          if (block !== undefined) made.push(block);
          if (late.ids.length > SEAL_ASIDE_MAX) {
            throw new MonError('MON_LOG_BUSY', 'too many late samples while a block was written');
          }
        }
        await this.#publish(async () => {
          this.#blocks = [...this.#blocks, ...made];
          this.#sealedTo = sealedTo;
          this.#marks.forgetBefore(boundaryMs);
          this.#cuts.forgetBefore(sealedTo);
          this.#options.changed();
          await this.#cutSealed(boundaryMs, () => this.head.putBack(late));
        });
      } catch (thrown) {
        // Published in memory already: the files are named by the next checkpoint.
        if (!this.#blocks.includes(made[0])) await this.#discard(made);
        throw thrown;
      } finally {
        this.head.unwatch();
      }
      return made.length;
    });
  }

  async #sealWindow(minMs: number, maxMs: number, to: Offset): Promise<LiveBlock | undefined> {
    const { pace, generation } = this.#options;
    const series = await sortedSeries(this.head, minMs, maxMs, pace);
    const origin = { generation, from: this.#sealedTo, to };
    const sequence = this.#nextSequence++;
    const plan = { level: 0, origin, sequence, replaces: [] };
    return await this.#files.write(plan, headSeries(this.head, series, minMs, maxMs), pace);
  }

  /** Blocks and head hold the same while this runs; `putBack` keeps late samples in the head. */
  async #cutSealed(boundaryMs: number, putBack: () => void): Promise<void> {
    const ids = this.head.match([], -Infinity, boundaryMs - 1);
    for (let at = 0; at < ids.length; at += CUT_STEP) {
      for (const id of ids.subarray(at, at + CUT_STEP)) {
        this.head.cut(id, -Infinity, boundaryMs - 1);
      }
      putBack();
      await this.#options.pace.breathe();
    }
    if (this.head.sweep() > 0) this.#options.changed();
    this.head.unwatch();
  }

  async #discard(made: readonly LiveBlock[]): Promise<void> {
    for (const block of made) {
      closeBlock(block);
      await this.#files.remove(block.entry.name).catch(() => undefined);
    }
  }

  /** Joins blocks where that is due, one group; false when there is nothing to do. */
  compact(limits: CompactionLimits): Promise<boolean> {
    return this.#alone(async () => {
      const group = planCompaction(this.blocks, limits);
      if (group === undefined) return false;
      await this.#rewrite(this.#blocks.filter(({ entry }) => group.includes(entry)));
      return true;
    });
  }

  /** One block, or none, in the place of these, without what is hidden of them. */
  async #rewrite(sources: readonly LiveBlock[]): Promise<void> {
    const { generation, pace } = this.#options;
    const cache = new BlockCache(COMPACTION_CACHE_BYTES);
    const entries = sources.map(({ entry }) => entry);
    const series = joinedSeries(
      sources.map((block) => ({
        reader: this.#files.reread(block, cache),
        hidden: this.#hiddenIn(block.entry),
      })),
    );
    const plan = joinPlan(entries, generation, this.#nextSequence++);
    const made = await this.#files.write(plan, series, pace);
    const whole = sources.every((block) => this.#blocks.includes(block));
    if (!whole) return await this.#discard(made === undefined ? [] : [made]);
    await this.#publish(() => this.#replace(sources, made));
  }

  #hiddenIn(entry: BlockEntry): Hidden[] {
    return hiddenBefore(this.head.floorMs, entry, this.#tombstones, this.past);
  }

  #reopen(moved: readonly LiveBlock[]): void {
    const fresh = new Map(moved.map((one) => [one, this.#files.open(one.entry)]));
    this.#blocks = this.#blocks.map((one) => fresh.get(one) ?? one);
    this.#options.changed();
    moved.forEach(closeBlock);
  }

  /** The new block takes the place of the first source; files go after the next checkpoint. */
  #replace(sources: readonly LiveBlock[], made: LiveBlock | undefined): void {
    const at = this.#blocks.indexOf(sources[0]);
    const kept = this.#blocks.filter((block) => !sources.includes(block));
    const before = this.#blocks.slice(0, at).filter((block) => !sources.includes(block)).length;
    if (made !== undefined) kept.splice(before, 0, made);
    this.#blocks = kept;
    this.#tombstones = this.#tombstones.filter((one) => kept.some((block) => buries(one, block)));
    this.#options.changed();
    for (const block of sources) {
      closeBlock(block);
      this.#leaving.push(block.entry.name);
    }
  }

  /** Forgets what lies before `ms`, whole blocks and in the head; never sinks. */
  truncateBefore(ms: number): Promise<void> {
    return this.#alone(async () => {
      this.#options.changed();
      this.head.truncateBefore(ms);
      this.#damaged = this.#damaged.filter(({ maxMs }) => maxMs >= ms);
      const gone = this.#blocks.filter(({ entry }) => entry.maxMs < ms);
      if (gone.length > 0) await this.#publish(() => this.#replace(gone, undefined));
    });
  }

  /** Drops the oldest blocks until no more than so many bytes are left; answers how many went. */
  dropOldest(bytesMax: number): Promise<number> {
    return this.#alone(async () => {
      const gone = liveOf(this.#blocks, oldestBeyond(this.blocks, bytesMax));
      if (gone.length > 0) await this.#publish(() => this.#replace(gone, undefined));
      return gone.length;
    });
  }

  /** Gives blocks away: they are dropped when `keep` has them for good. Answers how many. */
  handOver({ choose, keep }: HandOver): Promise<number> {
    return this.#alone(async () => {
      const given = liveOf(this.#blocks, choose(this.blocks));
      if (given.length === 0) return 0;
      const to = await keep(given.map((block) => givenBlock(block, this.#hiddenIn(block.entry))));
      const left = given.filter((block) => this.#blocks.includes(block));
      // Who has not asked the new place yet asks again.
      this.handedOver++;
      if (to === 'moved') this.#reopen(left);
      else await this.#publish(() => this.#replace(left, undefined));
      return left.length;
    });
  }

  /** Deletes what is there now and matches; samples that come later are none of its matter. */
  delete(matchers: readonly Matcher[], from: number, to: number): Promise<void> {
    const minMs = Math.max(from, Number.MIN_SAFE_INTEGER);
    const maxMs = Math.min(to, Number.MAX_SAFE_INTEGER);
    return this.#alone(async () => {
      await this.#publish(() => {
        this.#cuts.cut(this.head, { matchers, minMs, maxMs, before: this.next });
        const sequence = this.#nextSequence;
        const tombstone = { matchers, minMs, maxMs, sequence };
        if (this.#blocks.some((block) => buries(tombstone, block))) {
          this.#tombstones = [...this.#tombstones, tombstone];
        }
        this.#options.changed();
      });
      // A disk that is lost right after must not bring back what was said to be gone.
      await this.#uploads?.bring(this.#list());
    });
  }

  /** Writes blocks anew that hold deleted samples; answers how many. */
  cleanTombstones(): Promise<number> {
    return this.#rewriteAll((block) => this.#tombstones.some((one) => buries(one, block)));
  }

  /** Writes blocks anew that hold series past their own retention; answers how many. */
  dropPast(): Promise<number> {
    return this.#rewriteAll(({ entry, reader }) =>
      this.past.some(({ matchers, maxMs }) => {
        return entry.maxMs <= maxMs && reader.match(matchers, -Infinity, Infinity).length > 0;
      }),
    );
  }

  #rewriteAll(which: (block: LiveBlock) => boolean): Promise<number> {
    return this.#alone(async () => {
      const touched = this.#blocks.filter(which);
      for (const block of touched) await this.#rewrite([block]);
      return touched.length;
    });
  }

  /**
   * Links all blocks into a folder below this one and writes the state of this moment beside them:
   * a store that opens there has what this one had.
   */
  snapshot(folder: string): Promise<void> {
    return this.#alone(async () => {
      await this.#publish(() => undefined);
      const { disk, partition } = this.#options;
      const name = checkpointName(partition);
      const into = this.#files.folderIn(folder);
      await disk.makeFolder(into);
      for (const { entry } of this.#blocks) {
        await disk.link(join(this.#files.folder, entry.name), join(into, entry.name));
      }
      await disk.syncFolder(into);
      await disk.replaceFile(join(folder, name), this.#stateBytes());
    });
  }

  /** Takes a damaged block out of service; the rest goes on. False when it is not one of ours. */
  async setAside(path: string): Promise<boolean> {
    const block = this.#blocks.find(({ file }) => file.name === path);
    if (block === undefined) return false;
    this.#blocks = this.#blocks.filter((one) => one !== block);
    this.#damaged = [...this.#damaged, { ...block.entry, damaged: true }];
    this.#options.changed();
    closeBlock(block);
    await this.#files.setAside(block.entry.name);
    return true;
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await this.#upkeep;
    await this.#publishing;
    this.#blocks.forEach(closeBlock);
  }
}
