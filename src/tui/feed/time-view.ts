// One clock reading and a range as what all panels of a beat show: the grid of instants that is
// asked for, and where the time axis begins and ends. Instants are multiples of the step, so that a
// later beat asks for the same ones and the server's cache has them. Easy to get wrong: an axis
// that ends at the newest instant crawls with every beat, and with it every cell of a chart.
import type { Grid } from '../../engine/model/fragment.ts';
import { agreeableDuration } from '../draw/units.ts';

/** The time axis moves on in this many strides a range. */
const STRIDES = 15;
const SECOND = 1000;
/** Fewer instants than this are no line. */
const COLUMNS_MIN = 10;

export interface TimeView {
  readonly grid: Grid;
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * The view of a range that ends at `anchorMs`, or follows the clock. `columns`: instants wanted.
 */
export function timeView(of: {
  readonly rangeMs: number;
  readonly columns: number;
  readonly anchorMs: number | undefined;
  readonly nowMs: number;
}): TimeView {
  const { rangeMs, columns, anchorMs, nowMs } = of;
  const step = Math.max(SECOND, agreeableDuration(rangeMs / Math.max(COLUMNS_MIN, columns)));
  const stride = Math.max(step, agreeableDuration(rangeMs / STRIDES));
  const until = Math.min(anchorMs ?? nowMs, nowMs);
  const end = Math.floor(until / step) * step;
  const endMs = anchorMs === undefined ? Math.ceil(end / stride) * stride : end;
  const startMs = endMs - rangeMs;
  return { grid: { start: Math.ceil(startMs / step) * step, end, step }, startMs, endMs };
}
