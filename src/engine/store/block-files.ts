// The block files of one partition: written under a name that does not count, made durable,
// renamed, opened for reading, set aside when damaged, removed when nothing names them any more.
// The list of those that count is the partition's. Easy to get wrong: a new block counts only
// when file and name are durable, and after a failed sync the file is thrown away, never synced
// again.
import { join } from 'node:path';
import { MonError } from '../errors.ts';
import type { BlockSeries, BlockTitle } from '../codec/block.ts';
import type { BlockCache } from '../codec/block-cache.ts';
import { BlockReader } from '../codec/block-reader.ts';
import { writeBlock } from '../codec/block-writer.ts';
import type { Kernels } from '../kernels/kernels.ts';
import type { Disk } from '../runtime/disk.ts';
import type { RandomAccessFile } from '../runtime/random-access.ts';
import type { BlockEntry } from './checkpoint-file.ts';
import type { Pace } from './pace.ts';

/** An open block. */
export interface LiveBlock {
  readonly entry: BlockEntry;
  readonly reader: BlockReader;
  readonly file: RandomAccessFile;
}

export interface BlockFilesOptions {
  readonly folder: string;
  readonly partition: number;
  readonly disk: Disk;
  readonly kernels: Kernels;
  readonly cache: BlockCache;
}

/** What a block to be is, as far as its maker knows. */
export type BlockPlan = Pick<BlockTitle, 'level' | 'origin'> & {
  readonly sequence: number;
  readonly place?: number;
  /** Names of the blocks whose samples it takes over. */
  readonly replaces: readonly string[];
};

/** What a file says of itself beside its directory. */
interface Note {
  readonly sequence: number;
  /** Files of older programs have none. */
  readonly place?: number | undefined;
  readonly replaces: readonly string[];
}

/** The folder of a partition's blocks, below that of the checkpoints. */
export function blockFolder(folder: string, partition: number): string {
  return join(folder, 'blocks', `partition-${String(partition).padStart(4, '0')}`);
}

const ENDING = '.block';
const UNFINISHED = '.tmp';
const DAMAGED = '.corrupt';

export class BlockFiles {
  readonly folder: string;
  readonly #options: BlockFilesOptions;

  constructor(options: BlockFilesOptions) {
    this.folder = options.folder;
    this.#options = options;
  }

  /**
   * Writes a block and opens it; undefined when there is no series. Durable when it resolves.
   * @throws MonError of the disk; nothing of the file counts then.
   */
  async write(
    plan: BlockPlan,
    series: Iterable<BlockSeries>,
    pace: Pace,
  ): Promise<LiveBlock | undefined> {
    const { kernels, disk, partition } = this.#options;
    const rest = series[Symbol.iterator]();
    const first = rest.next();
    if (first.done === true) return undefined;
    const { sequence, level, origin, place } = plan;
    const id = fileId(partition, plan);
    const note = JSON.stringify({ sequence, place, replaces: plan.replaces } satisfies Note);
    const steps = writeBlock(
      { kernels, title: { id, partition, level, origin, note } },
      withFirst(first.value, rest),
    );
    const unfinished = join(this.folder, `${sequence}${UNFINISHED}`);
    await disk.makeFolder(this.folder);
    const file = await disk.open(unfinished, 'w+');
    let step = steps.next();
    try {
      for (let at = 0; step.done !== true; step = steps.next()) {
        await file.write(step.value, at);
        at += step.value.length;
        await pace.breathe();
      }
      await file.datasync();
    } catch (thrown) {
      await file.close().catch(ignore);
      await disk.remove(unfinished).catch(ignore);
      throw thrown;
    }
    await file.close();
    const { minMs, maxMs, series: count, samples, bytes } = step.value;
    const name = `${minMs}-${maxMs}-${sequence}${ENDING}`;
    await disk.rename(unfinished, join(this.folder, name));
    await disk.syncFolder(this.folder);
    return this.open({
      ...{ name, id: hex(id), bytes, minMs, maxMs, series: count, samples, level, sequence },
      ...{ from: origin.from, to: origin.to },
      ...(place === undefined ? {} : { place }),
    });
  }

  /** @throws MonError MON_BLOCK_CORRUPT when the file is not the one that was written. */
  open(entry: BlockEntry): LiveBlock {
    const path = join(this.folder, entry.name);
    const live = this.#open(path);
    const { summary } = live.reader;
    if (hex(summary.id) === entry.id && live.file.size === entry.bytes) return { entry, ...live };
    live.file.close();
    throw new MonError('MON_BLOCK_CORRUPT', `block ${path}: it is not the file of this name`, {
      fields: { file: path },
    });
  }

  /** A block by what its file says, for a partition that has lost its list. */
  adopt(
    name: string,
    generation: number,
  ): (LiveBlock & { replaces: readonly string[] }) | undefined {
    const live = this.#open(join(this.folder, name));
    const { summary } = live.reader;
    const { sequence, place, replaces } = JSON.parse(summary.note) as Note;
    const { minMs, maxMs, series, samples, bytes, level, origin } = summary;
    if (summary.partition !== this.#options.partition || origin.generation !== generation) {
      live.file.close();
      return undefined;
    }
    const { from, to } = origin;
    const told = { name, id: hex(summary.id), bytes, minMs, maxMs, series, samples };
    const where = place === undefined ? {} : { place };
    return { entry: { ...told, level, sequence, from, to, ...where }, ...live, replaces };
  }

  #open(path: string): Omit<LiveBlock, 'entry'> {
    const { disk, kernels, cache } = this.#options;
    const file = disk.randomAccess(path);
    try {
      return { file, reader: new BlockReader(file, { kernels, cache, histograms: true }) };
    } catch (thrown) {
      file.close();
      throw thrown;
    }
  }

  /** A second reader of an open block, with a cache of its own: long work pushes no query out. */
  reread({ file }: LiveBlock, cache: BlockCache): BlockReader {
    const { kernels } = this.#options;
    return new BlockReader(file, { kernels, cache, histograms: true });
  }

  /** Where the blocks of this partition lie below another folder of heads. */
  folderIn(folder: string): string {
    return blockFolder(folder, this.#options.partition);
  }

  /** Names of block files in the folder, sorted; unfinished ones are removed on the way. */
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

/** The open blocks of some entries. */
export function liveOf(all: readonly LiveBlock[], entries: readonly BlockEntry[]): LiveBlock[] {
  return all.filter(({ entry }) => entries.includes(entry));
}

export function closeBlock({ file, reader }: LiveBlock): void {
  reader.close();
  file.close();
}

/** Sixteen bytes that no other file of this partition has. */
function fileId(partition: number, { sequence, origin, level }: BlockPlan): Uint8Array {
  const id = new Uint8Array(16);
  const view = new DataView(id.buffer);
  view.setUint16(0, partition);
  view.setUint16(2, level);
  view.setUint32(4, sequence);
  view.setFloat64(8, origin.to * 2 ** 10 + (origin.generation % 2 ** 10));
  return id;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function* withFirst(first: BlockSeries, rest: Iterator<BlockSeries>): Iterable<BlockSeries> {
  yield first;
  for (let next = rest.next(); next.done !== true; next = rest.next()) yield next.value;
}

function ignore(): void {}

function unlessGone(thrown: unknown): void {
  if (!(thrown instanceof MonError) || thrown.code !== 'MON_NOT_FOUND') throw thrown;
}
