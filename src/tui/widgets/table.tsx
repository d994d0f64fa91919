// A table in a box, cut to its window: the marked row is always in sight. Rows are pictures
// already: sorting and filtering are the screen's business.
import { memo, type ReactNode } from 'react';
import { CellGrid } from '../draw/cells.ts';
import { drawFrame, type Word } from '../draw/frame.ts';
import { STYLE } from '../draw/styles.ts';
import { drawTable, type TableCell, type TableColumn } from '../draw/table.ts';
import { fit } from '../draw/text.ts';
import type { Theme } from '../theme.ts';
import { Picture } from './picture.tsx';

export interface TableProps {
  readonly title: string;
  readonly right: readonly Word[];
  readonly bottom: readonly Word[];
  readonly columns: readonly TableColumn[];
  readonly rows: readonly (readonly TableCell[])[];
  readonly selected: number;
  readonly sorted?: { readonly column: number; readonly down: boolean };
  readonly empty: string;
  readonly width: number;
  readonly height: number;
  readonly theme: Theme;
}

/** A table of exactly `width` by `height` cells. */
export const Table = memo(function Table(props: TableProps): ReactNode {
  const { width, height } = props;
  return <Picture lines={drawTablePanel(props)} width={width} height={height} />;
});

/** The lines of the table with its box. */
function drawTablePanel(props: TableProps): string[] {
  const { width, height, theme, rows } = props;
  const cells = new CellGrid(width, height);
  const area = { x: 0, y: 0, width, height };
  const { title, right, bottom } = props;
  const inner = drawFrame(cells, area, { title, right, bottom });
  if (rows.length === 0) {
    const text = fit(props.empty, inner.width, 'center');
    cells.put(inner.x, inner.y + (inner.height >> 1), text, { style: STYLE.dim });
  } else {
    const room = Math.max(1, inner.height - 1);
    const last = Math.max(0, rows.length - room);
    const top = Math.min(last, Math.max(0, props.selected - (room >> 1)));
    drawTable(cells, inner, { ...props, top, selected: Math.min(props.selected, rows.length - 1) });
  }
  return cells.lines(theme.palette, theme.ascii);
}
