// A histogram over time: time to the right, buckets upwards, how much fell into each as a colour.
// Two rows of colour to a cell where the terminal has the colours, density marks where it has not.
// Easy to get wrong: the ramp runs over the root of the share, or a busy bucket would make all the
// others look empty; and an empty bucket is no colour at all, not the ramp's first.
import type { CellGrid } from './cells.ts';
import { drawTimeAxis, type Area } from './plot.ts';
import { MAP_STEPS, STYLE, mapStyle } from './styles.ts';
import { formatValue, type Unit } from './units.ts';

export interface HeatBucket {
  readonly lower: number;
  readonly upper: number;
  readonly values: Float64Array;
  readonly present: Uint8Array;
}

export interface HeatOptions {
  readonly timestamps: ArrayLike<number>;
  /** From the lowest bucket up. */
  readonly rows: readonly HeatBucket[];
  readonly startMs: number;
  readonly endMs: number;
  /** Of the bounds of the buckets. */
  readonly unit: Unit;
  readonly zone?: string;
  /** Whether the palette has a ramp of colours. */
  readonly ramp: boolean;
  readonly ascii?: boolean;
  readonly stale?: boolean;
  readonly axisRows: 0 | 1 | 2;
}

const SHADES = ['░', '▒', '▓', '█'];
const ASCII_SHADES = ['.', ':', '*', '#'];

/** Draws into `area`; answers the greatest value of a cell, for a legend. */
export function drawHeatmap(cells: CellGrid, area: Area, options: HeatOptions): number {
  const height = area.height - options.axisRows;
  const rows = trimmed(options.rows);
  if (height < 1 || area.width < 10 || rows.length === 0) return 0;
  const lines = options.ramp ? height * 2 : height;
  const labels = rows.map(({ upper }) => formatValue(upper, options.unit));
  const wide = Math.min(9, Math.max(...labels.map((label) => label.length)));
  const inner = { x: area.x + wide + 2, y: area.y, width: area.width - wide - 2, height };
  const field = fieldOf(rows, { options, columns: inner.width, lines });
  let most = 0;
  for (const value of field) if (value > most) most = value;
  drawLabels(cells, { ...area, height }, { labels, wide, count: rows.length });
  drawField(cells, inner, { field, most, lines, options });
  if (options.axisRows > 0) drawTimeAxis(cells, { ...inner, y: area.y + height }, options);
  return most;
}

/** Buckets at both ends that nothing fell into are left out, but for one. */
function trimmed(rows: readonly HeatBucket[]): readonly HeatBucket[] {
  const some = rows.map(({ values, present }) => {
    return values.some((value, i) => present[i] === 1 && value > 0);
  });
  const first = some.indexOf(true);
  if (first < 0) return rows;
  return rows.slice(Math.max(0, first - 1), some.lastIndexOf(true) + 2);
}

interface FieldJob {
  readonly options: HeatOptions;
  readonly columns: number;
  readonly lines: number;
}

/** What each line of colour shows at each column, from the top; NaN where nothing is known. */
function fieldOf(rows: readonly HeatBucket[], job: FieldJob): Float64Array {
  const { options, columns, lines } = job;
  const spans = columnsOf(options, columns);
  const field = new Float64Array(lines * columns).fill(NaN);
  for (let line = 0; line < lines; line++) {
    const from = Math.floor(((lines - 1 - line) * rows.length) / lines);
    const to = Math.max(from + 1, Math.floor(((lines - line) * rows.length) / lines));
    for (let column = 0; column < columns; column++) {
      let sum = NaN;
      for (let r = from; r < to; r++) {
        const value = meanOf(rows[r], spans[column]);
        if (!Number.isNaN(value)) sum = Number.isNaN(sum) ? value : sum + value;
      }
      field[line * columns + column] = sum;
    }
  }
  return field;
}

/** For each column the instants it stands for; a column between two instants shows the nearer. */
function columnsOf(
  { timestamps, startMs, endMs }: HeatOptions,
  columns: number,
): (readonly [number, number])[] {
  const n = timestamps.length;
  const step = n > 1 ? timestamps[1] - timestamps[0] : endMs - startMs;
  const each = (endMs - startMs) / columns;
  return Array.from({ length: columns }, (_, c) => {
    // An instant tells of the step that ends with it.
    const from = Math.floor((startMs + c * each - timestamps[0]) / step + 1e-9) + 1;
    const to = Math.floor((startMs + (c + 1) * each - timestamps[0]) / step + 1e-9) + 1;
    if (to > from) return [Math.max(0, from), Math.min(n, to)] as const;
    // The instant that ends the step this column lies in.
    return from >= 0 && from < n ? ([from, from + 1] as const) : ([0, 0] as const);
  });
}

function meanOf(row: HeatBucket, [from, to]: readonly [number, number]): number {
  let [sum, count] = [0, 0];
  for (let i = from; i < to; i++) {
    if (row.present[i] === 0 || Number.isNaN(row.values[i])) continue;
    sum += row.values[i];
    count++;
  }
  return count === 0 ? NaN : sum / count;
}

interface DrawJob {
  readonly field: Float64Array;
  readonly most: number;
  readonly lines: number;
  readonly options: HeatOptions;
}

function drawField(cells: CellGrid, inner: Area, job: DrawJob): void {
  const { field, most, options } = job;
  const steps = options.ramp ? MAP_STEPS : SHADES.length;
  const level = (value: number): number => {
    if (!(value > 0) || most <= 0) return -1;
    return Math.min(steps - 1, Math.floor(Math.sqrt(value / most) * steps));
  };
  const shades = options.ascii === true ? ASCII_SHADES : SHADES;
  const style = options.stale === true ? STYLE.dim : STYLE.accent;
  for (let y = 0; y < inner.height; y++) {
    for (let x = 0; x < inner.width; x++) {
      if (!options.ramp) {
        const shade = level(field[y * inner.width + x]);
        if (shade >= 0) cells.set(inner.x + x, inner.y + y, shades[shade], style);
        continue;
      }
      const upper = level(field[2 * y * inner.width + x]);
      const lower = level(field[(2 * y + 1) * inner.width + x]);
      const [char, map] = halves(upper, lower);
      if (char !== '') cells.set(inner.x + x, inner.y + y, char, map);
    }
  }
}

/** The mark that shows one colour above another. */
function halves(upper: number, lower: number): [char: string, style: number] {
  if (upper < 0 && lower < 0) return ['', 0];
  if (upper === lower) return ['█', mapStyle(upper)];
  if (lower < 0) return ['▀', mapStyle(upper)];
  if (upper < 0) return ['▄', mapStyle(lower)];
  return ['▀', mapStyle(upper, lower)];
}

function drawLabels(
  cells: CellGrid,
  area: Area,
  axis: { readonly labels: readonly string[]; readonly wide: number; readonly count: number },
): void {
  const line = area.x + axis.wide + 1;
  let last = Infinity;
  for (let row = area.height - 1; row >= 0; row--) {
    cells.set(line, area.y + row, '│', STYLE.border);
    // The bucket whose upper end lies at this row's upper edge.
    const bucket = Math.round(((area.height - row) * axis.count) / area.height) - 1;
    if (bucket < 0 || last - row < 2) continue;
    const top = area.height - ((bucket + 1) * area.height) / axis.count;
    if (Math.abs(top - row) > 0.5) continue;
    const text = axis.labels[bucket].slice(0, axis.wide).padStart(axis.wide);
    cells.put(area.x, area.y + row, text, { style: STYLE.dim, room: axis.wide });
    cells.set(line, area.y + row, '┤', STYLE.border);
    last = row;
  }
}
