// A chart in a box: the newest value on the upper edge, the legend on the lower one. When its data
// is old the chart turns grey and says how old and why; before the first answer it says that it
// waits.
import { memo, type ReactNode } from 'react';
import { CellGrid } from '../draw/cells.ts';
import { drawFrame, type Word } from '../draw/frame.ts';
import { drawGraph } from '../draw/graph.ts';
import {
  drawPlot,
  lastPresent,
  seriesLetter,
  seriesStyle,
  type Area,
  type GraphSeries,
} from '../draw/plot.ts';
import { STYLE } from '../draw/styles.ts';
import { fit } from '../draw/text.ts';
import { formatValue, type Unit } from '../draw/units.ts';
import type { Theme } from '../theme.ts';
import { Picture } from './picture.tsx';

export interface ChartProps {
  readonly title: string;
  readonly unit: Unit;
  readonly head: 'sum' | 'max' | 'none';
  readonly series: readonly GraphSeries[];
  readonly hidden: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly width: number;
  readonly height: number;
  readonly theme: Theme;
  readonly zone?: string;
  readonly ceiling?: number;
  readonly heat?: boolean;
  readonly selected: boolean;
  /** With a legend of figures below, for a chart that has the screen to itself. */
  readonly large?: boolean;
  /** What stands in the chart while there is nothing to draw. */
  readonly empty: string;
  /** What is wrong, with its age; undefined while all is well. */
  readonly trouble?: string;
}

/** A chart of exactly `width` by `height` cells. */
export const Chart = memo(function Chart(props: ChartProps): ReactNode {
  const { width, height } = props;
  return <Picture lines={drawChart(props)} width={width} height={height} />;
});

/** The lines of the chart. */
export function drawChart(props: ChartProps): string[] {
  const { series, width, height, theme } = props;
  const cells = new CellGrid(width, height);
  const stale = props.trouble !== undefined;
  const inner = drawFrame(
    cells,
    { x: 0, y: 0, width, height },
    {
      title: props.title,
      right: headWords(props, stale),
      bottom: stale ? [{ text: `! ${props.trouble}`, style: STYLE.bad }] : legendWords(props),
      selected: props.selected,
    },
  );
  const numbers = series.some((one) => lastPresent(one) !== undefined);
  if (!numbers) {
    const words = series.length === 0 ? props.empty : 'every value in this range is NaN';
    const text = fit(words, inner.width, 'center');
    cells.put(inner.x, inner.y + (inner.height >> 1), text, { style: STYLE.dim });
  } else if (props.large) {
    const own = { theme: theme.name, ascii: theme.ascii, tz: props.zone, fill: true, stale };
    drawGraph(cells, inner, { ...props, title: undefined, ...own });
  } else {
    drawInside(cells, inner, { props, stale });
  }
  return cells.lines(theme.palette, theme.ascii);
}

function drawInside(
  cells: CellGrid,
  inner: Area,
  job: { readonly props: ChartProps; readonly stale: boolean },
): void {
  const { props, stale } = job;
  const axisRows = inner.height >= 12 ? 2 : inner.height >= 4 ? 1 : 0;
  drawPlot(cells, inner, { ...props, fill: true, stale, ascii: props.theme.ascii, axisRows });
}

function headWords(props: ChartProps, stale: boolean): Word[] {
  const last = props.series.map(lastPresent).filter((v) => v !== undefined);
  if (props.head === 'none' || last.length === 0) return [];
  const sum = props.head === 'sum';
  const value = sum ? last.reduce((a, b) => a + b, 0) : Math.max(...last);
  const word = last.length > 1 ? (sum ? 'all' : 'max') : '';
  return [
    { text: word, style: STYLE.dim },
    { text: formatValue(value, props.unit), style: stale ? STYLE.dim : STYLE.bold },
  ].filter((w) => w.text !== '');
}

/** `a name 1.2k/s` for each line while there is room; one line needs no name. */
function legendWords(props: ChartProps): Word[] {
  const { series, unit } = props;
  if (series.length < 2 || props.large) return [];
  const words = series.map((s, i) => {
    const last = lastPresent(s);
    const value = last === undefined ? '–' : formatValue(last, unit);
    return { text: `${seriesLetter(i)} ${s.name} ${value}`, style: seriesStyle(i) };
  });
  // What cannot fit is better counted than shown in part.
  let room = props.width - 4;
  const shown: Word[] = [];
  for (const word of words) {
    room -= word.text.length + 1;
    const more = words.length - shown.length - 1 + props.hidden;
    if (room < (more > 0 ? 5 : 0) && shown.length > 0) break;
    shown.push(word);
  }
  const left = words.length - shown.length + props.hidden;
  return left > 0 ? [...shown, { text: `+${left}`, style: STYLE.dim }] : shown;
}
