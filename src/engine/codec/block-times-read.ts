// The timestamp columns of a block that is read: how many rows each has and from when to when
// without unpacking it, and its times when they are asked for. Easy to get wrong: the arrays it
// answers are kept and shared, so nobody may write into them.
import { applyDifference } from './block-times.ts';
import type { BlockCache } from './block-cache.ts';
import { sectionOf, type BlockDirectory } from './block-directory.ts';
import { SECTION } from './block-layout.ts';
import { Page } from './block-page.ts';
import type { ColumnCodec } from './column.ts';
import { COLUMN_SAMPLES_MAX } from '../limits.ts';

/** Keys of decoded columns in the cache, above those of sections. */
const COLUMN_KEYS = 2 ** 27;

/** One chunk of the table. A column of its own has a place in a page, others steps from a base. */
interface TimesChunk {
  readonly counts: Uint32Array;
  readonly from: Float64Array;
  readonly to: Float64Array;
  readonly bases: Float64Array;
  readonly places: Float64Array;
  readonly steps: readonly (Uint8Array | undefined)[];
}

export interface BlockParts {
  readonly directory: BlockDirectory;
  readonly codec: ColumnCodec;
  readonly cache: BlockCache;
  /** The file's number in the cache. */
  readonly file: number;
}

/** The page of a kind that holds a column, unpacked. */
export function pageOf(
  parts: BlockParts,
  kind: typeof SECTION.times | typeof SECTION.values,
  index: number,
): Page {
  const { directory, codec, cache, file } = parts;
  const list = directory.list(kind);
  return cache.get(file, list.numbers[index], () => {
    const columns = list.starts[index + 1] - list.starts[index];
    const page = Page.open(directory.body(kind, index), columns, codec);
    if (page === undefined) {
      throw directory.corrupt('its columns are malformed', kind, list.positions[index]);
    }
    return { value: page, bytes: page.bytes };
  });
}

/** Bits of a column by its ordinal: a view of kernel memory, good until the next call. */
export function columnOf(
  parts: BlockParts,
  kind: typeof SECTION.times | typeof SECTION.values,
  place: { ordinal: number; samples: number },
): Uint32Array {
  const list = parts.directory.list(kind);
  const index = sectionOf(list, place.ordinal);
  const position = list.positions[index] ?? 0;
  if (!(place.ordinal < list.starts[list.count])) {
    throw parts.directory.corrupt('a column is not there', kind, position);
  }
  const words = pageOf(parts, kind, index).decode(place.ordinal - list.starts[index], parts.codec);
  if (words === undefined || words.length !== place.samples * 2) {
    throw parts.directory.corrupt('a column is malformed', kind, position);
  }
  return words;
}

export class TimesReader {
  readonly #parts: BlockParts;

  constructor(parts: BlockParts) {
    this.#parts = parts;
  }

  count(ref: number): number {
    const [chunk, row] = this.#row(ref);
    return chunk.counts[row];
  }

  /** True when the column has a time in [minMs, maxMs], or may have. */
  overlaps(ref: number, minMs: number, maxMs: number): boolean {
    const [chunk, row] = this.#row(ref);
    return chunk.from[row] <= maxMs && chunk.to[row] >= minMs;
  }

  /** The times of a column, rising; not to be written into. */
  times(ref: number): Float64Array {
    const { cache, file } = this.#parts;
    return cache.get(file, COLUMN_KEYS + ref, () => {
      const value = this.#decode(ref);
      return { value, bytes: value.byteLength + 64 };
    });
  }

  #decode(ref: number): Float64Array {
    const [chunk, row] = this.#row(ref);
    const count = chunk.counts[row];
    const steps = chunk.steps[row];
    if (steps === undefined) {
      const place = { ordinal: chunk.places[row], samples: count };
      const words = columnOf(this.#parts, SECTION.times, place);
      return new Float64Array(words.slice().buffer);
    }
    const base = ref - chunk.bases[row];
    const { directory } = this.#parts;
    const index = sectionOf(directory.list(SECTION.timesTable), ref);
    const from = directory.readerOf(SECTION.timesTable, index, steps);
    if (!(base >= 0 && base < ref)) throw from.fail('a difference has no base');
    const [baseChunk, baseRow] = this.#row(base);
    if (baseChunk.steps[baseRow] !== undefined) throw from.fail('a base is a difference itself');
    return applyDifference(this.times(base), from, count);
  }

  #row(ref: number): [TimesChunk, number] {
    const { directory, cache, file } = this.#parts;
    const list = directory.list(SECTION.timesTable);
    if (!(ref >= 0 && ref < list.starts[list.count])) {
      throw directory.corrupt('timestamps are not there', SECTION.timesTable, 0);
    }
    const index = sectionOf(list, ref);
    const chunk = cache.get(file, list.numbers[index], () => this.#open(index));
    return [chunk, ref - list.starts[index]];
  }

  #open(index: number): { value: TimesChunk; bytes: number } {
    const { directory } = this.#parts;
    const list = directory.list(SECTION.timesTable);
    const rows = list.starts[index + 1] - list.starts[index];
    const body = directory.body(SECTION.timesTable, index);
    const from = directory.readerOf(SECTION.timesTable, index, body);
    if (rows * 3 > body.length) throw from.fail('more rows than bytes');
    const value = {
      counts: new Uint32Array(rows),
      from: new Float64Array(rows),
      to: new Float64Array(rows),
      bases: new Float64Array(rows).fill(-1),
      places: new Float64Array(rows),
      steps: Array.from<Uint8Array | undefined>({ length: rows }),
    };
    const origin = from.f64();
    let ordinal = from.varint();
    for (let row = 0; row < rows; row++) {
      const told = from.varint();
      value.counts[row] = Math.floor(told / 2);
      if (told / 2 > COLUMN_SAMPLES_MAX + 1) throw from.fail('a column is too long');
      value.from[row] = origin + from.signed();
      value.to[row] = value.from[row] + from.varint();
      if (told % 2 === 0) {
        value.places[row] = ordinal++;
      } else {
        value.bases[row] = from.varint();
        value.steps[row] = from.raw(from.varint());
      }
    }
    from.done();
    return { value, bytes: rows * 40 + body.length + 256 };
  }
}
