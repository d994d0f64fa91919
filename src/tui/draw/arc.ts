// A gauge as half a ring of Braille dots, filled from the left as far as the value goes, with its
// number in the hollow. Where there is no room for a ring, or no Braille, it is a bar. Easy to get
// wrong: a cell has two dots across and four down, and so dots are square only on that count.
import { gauge } from './blocks.ts';
import { drawBig, bigWidth, BIG_ROWS } from './big-digits.ts';
import type { CellGrid } from './cells.ts';
import type { Area } from './plot.ts';
import { STYLE } from './styles.ts';
import { cellWidth, fit } from './text.ts';

export interface ArcOptions {
  /** 0 to 1; undefined for no value. */
  readonly share: number | undefined;
  readonly text: string;
  /** Stands below the ring. */
  readonly name: string;
  readonly style: number;
  readonly ascii: boolean;
  /** Places on the ring from which on another level begins, with its style. */
  readonly marks: readonly { readonly share: number; readonly style: number }[];
}

const COLUMNS_MIN = 12;
const ROWS_MIN = 4;
/** How thick the rim of the empty part is. */
const EDGE_DOTS = 1.3;
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
];

/** Draws one gauge. */
export function drawArc(cells: CellGrid, area: Area, options: ArcOptions): void {
  const named = options.name !== '' && area.height >= ROWS_MIN + 1;
  const room = area.height - (named ? 1 : 0);
  if (options.ascii || area.width < COLUMNS_MIN || room < ROWS_MIN) {
    drawBarGauge(cells, area, options);
    return;
  }
  const radius = Math.min(area.width - 2, room * 4 - 2);
  const rows = Math.ceil(radius / 4);
  const top = area.y + ((room - rows) >> 1);
  const ring = { ...area, y: top, height: rows };
  drawRing(cells, ring, { ...options, radius });
  const hollow = Math.floor(radius * 0.62) - 2;
  const wide = bigWidth(options.text) ?? Infinity;
  const large = wide <= hollow && rows >= BIG_ROWS + 3;
  drawBig(
    cells,
    { x: area.x, y: top + rows - (large ? BIG_ROWS : 1), width: area.width, rows: BIG_ROWS },
    { text: options.text, style: options.style, small: !large },
  );
  if (!named) return;
  const name = fit(options.name, area.width, 'center');
  cells.put(area.x, top + rows, name, { style: STYLE.dim, room: area.width });
}

function drawRing(
  cells: CellGrid,
  area: Area,
  ring: ArcOptions & { readonly radius: number },
): void {
  const { radius, share = 0, marks } = ring;
  const inner = radius * 0.68;
  const middle = area.width - 0.5;
  const floor = area.height * 4 - 0.5;
  for (let row = 0; row < area.height; row++) {
    for (let column = 0; column < area.width; column++) {
      const cell = { whole: 0, edge: 0, full: 0, count: 0, place: 0 };
      for (let dot = 0; dot < 8; dot++) {
        const [dx, dy] = [column * 2 + (dot & 1) - middle, floor - (row * 4 + (dot >> 1))];
        const far = Math.hypot(dx, dy);
        if (far > radius || far < inner || dy < 0) continue;
        const place = 1 - Math.atan2(dy, dx) / Math.PI;
        const bit = DOTS[dot >> 1][dot & 1];
        cell.whole |= bit;
        if (far > radius - EDGE_DOTS) cell.edge |= bit;
        cell.count++;
        cell.place += place;
        if (place <= share) cell.full++;
      }
      const filled = share > 0 && cell.full * 2 >= cell.count;
      // What is empty is only a rim: it must look empty without any colour too.
      const bits = filled ? cell.whole : cell.edge;
      if (cell.count === 0 || bits === 0) continue;
      const mark = marks.findLast((one) => cell.place / cell.count >= one.share);
      const style = filled ? (mark?.style ?? ring.style) : STYLE.border;
      cells.set(area.x + column, area.y + row, String.fromCharCode(0x2800 + bits), style);
    }
  }
}

/** `name ━━━━╌╌╌ 61%`, on one or two rows. */
function drawBarGauge(cells: CellGrid, area: Area, options: ArcOptions): void {
  const { share, text, name, style } = options;
  const stacked = area.height >= 2 && name !== '';
  const y = area.y + Math.max(0, (area.height - (stacked ? 2 : 1)) >> 1);
  if (stacked) cells.put(area.x, y, fit(name, area.width), { style: STYLE.dim });
  const wide = cellWidth(text);
  const room = Math.max(0, area.width - wide - 1);
  const { full, rest } = gauge(share ?? 0, room);
  const row = stacked ? y + 1 : y;
  cells.put(area.x, row, full, { style });
  cells.put(area.x + full.length, row, rest, { style: STYLE.border });
  cells.put(area.x + area.width - wide, row, text, { style: STYLE.bold });
}
