// What the admin API asks of stores in other processes: their blocks, deletions and snapshots. The
// rest of Upkeep is the store's own beat and never crosses. Easy to get wrong: a deletion that one
// replica made and another did not would bring the samples back, so who asks needs all of them.
import type { Matcher } from '../model/matcher.ts';
import type { BlockStatus } from '../model/upkeep.ts';
import type { Offset, Upkeep } from '../ports.ts';
import type { Methods } from './calls.ts';
import type { Calling } from './link.ts';
import { takeList, takeNumber, takeText } from './log-wire.ts';

export type FarUpkeep = Pick<Upkeep, 'delete' | 'cleanTombstones' | 'snapshot' | 'blocks'>;

/** Deleting rewrites files: it may take long. */
const LONG_MS = 10 * 60_000;

/** `reached` resolves when the store has been handed all below these offsets. */
export function upkeepMethods(
  upkeep: () => FarUpkeep,
  reached: (until: ReadonlyMap<number, Offset>, signal: AbortSignal) => Promise<void>,
): Methods {
  return {
    delete: async ([selections, min, max, until], { signal }) => {
      if (until instanceof Map) await reached(until as Map<number, Offset>, signal);
      const found = takeList(selections) as readonly (readonly Matcher[])[];
      await upkeep().delete(found, takeNumber(min), takeNumber(max));
    },
    cleanTombstones: async () => upkeep().cleanTombstones(),
    snapshot: async ([folder]) => upkeep().snapshot(takeText(folder)),
    blocks: async () => upkeep().blocks(),
  };
}

export class RemoteUpkeep implements FarUpkeep {
  readonly #link: Calling;

  constructor(link: Calling) {
    this.#link = link;
  }

  /** Deletes what was below these offsets, and whatever came since. */
  async delete(
    selections: readonly (readonly Matcher[])[],
    minMs: number,
    maxMs: number,
    until?: ReadonlyMap<number, Offset>,
  ): Promise<void> {
    await this.#link.call('delete', [selections, minMs, maxMs, until], { ms: LONG_MS });
  }

  async cleanTombstones(): Promise<number> {
    return takeNumber(await this.#link.call('cleanTombstones', [], { ms: LONG_MS }));
  }

  async snapshot(folder: string): Promise<void> {
    await this.#link.call('snapshot', [folder], { ms: LONG_MS });
  }

  async blocks(): Promise<readonly BlockStatus[]> {
    return takeList(await this.#link.call('blocks', [])) as readonly BlockStatus[];
  }
}
