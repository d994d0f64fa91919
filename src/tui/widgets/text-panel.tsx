// A box of lines that can be scrolled, perhaps with a line of history above them. Lines are cut,
// never folded: a table of facts reads better so. Easy to get wrong: whoever scrolls past the end
// stays at the end.
import { memo, type ReactNode } from 'react';
import { sparkline } from '../draw/blocks.ts';
import { CellGrid } from '../draw/cells.ts';
import { drawFrame, drawGoesOn, type Word } from '../draw/frame.ts';
import { STYLE } from '../draw/styles.ts';
import { fit, safeText } from '../draw/text.ts';
import type { Theme } from '../theme.ts';
import { Picture } from './picture.tsx';

export interface TextPanelProps {
  readonly title: string;
  readonly right?: readonly Word[];
  readonly bottom?: readonly Word[];
  readonly lines: readonly { readonly text: string; readonly style: number }[];
  /** Values drawn above the lines; none when empty. */
  readonly values?: readonly number[];
  readonly valuesTitle?: string;
  readonly scroll?: number;
  readonly selected?: boolean;
  readonly width: number;
  readonly height: number;
  readonly theme: Theme;
}

/** A box of exactly `width` by `height` cells. */
export const TextPanel = memo(function TextPanel(props: TextPanelProps): ReactNode {
  const { width, height } = props;
  return <Picture lines={drawTextPanel(props)} width={width} height={height} />;
});

/** Rows that the history above the lines takes. */
const VALUE_ROWS = 3;

type Measured = Pick<TextPanelProps, 'lines' | 'values' | 'height'>;

function hasValues({ values = [], height }: Measured): boolean {
  return values.length > 1 && height - 2 > 6;
}

/** How far the lines can be scrolled. */
export function textScrollMax(props: Measured): number {
  const rows = props.height - 2 - (hasValues(props) ? VALUE_ROWS : 0);
  return Math.max(0, props.lines.length - rows);
}

/** The lines of the box. */
function drawTextPanel(props: TextPanelProps): string[] {
  const { width, height, theme, title, right, bottom, values = [], selected } = props;
  const cells = new CellGrid(width, height);
  const area = { x: 0, y: 0, width, height };
  const inner = drawFrame(cells, area, { title, right, bottom, selected });
  let { y } = inner;
  const room = Math.max(0, inner.width - 2);
  if (hasValues(props)) {
    const marks = sparkline(values, Math.min(room, 120), { low: Math.min(...values) });
    cells.put(inner.x + 1, y, fit(props.valuesTitle ?? '', room), { style: STYLE.dim });
    cells.put(inner.x + 1, y + 1, marks, { style: STYLE.accent, room });
    y += VALUE_ROWS;
  }
  const rows = inner.y + inner.height - y;
  const last = textScrollMax(props);
  const from = Math.min(props.scroll ?? 0, last);
  for (const { text, style } of props.lines.slice(from, from + rows)) {
    cells.put(inner.x + 1, y++, fit(safeText(text), room), { style });
  }
  drawGoesOn(cells, inner, { above: from > 0, below: from < last }, STYLE.plain);
  return cells.lines(theme.palette, theme.ascii);
}
