// Finds out what a folder holds when the log is opened: the chain of segments and the durable end.
// Only the newest segment is read through; the others are taken by their headers. Easy to get
// wrong: bytes that are no frame are a torn tail only while nothing behind them, and no note of an
// orderly end, proves that they had been durable; and the last commit must be written and synced
// once more, because readers will act on it.
import type { Disk, DiskFile } from '../runtime/disk.ts';
import { UNFINISHED } from '../runtime/replace-file.ts';
import { notedEnd } from './log-end.ts';
import type { LogMeta } from './log-meta.ts';
import { SegmentChain } from './segment-chain.ts';
import type { Segment } from './segment-chain.ts';
import { SegmentFile } from './segment-file.ts';
import type { Frame } from './segment-file.ts';
import { corrupt, decodeHeader, headerBytes, segmentName, segmentOf } from './segment.ts';
import type { SegmentHeader } from './segment.ts';

/** More than any header needs: 4,096 partitions. */
const HEADER_READ_BYTES = headerBytes(4096);
const COPY_BYTES = 1024 * 1024;

interface Found {
  readonly header: SegmentHeader;
  readonly path: string;
  readonly size: number;
}

export interface Recovered {
  readonly chain: SegmentChain;
  /** Bytes of a commit that the last run did not finish, cut off now. */
  readonly cutBytes: number;
  /** The highest number that any segment has had, as far as the folder tells; 0: none. */
  readonly lastNumber: number;
}

/** @throws MonError MON_LOG_CORRUPT when anything durable is missing or damaged. */
export async function recover(disk: Disk, folder: string, meta: LogMeta): Promise<Recovered> {
  const all = await findSegments(disk, folder, meta);
  const lastNumber = all.at(-1)?.header.segment ?? 0;
  const chain = chainOf(all);
  const ends = Float64Array.from(chain.newest?.header.first ?? new Float64Array(meta.partitions));
  if (!chain.newest) return { chain: new SegmentChain([], ends), cutBytes: 0, lastNumber };
  const noted = await notedEnd(disk, folder, meta, chain.newest.header.segment);
  const newestBytes = chain.newestBytes ?? noted;
  const { bytes, cutBytes } = await scanNewest(disk, { ...chain, newestBytes }, ends);
  // Only now: an empty segment may be what says where the one before it ends.
  for (const path of chain.strays) await disk.remove(path);
  if (chain.strays.length > 0) await disk.syncFolder(folder);
  const segments = chain.found.map((one, i): Segment => {
    const next = chain.found[i + 1];
    return {
      header: one.header,
      path: one.path,
      bytes: next ? next.header.previousBytes : bytes,
    };
  });
  return { chain: new SegmentChain(segments, ends), cutBytes, lastNumber };
}

/** Segments of this generation in order of their numbers; leftovers of older ones are removed. */
async function findSegments(disk: Disk, folder: string, meta: LogMeta): Promise<Found[]> {
  const out: Found[] = [];
  for (const name of await disk.list(folder)) {
    const path = `${folder}/${name}`;
    if (name.endsWith(UNFINISHED)) await disk.remove(path);
    const number = segmentOf(name);
    if (number === undefined) continue;
    const found = await readHeader(disk, path);
    if (found.header.generation < meta.generation) {
      await disk.remove(path);
      continue;
    }
    const { segment, generation, first } = found.header;
    if (segment !== number) throw corrupt(path, 24, `it is segment ${segment} by its header`);
    if (generation !== meta.generation || first.length !== meta.partitions) {
      throw corrupt(path, 8, 'it does not belong to the log that meta.json describes');
    }
    out.push(found);
  }
  return out;
}

async function readHeader(disk: Disk, path: string): Promise<Found> {
  const file = await disk.open(path, 'r');
  try {
    const bytes = new Uint8Array(HEADER_READ_BYTES);
    const got = await file.read(bytes, 0);
    return { header: decodeHeader(bytes.subarray(0, got), path), path, size: await file.size() };
  } finally {
    await file.close();
  }
}

interface Chained {
  readonly found: readonly Found[];
  readonly newest: Found | undefined;
  /** Where the newest segment ends, if an empty one after it or the closing note says so. */
  readonly newestBytes: number | undefined;
  readonly strays: readonly string[];
}

