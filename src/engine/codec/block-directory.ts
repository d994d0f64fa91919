// The way into a block: trailer, header and directory are read when it is opened, every other
// section when it is needed, and each is checked before anything in it is believed. Easy to get
// wrong: places come of the lengths in the directory, which must fill the file to the byte.
import type { BlockSummary, RandomAccess } from './block.ts';
import {
  BLOCK_MAGIC,
  blockCorrupt,
  CRC_BYTES,
  HEADER_BYTES,
  ID_BYTES,
  placedCrc,
  SECTION,
  SECTION_TAIL,
  TRAILER_BYTES,
  unsqueezed,
  viewOf,
  type SectionKind,
} from './block-layout.ts';
import { ByteReader } from './byte-pen.ts';

/** The sections of one kind, in order. */
export interface SectionList {
  readonly count: number;
  /** Number of each among all sections of the file: its key in a cache. */
  readonly numbers: Uint32Array;
  readonly positions: Float64Array;
  readonly lengths: Uint32Array;
  /** Items before each, and at the end of all. */
  readonly starts: Float64Array;
}

interface Row {
  readonly number: number;
  readonly position: number;
  readonly length: number;
  readonly items: number;
}

function listOf(rows: readonly Row[]): SectionList {
  const starts = new Float64Array(rows.length + 1);
  rows.forEach((row, i) => (starts[i + 1] = starts[i] + row.items));
  return {
    count: rows.length,
    numbers: Uint32Array.from(rows, (row) => row.number),
    positions: Float64Array.from(rows, (row) => row.position),
    lengths: Uint32Array.from(rows, (row) => row.length),
    starts,
  };
}

/** The section of a list that holds an item; the caller knows that there is one. */
export function sectionOf(list: SectionList, item: number): number {
  let low = 0;
  let high = list.count;
  while (low + 1 < high) {
    const middle = (low + high) >>> 1;
    if (list.starts[middle] <= item) low = middle;
    else high = middle;
  }
  return low;
}

export class BlockDirectory {
  readonly #source: RandomAccess;
  readonly #id: Uint8Array;
  readonly #lists = new Map<number, SectionList>();
  readonly summary: BlockSummary;

  /** @throws MonError MON_BLOCK_CORRUPT */
  constructor(source: RandomAccess) {
    this.#source = source;
    const end = source.size - TRAILER_BYTES;
    if (end < HEADER_BYTES) throw this.corrupt('the file is too short', SECTION.trailer, 0);
    this.#id = this.#openHeader();
    const trailer = this.#checked(SECTION.trailer, end, TRAILER_BYTES);
    const position = trailer.getFloat64(0, true);
    const length = trailer.getUint32(8, true);
    if (!isMagic(trailer, 12)) throw this.corrupt('no trailer', SECTION.trailer, end);
    if (position + length !== end) throw this.corrupt('lengths do not fit', SECTION.trailer, end);
    const body = this.#read(SECTION.directory, position, length);
    this.summary = this.#openBody(body, position);
  }

  corrupt(what: string, section: number, position: number): Error {
    return blockCorrupt(this.#source.name, what, { section, position });
  }

  list(kind: SectionKind): SectionList {
    return this.#lists.get(kind) ?? listOf([]);
  }

  /** The bytes of a section, unpacked. */
  body(kind: SectionKind, index: number): Uint8Array {
    const list = this.list(kind);
    return this.#read(kind, list.positions[index], list.lengths[index]);
  }

  /** A reader of a section's bytes whose failures name the place. */
  reader(kind: SectionKind, index: number): ByteReader {
    return this.readerOf(kind, index, this.body(kind, index));
  }

  readerOf(kind: SectionKind, index: number, bytes: Uint8Array): ByteReader {
    const position = this.list(kind).positions[index];
    return new ByteReader(bytes, (what, at) =>
      this.corrupt(`${what} (byte ${at} unpacked)`, kind, position),
    );
  }

  #openHeader(): Uint8Array {
    const bytes = this.#take(SECTION.header, 0, HEADER_BYTES);
    const view = viewOf(bytes);
    if (!isMagic(view, 0)) throw this.corrupt('not a block of this version', SECTION.header, 0);
    const id = Uint8Array.from(bytes.subarray(8, 8 + ID_BYTES));
    this.#check({ section: SECTION.header, position: 0 }, bytes, id);
    return id;
  }

  #openBody(body: Uint8Array, position: number): BlockSummary {
    const from = new ByteReader(body, (what) => this.corrupt(what, SECTION.directory, position));
    const [partition, level, generation, start, to] = [0, 0, 0, 0, 0].map(() => from.varint());
    const told = {
      id: this.#id,
      partition,
      level,
      origin: { generation, from: start, to },
      minMs: from.f64(),
      maxMs: from.f64(),
      series: from.varint(),
      samples: from.varint(),
      note: from.text(),
    };
    const rows = new Map<number, Row[]>();
    let at = HEADER_BYTES;
    let dataBytes = 0;
    const count = from.count(3);
    for (let number = 0; number < count; number++) {
      const kind = from.u8();
      const length = from.varint();
      const list = rows.get(kind) ?? [];
      list.push({ number, position: at, length, items: from.varint() });
      rows.set(kind, list);
      at += length;
      if (kind <= SECTION.rows) dataBytes += length;
    }
    from.done();
    if (at !== position) throw from.fail('sections do not fill the file');
    for (const [kind, list] of rows) this.#lists.set(kind, listOf(list));
    const bytes = this.#source.size;
    return { ...told, bytes, dataBytes, indexBytes: bytes - dataBytes };
  }

  #read(kind: SectionKind, position: number, length: number): Uint8Array {
    if (length < SECTION_TAIL) throw this.corrupt('it is too short', kind, position);
    const view = this.#checked(kind, position, length);
    const size = view.getUint32(length - SECTION_TAIL, true);
    const stored = new Uint8Array(view.buffer, view.byteOffset, length - SECTION_TAIL);
    if (size === 0) return stored;
    const body = unsqueezed(stored, size);
    if (body === undefined) throw this.corrupt('zstd cannot unpack it', kind, position);
    return body;
  }

  #take(section: number, position: number, length: number): Uint8Array {
    if (!(position >= 0) || position + length > this.#source.size) {
      throw this.corrupt('it lies outside the file', section, position);
    }
    const bytes = this.#source.read(position, length);
    if (bytes.length !== length) throw this.corrupt('it is cut off', section, position);
    return bytes;
  }

  #checked(section: number, position: number, length: number): DataView {
    const bytes = this.#take(section, position, length);
    this.#check({ section, position }, bytes, this.#id);
    return viewOf(bytes);
  }

  #check(place: { section: number; position: number }, bytes: Uint8Array, id: Uint8Array): void {
    const covered = bytes.subarray(0, bytes.length - CRC_BYTES);
    const told = viewOf(bytes).getUint32(covered.length, true);
    if (placedCrc(id, place, covered) !== told) {
      throw this.corrupt('its checksum is wrong', place.section, place.position);
    }
  }
}

function isMagic(view: DataView, at: number): boolean {
  return BLOCK_MAGIC.every((byte, i) => view.getUint8(at + i) === byte);
}
