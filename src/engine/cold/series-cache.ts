// Series of objects that were looked up before, so that a question that comes again and again reads
// no table of series. Beside object-read.ts. Easy to get wrong: objects never change, so an entry
// is right for ever; the bound is on what they hold, by the length of their texts.
import { COLD_LABELS_BYTES } from '../limits-cold.ts';
import type { Labels } from '../model/labels.ts';

/** A series of an object that was asked for. */
export interface FoundSeries {
  readonly number: number;
  readonly labels: Labels;
  readonly hash: bigint;
  readonly rows: number;
  readonly minMs: number;
  readonly maxMs: number;
}

const ENTRY_BYTES = 200;
const TEXT_BYTES = 24;

function sizeOf(key: string, found: readonly FoundSeries[]): number {
  let bytes = ENTRY_BYTES + key.length * 2;
  for (const { labels } of found) {
    bytes += ENTRY_BYTES;
    for (const text of labels) bytes += TEXT_BYTES + text.length * 2;
  }
  return bytes;
}

export class SeriesCache {
  readonly #entries = new Map<string, readonly FoundSeries[]>();
  #bytes = 0;

  get(key: string): readonly FoundSeries[] | undefined {
    const found = this.#entries.get(key);
    if (found === undefined) return undefined;
    // What was asked for last goes last.
    this.#entries.delete(key);
    this.#entries.set(key, found);
    return found;
  }

  set(key: string, found: readonly FoundSeries[]): void {
    const size = sizeOf(key, found);
    if (size > COLD_LABELS_BYTES / 4 || this.#entries.has(key)) return;
    this.#entries.set(key, found);
    this.#bytes += size;
    for (const [oldest, series] of this.#entries) {
      if (this.#bytes <= COLD_LABELS_BYTES) return;
      this.#entries.delete(oldest);
      this.#bytes -= sizeOf(oldest, series);
    }
  }
}
