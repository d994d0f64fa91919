// Pushed exposition text as rows in the door's own columns: a kernel takes the lines of known
// series, this takes the rest line by line. It stands between PushText and the kernels. Easy to get
// wrong: numbering a series may grow the memory under a view, and nothing is numbered before the
// whole body has been read.
import type { Kernels } from '../kernels/kernels.ts';
import type { SeriesBook } from '../kernels/series-book.ts';
import { refusalOf, SPELLING } from '../kernels/series-book.ts';
import type { Labels } from '../model/labels.ts';
import { labelValue, NAME } from '../model/labels.ts';
import { ParsedExposition } from '../wire/exposition-columns.ts';
import { malformed } from '../wire/exposition-lexer.ts';
import { readTextLine } from '../wire/exposition.ts';
import { parseSeriesText } from '../wire/series-text.ts';
import { NOTE_WORDS } from './door-notes.ts';
import { describeSeries, Refusals } from './refusals.ts';
import type { SampleColumns } from './scrape-door.ts';

/** A door whose book and columns lie in kernel memory. */
export interface WalkingDoor {
  readonly kernels: Kernels;
  readonly book: SeriesBook;
  /** Copies bytes into kernel memory, with room behind them. */
  scratch(bytes: Uint8Array): number;
}

/** What a body came to. */
export interface TextRows {
  /** Views of the door's columns, good until the door is given something else. */
  readonly columns: SampleColumns;
  readonly refusals: Refusals;
}

/** The labels of a pushed series text. @throws MonError MON_BODY_MALFORMED. */
export function pushedLabels(body: Uint8Array, start: number, end: number): Labels {
  const labels = parseSeriesText(body, start, end);
  if (labelValue(labels, NAME) === '') malformed(body, start, 'a series without a name');
  return labels;
}

/**
 * Reads a body of text 0.0.4; its metadata lines are then in `parsed`, its samples are not.
 * @throws MonError MON_BODY_MALFORMED: the book has heard of nothing.
 */
export function walkText(
  door: WalkingDoor,
  body: Uint8Array,
  nowMs: number,
  parsed: ParsedExposition,
): TextRows {
  const x = door.kernels.exports;
  const base = door.scratch(body);
  parsed.clear();
  x.textBegin(base, body.length, nowMs);
  const end = base + body.length;
  for (let at = x.textWalk(base) >>> 0; at < end; at = x.textWalk(at) >>> 0) {
    const stop = readTextLine(body, at - base, parsed);
    if (parsed.count > 0) putSample(door, parsed, base, nowMs);
    at = base + stop;
  }
  const refusals = number(door, body, base);
  return { columns: columnsOf(door), refusals };
}

/** Moves the one sample that was read into the columns. */
function putSample(door: WalkingDoor, parsed: ParsedExposition, base: number, nowMs: number): void {
  const { starts, ends, timestamps, words } = parsed;
  const ms = Number.isNaN(timestamps[0]) ? nowMs : timestamps[0];
  const length = ends[0] - starts[0];
  door.kernels.exports.textSample(base + starts[0], length, ms, words[0], words[1]);
  parsed.count = 0;
}

/** Numbers the series that were not known; those that are refused keep no ref. */
function number(door: WalkingDoor, body: Uint8Array, base: number): Refusals {
  const { book, kernels } = door;
  const x = kernels.exports;
  const refusals = new Refusals();
  const first = x.notesAt() >>> 2;
  const notes = kernels.u32.slice(first, first + x.notesCount() * NOTE_WORDS);
  const labels: Labels[] = [];
  for (let i = 0; i < notes.length; i += NOTE_WORDS) {
    const start = notes[i + 1] - base;
    labels.push(pushedLabels(body, start, start + notes[i + 2]));
  }
  labels.forEach((one, n) => {
    const [, at, length, row] = notes.subarray(n * NOTE_WORDS, n * NOTE_WORDS + 4);
    const known = book.lookup(at, length, SPELLING.exposition);
    const ref = known < 0 ? book.insert(at, length, SPELLING.exposition, one) : known;
    if (ref < 0) refusals.add(refusalOf(ref), 1, () => describeSeries(one));
    else x.fillRefs(row, 1, ref);
  });
  return refusals;
}

function columnsOf({ kernels }: WalkingDoor): SampleColumns {
  const { exports: x, memory } = kernels;
  const count = x.columnsCount();
  const { buffer } = memory;
  return {
    refs: new Uint32Array(buffer, x.columnRefsAt() >>> 0, count),
    timestamps: new Float64Array(buffer, x.columnTimesAt() >>> 0, count),
    values: new Float64Array(buffer, x.columnValuesAt() >>> 0, count),
    count,
  };
}
