// DuckDB as the cold tier uses it: bounded in memory and threads, without extensions from
// elsewhere, fed and read in columns. The only way of this part to Parquet. Easy to get wrong: rows
// are fed by a callback that DuckDB calls while a COPY runs, so one feed at a time; and what the
// callback throws has to be carried past DuckDB, which only knows texts.
import {
  DuckDBInstance,
  DuckDBTableFunction,
  type DuckDBConnection,
  type DuckDBDataChunk,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import { assert, messageOf, MonError } from '../errors.ts';
import { COLD_GROUP_ROWS, COLD_MEMORY_BYTES, COLD_THREADS } from '../limits-cold.ts';

export interface DuckOptions {
  readonly memoryBytes?: number;
  readonly threads?: number;
  /** Folder for what does not fit into memory. */
  readonly scratch: string;
}

/** Rows on their way into a file. */
export interface Feed {
  readonly columns: readonly (readonly [name: string, type: DuckDBType])[];
  /**
   * Sets the chunk's row count, at most ROWS_AT_ONCE, writes that many rows and flushes each
   * vector; 0 rows end the file.
   */
  fill(chunk: DuckDBDataChunk): void;
}

/** The vector size of DuckDB. */
export const ROWS_AT_ONCE = 2048;

/**
 * Without dictionaries, since DuckDB takes NaNs of different bits, and zeros of both signs, for one
 * entry of a dictionary.
 */
export const COPY_OPTIONS =
  `FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION V2, DICTIONARY_SIZE_LIMIT 1, ` +
  `ROW_GROUP_SIZE ${COLD_GROUP_ROWS}`;

/** A text as SQL writes it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A failure of DuckDB on a file that we made: the file is not what it was. */
function unreadable(thrown: unknown, words: string): MonError {
  return new MonError('MON_BLOCK_CORRUPT', `${words}: ${messageOf(thrown).split('\n')[0]}`, {
    cause: thrown,
  });
}

export class Duck {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  #feed: Feed | undefined;
  #thrown: unknown;
  #feeds = 0;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.#connection = connection;
  }

  static async open(options: DuckOptions): Promise<Duck> {
    const { memoryBytes = COLD_MEMORY_BYTES, threads = COLD_THREADS, scratch } = options;
    const instance = await DuckDBInstance.create(':memory:', {
      memory_limit: `${Math.floor(memoryBytes / 1024)}KiB`,
      threads: String(threads),
      temp_directory: scratch,
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
      allow_community_extensions: 'false',
      preserve_insertion_order: 'true',
      enable_external_file_cache: 'false',
    });
    return new Duck(instance, await instance.connect());
  }

  /** Writes what the feed gives into a Parquet file. @throws what the feed throws. */
  async copy(feed: Feed, path: string): Promise<void> {
    assert(this.#feed === undefined, 'one file is written at a time');
    const name = `mon_feed_${++this.#feeds}`;
    this.#feed = feed;
    this.#thrown = undefined;
    try {
      this.#connection.registerTableFunction(this.#table(name, feed));
      await this.#connection.run(
        `COPY (SELECT * FROM ${name}()) TO ${quoted(path)} (${COPY_OPTIONS})`,
      );
    } catch (thrown) {
      throw this.#thrown ?? thrown;
    } finally {
      this.#feed = undefined;
    }
    // DuckDB may end a file in order although the feed has failed.
    if (this.#thrown !== undefined) throw this.#thrown;
  }

  #table(name: string, { columns }: Feed): DuckDBTableFunction {
    return DuckDBTableFunction.create({
      name,
      bindFunction: (bind) => {
        for (const [column, type] of columns) bind.addResultColumn(column, type);
      },
      initFunction: (init) => {
        init.setInitData({});
        init.setMaxThreads(1);
      },
      mainFunction: (info, chunk) => {
        try {
          assert(this.#feed, 'rows are asked for while a file is written');
          this.#feed.fill(chunk);
        } catch (thrown) {
          this.#thrown = thrown;
          info.setError(messageOf(thrown));
        }
      },
    });
  }

  /** Runs a question and hands its rows over in chunks. @throws MON_BLOCK_CORRUPT with `words`. */
  async each(
    sql: string,
    values: readonly DuckDBValue[],
    words: string,
    take: (chunk: DuckDBDataChunk) => void,
  ): Promise<void> {
    let result: Awaited<ReturnType<DuckDBConnection['stream']>>;
    try {
      result = await this.#connection.stream(sql, [...values]);
    } catch (thrown) {
      throw unreadable(thrown, words);
    }
    for (;;) {
      let chunk: DuckDBDataChunk | null;
      try {
        chunk = await result.fetchChunk();
      } catch (thrown) {
        throw unreadable(thrown, words);
      }
      if (chunk === null || chunk.rowCount === 0) return;
      take(chunk);
    }
  }

  /** All rows of a short answer. @throws as each() does. */
  async rows(
    sql: string,
    values: readonly DuckDBValue[],
    words: string,
  ): Promise<(readonly DuckDBValue[])[]> {
    const out: DuckDBValue[][] = [];
    await this.each(sql, values, words, (chunk) => out.push(...chunk.getRows()));
    return out;
  }

  close(): void {
    this.#connection.closeSync();
    this.#instance.closeSync();
  }
}
