// A look at the files of the embedded log from outside, while it is written or not: how much there
// is, how it was closed, and whether the chain of segments holds. Changes nothing. Easy to get
// wrong: a log that is being written grows and drops segments while one looks, so what is gone
// meanwhile is no damage.
import { join } from 'node:path';
import { MonError } from '../errors.ts';
import type { InspectedLog } from '../model/upkeep.ts';
import type { Disk } from '../runtime/disk.ts';
import { notedEnd } from './log-end.ts';
import { readMeta } from './log-meta.ts';
import { decodeHeader, headerBytes, segmentOf } from './segment.ts';
import type { SegmentHeader } from './segment.ts';

interface Seen {
  readonly name: string;
  readonly header: SegmentHeader;
  readonly bytes: number;
}

/** What the files in `folder` say; undefined where there is no log. */
export async function inspectLog(folder: string, disk: Disk): Promise<InspectedLog | undefined> {
  const meta = await readMeta(disk, folder);
  if (meta === undefined) return undefined;
  const problems: string[] = [];
  const seen: Seen[] = [];
  for (const name of await disk.list(folder)) {
    if (segmentOf(name) === undefined) continue;
    try {
      seen.push(await lookAt(join(folder, name), name, { disk, partitions: meta.partitions }));
    } catch (thrown) {
      if (!(thrown instanceof MonError)) throw thrown;
      if (thrown.code !== 'MON_NOT_FOUND') problems.push(thrown.message);
    }
  }
  const byNumber = new Map(seen.map((one) => [one.header.segment, one]));
  const oldest = seen[0];
  for (const { name, header } of seen.slice(1)) {
    const before = byNumber.get(header.previous);
    if (header.previous === 0 || header.previous < oldest.header.segment) continue;
    if (before === undefined) {
      problems.push(`${join(folder, name)} follows segment ${header.previous}, which is missing`);
    } else if (before.bytes < header.previousBytes) {
      const lacks = header.previousBytes - before.bytes;
      problems.push(`${join(folder, before.name)} is ${lacks} bytes too short`);
    }
  }
  const newest = seen.at(-1);
  const end =
    newest === undefined ? undefined : await notedEnd(disk, folder, meta, newest.header.segment);
  if (newest !== undefined && end !== undefined && newest.bytes < end) {
    problems.push(`${join(folder, newest.name)} is ${end - newest.bytes} bytes too short`);
  }
  const bytes = seen.reduce((sum, one) => sum + one.bytes, 0);
  return { segments: seen.length, bytes, closed: end !== undefined, problems };
}

async function lookAt(
  path: string,
  name: string,
  { disk, partitions }: { readonly disk: Disk; readonly partitions: number },
): Promise<Seen> {
  const file = await disk.open(path, 'r');
  try {
    const bytes = await file.size();
    const head = new Uint8Array(Math.min(bytes, headerBytes(partitions)));
    await file.read(head, 0);
    return { name, header: decodeHeader(head, path), bytes };
  } finally {
    await file.close();
  }
}
