// Values side by side as horizontal bars, one row each, the name before and the number behind: what
// compares a few things at one instant. Bars begin at zero, or at the least bound that was given.
// Easy to get wrong: a negative value has no bar, only its number.
import { bar } from './blocks.ts';
import type { CellGrid } from './cells.ts';
import type { Area } from './plot.ts';
import { STYLE } from './styles.ts';
import { cellWidth, fit, safeText } from './text.ts';
import { formatValue, type Unit } from './units.ts';

export interface BarRow {
  readonly name: string;
  readonly value: number;
  readonly style: number;
}

export interface BarOptions {
  readonly rows: readonly BarRow[];
  readonly unit: Unit;
  readonly min?: number;
  readonly max?: number;
  readonly top?: number;
}

/** Draws as many rows as fit, and says how many are left out. */
export function drawBars(cells: CellGrid, area: Area, options: BarOptions): void {
  const { rows, unit, top = 0 } = options;
  const finite = rows.map(({ value }) => value).filter((value) => Number.isFinite(value));
  const low = options.min ?? 0;
  const high = options.max ?? Math.max(low, ...finite);
  const room = rows.length - top > area.height ? area.height - 1 : area.height;
  const shown = rows.slice(top, top + room);
  const values = shown.map(({ value }) => formatValue(value, unit));
  const wideValue = Math.max(1, ...values.map((text) => text.length));
  const names = shown.map(({ name }) => safeText(name));
  const longest = Math.max(1, ...names.map(cellWidth));
  const wideName = Math.min(longest, Math.max(6, Math.floor((area.width - wideValue - 2) * 0.45)));
  const wideBar = area.width - wideName - wideValue - 2;
  // A panel with room to spare gives each bar air.
  const every = shown.length * 2 <= area.height + 1 && area.height > 3 ? 2 : 1;
  shown.forEach(({ value, style }, i) => {
    const y = area.y + i * every;
    cells.put(area.x, y, fit(names[i], wideName), { room: wideName });
    const share = high > low ? (value - low) / (high - low) : 0;
    if (wideBar > 2) cells.put(area.x + wideName + 1, y, bar(share, wideBar), { style });
    const x = area.x + area.width - wideValue;
    cells.put(x, y, values[i].padStart(wideValue), { style: STYLE.bold });
  });
  const left = rows.length - top - shown.length;
  if (left > 0) {
    cells.put(area.x, area.y + area.height - 1, `${left} more`, { style: STYLE.dim });
  }
}
