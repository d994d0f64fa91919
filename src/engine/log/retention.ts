// When old segments go: as soon as every reader of what they hold has released it and they are old
// enough. Easy to get wrong: a partition that nobody has ever registered for is not "released by
// all"; and files go oldest first, each removal durable before the next, so that a power loss
// leaves no gap.
import type { Clock } from '../runtime/clock.ts';
import type { Disk } from '../runtime/disk.ts';
import type { ReaderRegistry } from './reader-registry.ts';
import type { SegmentChain } from './segment-chain.ts';

export interface Keep {
  /** A segment is kept at least so long after the next one began, ms. */
  readonly keepMs: number;
  /** Segments are kept while the others hold less than this, bytes. */
  readonly keepBytes: number;
}

export interface RetentionOptions extends Keep {
  readonly folder: string;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly chain: SegmentChain;
  readonly registry: ReaderRegistry;
}

/** True when all readers of the oldest segment have let go of all it holds. */
function oldestReleased(chain: SegmentChain, registry: ReaderRegistry): boolean {
  const { oldest } = chain;
  if (!oldest) return false;
  for (let p = 0; p < chain.partitions; p++) {
    const end = chain.endIn(0, p);
    if (end === oldest.header.first[p]) continue;
    const needed = registry.needed(p);
    if (needed === undefined || needed < end) return false;
  }
  return true;
}

/** True when readers have released everything that the log holds. */
export function drained(chain: SegmentChain, registry: ReaderRegistry): boolean {
  for (let p = 0; p < chain.partitions; p++) {
    if (chain.start(p) === chain.ends[p]) continue;
    const needed = registry.needed(p);
    if (needed === undefined || needed < chain.ends[p]) return false;
  }
  return true;
}

/** Removes what may go and answers how many segments that were. */
export async function retain(options: RetentionOptions): Promise<number> {
  const { folder, disk, clock, chain, registry, keepMs, keepBytes } = options;
  let removed = 0;
  while (chain.segments.length > 1 && oldestReleased(chain, registry)) {
    const [oldest, next] = chain.segments;
    if (clock.now() - next.header.createdMs < keepMs) break;
    if (chain.bytes - oldest.bytes < keepBytes) break;
    // Gone for new readers before the file is: one that opens in between is told so.
    chain.dropOldest();
    await disk.remove(oldest.path);
    await disk.syncFolder(folder);
    removed++;
  }
  return removed;
}
