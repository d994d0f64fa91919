// The sections of a block to be, one behind the other: gives each its place, its checksum and its
// entry in the directory. Stands under block-writer.ts and block-index-write.ts. Easy to get
// wrong: what add() answers is to be written at once and in this order, because places are counted
// here.
import {
  BLOCK_MAGIC,
  CRC_BYTES,
  HEADER_BYTES,
  placedCrc,
  SECTION,
  sealSection,
  TRAILER_BYTES,
  viewOf,
  type SectionKind,
} from './block-layout.ts';
import type { BytePen } from './byte-pen.ts';

interface Entry {
  readonly kind: SectionKind;
  readonly length: number;
  /** Columns of a page, rows of a chunk, pairs, or bytes of postings before squeezing. */
  readonly items: number;
}

export class BlockSections {
  readonly #id: Uint8Array;
  readonly #entries: Entry[] = [];
  readonly #level: number;
  #position = HEADER_BYTES;

  constructor(id: Uint8Array, level: number) {
    this.#id = id;
    this.#level = level;
  }

  /** Where the next section begins. */
  get position(): number {
    return this.#position;
  }

  /** Bytes of the sections of these kinds. */
  bytesOf(...kinds: readonly SectionKind[]): number {
    let sum = 0;
    for (const entry of this.#entries) if (kinds.includes(entry.kind)) sum += entry.length;
    return sum;
  }

  header(): Uint8Array {
    const out = new Uint8Array(HEADER_BYTES);
    out.set(BLOCK_MAGIC);
    out.set(this.#id, BLOCK_MAGIC.length);
    const covered = out.subarray(0, HEADER_BYTES - CRC_BYTES);
    const crc = placedCrc(this.#id, { section: SECTION.header, position: 0 }, covered);
    viewOf(out).setUint32(HEADER_BYTES - CRC_BYTES, crc, true);
    return out;
  }

  /** A section as it is to be written next. */
  add(kind: SectionKind, items: number, body: Uint8Array, squeeze = true): Uint8Array {
    const place = { section: kind, position: this.#position };
    const out = sealSection(this.#id, place, { bytes: body, level: squeeze ? this.#level : 0 });
    this.#entries.push({ kind, length: out.length, items });
    this.#position += out.length;
    return out;
  }

  /** The table of all sections so far. */
  table(pen: BytePen): void {
    pen.varint(this.#entries.length);
    for (const { kind, length, items } of this.#entries) {
      pen.u8(kind);
      pen.varint(length);
      pen.varint(items);
    }
  }

  /** What ends the file, behind a directory of so many bytes. */
  trailer(directory: { position: number; length: number }): Uint8Array {
    const out = new Uint8Array(TRAILER_BYTES);
    const view = viewOf(out);
    view.setFloat64(0, directory.position, true);
    view.setUint32(8, directory.length, true);
    out.set(BLOCK_MAGIC, 12);
    const covered = out.subarray(0, TRAILER_BYTES - CRC_BYTES);
    const place = { section: SECTION.trailer, position: this.#position };
    view.setUint32(TRAILER_BYTES - CRC_BYTES, placedCrc(this.#id, place, covered), true);
    return out;
  }
}
