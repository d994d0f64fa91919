// The history under a large number: a filled line without axes. Its least value stands a little
// above the floor, so that a number that hardly moves still shows how it moves. Easy to get wrong:
// a line that stands still has no span, and dividing by it would draw nothing.
import { Raster } from '../draw/braille.ts';
import type { CellGrid } from '../draw/cells.ts';
import type { Area } from '../draw/plot.ts';
import { sparkline } from '../draw/blocks.ts';
import { STYLE } from '../draw/styles.ts';
import type { FeedSeries } from '../feed/snapshot.ts';

export interface SparkJob {
  readonly series: FeedSeries;
  readonly style: number;
  readonly scene: {
    readonly startMs: number;
    readonly endMs: number;
    readonly theme: { readonly ascii: boolean };
  };
}

/** Draws the line into the whole area. */
export function drawSparkArea(cells: CellGrid, area: Area, { series, scene, style }: SparkJob) {
  const { values, present } = series;
  const known = values.filter((value, i) => present[i] === 1 && Number.isFinite(value));
  if (known.length < 2) return;
  let [low, high] = [Infinity, -Infinity];
  for (const value of known) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const span = high - low || Math.abs(high) || 1;
  const floor = low - span * 0.25;
  if (scene.theme.ascii) {
    const marks = sparkline(values, area.width, { present, low: floor, high });
    cells.put(area.x, area.y + area.height - 1, marks, { style });
    return;
  }
  const raster = new Raster({
    width: area.width,
    height: area.height,
    startMs: scene.startMs,
    endMs: Math.max(scene.startMs + 1, series.timestamps.at(-1) ?? scene.endMs),
    low: floor,
    high: high === low ? floor + span : high,
    fill: true,
  });
  raster.plot({ ...series, style: style === STYLE.dim ? STYLE.dim : style });
  for (let y = 0; y < area.height; y++) {
    for (let x = 0; x < area.width; x++) {
      const char = raster.char(x, y);
      if (char !== '') cells.set(area.x + x, area.y + y, char, raster.style(x, y));
    }
  }
}
