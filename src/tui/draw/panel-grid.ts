// From a grid of 24 columns to rectangles of cells, on pages. Panels that stand beside one another
// in the file are a band; a band keeps its shape while every panel of it has room to say something,
// and is laid out anew, fewer panels across, where the terminal is too narrow. Bands fill pages
// from the top, and the bands of a page share its rows. Pure. Easy to get wrong: rounding each edge
// by itself, not each width, keeps panels from overlapping and from leaving gaps.
import type { Area } from './plot.ts';

/** A panel as far as its place matters. */
export interface GridItem {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  /** Cells it needs to be of use. */
  readonly least: { readonly columns: number; readonly rows: number };
  /** A title of a row: one line, as wide as the screen. */
  readonly heading: boolean;
  /** Rows beyond which more height says nothing more; undefined for no bound. */
  readonly most?: number;
}

export interface GridPlaced extends Area {
  readonly id: string;
}

export type GridPage = readonly GridPlaced[];

export interface GridRoom {
  readonly columns: number;
  readonly rows: number;
}

const GRID = 24;
/** Rows of a terminal that a row of the grid would like to have. */
const ROWS_EACH = 1.1;
/** Of what a band would like to have, the share that it gets before another one joins the page. */
const FAIR_SHARE = 0.75;

interface Cell {
  readonly item: GridItem;
  /** Within its band: shares of the width and of the height, 0 to 1. */
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

interface Band {
  readonly cells: readonly Cell[];
  readonly wanted: number;
  readonly least: number;
  /** What it gets before a page counts as full: a panel at its least says little. */
  readonly fair: number;
  readonly most: number;
}

/** The pages of a dashboard; at least one, however small the room. */
export function gridPages(items: readonly GridItem[], room: GridRoom): GridPage[] {
  const bands = bandsOf(items).flatMap((band) => fitted(band, room));
  const pages: Band[][] = [];
  let page: Band[] = [];
  let used = 0;
  for (const band of bands) {
    if (page.length > 0 && used + band.fair > room.rows) {
      // A heading alone at the foot of a page belongs to what follows it.
      const heading = page.length > 1 && isHeading(page.at(-1) as Band) ? page.pop() : undefined;
      pages.push(page);
      page = heading === undefined ? [] : [heading];
      used = heading === undefined ? 0 : 1;
    }
    page.push(band);
    used += band.fair;
  }
  pages.push(page);
  return pages.map((bandsOfPage) => placed(bandsOfPage, room));
}

function isHeading(band: Band): boolean {
  return band.cells.length === 1 && band.cells[0].item.heading;
}

/** Panels whose rows of the grid overlap, however many hang together that way. */
function bandsOf(items: readonly GridItem[]): GridItem[][] {
  const sorted = items.toSorted((a, b) => a.y - b.y || a.x - b.x);
  const out: GridItem[][] = [];
  let bottom = -Infinity;
  for (const item of sorted) {
    if (item.y >= bottom || item.heading || out.at(-1)?.[0]?.heading === true) {
      out.push([]);
      bottom = -Infinity;
    }
    (out.at(-1) as GridItem[]).push(item);
    bottom = Math.max(bottom, item.y + item.h);
  }
  return out;
}

/** The band as it is in the file, or its panels laid out anew. */
function fitted(items: readonly GridItem[], room: GridRoom): Band[] {
  if (items[0].heading) {
    return [{ cells: [whole(items[0])], wanted: 1, least: 1, fair: 1, most: 1 }];
  }
  const band = shaped(items);
  const width = (cell: Cell): number =>
    Math.round(cell.right * room.columns) - Math.round(cell.left * room.columns);
  const wide = band.cells.every((cell) => width(cell) >= cell.item.least.columns);
  if (wide && band.least <= room.rows) return [band];
  return reflowed(items, room);
}

function whole(item: GridItem): Cell {
  return { item, left: 0, right: 1, top: 0, bottom: 1 };
}

function shaped(items: readonly GridItem[]): Band {
  const top = Math.min(...items.map(({ y }) => y));
  const height = Math.max(...items.map(({ y, h }) => y + h)) - top;
  // What ends a little before the right edge is meant to end there.
  const right = Math.max(...items.map(({ x, w }) => x + w));
  const scale = right >= GRID - 1 ? right : GRID;
  const cells = items.map((item) => ({
    item,
    left: item.x / scale,
    right: Math.min(1, (item.x + item.w) / scale),
    top: (item.y - top) / height,
    bottom: (item.y + item.h - top) / height,
  }));
  return sized(cells, height);
}

function sized(cells: readonly Cell[], height: number): Band {
  const needs = cells.map(({ item, top, bottom }) => item.least.rows / (bottom - top));
  const least = Math.ceil(Math.max(...needs) - 1e-9);
  const bounds = cells.map(({ item, top, bottom }) => (item.most ?? Infinity) / (bottom - top));
  const most = Math.max(least, Math.floor(Math.max(...bounds)));
  const wanted = Math.max(least, Math.min(most, Math.round(height * ROWS_EACH)));
  const fair = Math.max(least, Math.ceil(wanted * FAIR_SHARE));
  return { cells, wanted, least, fair, most };
}

/** As many across as the widest of them allows, in the order of the file. */
function reflowed(items: readonly GridItem[], room: GridRoom): Band[] {
  const out: Band[] = [];
  let row: GridItem[] = [];
  const close = (): void => {
    if (row.length === 0) return;
    const n = row.length;
    const cells = row.map((item, i) => ({
      item,
      left: i / n,
      right: (i + 1) / n,
      top: 0,
      bottom: 1,
    }));
    out.push(sized(cells, Math.max(...row.map(({ h }) => h))));
    row = [];
  };
  for (const item of items) {
    const next = [...row, item];
    const each = Math.floor(room.columns / next.length);
    const tall = Math.abs(item.least.rows - (row[0] ?? item).least.rows) > 2;
    if (row.length > 0 && (tall || next.some(({ least }) => least.columns > each))) close();
    row.push(item);
  }
  close();
  return out;
}

/** The bands of a page, stretched or pressed to fill its rows. */
function placed(bands: readonly Band[], room: GridRoom): GridPage {
  const heights = shareRows(bands, room.rows);
  const out: GridPlaced[] = [];
  let y = 0;
  bands.forEach((band, b) => {
    const height = heights[b];
    for (const { item, left, right, top, bottom } of band.cells) {
      const x = Math.round(left * room.columns);
      const from = y + Math.round(top * height);
      const to = y + Math.round(bottom * height);
      const width = Math.round(right * room.columns) - x;
      out.push({ id: item.id, x, y: from, width, height: to - from });
    }
    y += height;
  });
  return out;
}

/** Rows for each band: what it wants, and more where the page has room. */
function shareRows(bands: readonly Band[], rows: number): number[] {
  const heights = bands.map(({ fair }) => Math.min(fair, rows));
  const grow = (goal: (band: Band) => number): void => {
    for (;;) {
      const left = rows - heights.reduce((sum, n) => sum + n, 0);
      const open = bands.flatMap((band, b) => (heights[b] < goal(band) ? [b] : []));
      if (left <= 0 || open.length === 0) return;
      // The one that is furthest from what it wants is next.
      const share = (b: number): number => heights[b] / Math.max(1, bands[b].wanted);
      heights[open.reduce((a, b) => (share(b) < share(a) ? b : a))]++;
    }
  };
  shrink(heights, rows);
  grow((band) => band.wanted);
  grow((band) => band.most);
  return heights;
}

/**
 * Takes rows from the highest bands until all fit; a terminal may be lower than any panel likes.
 */
function shrink(heights: number[], rows: number): void {
  for (let over = heights.reduce((sum, n) => sum + n, 0) - rows; over > 0; over--) {
    heights[heights.indexOf(Math.max(...heights))]--;
  }
}
