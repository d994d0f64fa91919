// A box of text over the whole body: the keys of a view from the screen's table, or a note such
// as the command behind a chart, which must survive being copied.
import { memo, type ReactNode } from 'react';
import { CellGrid } from '../draw/cells.ts';
import { drawFrame } from '../draw/frame.ts';
import { drawKeyList, type KeyList } from '../draw/key-list.ts';
import { STYLE } from '../draw/styles.ts';
import { cellWidth, safeText } from '../draw/text.ts';
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

export interface NoteProps {
  readonly title: string;
  /** Lines with their style; long ones are folded. */
  readonly lines: readonly { readonly text: string; readonly style: number }[];
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
  let y = inner.y;
  const room = Math.max(8, inner.width - 4);
  for (const { text, style } of props.lines) {
    // A command must survive being copied: nothing is cut, it goes on in the next row.
    let rest = safeText(text);
    do {
      const taken = cells.put(inner.x + 2, y, rest, { style, room });
      y++;
      if (taken === 0 || y >= inner.y + inner.height) break;
      rest = dropCells(rest, taken);
    } while (rest !== '');
    if (y >= inner.y + inner.height) break;
  }
  return cells.lines(theme.palette, theme.ascii);
}

function dropCells(text: string, cells: number): string {
  let left = cells;
  let at = 0;
  for (const character of text) {
    if (left <= 0) break;
    left -= cellWidth(character);
    at += character.length;
  }
  return text.slice(at);
}
