// A box of text over the whole body: the keys of a view from the screen's table, or a note such
// as the command behind a chart, which must survive being copied.
import { memo, type ReactNode } from 'react';
import { CellGrid } from '../draw/cells.ts';
import { drawFrame, drawGoesOn } from '../draw/frame.ts';
import { drawKeyList, type KeyList } from '../draw/key-list.ts';
import { STYLE } from '../draw/styles.ts';
import { cutText } from '../draw/wrap.ts';
import type { Theme } from '../theme.ts';
import { Picture } from './picture.tsx';

export interface HelpProps extends Pick<KeyList, 'keys'> {
  /** Lines scrolled past; none by default. */
  readonly scroll?: number;
  readonly width: number;
  readonly height: number;
  readonly theme: Theme;
}

/** Keys and what they do, in as many columns as fit. */
export const Help = memo(function Help(props: HelpProps): ReactNode {
  const { width, height } = props;
  return <Picture lines={drawHelp(props)} width={width} height={height} />;
});

/** The lines of the help. */
export function drawHelp({ keys, scroll = 0, width, height, theme }: HelpProps): string[] {
  const cells = new CellGrid(width, height);
  drawKeyList(cells, { x: 0, y: 0, width, height }, { keys, scroll });
  return cells.lines(theme.palette, theme.ascii);
}

export interface NoteLine {
  readonly text: string;
  readonly style: number;
}

export interface NoteProps {
  readonly title: string;
  /** Lines with their style; long ones are folded. */
  readonly lines: readonly NoteLine[];
  /** Rows scrolled past; none by default. */
  readonly scroll?: number;
  readonly width: number;
  readonly height: number;
  readonly theme: Theme;
}

/** A box with a few lines of text, each folded where it is too long. */
export const Note = memo(function Note(props: NoteProps): ReactNode {
  const { width, height } = props;
  return <Picture lines={drawNote(props)} width={width} height={height} />;
});

/** The lines of the note. */
export function drawNote(props: NoteProps): string[] {
  const { width, height, theme } = props;
  const cells = new CellGrid(width, height);
  const area = { x: 0, y: 0, width, height };
  const bottom = [{ text: 'Esc back', style: STYLE.dim }];
  const inner = drawFrame(cells, area, { title: props.title, bottom, selected: true });
  const rows = folded(props.lines, inner.width);
  const last = Math.max(0, rows.length - inner.height);
  const from = Math.min(props.scroll ?? 0, last);
  rows.slice(from, from + inner.height).forEach(({ text, style }, i) => {
    cells.put(inner.x + 2, inner.y + i, text, { style });
  });
  drawGoesOn(cells, inner, { above: from > 0, below: from < last });
  return cells.lines(theme.palette, theme.ascii);
}

/** How far a note can be scrolled in a box of this size, its frame included. */
export function noteScrollMax(
  lines: readonly NoteLine[],
  { width, height }: Pick<NoteProps, 'width' | 'height'>,
): number {
  return Math.max(0, folded(lines, width - 2).length - (height - 2));
}

/** Rows of the text: a command must survive being copied, so nothing is cut, it goes on below. */
function folded(lines: readonly NoteLine[], width: number): NoteLine[] {
  const room = Math.max(8, width - 4);
  return lines.flatMap(({ text, style }) =>
    cutText(text, room).map((row) => ({ text: row, style })),
  );
}
