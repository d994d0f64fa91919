// The rollups of one partition: folds closed hours of what the store holds, joins them by day,
// keeps note of hours that changed after they were folded, and forgets by resolution. Its state
// names its files and the offset of the log that they stand for, in one atomic step. Easy to get
// wrong: samples come in while an hour is folded, so its edge is raised before the first is read.
import { join } from 'node:path';
import type { BlockCache } from '../codec/block-cache.ts';
import { MonError } from '../errors.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { ROLLUP_LAG_MS } from '../limits.ts';
import type { Matcher } from '../model/matcher.ts';
import { noRollups, RESOLUTIONS } from '../model/rollup.ts';
import type { RollupKeep, RollupStatus } from '../model/rollup.ts';
import type { Offset } from '../ports.ts';
import type { Disk } from '../runtime/disk.ts';
import { dayOf, DirtyHours, hourOf, hoursOf } from './dirty-hours.ts';
import { dueRows, givenRows, type ArchiveRows } from './hand-over.ts';
import { foldHours, DAY_MS, HOUR_MS, type RawData } from './hour-fold.ts';
import { daysTouched, edgeFile, edgesOf } from './deleted-edges.ts';
import { dayFile, planSpan, type JoinedFile } from './joining.ts';
import { closeRollup, RollupFiles, type LiveRollup } from './rollup-files.ts';
import { openState, type OpenedState } from './rollup-open.ts';
import { encodeState, stateName } from './rollup-state.ts';
import type { RollupEntry, RollupState, RollupTombstone } from './rollup-state.ts';

export interface RollupPartitionOptions {
  readonly folder: string;
  readonly disk: Disk;
  readonly kernels: Kernels;
  readonly cache: BlockCache;
  readonly partition: number;
  readonly generation: number;
  readonly raw: RawData;
  readonly keep: RollupKeep;
  readonly breathe: () => Promise<void>;
}

/** What a piece of work did: hours that were folded, 0 when there was nothing to do. */
export type Work = 'nothing' | 'folded' | 'joined';

export class RollupPartition {
  /** Grows whenever readers that were made before must not be used any more. */
  changes = 0;
  /** How often files went to somebody else. */
  handedOver = 0;
  readonly #options: RollupPartitionOptions;
  readonly #files: RollupFiles;
  #live: readonly LiveRollup[];
  #damaged: readonly RollupEntry[];
  #tombstones: readonly RollupTombstone[];
  #foldedTo: number | null;
  /** Hours whose samples changed; the head notes them. */
  readonly dirty: DirtyHours;
  readonly #days: Set<number>;
  #running: readonly number[] = [];
  #nextSequence: number;
  /** Records below are in the files or dirty, as the disk knows it. */
  #version: Offset;
  #due = 0;
  readonly #counts = { folded: 0, rows: 0 };
  #upkeep: Promise<unknown> = Promise.resolve();
  #writing: Promise<unknown> = Promise.resolve();

  private constructor(options: RollupPartitionOptions, files: RollupFiles, opened: OpenedState) {
    const { state, live, damaged } = opened;
    this.#damaged = damaged;
    this.#options = options;
    this.#files = files;
    this.#live = live;
    this.#tombstones = state.tombstones;
    this.#foldedTo = state.foldedTo;
    this.dirty = new DirtyHours(state.foldedTo ?? -Infinity, state.dirty);
    this.#days = new Set(state.days);
    this.#nextSequence = state.nextSequence;
    this.#version = state.version;
  }

  static async open(options: RollupPartitionOptions): Promise<RollupPartition> {
    const files = new RollupFiles(options);
    return new RollupPartition(options, files, await openState(options, files));
  }

  get version(): Offset {
    return this.#version;
  }

  /** All windows that end here or before were folded. */
  get foldedTo(): number {
    return this.#foldedTo ?? -Infinity;
  }

  /** True when hours of this range are to be computed anew: samples know more than rows there. */
  changedIn(minMs: number, maxMs: number): boolean {
    const touches = (hour: number): boolean => hour <= maxMs && hour + HOUR_MS >= minMs;
    return this.#running.some(touches) || [...this.dirty].some(touches);
  }

