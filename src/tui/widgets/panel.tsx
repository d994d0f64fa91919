// The room of one panel: if what is inside breaks, this room says so and the others go on. A
// picture of a failure must not itself fail, so it takes nothing but the message.
import { Component, type ReactNode } from 'react';
import { CellGrid } from '../draw/cells.ts';
import { drawFrame } from '../draw/frame.ts';
import { STYLE } from '../draw/styles.ts';
import { fit, safeText } from '../draw/text.ts';
import type { Theme } from '../theme.ts';
import { Picture } from './picture.tsx';

export interface PanelProps {
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly theme: Theme;
  readonly children: ReactNode;
}

interface PanelState {
  readonly broken: string | undefined;
}

/** An error boundary of the size of its panel. */
export class Panel extends Component<PanelProps, PanelState> {
  override state: PanelState = { broken: undefined };

  static getDerivedStateFromError(thrown: unknown): PanelState {
    return { broken: thrown instanceof Error ? thrown.message : String(thrown) };
  }

  override render(): ReactNode {
    const { broken } = this.state;
    if (broken === undefined) return this.props.children;
    const { title, width, height, theme } = this.props;
    const cells = new CellGrid(width, height);
    const area = { x: 0, y: 0, width, height };
    const inner = drawFrame(cells, area, { title, style: STYLE.bad });
    const text = fit(safeText(`this panel broke: ${broken}`), inner.width);
    cells.put(inner.x, inner.y, text, { style: STYLE.bad });
    const lines = cells.lines(theme.palette, theme.ascii);
    return <Picture lines={lines} width={width} height={height} />;
  }
}
