// Columns of sealed blocks between typed arrays and kernel memory: a thin wrapper of the column
// kernels. A column is three strings of bytes: header, tokens, extra bits. Easy to get wrong:
// values are words (bits) from beginning to end, and views of kernel memory die when it grows.
import { assert } from '../errors.ts';
import type { Kernels } from '../kernels/kernels.ts';
import { COLUMN_SAMPLES_MAX } from '../limits.ts';

/** An encoded column; the parts are views that the next encode() overwrites. */
export interface EncodedColumn {
  readonly header: Uint8Array;
  readonly tokens: Uint8Array;
  readonly extra: Uint8Array;
}

/** Where the parts of a column lie in the page that holds it. */
export interface ColumnShape {
  readonly samples: number;
  readonly headerBytes: number;
  readonly tokenBytes: number;
  readonly extraBytes: number;
}

export class ColumnCodec {
  readonly kernels: Kernels;
  readonly #values: number;
  readonly #bytes: number;

  constructor(kernels: Kernels) {
    const { exports } = kernels;
    this.kernels = kernels;
    this.#values = exports.alloc(COLUMN_SAMPLES_MAX * 8 + 16) >>> 0;
    const room = exports.columnRoom(COLUMN_SAMPLES_MAX) + exports.columnSlack();
    this.#bytes = exports.alloc(room) >>> 0;
  }

  /** Encodes float64 bits, low word first, 1 to COLUMN_SAMPLES_MAX of them. */
  encode(words: Uint32Array): EncodedColumn {
    const count = words.length / 2;
    assert(count >= 1 && count <= COLUMN_SAMPLES_MAX, `a column of ${count} samples`);
    this.kernels.u32.set(words, this.#values / 4);
    const { exports } = this.kernels;
    const length = exports.columnEncode(this.#values, count, this.#bytes);
    assert(length > 0, 'every column can be encoded');
    const tokensAt = this.#bytes + exports.columnHeaderBytes();
    const extraAt = tokensAt + exports.columnTokenBytes();
    const { bytes } = this.kernels;
    return {
      header: bytes.subarray(this.#bytes, tokensAt),
      tokens: bytes.subarray(tokensAt, extraAt),
      extra: bytes.subarray(extraAt, this.#bytes + length),
    };
  }

  /**
   * The shapes of columns whose headers stand one behind the other; undefined when they are none.
   */
  shapes(headers: Uint8Array, count: number): ColumnShape[] | undefined {
    const { exports } = this.kernels;
    const at = this.kernels.put(headers);
    const out: ColumnShape[] = [];
    let next = at;
    for (let i = 0; i < count; i++) {
      const headerBytes = exports.columnOpen(next, at + headers.length);
      if (headerBytes === 0) break;
      next += headerBytes;
      out.push({
        samples: exports.columnSamples(),
        headerBytes,
        tokenBytes: exports.columnTokenBytes(),
        extraBytes: exports.columnExtraBytes(),
      });
    }
    exports.free(at, headers.length);
    return out.length === count && next === at + headers.length ? out : undefined;
  }

  /**
   * Decodes a column and answers its bits, a view of kernel memory that is good until the next call
   * of anything that may allocate there. Undefined when the bytes are no column.
   */
  decode(column: EncodedColumn): Uint32Array | undefined {
    const { exports } = this.kernels;
    const { header, tokens, extra } = column;
    const length = header.length + tokens.length + extra.length;
    // Of no bytes at all nothing is opened, and what was opened before would be decoded.
    if (header.length === 0) return undefined;
    if (length > exports.columnRoom(COLUMN_SAMPLES_MAX)) return undefined;
    const tokensAt = this.#bytes + header.length;
    const extraAt = tokensAt + tokens.length;
    const { bytes } = this.kernels;
    bytes.set(header, this.#bytes);
    bytes.set(tokens, tokensAt);
    bytes.set(extra, extraAt);
    if (exports.columnOpen(this.#bytes, tokensAt) !== header.length) return undefined;
    if (exports.columnTokenBytes() !== tokens.length) return undefined;
    if (exports.columnExtraBytes() !== extra.length) return undefined;
    if (exports.columnDecode(tokensAt, extraAt, this.#values) === 0) return undefined;
    const from = this.#values / 4;
    return this.kernels.u32.subarray(from, from + exports.columnSamples() * 2);
  }
}

const codecs = new WeakMap<Kernels, ColumnCodec>();

/** The codec of a kernel memory: calls are synchronous, so one piece of it serves all blocks. */
export function codecOf(kernels: Kernels): ColumnCodec {
  let codec = codecs.get(kernels);
  if (codec === undefined) {
    codec = new ColumnCodec(kernels);
    codecs.set(kernels, codec);
  }
  return codec;
}
