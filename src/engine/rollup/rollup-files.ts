// The files of a partition's rollups: blocks of rows, written under a name that does not count,
// made durable, renamed, opened, removed when no state names them. Between rollup-partition.ts and
// the disk. Easy to get wrong: the summary of the block tells times of lanes, so what a file covers
// stands in its note and in the state.
import { join } from 'node:path';
import type { BlockSeries } from '../codec/block.ts';
import type { BlockCache } from '../codec/block-cache.ts';
import { BlockReader } from '../codec/block-reader.ts';
import { MonError } from '../errors.ts';
import type { Kernels } from '../kernels/kernels.ts';
import type { Disk } from '../runtime/disk.ts';
import type { RandomAccessFile } from '../runtime/random-access.ts';
import type { RowFile } from './lanes.ts';
import { ENDING, entryOf, hex, RollupDraft, UNFINISHED } from './rollup-draft.ts';
import type { RollupNote, RollupPlan } from './rollup-draft.ts';
import type { RollupEntry } from './rollup-state.ts';

/** Rows that can be read, wherever they lie. */
export interface ReadableRollup extends RowFile {
  readonly entry: Pick<RollupEntry, 'sequence' | 'tiers' | 'afterMs' | 'toMs'>;
}

/** An open file. */
export interface LiveRollup {
  readonly entry: RollupEntry;
  readonly reader: BlockReader;
  readonly file: RandomAccessFile;
}

export interface RollupFilesOptions {
  readonly folder: string;
  readonly partition: number;
  readonly disk: Disk;
  readonly kernels: Kernels;
  readonly cache: BlockCache;
  /** Lets others have their turn between pieces of a file. */
  readonly breathe: () => Promise<void>;
}

const DAMAGED = '.corrupt';

export class RollupFiles {
  readonly folder: string;
  readonly #options: RollupFilesOptions;

  constructor(options: RollupFilesOptions) {
    this.#options = options;
    this.folder = this.folderIn(options.folder);
  }

  /** Where the files of this partition lie below another folder. */
  folderIn(folder: string): string {
    return join(folder, `partition-${String(this.#options.partition).padStart(4, '0')}`);
  }

  /** Begins a file; nothing is written before its first series. */
  begin(plan: RollupPlan): RollupDraft {
    return new RollupDraft(this.#options, this.folder, plan);
  }

  /**
   * Writes a file and opens it; undefined when there is no series. Durable when it resolves.
   * @throws MonError of the disk; nothing of the file counts then.
   */
  async write(plan: RollupPlan, series: Iterable<BlockSeries>): Promise<LiveRollup | undefined> {
    const draft = this.begin(plan);
    try {
      for (const one of series) {
        await draft.add(one);
        await this.#options.breathe();
      }
      return await this.keep(draft);
    } catch (thrown) {
      await draft.discard();
      throw thrown;
    }
  }

  /** Makes a draft durable under its name and opens it; undefined when it has no series. */
  async keep(draft: RollupDraft): Promise<LiveRollup | undefined> {
    const entry = await draft.finish();
    return entry === undefined ? undefined : this.open(entry);
  }

  /** @throws MonError MON_BLOCK_CORRUPT when the file is not the one that was written. */
  open(entry: RollupEntry): LiveRollup {
    const path = join(this.folder, entry.name);
    const live = this.#open(path);
    if (hex(live.reader.summary.id) === entry.id && live.file.size === entry.bytes) {
      return { entry, ...live };
    }
    live.file.close();
    throw new MonError('MON_BLOCK_CORRUPT', `rollup ${path}: it is not the file of this name`, {
      fields: { file: path },
    });
  }

  /** A file by what it says itself, for a partition that has lost its state. */
  adopt(name: string): (LiveRollup & { readonly replaces: readonly string[] }) | undefined {
    const live = this.#open(join(this.folder, name));
    const { summary } = live.reader;
    if (summary.partition !== this.#options.partition) {
      live.file.close();
      return undefined;
    }
    const note = JSON.parse(summary.note) as RollupNote;
    return { entry: entryOf(name, summary, note), ...live, replaces: note.replaces };
  }

  #open(path: string): Omit<LiveRollup, 'entry'> {
    const { disk, kernels, cache } = this.#options;
    const file = disk.randomAccess(path);
    try {
      return { file, reader: new BlockReader(file, { kernels, cache }) };
    } catch (thrown) {
      file.close();
      throw thrown;
    }
  }

  /** Names of the files in the folder, sorted; unfinished ones are removed on the way. */
  async list(): Promise<string[]> {
    const { disk } = this.#options;
    if (!(await disk.exists(this.folder))) return [];
    const names = await disk.list(this.folder);
    for (const name of names) if (name.endsWith(UNFINISHED)) await this.remove(name);
    return names.filter((name) => name.endsWith(ENDING));
  }

  async remove(name: string): Promise<void> {
    await this.#options.disk.remove(join(this.folder, name)).catch(unlessGone);
  }

  /** Renames a damaged file, so that it is neither read nor removed: somebody may want to look. */
  async setAside(name: string): Promise<void> {
    const path = join(this.folder, name);
    await this.#options.disk.rename(path, path + DAMAGED).catch(unlessGone);
  }
}

export function closeRollup({ file, reader }: LiveRollup): void {
  reader.close();
  file.close();
}

function unlessGone(thrown: unknown): void {
  if (!(thrown instanceof MonError) || thrown.code !== 'MON_NOT_FOUND') throw thrown;
}
