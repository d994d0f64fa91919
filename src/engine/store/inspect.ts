// A look at the files of a store from outside, while it runs or not: what the state files say,
// which blocks there are, whether their bytes are whole, and what is in one. Changes nothing.
// Easy to get wrong: a running store replaces its files, so one that was listed may be gone when
// it is opened.
import { join } from 'node:path';
import { BlockCache } from '../codec/block-cache.ts';
import { BlockReader } from '../codec/block-reader.ts';
import { MonError } from '../errors.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { COMPACTION_CACHE_BYTES } from '../limits.ts';
import type { InspectedStore, BlockVerdict, DumpedSeries } from '../model/upkeep.ts';
import type { Disk } from '../runtime/disk.ts';
import { blockFolder } from './block-files.ts';
import { decodeCheckpoint } from './checkpoint-file.ts';
import { makeBuffer } from './merge-samples.ts';

const STATE = /^partition-(\d+)\.checkpoint$/;

/** How often a partition is looked at whose state names a block that has just gone. */
const LOOKS = 3;

/** What the files below `folder` say. @throws MonError MON_NOT_FOUND without the folder. */
export async function inspectStore(folder: string, disk: Disk): Promise<InspectedStore> {
  const found: InspectedStore = { partitions: [], problems: [] };
  for (const name of await disk.list(folder)) {
    const number = STATE.exec(name)?.[1];
    if (number === undefined) continue;
    try {
      await lookAt(folder, Number(number), disk, found);
    } catch (thrown) {
      if (!(thrown instanceof MonError)) throw thrown;
      found.problems.push(thrown.message);
    }
  }
  return found;
}

async function lookAt(
  folder: string,
  partition: number,
  disk: Disk,
  { partitions, problems }: InspectedStore,
): Promise<void> {
  const into = blockFolder(folder, partition);
  for (let look = 1; ; look++) {
    const seen = await inspectPartition(folder, partition, disk);
    const names = (await disk.exists(into)) ? await disk.list(into) : [];
    const gone = seen.blocks.filter((one) => one.damaged !== true && !names.includes(one.name));
    if (gone.length > 0 && look < LOOKS) continue;
    partitions.push(seen);
    for (const name of names.filter((one) => one.endsWith('.corrupt'))) {
      problems.push(`${join(into, name)} is damaged and set aside`);
    }
    for (const { name, minMs, maxMs } of seen.blocks.filter((one) => one.damaged === true)) {
      const missing = `samples from ${minMs} to ${maxMs} may be missing`;
      problems.push(`partition ${partition}: block ${name} is not served: ${missing}`);
    }
    for (const { name } of gone) {
      problems.push(`partition ${partition}: block ${name} is named and not there`);
    }
    return;
  }
}

async function inspectPartition(folder: string, number: number, disk: Disk) {
  const path = join(folder, `partition-${String(number).padStart(4, '0')}.checkpoint`);
  const bytes = await disk.readFile(path);
  const { partition, generation, offset, list, head } = decodeCheckpoint(bytes, path);
  return {
    ...{ partition, generation, offset, stateBytes: bytes.length, headBytes: head.length },
    tombstones: list.tombstones.length,
    blocks: list.blocks.map((entry) => ({ partition, ...entry })),
  };
}

function opened(path: string, disk: Disk, kernels: Kernels) {
  const file = disk.randomAccess(path);
  try {
    const cache = new BlockCache(COMPACTION_CACHE_BYTES);
    return { file, reader: new BlockReader(file, { kernels, cache, histograms: true }) };
  } catch (thrown) {
    file.close();
    throw thrown;
  }
}

/** Reads every byte of every block and says of each what is wrong with it. */
export async function* verifyBlocks(
  folder: string,
  disk: Disk,
  kernels: Kernels,
): AsyncIterable<BlockVerdict> {
  const { partitions } = await inspectStore(folder, disk);
  for (const { partition, blocks } of partitions) {
    for (const block of blocks) {
      const path = join(blockFolder(folder, partition), block.name);
      yield { ...block, failures: verify(path, disk, kernels) };
    }
  }
}

function verify(path: string, disk: Disk, kernels: Kernels): string[] {
  try {
    const { file, reader } = opened(path, disk, kernels);
    try {
      return reader.verify().map(({ message }) => message);
    } finally {
      file.close();
    }
  } catch (thrown) {
    if (!(thrown instanceof MonError)) throw thrown;
    return [thrown.message];
  }
}

/** The series of a block file with all samples; arrays are used again for the next. */
export function* dumpBlock(path: string, disk: Disk, kernels: Kernels): Iterable<DumpedSeries> {
  const { file, reader } = opened(path, disk, kernels);
  try {
    const buffer = makeBuffer();
    for (let id = 0; id < reader.series; id++) {
      const count = reader.read(id, -Infinity, Infinity, buffer);
      const { timestamps, values, histograms } = buffer;
      yield { labels: reader.labels(id), count, timestamps, values, histograms };
    }
  } finally {
    file.close();
  }
}
