// The notes that the walk over a remote-write body leaves: series that it does not know, odd
// spellings, metadata, histograms. Easy to get wrong: numbering a series may grow the memory under
// a view, so notes are copied before anything is done about them.
import type { SeriesBook } from '../kernels/series-book.ts';

/** Kinds of notes: assembly/columns.ts. */
export const NOTE = { unknown: 0, scattered: 1, metadata: 2, histograms: 3 } as const;
/** Kind, where, length, first sample, how many samples. */
export const NOTE_WORDS = 5;
/** Nothing was refused. */
export const NO_CODES: ReadonlyMap<number, number> = new Map();

/**
 * Shows new series to the guard; those that it lets in have their numbers when the kernel
 * resolves the rest, and learns which series follow which. Answers the codes of what was refused,
 * by where it lies: under a bomb nothing is to be asked twice.
 */
export function admitNotes(book: SeriesBook): ReadonlyMap<number, number> {
  const refused = new Map<number, number>();
  const { kernels } = book;
  const x = kernels.exports;
  const first = x.notesAt() >>> 2;
  const notes = kernels.u32.slice(first, first + x.notesCount() * NOTE_WORDS);
  for (let i = 0; i < notes.length; i += NOTE_WORDS) {
    const length = notes[i + 2];
    if (notes[i] !== NOTE.unknown || length === 0) continue;
    const ref = book.admit(notes[i + 1], length);
    if (ref !== undefined && ref < 0) refused.set(notes[i + 1], ref);
  }
  return refused;
}
