// What a screen shows in a terminal that is too small for it: so much, in words, and nothing else.
// It must fit anywhere, down to a few cells.
import type { ReactNode } from 'react';
import { CellGrid } from '../draw/cells.ts';
import { STYLE } from '../draw/styles.ts';
import { shorten } from '../draw/text.ts';
import type { Theme } from '../theme.ts';
import { Picture } from './picture.tsx';

export interface TooSmallProps {
  readonly columns: number;
  readonly rows: number;
  readonly needs: { readonly columns: number; readonly rows: number };
  readonly theme: Theme;
}

/** Fills the terminal. */
export function TooSmall(props: TooSmallProps): ReactNode {
  const { columns, rows, needs, theme } = props;
  const cells = new CellGrid(columns, rows);
  const lines = [
    'terminal too small:',
    `need ${needs.columns}x${needs.rows}, have ${columns}x${rows}`,
    'q quit',
  ];
  const top = Math.max(0, (rows - lines.length) >> 1);
  for (const [i, line] of lines.entries()) {
    const text = shorten(line, columns);
    const x = Math.max(0, (columns - text.length) >> 1);
    cells.put(x, top + i, text, { style: i === 1 ? STYLE.bold : STYLE.dim });
  }
  return <Picture lines={cells.lines(theme.palette, theme.ascii)} width={columns} height={rows} />;
}
