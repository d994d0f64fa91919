// A page of a block: the columns of neighbouring series. Headers and tokens of all columns stand
// together and are squeezed by zstd as one; extra bits (and packed tokens) stand apart, because
// they are noise that would only spoil the codes of the tokens. Easy to get wrong: zstd sees
// repeats between columns only within one page, so that series of one name have to be neighbours.
import { BLOCK_PAGE_COLUMNS_MAX } from '../limits.ts';
import type { ColumnCodec, ColumnShape, EncodedColumn } from './column.ts';
import { squeezed, unsqueezed, viewOf } from './block-layout.ts';
import { BytePen } from './byte-pen.ts';

/** Lengths: headers, tokens, extra bits, headers and tokens as stored, extra bits as stored. */
const PAGE_HEAD = 20;
/** Extra bits are noise but for columns that repeat others: a quick search finds those. */
const EXTRA_LEVEL = 3;

export class PageWriter {
  readonly #headers = new BytePen(16 * 1024);
  readonly #tokens = new BytePen(256 * 1024);
  readonly #extra = new BytePen(256 * 1024);
  #columns = 0;

  get columns(): number {
    return this.#columns;
  }

  /** Bytes so far, before zstd. */
  get bytes(): number {
    return this.#headers.length + this.#tokens.length + this.#extra.length;
  }

  /** True when the page has `pageBytes` or as many columns as a page may have. */
  full(pageBytes: number): boolean {
    return this.bytes >= pageBytes || this.#columns >= BLOCK_PAGE_COLUMNS_MAX;
  }

  add(column: EncodedColumn): void {
    this.#headers.raw(column.header);
    this.#tokens.raw(column.tokens);
    this.#extra.raw(column.extra);
    this.#columns++;
  }

  /** The body of the page; the writer is empty after. */
  take(level: number): Uint8Array {
    const lengths = [this.#headers.length, this.#tokens.length, this.#extra.length];
    this.#headers.raw(this.#tokens.bytes);
    const codes = squeezed(this.#headers.bytes, level);
    const extra = squeezed(this.#extra.bytes, Math.min(level, EXTRA_LEVEL));
    const out = new Uint8Array(PAGE_HEAD + codes.length + extra.length);
    const view = viewOf(out);
    [...lengths, codes.length, extra.length].forEach((n, i) => view.setUint32(i * 4, n, true));
    out.set(codes, PAGE_HEAD);
    out.set(extra, PAGE_HEAD + codes.length);
    this.#headers.clear();
    this.#tokens.clear();
    this.#extra.clear();
    this.#columns = 0;
    return out;
  }
}

/** A page unpacked: any column of it can be decoded. */
export class Page {
  readonly #codes: Uint8Array;
  readonly #extra: Uint8Array;
  /** Of each column: samples, then where header, tokens and extra bits begin; one row more. */
  readonly #places: Uint32Array;
  readonly columns: number;

  private constructor(codes: Uint8Array, extra: Uint8Array, shapes: readonly ColumnShape[]) {
    this.#codes = codes;
    this.#extra = extra;
    this.columns = shapes.length;
    this.#places = new Uint32Array((shapes.length + 1) * 4);
    let header = 0;
    let tokens = shapes.reduce((sum, shape) => sum + shape.headerBytes, 0);
    let bits = 0;
    for (let i = 0; i <= shapes.length; i++) {
      this.#places.set([shapes[i]?.samples ?? 0, header, tokens, bits], i * 4);
      if (i === shapes.length) break;
      header += shapes[i].headerBytes;
      tokens += shapes[i].tokenBytes;
      bits += shapes[i].extraBytes;
    }
  }

  /** A page from the body of its section; undefined when it is none of so many columns. */
  static open(body: Uint8Array, columns: number, codec: ColumnCodec): Page | undefined {
    if (body.length < PAGE_HEAD) return undefined;
    const view = viewOf(body);
    const [headers, tokens, bits, storedCodes, storedExtra] = [0, 4, 8, 12, 16].map((at) =>
      view.getUint32(at, true),
    );
    if (PAGE_HEAD + storedCodes + storedExtra !== body.length) return undefined;
    const codes = unpacked(body.subarray(PAGE_HEAD, PAGE_HEAD + storedCodes), headers + tokens);
    const extra = unpacked(body.subarray(PAGE_HEAD + storedCodes), bits);
    if (codes === undefined || extra === undefined || columns > headers) return undefined;
    const shapes = codec.shapes(codes.subarray(0, headers), columns);
    if (shapes === undefined) return undefined;
    const page = new Page(codes, extra, shapes);
    const end = page.#places.subarray(columns * 4);
    return end[2] === codes.length && end[3] === extra.length ? page : undefined;
  }

  /** Memory that the page takes. */
  get bytes(): number {
    return this.#codes.length + this.#extra.length + this.#places.byteLength + 128;
  }

  samples(column: number): number {
    return this.#places[column * 4];
  }

  /** The bits of a column, a view of kernel memory good until the next call; or undefined. */
  decode(column: number, codec: ColumnCodec): Uint32Array | undefined {
    const places = this.#places;
    const at = column * 4;
    return codec.decode({
      header: this.#codes.subarray(places[at + 1], places[at + 5]),
      tokens: this.#codes.subarray(places[at + 2], places[at + 6]),
      extra: this.#extra.subarray(places[at + 3], places[at + 7]),
    });
  }
}

function unpacked(stored: Uint8Array, size: number): Uint8Array | undefined {
  return stored.length === size ? stored : unsqueezed(stored, size);
}
