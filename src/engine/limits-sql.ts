// The bounds of SQL, of export and import. The others are in limits.ts; a test holds them all
// against one another.
const KIB = 1024;
const MIB = 1024 * 1024;
const SECOND = 1000;

/** The text of a statement. */
export const SQL_BYTES_MAX = 64 * KIB;
/** What DuckDB may hold in memory for a statement; past it, it writes into its temporary folder. */
export const SQL_MEMORY_BYTES = 512 * MIB;
/** What it may write there; past it the statement is refused. */
export const SQL_TEMP_BYTES = 4096 * MIB;
/** Threads of a statement. */
export const SQL_THREADS = 2;
/** Statements that run at once, each in a process of its own. */
export const SQL_AT_ONCE = 2;
/** Statements that wait for a place; past it they are refused. */
export const SQL_WAITING_MAX = 16;
/** A statement that takes longer is ended. */
export const SQL_TIMEOUT_MS = 120 * SECOND;
/** A process that was told to let go and does not within this time is killed. */
export const SQL_LETS_GO_MS = 2 * SECOND;
/** A process that nobody asked for so long is ended: it holds about 100 MB. */
export const SQL_IDLE_MS = 60 * SECOND;
/** JavaScript's own heap in that process, in MiB. */
export const SQL_HEAP_MIB = 256;
/** Samples that are handed to one statement; past it, it has to ask for less. */
export const SQL_ROWS_LOADED_MAX = 100_000_000;
/** Rows of a view that are put into a table of DuckDB; more of them go into a file beside it. */
export const SQL_TABLE_ROWS = 250_000;
/** Pages on their way to a statement or from it before the sender waits. */
export const SQL_PAGES_AHEAD = 4;
/** Rows of a page of samples. */
export const SCAN_PAGE_ROWS = 32_768;
/** Readings that a shard holds open at once. */
export const SCANS_OPEN_MAX = 16;
/** A reading that nobody went on with for so long is closed. */
export const SCAN_IDLE_MS = 120 * SECOND;
/** Bytes of text that leave for an asker at once. */
export const SQL_TEXT_BYTES = 64 * KIB;
/** A body of an import, of text or lines. */
export const IMPORT_PIECE_BYTES = 4 * MIB;
/** A Parquet file of an import. */
export const IMPORT_FILE_BYTES_MAX = 4096 * MIB;
/** Samples of a request that an import or an export is made of. */
export const IMPORT_REQUEST_SAMPLES = 20_000;
/** Windows of a rollup that are asked of a shard at once. */
export const SQL_ROLLUP_ROWS_AT_ONCE = 200_000;
/** Rows of an answer where the asker names no number. */
export const SQL_ANSWER_ROWS = 10_000;
/** A row of an answer as text. */
export const SQL_LINE_CHARS_MAX = 64 * MIB;
/** Archived samples that a reading holds in memory at once; a longer stretch is halved. */
export const SCAN_COLD_ROWS = 2_000_000;
/** Future of samples that are still taken, and some, ms: so far ahead a reading looks. */
export const SAMPLES_AHEAD_MS = 3_600_000;
/** Series of a partition of which a reading remembers how far it came, in case its store dies. */
export const READING_SERIES_MAX = 200_000;
/** A store may end a reading so often (it stood still, its partitions moved) before it counts. */
export const READING_AGAIN_MAX = 3;
/** A store that failed so often in one reading is not waited for again in it. */
export const READING_FAILURES_MAX = 2;
/** A page of a reading: it may have to come from the cold tier. */
export const READING_PAGE_MS = 120 * SECOND;
