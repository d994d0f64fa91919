// Hands blocks that have grown old to the cold tier, a window at a time. Runs on the store's beat,
// in the thread that owns the blocks; the work itself is the tier's. Easy to get wrong: a block
// goes only when nobody needs its samples here any more, which rollups decide.
import type { ColdTier } from '../ports-cold.ts';
import type { BlockEntry } from './checkpoint-file.ts';
import { coldSpan, dueBlocks, type GivenBlock } from './hand-over.ts';
import type { Partition } from './partition.ts';

export interface ArchivePlan {
  readonly cold: ColdTier;
  /** Blocks whose samples are all older go. */
  readonly afterMs: number;
  /** False while samples of this range are still needed here. */
  readonly ready: (partition: number, minMs: number, maxMs: number) => boolean;
  /** Called between the archive and the drop; tests die there. */
  readonly step?: (step: 'archived') => void;
}

/** Archives the oldest window that is due; answers how many blocks went, 0 when nothing is due. */
export function archiveOldest(
  number: number,
  partition: Partition,
  nowMs: number,
  plan: ArchivePlan,
): Promise<number> {
  const { cold, afterMs, ready } = plan;
  const span = coldSpan(afterMs);
  const choose = (blocks: readonly BlockEntry[]): readonly BlockEntry[] => {
    const due = dueBlocks(blocks, nowMs - afterMs, span);
    return due.every(({ minMs, maxMs }) => ready(number, minMs, maxMs)) ? due : [];
  };
  const keep = async (blocks: readonly GivenBlock[]): Promise<'gone'> => {
    await cold.archive({ partition: number, kind: 'raw', sources: blocks });
    plan.step?.('archived');
    return 'gone';
  };
  return partition.handOver({ choose, keep });
}

/** Files that have moved to a slower disk: those of runtime/warm-folder.ts. */
export interface WarmFiles {
  has(name: string): boolean;
  move(name: string): Promise<void>;
}

/** Moves the oldest block that is due; answers how many went, 0 when none is due. */
export function warmOldest(partition: Partition, beforeMs: number, files: WarmFiles) {
  const choose = (blocks: readonly BlockEntry[]): readonly BlockEntry[] =>
    blocks
      .filter(({ name, maxMs }) => maxMs < beforeMs && !files.has(name))
      .toSorted((a, b) => a.maxMs - b.maxMs)
      .slice(0, 1);
  const keep = async (blocks: readonly GivenBlock[]): Promise<'moved'> => {
    for (const { file } of blocks) await files.move(file);
    return 'moved';
  };
  return partition.handOver({ choose, keep });
}
