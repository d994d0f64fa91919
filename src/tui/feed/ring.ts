// What a panel holds of its series: a window of instants that slides with the beat, so that each
// beat asks only for the instants that are new. Rows are replaced, never changed in place: a widget
// may compare references to know whether to draw again. Series beyond the bound are counted, not
// kept.
import { gridSize, type Grid, type Matrix } from '../../engine/model/fragment.ts';
import { labelsKey, type Labels } from '../../engine/model/labels.ts';

/** Lines of one panel: more cannot be told apart on a screen. */
export const RING_SERIES_MAX = 40;
/**
 * Instants asked for again each time: a sample may have come in after its instant was evaluated.
 */
const OVERLAP = 2;
/**
 * After so many partial asks the whole window is asked for anew: late samples and rewritten rules.
 */
const WHOLE_EVERY = 30;

export interface RingRow {
  readonly labels: Labels;
  readonly values: Float64Array;
  readonly present: Uint8Array;
}

export class Ring {
  grid: Grid | undefined;
  rows = new Map<string, RingRow>();
  /** Series that the answer had beyond the bound. */
  hidden = 0;
  private partial = 0;
  private readonly most: number;

  constructor(most = RING_SERIES_MAX) {
    this.most = most;
  }

  /** The grid to ask for so that the ring can hold `wanted` afterwards. */
  missing(wanted: Grid): Grid {
    const held = this.grid;
    const slides =
      held !== undefined &&
      held.step === wanted.step &&
      (wanted.start - held.start) % held.step === 0 &&
      wanted.start >= held.start &&
      wanted.start <= held.end &&
      wanted.end >= held.end;
    if (!slides || this.partial >= WHOLE_EVERY) return wanted;
    const start = Math.max(wanted.start, held.end - (OVERLAP - 1) * held.step);
    return { start, end: wanted.end, step: wanted.step };
  }

  /** Moves the window to `wanted` and writes the answer for `asked` over it. */
  merge(wanted: Grid, asked: Grid, matrix: Matrix): void {
    const size = gridSize(wanted);
    const whole = asked.start <= wanted.start;
    this.partial = whole ? 0 : this.partial + 1;
    const next = new Map<string, RingRow>();
    if (!whole) this.slide(wanted, asked, next);
    const at = Math.round((asked.start - wanted.start) / wanted.step);
    this.hidden = 0;
    matrix.labels.forEach((labels, s) => {
      const key = labelsKey(labels);
      let row = next.get(key);
      if (!row) {
        if (next.size >= this.most) {
          this.hidden++;
          return;
        }
        row = { labels, values: new Float64Array(size), present: new Uint8Array(size) };
        next.set(key, row);
      }
      for (let i = 0; i < matrix.steps && at + i < size; i++) {
        if (at + i < 0) continue;
        row.values[at + i] = matrix.values[s * matrix.steps + i];
        row.present[at + i] = matrix.present[s * matrix.steps + i];
      }
    });
    for (const [key, row] of next) if (!row.present.includes(1)) next.delete(key);
    this.rows = next;
    this.grid = wanted;
  }

  /** Copies what lies before `asked` from the old window; the rest is about to be written. */
  private slide(wanted: Grid, asked: Grid, next: Map<string, RingRow>): void {
    const held = this.grid as Grid;
    const size = gridSize(wanted);
    const shift = Math.round((wanted.start - held.start) / wanted.step);
    const keep = Math.round((asked.start - wanted.start) / wanted.step);
    for (const [key, old] of this.rows) {
      const values = new Float64Array(size);
      const present = new Uint8Array(size);
      values.set(old.values.subarray(shift, shift + keep));
      present.set(old.present.subarray(shift, shift + keep));
      next.set(key, { labels: old.labels, values, present });
    }
  }
}
