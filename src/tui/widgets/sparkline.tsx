// A line of history in one row of cells, for headers and cells of tables. What is missing is blank,
// not zero.
import { memo, type ReactNode } from 'react';
import { sparkline } from '../draw/blocks.ts';
import { CellGrid } from '../draw/cells.ts';
import { STYLE } from '../draw/styles.ts';
import type { Theme } from '../theme.ts';
import { Picture } from './picture.tsx';

export interface SparklineProps {
  /** Stands before the line. */
  readonly label?: string;
  readonly values: ArrayLike<number>;
  readonly present?: ArrayLike<number>;
  /** Value of the lowest mark; zero by default. */
  readonly low?: number;
  readonly width: number;
  readonly theme: Theme;
  readonly style?: number;
}

/** A sparkline of one row. */
export const Sparkline = memo(function Sparkline(props: SparklineProps): ReactNode {
  const { width, theme } = props;
  const cells = new CellGrid(width, 1);
  const name = props.label === undefined ? '' : `${props.label} `;
  const from = cells.put(0, 0, name, { style: STYLE.dim });
  const marks = sparkline(props.values, width - from, { present: props.present, low: props.low });
  cells.put(from, 0, marks, { style: props.style ?? STYLE.accent });
  return <Picture lines={cells.lines(theme.palette, theme.ascii)} width={width} height={1} />;
});
