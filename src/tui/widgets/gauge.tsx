// A share of a whole as a bar with its number: `━━━━━━╌╌╌╌ 61%`. The number says what the colour
// says.
import { memo, type ReactNode } from 'react';
import { gauge } from '../draw/blocks.ts';
import { CellGrid } from '../draw/cells.ts';
import { STYLE } from '../draw/styles.ts';
import { formatValue } from '../draw/units.ts';
import type { Theme } from '../theme.ts';
import { Picture } from './picture.tsx';

export interface GaugeProps {
  /** Stands before the bar. */
  readonly label?: string;
  /** 0 to 1. */
  readonly share: number;
  readonly width: number;
  readonly theme: Theme;
  /** Shares from which on it warns and alarms. */
  readonly warn?: number;
  readonly alarm?: number;
}

/** The number has a width of its own, or the bar would grow and shrink with it. */
const VALUE_CELLS = 5;

/** A gauge of one row. */
export const Gauge = memo(function Gauge(props: GaugeProps): ReactNode {
  return <Picture lines={drawGauge(props)} width={props.width} height={1} />;
});

/** The one line of the gauge. */
export function drawGauge(props: GaugeProps): string[] {
  const { share, width, theme, warn = 0.8, alarm = 0.95 } = props;
  const name = props.label === undefined ? '' : `${props.label} `;
  const cells = new CellGrid(width, 1);
  const value = formatValue(share, 'percent').padStart(VALUE_CELLS);
  const from = cells.put(0, 0, name, { style: STYLE.dim });
  const room = Math.max(0, width - from - VALUE_CELLS - 1);
  const { full, rest } = gauge(share, room);
  const style = share >= alarm ? STYLE.bad : share >= warn ? STYLE.warn : STYLE.good;
  cells.put(from, 0, full, { style });
  cells.put(from + full.length, 0, rest, { style: STYLE.border });
  cells.put(from + room + 1, 0, value, { style: STYLE.bold });
  return cells.lines(theme.palette, theme.ascii);
}
