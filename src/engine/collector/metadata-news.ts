// Which metadata is worth a place in the log: what is new, has changed, or was logged long ago.
// Senders repeat theirs every minute. Easy to get wrong: an append that failed must make its
// entries news again.
import {
  METADATA_FAMILIES_MAX,
  METADATA_REPEAT_MS,
  METADATA_TEXT_BYTES_MAX,
  RECORD_BYTES_MAX,
} from '../limits.ts';
import type { MetadataEntry } from '../model/batch.ts';

interface Known {
  readonly entry: MetadataEntry;
  readonly loggedMs: number;
}

export class MetadataNews {
  readonly #known = new Map<string, Known>();
  readonly #waiting = new Map<string, MetadataEntry>();

  /**
   * Takes notice of entries; what is news waits for take(). Past the bound new families are left.
   */
  offer(entries: readonly MetadataEntry[], nowMs: number): void {
    for (const entry of entries) {
      const known = this.#known.get(entry.family);
      if (known === undefined && this.#known.size >= METADATA_FAMILIES_MAX) continue;
      if (known && same(known.entry, entry) && nowMs - known.loggedMs < METADATA_REPEAT_MS)
        continue;
      const cut = bounded(entry);
      this.#known.set(entry.family, { entry, loggedMs: nowMs });
      this.#waiting.set(entry.family, cut);
    }
  }

  /** What waits, in portions that fit into a record; it is no longer news. */
  take(): MetadataEntry[][] {
    const portions: MetadataEntry[][] = [];
    let room = 0;
    for (const entry of this.#waiting.values()) {
      const { family, type, help, unit } = entry;
      const size = 3 * (family.length + type.length + help.length + unit.length) + 32;
      if (size > room) {
        portions.push([]);
        room = RECORD_BYTES_MAX / 2;
      }
      portions[portions.length - 1].push(entry);
      room -= size;
    }
    this.#waiting.clear();
    return portions;
  }

  /** The entries did not reach the log. */
  giveBack(entries: readonly MetadataEntry[]): void {
    for (const entry of entries) {
      if (!this.#waiting.has(entry.family)) this.#waiting.set(entry.family, entry);
    }
  }
}

function same(a: MetadataEntry, b: MetadataEntry): boolean {
  return a.type === b.type && a.help === b.help && a.unit === b.unit;
}

/** The entry with texts cut to the bound; the text of a family is prose, its end may go. */
function bounded(entry: MetadataEntry): MetadataEntry {
  const cut = (text: string): string => text.slice(0, METADATA_TEXT_BYTES_MAX).toWellFormed();
  const { family, type, help, unit } = entry;
  return { family: cut(family), type: cut(type), help: cut(help), unit: cut(unit) };
}
