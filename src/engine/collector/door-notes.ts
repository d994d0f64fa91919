// The notes that the walk over a remote-write body leaves: series that it does not know, odd
// spellings, metadata, histograms. Easy to get wrong: numbering a series may grow the memory under
// a view, so notes are copied before anything is done about them.
import type { SeriesBook } from '../kernels/series-book.ts';

/** Kinds of notes: assembly/columns.ts. */
export const NOTE = { unknown: 0, scattered: 1, metadata: 2, histograms: 3 } as const;
/** Kind, where, length, first sample, how many samples. */
export const NOTE_WORDS = 5;

/**
 * Shows new series to the guard; those that it lets in have their numbers when the kernel
 * resolves the rest, and learns which series follow which.
 */
export function admitNotes(book: SeriesBook): void {
  const { kernels } = book;
  const x = kernels.exports;
  const first = x.notesAt() >>> 2;
  const notes = kernels.u32.slice(first, first + x.notesCount() * NOTE_WORDS);
  for (let i = 0; i < notes.length; i += NOTE_WORDS) {
    const [kind, at, length] = notes.subarray(i, i + 3);
    if (kind !== NOTE.unknown || length === 0) continue;
    // What is refused is asked for again, with its samples, and counted then.
    book.admit(at, length);
  }
}
