// Small pictures from block elements: sparklines for a cell of a table, bars and gauges with
// eighths of a cell. A missing value is a blank, never a zero.

const EIGHTHS_UP = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const EIGHTHS_RIGHT = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/**
 * One character a column; the highest value of the samples in a column stands for it, so that peaks
 * stay. The scale runs from `low` (0, or the least value when negative) to the greatest value.
 */
export function sparkline(
  values: ArrayLike<number>,
  width: number,
  more: { present?: ArrayLike<number>; low?: number; high?: number } = {},
): string {
  const columns = Math.min(width, values.length);
  const tops: number[] = [];
  for (let c = 0; c < columns; c++) {
    const from = Math.floor((c * values.length) / columns);
    const to = Math.floor(((c + 1) * values.length) / columns);
    let top = Number.NaN;
    for (let i = from; i < to; i++) {
      if (more.present && more.present[i] === 0) continue;
      if (!Number.isNaN(values[i]) && !(values[i] <= top)) top = values[i];
    }
    tops.push(top);
  }
  const known = tops.filter((t) => Number.isFinite(t));
  const low = more.low ?? Math.min(0, ...known);
  const high = more.high ?? Math.max(...known, low);
  const span = high - low;
  const marks = tops.map((top) => {
    if (Number.isNaN(top)) return ' ';
    const share = span > 0 ? Math.min(1, Math.max(0, (top - low) / span)) : 0;
    return EIGHTHS_UP[Math.round(share * 7)];
  });
  return ' '.repeat(Math.max(0, width - columns)) + marks.join('');
}

/** A bar of `share` (0 to 1) of the width, exact to an eighth of a cell, padded with blanks. */
export function bar(share: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share || 0)) * width * 8);
  const full = eighths >> 3;
  const text = '█'.repeat(full) + EIGHTHS_RIGHT[eighths & 7];
  return text + ' '.repeat(Math.max(0, width - text.length));
}

/** A gauge `━━━━╌╌╌╌`: the filled and the empty part apart, so that each can have its style. */
export function gauge(share: number, width: number): { full: string; rest: string } {
  const cells = Math.round(Math.min(1, Math.max(0, share || 0)) * width);
  return { full: '━'.repeat(cells), rest: '╌'.repeat(Math.max(0, width - cells)) };
}
