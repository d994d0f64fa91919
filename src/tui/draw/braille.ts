// Lines as Braille dots: two by four to a cell. Several series share the raster; a cell has one
// colour, that of the series drawn last. Gaps break a line. With more samples than dots a column
// shows the least and the greatest of its samples: picking every n-th would lose exactly the peaks
// one looks for.

/** One line to draw: values at instants, `present` 0 (or NaN) where there is nothing. */
export interface Line {
  readonly timestamps: ArrayLike<number>;
  readonly values: Float64Array;
  readonly present: Uint8Array;
  readonly style: number;
}

export interface RasterOptions {
  /** In cells. */
  readonly width: number;
  readonly height: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly low: number;
  readonly high: number;
  /** Fills the area between the line and the bottom. */
  readonly fill?: boolean;
  /** The style of a cell by its row instead of the line's own, for a gradient. */
  readonly rowStyle?: (row: number) => number;
}

/** The bit of each dot: DOTS[row][column]. */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
];

/** Dots under construction. `plot` adds lines, `char` reads a cell. */
export class Raster {
  readonly options: RasterOptions;
  private readonly bits: Uint8Array;
  private readonly styles: Uint8Array;
  private readonly dotsWide: number;
  private readonly dotsHigh: number;

  constructor(options: RasterOptions) {
    this.options = options;
    this.bits = new Uint8Array(options.width * options.height);
    this.styles = new Uint8Array(options.width * options.height);
    this.dotsWide = options.width * 2;
    this.dotsHigh = options.height * 4;
  }

  /** The Braille character of a cell, or the empty string where no dot is set. */
  char(x: number, y: number): string {
    const bits = this.bits[y * this.options.width + x];
    return bits === 0 ? '' : String.fromCharCode(0x2800 + bits);
  }

  /** True where a dot of the cell is set. */
  drawn(x: number, y: number): boolean {
    return this.bits[y * this.options.width + x] !== 0;
  }

  style(x: number, y: number): number {
    return this.styles[y * this.options.width + x];
  }

  /** Draws one line over what is there. */
  plot(line: Line): void {
    const spans = columnSpans(line, this.options, this.dotsWide);
    let lastColumn = -1;
    let lastY = 0;
    for (let column = 0; column < this.dotsWide; column++) {
      if (spans.kind[column] === 0) continue;
      const top = this.dotRow(spans.max[column]);
      const bottom = this.dotRow(spans.min[column]);
      const first = this.dotRow(spans.first[column]);
      if (lastColumn >= 0 && spans.kind[column] === 1) {
        this.connect({ fromX: lastColumn, fromY: lastY, toX: column, toY: first }, line.style);
      }
      this.rise(column, top, { bottom, style: line.style });
      lastColumn = column;
      lastY = this.dotRow(spans.last[column]);
    }
  }

  private dotRow(value: number): number {
    const { low, high } = this.options;
    const share = (Math.min(high, Math.max(low, value)) - low) / (high - low);
    return Math.round((1 - share) * (this.dotsHigh - 1));
  }

  private rise(column: number, top: number, more: { bottom: number; style: number }): void {
    const end = this.options.fill ? this.dotsHigh - 1 : more.bottom;
    for (let row = top; row <= end; row++) this.dot(column, row, more.style);
  }

  /** The dots between two points, each column covering the rows that the line crosses within it. */
  private connect(
    way: { fromX: number; fromY: number; toX: number; toY: number },
    style: number,
  ): void {
    const run = way.toX - way.fromX;
    const climb = way.toY - way.fromY;
    let previous = way.fromY;
    for (let i = 1; i <= run; i++) {
      const x = way.fromX + i;
      const row = Math.round(way.fromY + (climb * i) / run);
      // A steep step is shared by both columns, so that the line has neither holes nor corners.
      const middle = Math.floor((previous + row) / 2);
      if (row < previous - 1) {
        this.rise(x - 1, middle + 1, { bottom: previous, style });
        this.rise(x, row, { bottom: middle, style });
      } else if (row > previous + 1) {
        this.rise(x - 1, previous, { bottom: middle, style });
        this.rise(x, middle + 1, { bottom: row, style });
      } else this.rise(x, row, { bottom: row, style });
      previous = row;
    }
  }

  private dot(column: number, row: number, style: number): void {
    const cell = (row >> 2) * this.options.width + (column >> 1);
    this.bits[cell] |= DOTS[row & 3][column & 1];
    this.styles[cell] = this.options.rowStyle ? this.options.rowStyle(row >> 2) : style;
  }
}

interface Spans {
  /** 0 nothing, 1 joined to the column before that has something, 2 the first after a gap. */
  readonly kind: Uint8Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly first: Float64Array;
  readonly last: Float64Array;
}

/** Folds the samples of a line into the columns of dots that they fall into. */
export function columnSpans(
  line: Omit<Line, 'style'>,
  frame: { readonly startMs: number; readonly endMs: number },
  columns: number,
): Spans {
  const spans: Spans = {
    kind: new Uint8Array(columns),
    min: new Float64Array(columns),
    max: new Float64Array(columns),
    first: new Float64Array(columns),
    last: new Float64Array(columns),
  };
  const width = frame.endMs - frame.startMs;
  let broken = true;
  for (let i = 0; i < line.values.length; i++) {
    const value = line.values[i];
    if (line.present[i] === 0 || Number.isNaN(value)) {
      broken = true;
      continue;
    }
    const share = width > 0 ? (line.timestamps[i] - frame.startMs) / width : 0;
    const column = Math.round(share * (columns - 1));
    if (column < 0 || column >= columns) {
      broken = column < 0;
      continue;
    }
    if (spans.kind[column] === 0) {
      spans.kind[column] = broken ? 2 : 1;
      spans.min[column] = spans.max[column] = spans.first[column] = value;
    } else {
      spans.min[column] = Math.min(spans.min[column], value);
      spans.max[column] = Math.max(spans.max[column], value);
    }
    spans.last[column] = value;
    broken = false;
  }
  return spans;
}
