// Hands columns of plain bytes to a table of DuckDB, a chunk of 2,048 rows at a time. Under the
// filling of the tables. Easy to get wrong: values go in as bytes, since a NaN that passes through
// a JavaScript number may come out as another one.
import duckdb from '@duckdb/node-bindings';
import type { DuckDBAppender, DuckDBType } from '@duckdb/node-api';

/** Rows of a chunk, as DuckDB works. */
const CHUNK_ROWS = 2048;

/** A column as bytes; a row takes `width` of them. */
export interface ByteColumn {
  readonly view: Uint32Array | Float64Array;
  readonly width: 4 | 8;
}

export class ColumnAppender {
  readonly #appender: DuckDBAppender;
  readonly #chunk: duckdb.DataChunk;

  constructor(appender: DuckDBAppender, types: readonly DuckDBType[]) {
    this.#appender = appender;
    this.#chunk = duckdb.create_data_chunk(types.map((one) => one.toLogicalType().logical_type));
  }

  /** Appends the first `count` rows. */
  append(columns: readonly ByteColumn[], count: number): void {
    const chunk = this.#chunk;
    for (let at = 0; at < count; at += CHUNK_ROWS) {
      const rows = Math.min(CHUNK_ROWS, count - at);
      duckdb.data_chunk_set_size(chunk, rows);
      columns.forEach(({ view, width }, c) => {
        const vector = duckdb.data_chunk_get_vector(chunk, c);
        const from = view.byteOffset + at * width;
        duckdb.copy_data_to_vector(vector, 0, view.buffer as ArrayBuffer, from, rows * width);
      });
      // The wrapper takes only chunks that it has made itself.
      duckdb.append_data_chunk(rawOf(this.#appender), chunk);
      duckdb.data_chunk_reset(chunk);
    }
  }

  close(): void {
    this.#appender.closeSync();
  }
}

function rawOf(appender: DuckDBAppender): duckdb.Appender {
  return (appender as unknown as { readonly appender: duckdb.Appender }).appender;
}