  /** Files that were set aside, of times of which there are no samples to compute them anew. */
  get lost(): readonly RollupEntry[] {
    const floor = this.#options.raw.goneMs();
    return this.#damaged.filter(({ afterMs }) => afterMs < floor);
  }

  /** Days whose own windows are not there, or not of all their hours. */
  get openDays(): readonly number[] {
    return [...this.#days];
  }

  get live(): readonly LiveRollup[] {
    return this.#live;
  }

  get tombstones(): readonly RollupTombstone[] {
    return this.#tombstones;
  }

  status(): RollupStatus {
    const files = this.#live.length;
    const bytes = this.#live.reduce((sum, { entry }) => sum + entry.bytes, 0);
    const waiting = this.dirty.size + this.#running.length + this.#due;
    return { ...noRollups(), ...this.#counts, waiting, files, bytes };
  }

  /** Marks all hours from this time on as to be computed anew. Durable when it resolves. */
  replay(fromMs: number): Promise<number> {
    const { raw } = this.#options;
    const first = Math.max(fromMs, raw.oldestMs());
    const from = hourOf(first);
    const to = this.foldedTo;
    for (let hour = from; hour < to; hour += HOUR_MS) this.dirty.add(hour);
    return this.save().then(() => this.dirty.size);
  }

  /** Does the next piece of what is due at this time. @throws MonError: tried again later. */
  work(nowMs: number): Promise<Work> {
    return this.#alone(async () => {
      const to = Math.floor((nowMs - ROLLUP_LAG_MS) / HOUR_MS) * HOUR_MS;
      this.#begin(to);
      const { runMs } = this.#options.keep;
      this.#due = Math.max(0, (Math.floor(to / runMs) * runMs - this.foldedTo) / HOUR_MS);
      const run = this.#nextRun(to, nowMs);
      if (run.length > 0) {
        await this.#fold(run);
        return 'folded';
      }
      const day = [...this.#days].find((start) => start + DAY_MS <= this.foldedTo);
      if (day === undefined) return (await this.#joinSpan()) ? 'joined' : 'nothing';
      await this.#foldDay(day);
      return 'joined';
    });
  }

  /**
   * Where folding begins in a partition that was never folded: where the run that is open now does,
   * as in one that has been at it for long. Otherwise the hours of a day would be folded by ones.
   */
  #begin(to: number): void {
    if (this.#foldedTo !== null) return;
    const { raw, keep } = this.#options;
    const open = Math.floor(to / keep.runMs) * keep.runMs;
    const oldest = Math.max(raw.oldestMs(), raw.goneMs());
    this.#foldedTo = Number.isFinite(oldest) ? Math.min(open, hourOf(oldest)) : open;
    this.dirty.edgeMs = this.#foldedTo;
  }

  /** Hours of one day that follow one another: new ones, or else such as have changed. */
  #nextRun(to: number, nowMs: number): number[] {
    const from = this.foldedTo;
    const { runMs } = this.#options.keep;
    const until = Math.floor(from / runMs) * runMs + runMs;
    if (until <= to) return hoursOf(from, until);
    // Hours of which samples are gone are not computed anew from the rest.
    this.dirty.keepWithin(this.#options.raw.goneMs(), from);
    return this.dirty.quiet(nowMs) ? this.dirty.firstRun() : [];
  }

  async #fold(hours: readonly number[]): Promise<void> {
    const { raw, keep, generation, breathe } = this.#options;
    const [from, to] = [hours[0], hours[hours.length - 1] + HOUR_MS];
    this.#running = this.dirty.take(hours);
    this.dirty.edgeMs = Math.max(this.dirty.edgeMs, to);
    const version = raw.next();
    const whole = to - from === DAY_MS;
    // A part of a day cannot tell the day.
    const files = RESOLUTIONS.slice(0, whole ? undefined : -1).map((_, index) => {
      const cover = { sequence: this.#nextSequence++, tiers: [index], afterMs: from, toMs: to };
      return this.#files.begin({ ...cover, version, generation, replaces: [] });
    });
    try {
      const rows = await foldHours({ raw, keep, from, to, breathe, files });
      const made: LiveRollup[] = [];
      for (const file of files) {
        const one = await this.#files.keep(file);
        if (one !== undefined) made.push(one);
      }
      await this.#publish(() => {
        this.#live = [...this.#live, ...made];
        this.#foldedTo = Math.max(this.foldedTo, to);
        if (!whole && made.length > 0) this.#days.add(dayOf(from));
        this.#running = [];
        this.changes++;
      });
      this.#counts.folded += hours.length;
      this.#counts.rows += rows;
    } catch (thrown) {
      for (const file of files) await file.discard();
      throw thrown;
    } finally {
      // What failed is computed another time; hours that are new come again by themselves.
      for (const hour of this.#running) this.dirty.add(hour);
      this.#running = [];
      this.dirty.edgeMs = this.foldedTo;
    }
  }

  async #foldDay(day: number): Promise<void> {
    await this.#replace([], dayFile(day, this.#live, this.#tombstones));
    this.#days.delete(day);
    await this.save();
  }

