// One row of words: what matters to the left, what comes second to the right. When the row is too
// short the words to the right leave first, and the left ones from their end.
import { memo, type ReactNode } from 'react';
import { CellGrid } from '../draw/cells.ts';
import type { Word } from '../draw/frame.ts';
import { cellWidth, safeText } from '../draw/text.ts';
import type { Theme } from '../theme.ts';
import { Picture } from './picture.tsx';

/** Words that stand or fall together, and the blanks after them. */
export interface WordGroup {
  readonly words: readonly Word[];
  readonly gap?: number;
}

export interface StatusLineProps {
  readonly left: readonly WordGroup[];
  readonly right?: readonly WordGroup[];
  readonly width: number;
  readonly theme: Theme;
}

/** A status line of one row. */
export const StatusLine = memo(function StatusLine(props: StatusLineProps): ReactNode {
  return <Picture lines={drawStatusLine(props)} width={props.width} height={1} />;
});

/** The one line. */
export function drawStatusLine(props: StatusLineProps): string[] {
  const { width, theme } = props;
  const cells = new CellGrid(width, 1);
  let x = 0;
  for (const [i, group] of props.left.entries()) {
    if (i > 0 && x + groupWidth(group) > width) break;
    for (const { text, style } of group.words) x += cells.put(x, 0, text, { style });
    x += group.gap ?? 2;
  }
  // From the right edge inwards, as far as there is room.
  let end = width;
  for (const group of (props.right ?? []).toReversed()) {
    const wide = groupWidth(group);
    if (end - wide < x) break;
    let at = end - wide;
    for (const { text, style } of group.words) at += cells.put(at, 0, text, { style });
    end -= wide + (group.gap ?? 2);
  }
  return cells.lines(theme.palette, theme.ascii);
}

function groupWidth(group: WordGroup): number {
  return group.words.reduce((sum, { text }) => sum + cellWidth(safeText(text)), 0);
}
