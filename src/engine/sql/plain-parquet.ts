// A Parquet file of plain columns, written in passing: rows that are handed to a statement lie in
// one where they are many, and DuckDB reads it, which costs a fifth of filling a table of its own.
// Easy to get wrong: values go in as bytes, since a NaN that passes through a JavaScript number may
// come out as another one; and a group of rows holds each column in one piece, so it is gathered.
// The format: https://parquet.apache.org/docs/file-format/, metadata in Thrift's compact protocol.
import type { DiskFile } from '../runtime/disk.ts';
import type { ByteColumn } from './column-appender.ts';

/** Rows of a group: as many as DuckDB gives a thread at once. */
const GROUP_ROWS = 122_880;
const MAGIC = Buffer.from('PAR1');

export type PlainType = 'uinteger' | 'timestamptz' | 'double';

export interface PlainColumn {
  readonly name: string;
  readonly type: PlainType;
}

/** Numbers of the format: physical type, converted type, bytes of a value. */
const TYPES = {
  uinteger: { physical: 1, converted: 13, width: 4 },
  timestamptz: { physical: 2, converted: 10, width: 8 },
  double: { physical: 5, converted: undefined, width: 8 },
} as const;

const [I32, I64, BINARY, LIST, STRUCT] = [5, 6, 8, 9, 12];
const PLAIN = 0;
const RLE = 3;

/** Structures of the metadata, field by field. */
class Thrift {
  readonly #bytes: number[] = [];
  readonly #outer: number[] = [];
  #last = 0;

  int(id: number, value: number, wide = false): this {
    this.#field(id, wide ? I64 : I32);
    return this.item(value);
  }

  text(id: number, value: string): this {
    this.#field(id, BINARY);
    return this.textItem(value);
  }

  textItem(value: string): this {
    const bytes = Buffer.from(value);
    this.#varint(bytes.length);
    this.#bytes.push(...bytes);
    return this;
  }

  /** An integer of a list, or of a field: zigzag, seven bits a byte. */
  item(value: number): this {
    this.#varint(value * 2);
    return this;
  }

  yes(id: number): this {
    this.#field(id, 1);
    return this;
  }

  list(id: number, type: number, length: number): this {
    this.#field(id, LIST);
    this.#bytes.push((Math.min(length, 15) << 4) | type);
    if (length >= 15) this.#varint(length);
    return this;
  }

  begin(id: number): this {
    this.#field(id, STRUCT);
    return this.beginItem();
  }

  beginItem(): this {
    this.#outer.push(this.#last);
    this.#last = 0;
    return this;
  }

  end(): this {
    this.#bytes.push(0);
    this.#last = this.#outer.pop() ?? 0;
    return this;
  }

  done(): Buffer {
    return Buffer.from([...this.#bytes, 0]);
  }

  #field(id: number, type: number): void {
    this.#bytes.push(((id - this.#last) << 4) | type);
    this.#last = id;
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#bytes.push((rest % 128) | 128);
    this.#bytes.push(rest);
  }
}

interface Group {
  readonly rows: number;
  /** Where the page of each column begins, and its bytes with the header. */
  readonly pages: readonly { readonly at: number; readonly bytes: number }[];
}

export class PlainParquet {
  readonly #file: DiskFile;
  readonly #columns: readonly PlainColumn[];
  readonly #gathered: readonly Uint8Array[];
  readonly #groups: Group[] = [];
  #rows = 0;
  #at = 0;

  constructor(file: DiskFile, columns: readonly PlainColumn[]) {
    this.#file = file;
    this.#columns = columns;
    this.#gathered = columns.map(({ type }) => new Uint8Array(GROUP_ROWS * TYPES[type].width));
  }

  /** Appends the first `count` rows. @throws MonError when the disk is full or fails. */
  async append(columns: readonly ByteColumn[], count: number): Promise<void> {
    for (let from = 0; from < count;) {
      const rows = Math.min(count - from, GROUP_ROWS - this.#rows);
      columns.forEach(({ view, width }, c) => {
        const start = view.byteOffset + from * width;
        const part = new Uint8Array(view.buffer, start, rows * width);
        this.#gathered[c].set(part, this.#rows * width);
      });
      this.#rows += rows;
      from += rows;
      if (this.#rows === GROUP_ROWS) await this.#writeGroup();
    }
  }

  /** Writes what is left and the end of the file, and closes it. */
  async close(): Promise<void> {
    if (this.#rows > 0) await this.#writeGroup();
    const footer = this.#footer();
    const length = Buffer.alloc(4);
    length.writeUInt32LE(footer.length);
    await this.#write(Buffer.concat([footer, length, MAGIC]));
    await this.#file.close();
  }

  async #writeGroup(): Promise<void> {
    if (this.#at === 0) await this.#write(MAGIC);
    const pages: { at: number; bytes: number }[] = [];
    for (const [c, { type }] of this.#columns.entries()) {
      const size = this.#rows * TYPES[type].width;
      const header = new Thrift().int(1, 0).int(2, size).int(3, size).begin(5);
      const bytes = header.int(1, this.#rows).int(2, PLAIN).int(3, RLE).int(4, RLE).end().done();
      pages.push({ at: this.#at, bytes: bytes.length + size });
      await this.#write(bytes);
      await this.#write(this.#gathered[c].subarray(0, size));
    }
    this.#groups.push({ rows: this.#rows, pages });
    this.#rows = 0;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    await this.#file.write(bytes, this.#at);
    this.#at += bytes.length;
  }

  #footer(): Buffer {
    const out = new Thrift().int(1, 1).list(2, STRUCT, this.#columns.length + 1);
    out.beginItem().text(4, 'rows').int(5, this.#columns.length).end();
    for (const { name, type } of this.#columns) {
      const { physical, converted } = TYPES[type];
      out.beginItem().int(1, physical).int(3, 0).text(4, name);
      if (converted !== undefined) out.int(6, converted);
      // Microseconds since 1970 in UTC.
      if (type === 'timestamptz') out.begin(10).begin(8).yes(1).begin(2).begin(2).end().end();
      if (type === 'timestamptz') out.end().end();
      out.end();
    }
    const rows = this.#groups.reduce((sum, group) => sum + group.rows, 0);
    out.int(3, rows, true).list(4, STRUCT, this.#groups.length);
    for (const group of this.#groups) this.#group(out, group);
    return out.done();
  }

  #group(out: Thrift, { rows, pages }: Group): void {
    out.beginItem().list(1, STRUCT, pages.length);
    for (const [c, { at, bytes }] of pages.entries()) {
      const { name, type } = this.#columns[c];
      out.beginItem().int(2, at, true).begin(3).int(1, TYPES[type].physical);
      out.list(2, I32, 1).item(PLAIN).list(3, BINARY, 1).textItem(name).int(4, 0);
      out.int(5, rows, true).int(6, bytes, true).int(7, bytes, true).int(9, at, true).end().end();
    }
    const size = pages.reduce((sum, { bytes }) => sum + bytes, 0);
    out.int(2, size, true).int(3, rows, true).end();
  }
}