/** True for a segment that has no record. */
function isEmpty(one: Found): boolean {
  return one.size <= headerBytes(one.header.first.length);
}

/** Follows `previous` from the newest segment back; what is left over must be empty. */
function chainOf(all: readonly Found[]): Chained {
  const chain: Found[] = [];
  const strays: string[] = [];
  const found = [...all];
  let newestBytes: number | undefined;
  // The last one may have been made without its name becoming durable: while it is empty and the
  // one before it is there, nothing is lost by making another, and nothing must come to lean on
  // it.
  for (let last = found.at(-1); last && isEmpty(last); last = found.at(-1)) {
    const { previous, previousBytes } = last.header;
    if (!found.some((one) => one.header.segment === previous)) break;
    strays.push(last.path);
    found.pop();
    // One that was removed and came back by a power loss says nothing of what was written later.
    const before = found.at(-1)?.header;
    const speaks = before?.segment === previous && last.header.epoch >= before.epoch;
    newestBytes = speaks ? previousBytes : undefined;
  }
  let wanted = found.at(-1)?.header.segment ?? 0;
  for (const one of found.toReversed()) {
    if (one.header.segment === wanted) {
      const next = chain[0];
      if (next && one.size < next.header.previousBytes) {
        throw corrupt(one.path, one.size, `it ends before ${next.header.previousBytes}`);
      }
      chain.unshift(one);
      wanted = one.header.previous;
    } else if (isEmpty(one)) {
      // Made, but its making was reported as failed, so that it never got a record.
      strays.push(one.path);
    } else {
      const above = one.header.segment < wanted ? segmentName(wanted) : 'what leads to it';
      throw corrupt(one.path, 0, `${above} is missing from the folder`);
    }
  }
  return { found: chain, newest: chain.at(-1), newestBytes, strays };
}

interface Scanned {
  readonly bytes: number;
  readonly cutBytes: number;
}

/** Reads the newest segment through, moves `ends` on, and cuts the tail of an unfinished commit. */
async function scanNewest(disk: Disk, chain: Chained, ends: Float64Array): Promise<Scanned> {
  const { path, header, size } = chain.newest as Found;
  const end = chain.newestBytes ?? size;
  if (size < end) throw corrupt(path, size, `it ends before ${end}`);
  const handle = await disk.open(path, 'r+');
  const file = new SegmentFile(handle, header);
  let lastCommit = file.first;
  try {
    let position = file.first;
    while (position < end) {
      const run = await file.frames(position, end);
      for (const frame of run.frames) advance(ends, frame, path);
      lastCommit = run.frames.at(-1)?.fields.commit ?? lastCommit;
      position = run.next;
      if (!run.broken) continue;
      const later = chain.newestBytes ?? (await file.laterCommit(position, end));
      if (later === undefined) break;
      throw corrupt(path, position, `no frame stands here, but the log goes on at ${later}`);
    }
    if (position < size) await handle.truncate(position);
    await writeAgain(handle, lastCommit, position);
    await handle.datasync();
    return { bytes: position, cutBytes: size - position };
  } finally {
    await file.close();
  }
}

/**
 * After a kill the last commit may be in the system's cache only, and if its sync had failed, the
 * system takes it for clean and would not write it ever. Commits before it had been synced.
 */
async function writeAgain(file: DiskFile, start: number, end: number): Promise<void> {
  const block = new Uint8Array(Math.min(COPY_BYTES, Math.max(end - start, 0)));
  for (let at = start; at < end; at += block.length) {
    const got = await file.read(block.subarray(0, Math.min(block.length, end - at)), at);
    await file.write(block.subarray(0, got), at);
  }
}

function advance(ends: Float64Array, { fields, position }: Frame, path: string): void {
  const { partition, offset } = fields;
  if (partition >= ends.length || offset !== ends[partition]) {
    const want = partition < ends.length ? `; ${ends[partition]} is next` : '';
    throw corrupt(path, position, `record ${offset} of partition ${partition}${want}`);
  }
  ends[partition]++;
}