  async #joinSpan(): Promise<boolean> {
    const plan = planSpan(this.#live, this.#tombstones, this.foldedTo);
    if (plan === undefined) return false;
    await this.#replace(plan.sources, plan.file);
    return true;
  }

  /** Writes a file in the place of others, and makes that count in one step. */
  async #replace(sources: readonly LiveRollup[], file: JoinedFile): Promise<void> {
    const { generation, raw } = this.#options;
    const { series, ...cover } = file;
    const versions = sources.map(({ entry }) => entry.version);
    const version = versions.length === 0 ? raw.next() : Math.max(...versions);
    const replaces = sources.map(({ entry }) => entry.name);
    const sequence = this.#nextSequence++;
    const plan = { ...cover, sequence, version, generation, replaces };
    const begun = this.changes;
    const made = await this.#files.write(plan, series);
    if (this.changes !== begun) {
      // A file went while it was read: what was made of it may lack something.
      if (made !== undefined) await this.#dispose([made]);
      throw new MonError('MON_LOG_BUSY', 'a rollup file went while it was joined');
    }
    await this.#publish(() => {
      this.#live = [...this.#live.filter((one) => !sources.includes(one))];
      if (made !== undefined) this.#live = [...this.#live, made];
      this.changes++;
    });
    await this.#dispose(sources);
  }

  /** Closes files that no state names any more and removes them. */
  async #dispose(files: readonly LiveRollup[]): Promise<void> {
    for (const one of files) {
      closeRollup(one);
      // What cannot be removed now is removed when the rollups open again.
      await this.#files.remove(one.entry.name).catch(() => undefined);
    }
  }

  /** Gives files away: they are dropped when the plan has them for good. Answers how many. */
  archive(plan: ArchiveRows): Promise<number> {
    return this.#alone(async () => {
      const given = dueRows(this.#live, [...this.#days], plan);
      if (given.length === 0) return 0;
      await plan.keep(givenRows(given, this.#files.folder, this.#tombstones));
      const left = given.filter((one) => this.#live.includes(one));
      await this.#publish(() => {
        this.#live = this.#live.filter((one) => !left.includes(one));
        this.changes++;
        this.handedOver++;
      });
      await this.#dispose(left);
      return left.length;
    });
  }

  /** Forgets files whose rows are all past the time of their resolution. */
  keepOnly(nowMs: number, keepMs: readonly number[]): Promise<number> {
    const past = ({ tiers, toMs }: RollupEntry): boolean =>
      tiers.every((index) => toMs < nowMs - keepMs[index]);
    return this.#alone(async () => {
      this.#damaged = this.#damaged.filter((entry) => !past(entry));
      const gone = this.#live.filter(({ entry }) => past(entry));
      if (gone.length === 0) return 0;
      await this.#publish(() => {
        this.#live = this.#live.filter((one) => !gone.includes(one));
        this.#tombstones = this.#tombstones.filter((one) => this.#concerns(one));
        this.changes++;
      });
      await this.#dispose(gone);
      return gone.length;
    });
  }

  #concerns({ minMs, maxMs, sequence }: RollupTombstone): boolean {
    return this.#live.some(
      ({ entry }) => entry.sequence < sequence && entry.toMs >= minMs && entry.afterMs < maxMs,
    );
  }

  /**
   * Hides windows that have deleted samples; what is left of them is computed anew. Durable when it
   * resolves.
   */
  delete(matchers: readonly Matcher[], from: number, to: number): Promise<void> {
    return this.#alone(async () => {
      const minMs = Math.max(from, 0);
      const maxMs = Math.min(to, Math.max(0, this.foldedTo));
      if (maxMs < minMs) return;
      await this.#publish(() => {
        const one = { matchers, minMs, maxMs, sequence: this.#nextSequence++ };
        if (this.#concerns(one)) this.#tombstones = [...this.#tombstones, one];
        this.changes++;
        const first = Math.max(minMs, this.#options.raw.oldestMs());
        for (let hour = hourOf(first); hour < maxMs && hour < this.foldedTo; hour += HOUR_MS) {
          this.dirty.add(hour);
        }
        for (const day of daysTouched(this.#live, minMs, maxMs)) this.#days.add(day);
      });
      for (const edge of edgesOf({ minMs, maxMs }, this.#options.raw.goneMs())) {
        const file = edgeFile(edge, matchers, this.#live, this.#tombstones);
        if (file !== undefined) await this.#replace([], file);
      }
    });
  }

  /** Takes a damaged file out of service and has its hours computed anew; false: it is not ours. */
  async setAside(path: string): Promise<boolean> {
    const found = this.#live.find(({ file }) => file.name === path);
    if (found === undefined) return false;
    this.#live = this.#live.filter((one) => one !== found);
    this.#damaged = [...this.#damaged, { ...found.entry, damaged: true }];
    this.changes++;
    for (let hour = hourOf(found.entry.afterMs + 1); hour < found.entry.toMs; hour += HOUR_MS) {
      this.dirty.add(hour);
    }
    closeRollup(found);
    await this.#files.setAside(found.entry.name);
    await this.save();
    return true;
  }

  /** Makes the state durable as it is now; answers the offset that it stands for. */
  async save(): Promise<Offset> {
    await this.#publish(() => undefined);
    return this.#version;
  }

  #publish(change: () => void): Promise<void> {
    const turn = this.#writing.then(async () => {
      change();
      const { disk, folder, partition } = this.#options;
      const state = this.#state();
      await disk.replaceFile(join(folder, stateName(partition)), encodeState(state));
      this.#version = state.version;
    });
    this.#writing = turn.catch(() => undefined);
    return turn;
  }

  #state(): RollupState {
    const { generation, raw } = this.#options;
    return {
      ...{ generation, version: raw.next(), foldedTo: this.#foldedTo },
      dirty: [...this.dirty, ...this.#running],
      days: [...this.#days],
      nextSequence: this.#nextSequence,
      files: [...this.#live.map(({ entry }) => entry), ...this.#damaged],
      tombstones: this.#tombstones,
    };
  }

  /** Second names for the files in a folder, and the state of this moment beside them. */
  snapshot(folder: string): Promise<void> {
    return this.#alone(async () => {
      const { disk, partition } = this.#options;
      const into = this.#files.folderIn(folder);
      await disk.makeFolder(into);
      for (const { entry } of this.#live) {
        await disk.link(join(this.#files.folder, entry.name), join(into, entry.name));
      }
      await disk.syncFolder(into);
      await disk.replaceFile(join(folder, stateName(partition)), encodeState(this.#state()));
    });
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#upkeep.then(work);
    this.#upkeep = turn.catch(() => undefined);
    return turn;
  }

  async close(): Promise<void> {
    await this.#upkeep;
    await this.#writing;
    this.#live.forEach(closeRollup);
  }
}
